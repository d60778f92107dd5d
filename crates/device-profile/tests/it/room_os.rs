//! The room device's document.

use offhook_device_profile::room_os::{Configuration, Path};
use offhook_device_profile::{CommandLineFault, Document, DocumentFault, Limits, ValueError};
use proptest::prelude::*;

fn parse(xml: &str) -> Configuration {
    Configuration::parse(xml.as_bytes(), &Limits::default()).unwrap()
}

fn fault(inside: &str) -> DocumentFault {
    let xml = format!("<Configuration>{inside}</Configuration>");
    let error = Configuration::parse(xml.as_bytes(), &Limits::default()).unwrap_err();
    error.fault
}

#[test]
fn nesting_items_and_foreign_attributes_are_read() {
    let configuration = parse(
        "<?xml version=\"1.0\"?>\n\
         <Configuration xmlns=\"http://www.tandberg.com/XML/CUIL/2.0\" product=\"Cisco Codec\" version=\"ce11\" apiVersion=\"4\">\n\
           <SIP>\n\
             <URI valueSpaceRef=\"/Valuespace/STR_0_255\">room@example.net</URI>\n\
             <Proxy item=\"1\" maxOccurrence=\"4\"><Address>p1.example.net</Address></Proxy>\n\
             <Proxy item=\"2\"><Address/></Proxy>\n\
             <DisplayName> A &amp; B </DisplayName>\n\
           </SIP>\n\
         </Configuration>\n",
    );
    assert_eq!(configuration.text("SIP URI"), Some("room@example.net"));
    for path in [
        "SIP Proxy 1 Address",
        "SIP Proxy[1] Address",
        "SIP/Proxy[1]/Address",
    ] {
        assert_eq!(configuration.text(path), Some("p1.example.net"), "{path}");
    }
    assert_eq!(configuration.text("SIP Proxy 2 Address"), Some(""));
    assert_eq!(configuration.text("SIP DisplayName"), Some(" A & B "));
    for path in [
        "SIP Proxy Address",
        "SIP Proxy 3 Address",
        "SIP",
        "sip uri",
        "",
        "SIP  URI",
    ] {
        assert_eq!(configuration.text(path), None, "{path}");
    }
    let paths: Vec<String> = configuration
        .values()
        .map(|(path, _)| path.to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "SIP URI",
            "SIP Proxy[1] Address",
            "SIP Proxy[2] Address",
            "SIP DisplayName"
        ]
    );
}

#[test]
fn only_a_configuration_is_read() {
    for xml in ["", "<configuration/>", "<Command/>", "text"] {
        let error = Configuration::parse(xml.as_bytes(), &Limits::default()).unwrap_err();
        assert!(
            matches!(error.fault, DocumentFault::Root | DocumentFault::Syntax),
            "{xml}"
        );
    }
    assert_eq!(parse("<Configuration/>"), Configuration::new());
    assert_eq!(
        parse("<Configuration>\n</Configuration>"),
        Configuration::new()
    );
}

#[test]
fn what_could_mean_two_things_is_refused() {
    assert_eq!(fault("<A>1</A><A>2</A>"), DocumentFault::Duplicate);
    assert_eq!(
        fault("<A item='1'><B>1</B></A><A item='1'><B>1</B></A>"),
        DocumentFault::Duplicate
    );
    assert_eq!(fault("<A>x<B/></A>"), DocumentFault::Mixed);
    assert_eq!(fault("<A><B/>x</A>"), DocumentFault::Mixed);
    assert_eq!(fault("x"), DocumentFault::Mixed);
    for item in ["0", "", "01", "-1", "x", "65536", " 1", "1 "] {
        assert_eq!(
            fault(&format!("<A item='{item}'/>")),
            DocumentFault::Item,
            "{item}"
        );
    }
    assert_eq!(fault("<A item='1' item='2'/>"), DocumentFault::Attribute);
    assert_eq!(fault("<a:B/>"), DocumentFault::Name);
    assert_eq!(fault("<É/>"), DocumentFault::Name);
}

