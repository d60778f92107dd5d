use std::time::Duration;

use offhook_activation_code::{
    ActivationCode, Binding, CsvColumn, CsvDialect, CsvLimits, CsvProblemKind, CsvWriter,
    OtherColumns, OutstandingCode, Phone, read_phones,
};
use offhook_device_name::DeviceModel;
use proptest::prelude::*;

use crate::support::{Seeded, new_code, now};

fn code() -> ActivationCode {
    "0234-5678-9012-3456".parse().unwrap()
}

fn outstanding(binding: Binding) -> OutstandingCode {
    new_code(&code(), binding, &mut Seeded(1)).code().clone()
}

fn models() -> Binding {
    let model = |text| DeviceModel::new(text).unwrap();
    Binding::AnyOf(vec![model("8841"), model("=8861")])
}

fn table(dialect: CsvDialect, code: &OutstandingCode, digits: Option<&ActivationCode>) -> String {
    let mut file = Vec::new();
    let mut writer = CsvWriter::new(dialect, &mut file, now() + Duration::from_secs(60)).unwrap();
    writer.write(code, digits).unwrap();
    writer.finish().unwrap();
    String::from_utf8(file).unwrap()
}

#[test]
fn each_dialect_has_its_columns() {
    // Without the quotation marks around every field.
    let bare = |dialect, outstanding: &OutstandingCode, digits: bool| {
        let digits = digits.then(code);
        table(dialect, outstanding, digits.as_ref()).replace('"', "")
    };
    let by_mac = outstanding(Binding::Mac("000E08ABCDEF".parse().unwrap()));
    assert_eq!(
        bare(CsvDialect::Axl, &by_mac, true),
        "activationCode,activationCodeExpiry,phoneName,phoneDescription,phoneModel,\
         enableActivationId,userId\r\n\
         0234567890123456,604740,SEP000E08ABCDEF,,,true,user@acme.example\r\n"
    );
    assert_eq!(
        bare(CsvDialect::Bat, &outstanding(models()), true),
        "ACTIVATION CODE,ACTIVATION CODE EXPIRY,PHONE NAME,PHONE DESCRIPTION,PHONE MODEL,\
         ENABLE ACTIVATION ID,USER ID\r\n\
         0234-5678-9012-3456,2027-01-22 08:00:00Z,desk-7,,8841;=8861,true,user@acme.example\r\n"
    );
    assert_eq!(
        bare(CsvDialect::BroadWorks, &by_mac, false),
        "Device Name,Device Level,Device SP,Device Group,Endpoint Type,Line Port,\
         Activation Status,Activation Code,Expiration Time,MAC Address,User Id\r\n\
         desk-7,,acme,,,,Activating,,1800604800000,000E08ABCDEF,user@acme.example\r\n"
    );
    for dialect in [CsvDialect::Axl, CsvDialect::Bat, CsvDialect::BroadWorks] {
        assert_eq!(CsvDialect::from_name(dialect.name()), Some(dialect));
    }
}

#[test]
fn a_formula_is_defused_on_the_way_out_and_is_itself_again_on_the_way_in() {
    let evil = DeviceModel::new("=HYPERLINK(\"http://x\")").unwrap();
    let text = table(
        CsvDialect::Axl,
        &outstanding(Binding::Model(evil.clone())),
        None,
    );
    assert!(
        text.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","),
        "{text}"
    );

    let phones = read(
        "DEVICE NAME,USER ID,MODEL,DESCRIPTION\n\
         '=a,'+4912,\"'=HYPERLINK(\"\"http://x\"\")\",'＝1\n\
         b,+4913,8841,-\n",
    );
    let [first, second] = &phones[..] else {
        panic!()
    };
    assert_eq!(
        (first.profile().as_str(), first.account().as_str()),
        ("=a", "+4912")
    );
    assert_eq!(first.binding(), &Binding::Model(evil));
    assert_eq!((first.description(), second.description()), ("＝1", "-"));
    assert_eq!(second.account().as_str(), "+4913");
}

