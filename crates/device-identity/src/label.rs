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
    let is_mark = |char: char| !char.is_ascii_alphanumeric() && char != '.';
    let (mut is_serial, mut is_first, mut words) = (false, true, ["", ""]);
    for piece in before.split_inclusive(is_mark) {
        let word = piece.trim_end_matches(is_mark);
        if !word.is_empty() {
            words = [words[1], word];
        }
        match piece.chars().next_back() {
            Some(mark @ ('=' | ':')) => {
                // With a label that comes first an attribute begins, and the one before it ends.
                is_serial &= !(is_first && mark == begins);
                is_serial |= names_serial_number(words);
                is_first = false;
            }
            Some(',' | ';' | '/' | '+') => is_first = true,
            _ => {}
        }
    }
    is_serial
}

/// Whether the last two words of a label are the name of a serial number, or the last one is: `Serial
/// No`, `S/N`.
fn names_serial_number([one_before, last]: [&str; 2]) -> bool {
    SERIAL_NUMBERS.iter().any(|name| {
        let begins = name.get(..name.len().saturating_sub(last.len()));
        let ends = name.get(name.len().saturating_sub(last.len())..);
        let same = |a: Option<&str>, b: &str| a.is_some_and(|a| a.eq_ignore_ascii_case(b));
        same(ends, last) && (same(begins, "") || same(begins, one_before))
    })
}

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
    fn labels_without_end_are_read_once() {
        for marks in [":", "=", "a:", ",:", "/=", " "] {
            let before = marks.repeat(1_000_000);
            assert!(!is_serial_number(&before), "{marks}");
            assert!(is_serial_number(&format!("{before} SN:")), "{marks}");
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