#[test]
fn the_names_around_values_are_bounded_to_the_byte() {
    let answer = |path_bytes, inside: &str| {
        let mut limits = Limits::default();
        limits.path_bytes = path_bytes;
        let xml = format!("<Configuration>{inside}</Configuration>");
        let configuration = Configuration::parse(xml.as_bytes(), &limits);
        configuration.map(|_| ()).map_err(|error| error.fault)
    };
    for (path, inside) in [
        ("Ab[7] Cd", "<Ab item='7'><Cd/><Ef/></Ab>"),
        ("Ab[65535] Cd", "<Ab item='65535'><Cd/><Ef/></Ab>"),
        ("Ab[10]", "<Ab item='10'/>"),
    ] {
        assert_eq!(answer(path.len(), inside), Ok(()));
        assert_eq!(
            answer(path.len() - 1, inside),
            Err(DocumentFault::PathTooLong)
        );
    }
}

#[test]
fn what_is_written_takes_no_more_room_than_twice_its_length() {
    let mut configuration = Configuration::new();
    let around = vec!["n".repeat(256); 30].join(" ");
    for leaf in 0..2_000 {
        let path = format!("{around} leaf{leaf}").parse().unwrap();
        configuration.set(&path, "x").unwrap();
    }
    let xml = configuration.write();
    assert!(xml.capacity() <= 2 * xml.len(), "{}", xml.capacity());
}

#[test]
fn a_path_is_read_in_the_devices_own_spellings() {
    let path: Path = "Phonebook Server 1 URL".parse().unwrap();
    assert_eq!(path.to_string(), "Phonebook Server[1] URL");
    for bad in [
        "", " ", "1", "A  B", "A 1 2", "A[1] 2", "A[0]", "A[x]", "A[1", "A]", "A B/", "1A", "A:B",
    ] {
        assert!(bad.parse::<Path>().is_err(), "{bad}");
    }
}

#[test]
fn the_document_that_is_written_is_canonical() {
    let mut configuration = Configuration::new();
    let mut set = |path: &str, value: &str| configuration.set(&path.parse().unwrap(), value);
    set("SIP URI", "a&b").unwrap();
    set("SIP Proxy 2 Address", "p2").unwrap();
    set("SIP Proxy 1 Address", "p1").unwrap();
    set("SIP Proxy 1 Port", "").unwrap();
    set("Audio", "é").unwrap();
    assert_eq!(set("A", "\u{1}"), Err(ValueError::Value));
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Configuration>\n  <SIP>\n    <URI>a&amp;b</URI>\n    \
        <Proxy item=\"2\">\n      <Address>p2</Address>\n    </Proxy>\n    \
        <Proxy item=\"1\">\n      <Address>p1</Address>\n      <Port/>\n    </Proxy>\n  </SIP>\n  <Audio>&#233;</Audio>\n</Configuration>\n";
    assert_eq!(*configuration.write(), xml);
    assert_eq!(parse(xml), configuration);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        values in prop::collection::vec(
            (
                prop::collection::vec(("[A-C]", prop::option::of(1_u16..3)), 1..4),
                "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u{fffe}\u{ffff}]{0,12}",
            ),
            0..12,
        ),
    ) {
        let mut configuration = Configuration::new();
        for (segments, value) in &values {
            let segments: Vec<String> = segments
                .iter()
                .map(|(name, item)| item.map_or(name.clone(), |item| format!("{name}[{item}]")))
                .collect();
            configuration.set(&segments.join(" ").parse().unwrap(), value).unwrap();
        }
        let xml = configuration.write();
        let again = parse(&xml);
        prop_assert_eq!(&again, &configuration);
        prop_assert_eq!(again.write(), xml);
    }

    #[test]
    fn no_document_makes_the_reader_panic(inside in "[<>/AB&;#x0-9\"'= item!?-]{0,60}") {
        let xml = format!("<Configuration>{inside}</Configuration>");
        if let Ok(configuration) = Configuration::parse(xml.as_bytes(), &Limits::default()) {
            prop_assert_eq!(parse(&configuration.write()), configuration);
        }
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let xml = "<Configuration product='x'>\n  <SIP>\n    <URI valueSpaceRef='/V'>a@b</URI>\n    <Proxy item=\"1\"><Address>p1</Address></Proxy>\n  </SIP>\n  <!-- c -->\n  <Audio><Volume>5</Volume></Audio>\n</Configuration>";
    let mut configuration = parse(xml);
    assert_eq!(*configuration.write(), *xml);
    let path = |text: &str| text.parse::<Path>().unwrap();
    configuration.set(&path("SIP URI"), "c@d").unwrap();
    configuration
        .set(&path("SIP Proxy 1 Port"), "5061")
        .unwrap();
    configuration
        .set(&path("SIP Proxy 2 Address"), "p2")
        .unwrap();
    configuration
        .set(&path("SIP Proxy 2 Port"), "5062")
        .unwrap();
    assert!(configuration.remove(&path("Audio Volume")));
    assert!(!configuration.remove(&path("Audio Volume")));
    let wanted = xml
        .replace("a@b", "c@d")
        .replace("p1</Address>", "p1</Address><Port>5061</Port>")
        .replace("</Proxy>\n", "</Proxy>\n    <Proxy item=\"2\">\n      <Address>p2</Address>\n      <Port>5062</Port>\n    </Proxy>\n")
        .replace("\n  <Audio><Volume>5</Volume></Audio>", "");
    assert_eq!(*configuration.write(), *wanted);
    assert_eq!(parse(&wanted), configuration);
    assert_eq!(configuration.text("SIP Proxy 2 Port"), Some("5062"));
}

