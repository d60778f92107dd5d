//! The room device's document.

use offhook_device_profile::room_os::{Configuration, Path};
use offhook_device_profile::{DocumentFault, Limits, ValueError};
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
