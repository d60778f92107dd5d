//! What a text calls its parts.

/// Whether the digits that follow `before` are no address but a serial number, or the DER of some
/// other value: of a subject that a program writes as text, or of a text with labels of its own.
///
/// The label of a serial number counts wherever it stands in the attribute of the digits. An
/// attribute begins with a label after a comma, a semicolon, a slash or a plus sign.
///
/// # Source
///
/// RFC 4514 section 2.4, <https://www.rfc-editor.org/rfc/rfc4514#section-2.4>: `#` and the DER in
/// hexadecimal digits where a type has no name.
pub(crate) fn is_serial_number(before: &str) -> bool {
    if before.ends_with('#') {
        return true;
    }
    // Where types of attributes are there, a colon belongs to a value.
    let begins = if before.contains('=') { '=' } else { ':' };
    let mut rest = before;
    while let Some(at) = rest.rfind(MARKS) {
        let (label, mark) = rest.split_at(at);
        if names_serial_number(label) {
            return true;
        }
        let since_separator = label.rsplit([',', ';', '/', '+']).next();
        let is_first = since_separator.is_some_and(|label| !label.contains(MARKS));
        if is_first && mark.starts_with(begins) {
            return false;
        }
        rest = label;
    }
    false
}

/// Whether `label` ends in the name of a serial number, in one word or in two: `Serial No`, `S/N`.
fn names_serial_number(label: &str) -> bool {
    let is_mark = |char: char| !char.is_ascii_alphanumeric() && char != '.';
    let mut words = label.rsplit(is_mark).filter(|word| !word.is_empty());
    let (last, one_before) = (words.next().unwrap_or_default(), words.next());
    SERIAL_NUMBERS.iter().any(|name| {
        let begins = name.get(..name.len().saturating_sub(last.len()));
        let ends = name.get(name.len().saturating_sub(last.len())..);
        let same = |a: Option<&str>, b: &str| a.is_some_and(|a| a.eq_ignore_ascii_case(b));
        same(ends, last) && (same(begins, "") || same(begins, one_before.unwrap_or_default()))
    })
}

const MARKS: [char; 2] = ['=', ':'];

/// The types of attributes in which makers put serial numbers, and other names of these, as
/// programs write them.
const SERIAL_NUMBERS: [&str; 12] = [
    "2.5.4.5",
    "2.5.4.7",
    "L",
    "localityName",
    "OID.2.5.4.5",
    "OID.2.5.4.7",
    "serial",
    "serialNo",
    "serialNr",
    "serialNum",
    "serialNumber",
    "SN",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_a_serial_number_counts_anywhere_in_the_attribute() {
        for before in [
            "SN:",
            "SN=",
            "PID:CP-8841 SN:",
            "serial: ",
            "Serial Number : ",
            "serial_no=",
            "S/N: ",
            "L=a=",
            "L=unit, ",
            "L = unit ",
            "CN=phone SN:",
            "CN=phone, serialNumber=PID:CP-8841 ",
            "OID.2.5.4.5=",
            "/2.5.4.5=",
            "MAC: x SN: ",
            "2.5.4.65=#",
        ] {
            assert!(is_serial_number(before), "{before}");
        }
    }

    #[test]
    fn another_attribute_ends_that_of_the_serial_number() {
        for before in [
            "",
            "=",
            "CN=",
            "macaddress: ",
            "serialNumber=PID:C9300 SN:FOC8704M57A, CN = C9300-",
            "L=88012BA01234/ST=",
            "L=Xiamen+CN=",
            "serial: FOC8704M57A; mac: ",
            "CN=unit:",
            "MODEL=",
            "fooSN:",
        ] {
            assert!(!is_serial_number(before), "{before}");
        }
    }
}