#[test]
fn an_edit_that_cannot_be_made_changes_nothing() {
    let xml = "<Configuration><SIP/></Configuration>";
    let mut configuration = parse(xml);
    let refused = configuration.set(&"New Thing".parse().unwrap(), "\u{1}");
    assert_eq!(refused, Err(ValueError::Value));
    assert_eq!(*configuration.write(), *xml);
}

#[test]
fn commands_are_read_and_written() {
    let lines = "# sent by hand\n\nxConfiguration SIP Proxy 1 Address: \"p1.example.net\"\r\n\
        *c xConfiguration SIP DisplayName: \"A \\\"B\\\" \\\\ C\"\n\
        xconfiguration SIP/ListenPort: On\nxConfiguration SIP URI: \"\"\n** end\nOK\n";
    let read = |lines: &str| Configuration::parse_command_lines(lines, &Limits::default());
    let configuration = read(lines).unwrap();
    assert_eq!(
        configuration.text("SIP Proxy 1 Address"),
        Some("p1.example.net")
    );
    assert_eq!(configuration.text("SIP DisplayName"), Some("A \"B\" \\ C"));
    assert_eq!(configuration.text("SIP ListenPort"), Some("On"));
    assert_eq!(configuration.text("SIP URI"), Some(""));
    let written = configuration.command_lines().unwrap();
    assert_eq!(
        *written,
        "xConfiguration SIP Proxy 1 Address: \"p1.example.net\"\nxConfiguration SIP DisplayName: \"A \\\"B\\\" \\\\ C\"\n\
         xConfiguration SIP ListenPort: \"On\"\nxConfiguration SIP URI: \"\"\n"
    );
    assert_eq!(read(&written).unwrap(), configuration);
    let tab = read("xConfiguration SIP URI: \"a\tb\"\n").unwrap();
    assert_eq!(read(&tab.command_lines().unwrap()).unwrap(), tab);
    let mut broken = configuration;
    broken
        .set(&"SIP URI".parse().unwrap(), "a\nxConfiguration B: c")
        .unwrap();
    assert!(broken.command_lines().is_none());
}