#[test]
fn a_field_with_the_separator_of_another_country_stays_one_field() {
    let models = ["B", "=1+2"].map(|name| DeviceModel::new(name).unwrap());
    let code = outstanding(Binding::AnyOf(models.to_vec()));
    for dialect in [CsvDialect::Axl, CsvDialect::Bat, CsvDialect::BroadWorks] {
        let text = table(dialect, &code, None);
        assert!(text.contains(",\"B;=1+2\","), "{text}");
        let quoted = |line: &str| {
            line.split(',')
                .all(|f| f.starts_with('"') && f.ends_with('"'))
        };
        assert!(text.lines().all(quoted), "{text}");
    }
}

fn read(table: &str) -> Vec<Phone> {
    match read_phones(table.as_bytes(), &CsvLimits::default()) {
        Ok(phones) => phones,
        Err(report) => panic!("{report}"),
    }
}

fn report(table: impl AsRef<[u8]>) -> String {
    read_phones(table.as_ref(), &CsvLimits::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn tables_of_every_usual_form_are_read() {
    let plain =
        read("Device Name,User Id,MAC Address,Location\ndesk-7,tadams,000e.08ab.cdef,\"1, 2\"\n");
    assert_eq!(
        plain[0].binding(),
        &Binding::Mac("000E08ABCDEF".parse().unwrap())
    );
    assert_eq!(plain[0].location(), "1, 2");
    for other in [
        "\u{feff}device name,user id,mac address,location\r\n\r\ndesk-7,tadams,000E08ABCDEF,\"1, 2\"\r\n",
        "location, MAC ADDRESS ,USER ID,DEVICE NAME,\n\"1, 2\",SEP000E08ABCDEF,tadams,desk-7,\n",
        "LOCATION,MAC ADDRESS,USER ID,DEVICE NAME\n\"1, 2\",００：０Ｅ：０８：ａｂ：ＣＤ：ＥＦ,tadams,desk-7,,\n",
    ] {
        let read = read(other);
        let line = read[0].line();
        assert_eq!(
            format!("{read:?}").replace(&format!("line: {line}"), "line: 2"),
            format!("{plain:?}")
        );
    }
}

#[test]
fn a_line_break_within_quotation_marks_counts_as_a_line_and_ends_no_row() {
    let text =
        report("DEVICE NAME,USER ID,MODEL,\"DESCRIPTION\"\na,u,8841,\"two\nlines\"\nb,,8841,\n");
    assert_eq!(
        text,
        "line 2: DESCRIPTION: not valid\nline 4: USER ID: missing"
    );
}

#[test]
fn empty_lines_count_as_lines() {
    for end in ["\n", "\r\n"] {
        let lines = [
            "",
            "DEVICE NAME,USER ID,MODEL",
            "",
            "",
            "a,,8841",
            "b,,8841",
            "",
            "c,,8841",
        ];
        let text = report(lines.join(end));
        let missing = |line| format!("line {line}: USER ID: missing");
        assert_eq!(text, [5, 6, 8].map(missing).join("\n"), "{end:?}");
    }
}

#[test]
fn every_bad_line_is_reported_at_once() {
    let text = report(
        "DEVICE NAME,USER ID,MAC ADDRESS,MODEL\n\
         a,u,000E08ABCDEF,\n\
         a,u,00:0E:08:AB:CD:EF,\n\
         b|c,u,12,\n\
         d,u,,\n\
         e,u\n\
         f,u,000E08ABCDE0,8841,more\n\
         g,u,,8841;bad\u{7}\n\
         h,u,,8841;8861\n",
    );
    assert_eq!(
        text,
        "line 3: DEVICE NAME: the same as in line 2\n\
         line 3: MAC ADDRESS: the same as in line 2\n\
         line 4: DEVICE NAME: not valid\n\
         line 4: MAC ADDRESS: not valid\n\
         line 5: neither MAC ADDRESS nor MODEL\n\
         line 6: 2 fields instead of 4\n\
         line 7: 5 fields instead of 4\n\
         line 8: MODEL: not valid"
    );
}

#[test]
fn a_line_of_names_that_makes_no_sense_is_all_that_is_reported() {
    assert_eq!(report(""), "line 1: no line of column names");
    assert_eq!(report("\u{feff}\r\n\n"), "line 1: no line of column names");
    assert_eq!(
        report("desk-7,tadams,000E08ABCDEF\n"),
        "line 1: unknown column \"desk-7\"\nline 1: unknown column \"tadams\"\n\
         line 1: unknown column \"000E08ABCDEF\"\nline 1: DEVICE NAME: missing\n\
         line 1: USER ID: missing\nline 1: neither MAC ADDRESS nor MODEL"
    );
    assert_eq!(
        report("DEVICE NAME,USER ID,MODEL,user id\n"),
        "line 1: USER ID: the column is there twice"
    );
    let other = CsvLimits::default().with_other_columns(OtherColumns::Ignore);
    let table = b"DEVICE NAME,USER ID,MODEL,DIRECTORY NUMBER 1\na,u,8841,1000\n";
    assert_eq!(read_phones(table, &other).unwrap().len(), 1);
}

#[test]
fn bytes_rows_fields_and_reports_are_bounded() {
    let head = "DEVICE NAME,USER ID,MODEL\n";
    let rows = |count: usize| -> String {
        let lines = (0..count).map(|row| format!("d{row},u,8841\n"));
        std::iter::once(head.to_owned()).chain(lines).collect()
    };
    let limits = CsvLimits::default().with_rows(3).with_problems(2);
    assert_eq!(read_phones(rows(3).as_bytes(), &limits).unwrap().len(), 3);
    let text = read_phones(rows(4).as_bytes(), &limits)
        .unwrap_err()
        .to_string();
    assert_eq!(text, "line 5: more than 3 rows");
    let bad = format!("{head}{}", ",,\n".repeat(3));
    let report = read_phones(bad.as_bytes(), &limits).unwrap_err();
    assert_eq!((report.problems().len(), report.more()), (2, 7));
    assert!(report.to_string().ends_with("\nand 7 more problems"));

    let exact = rows(2);
    let limits = CsvLimits::default().with_bytes(exact.len());
    assert!(read_phones(exact.as_bytes(), &limits).is_ok());
    let report = read_phones(rows(3).as_bytes(), &limits).unwrap_err();
    let max = exact.len();
    assert_eq!(report.problems()[0].kind(), &CsvProblemKind::Bytes { max });

    let open = format!("{head}a,u,\"8841\nb,u,8841\n{}", "x".repeat(1_024));
    let report = read_phones(open.as_bytes(), &CsvLimits::default()).unwrap_err();
    assert_eq!(
        report.problems()[0].kind(),
        &CsvProblemKind::TooLong { max: 1_024 }
    );
    assert_eq!(
        (report.problems()[0].line(), report.problems()[0].column()),
        (2, None::<CsvColumn>)
    );
}

#[test]
fn what_is_not_utf_8_is_said_to_be_so_and_the_other_lines_are_looked_at() {
    let table = b"DEVICE NAME,USER ID,MODEL\na\xe9,u,8841\nb,,8841\n";
    assert_eq!(report(table), "line 2: not UTF-8\nline 3: USER ID: missing");
    assert_eq!(report(b"\xff\xfeD\0E\0"), "line 1: not UTF-8");
}

proptest! {
    /// Whatever the bytes, there is an answer, and it is within the limits.
    #[test]
    fn no_table_breaks_the_reader(table in prop::collection::vec(any::<u8>(), 0..300)) {
        let head = b"DEVICE NAME,USER ID,MAC ADDRESS,MODEL\n".as_slice();
        let limits = CsvLimits::default().with_problems(5);
        for table in [table.clone(), [head, &table].concat()] {
            if let Err(report) = read_phones(&table, &limits) {
                prop_assert!(!report.problems().is_empty() && report.problems().len() <= 5);
            }
        }
    }
}