#[test]
fn commands_are_utf_8_with_or_without_a_mark() {
    let read = |lines: &[u8]| Configuration::parse_command_lines(lines, &Limits::default());
    let marked = read("\u{feff}xConfiguration SIP DisplayName: Jürgen\n".as_bytes()).unwrap();
    assert_eq!(marked.text("SIP DisplayName"), Some("Jürgen"));
    let wide = |big: bool| -> Vec<u8> {
        let signs = "xConfiguration A: 1\n".encode_utf16();
        let bytes = |sign: u16| {
            if big {
                sign.to_be_bytes()
            } else {
                sign.to_le_bytes()
            }
        };
        signs.flat_map(bytes).collect()
    };
    for (lines, line) in [
        (
            b"xConfiguration A: 1\nxConfiguration B: J\xfcrgen\n".to_vec(),
            2,
        ),
        (wide(true), 1),
        (wide(false), 1),
        ([b"\xff\xfe", &wide(false)[..]].concat(), 1),
        ([b"\xfe\xff", &wide(true)[..]].concat(), 1),
    ] {
        let error = read(&lines).unwrap_err();
        assert_eq!(
            (error.line, error.fault),
            (line, CommandLineFault::Encoding),
            "{lines:?}"
        );
    }
}

#[test]
fn commands_that_are_none_are_refused_with_their_line() {
    for (line, fault) in [
        ("xCommand Dial Number: 1", CommandLineFault::Command),
        ("xConfigurationSIP URI: a", CommandLineFault::Command),
        ("xConfiguration SIP URI", CommandLineFault::NoValue),
        ("xConfiguration SIP  URI: a", CommandLineFault::Path),
        ("xConfiguration : a", CommandLineFault::Path),
        ("xConfiguration SIP URI: \"a", CommandLineFault::Quotation),
        (
            "xConfiguration SIP URI: \"a\" b",
            CommandLineFault::Quotation,
        ),
        (
            "xConfiguration SIP URI: \"\\n\"",
            CommandLineFault::Quotation,
        ),
        ("xConfiguration SIP URI: a\u{1}", CommandLineFault::Value),
        (
            "xConfiguration SIP URI: a\rxConfiguration B: 1",
            CommandLineFault::Value,
        ),
        ("xConfiguration SIP URI: a\u{85}b", CommandLineFault::Value),
        ("xConfiguration A: 2", CommandLineFault::Duplicate),
    ] {
        let text = format!("xConfiguration A: 1\n{line}\n");
        let error = Configuration::parse_command_lines(&text, &Limits::default()).unwrap_err();
        assert_eq!((error.line, error.fault), (2, fault), "{line}");
    }
    let mut limits = Limits::default();
    limits.elements = 1;
    let two = "xConfiguration A: 1\nxConfiguration B: 1\n";
    let error = Configuration::parse_command_lines(two, &limits).unwrap_err();
    assert_eq!(
        (error.line, error.fault),
        (2, CommandLineFault::TooManyLines)
    );
    limits.document_bytes = two.len() - 1;
    let error = Configuration::parse_command_lines(two, &limits).unwrap_err();
    assert_eq!(error.fault, CommandLineFault::TooLarge);
}

#[test]
fn a_path_in_another_case_is_told() {
    let limits = Limits::default();
    let lines = "xconfiguration sip uri: r@h\nxConfiguration SIP proxy 1 Address: h\n\
                 xConfiguration SIP DisplayName: r\nxConfiguration SIP Proxy 2 Address: h\n\
                 xConfiguration sip other: 1\n";
    let read = Configuration::parse_command_lines(lines, &limits).unwrap();
    let document = Document::Configuration(read);
    let warnings = document.warnings(&limits);
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "sip uri: passed over, SIP URI is written so",
            "SIP proxy[1] Address: passed over, SIP Proxy[1] Address is written so"
        ]
    );
}
