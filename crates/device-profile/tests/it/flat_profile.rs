//! The phone's document.

use offhook_device_profile::mpp::{FlatProfile, UserAccess, Value};
use offhook_device_profile::{DocumentFault, Limits, ValueError};
use proptest::prelude::*;

fn parse(xml: &str) -> FlatProfile {
    FlatProfile::parse(xml.as_bytes(), &Limits::default()).unwrap()
}

fn fault(xml: &str) -> DocumentFault {
    let error = FlatProfile::parse(xml.as_bytes(), &Limits::default()).unwrap_err();
    assert!(error.at <= xml.len() as u64);
    error.fault
}

#[test]
fn both_roots_are_read_and_no_other() {
    let inner = "<flat-profile><A>1</A></flat-profile>";
    assert_eq!(parse(inner).text("A"), Some("1"));
    let device = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><device a='b'><x><A>2</A></x>{inner}</device>\n"
    );
    assert_eq!(parse(&device).text("A"), Some("1"));
    assert_eq!(parse(&format!("\u{feff}{inner}")).text("A"), Some("1"));
    for xml in [
        "",
        "  ",
        "<a/>",
        "<device/>",
        "<device><x/></device>",
        "<Flat-Profile/>",
    ] {
        assert_eq!(fault(xml), DocumentFault::Root, "{xml}");
    }
}

#[test]
fn the_four_empty_states_stay_apart() {
    let profile = parse(
        "<flat-profile><A/><B></B><C ua=\"rw\"/><D>\"\"</D><E>  \n </E><F>\"</F></flat-profile>",
    );
    assert_eq!(profile.get("X"), None);
    for name in ["A", "B", "E"] {
        let parameter = profile.get(name).unwrap();
        assert_eq!((parameter.value, parameter.access), (Value::Empty, None));
    }
    let parameter = profile.get("C").unwrap();
    assert_eq!(
        (parameter.value, parameter.access),
        (Value::Empty, Some(UserAccess::ReadWrite))
    );
    assert_eq!(profile.get("D").unwrap().value, Value::EmptyString);
    assert_eq!(profile.get("F").unwrap().value, Value::Text("\""));
    for name in ["A", "C", "D", "X"] {
        assert_eq!(profile.text(name), None);
    }
}

#[test]
fn white_space_goes_and_line_breaks_become_spaces() {
    let profile = parse(
        "<flat-profile><A> \t\r\n a\r\nb\nc  d \n</A><B>&#32;x&#10;y&#32;</B><C>a<!-- c -->b<![CDATA[<&]]></C></flat-profile>",
    );
    assert_eq!(profile.text("A"), Some("a b c  d"));
    assert_eq!(profile.text("B"), Some("x y"));
    assert_eq!(profile.text("C"), Some("ab<&"));
}

#[test]
fn of_a_parameter_given_twice_the_last_stays() {
    let profile =
        parse("<flat-profile><A ua='na'>1</A><B>x</B><A>2</A><C/><B>y</B></flat-profile>");
    assert_eq!(profile.text("A"), Some("2"));
    assert_eq!(profile.get("A").unwrap().access, None);
    assert_eq!(profile.text("B"), Some("y"));
    let names: Vec<&str> = profile
        .parameters()
        .map(|parameter| parameter.name)
        .collect();
    assert_eq!(names, ["A", "C", "B"]);
    assert_eq!(profile.text("a"), None);
}

#[test]
fn names_entities_and_access_are_read() {
    let profile = parse(
        "<flat-profile><Enable_802.1X_Authentication ua=\"ro\">Yes</Enable_802.1X_Authentication>\
         <ACD_Logged-off_LED group='x' ua='zz'>&lt;&gt;&amp;&quot;&apos;&#233;&#xE9;</ACD_Logged-off_LED></flat-profile>",
    );
    let parameter = profile.get("Enable_802.1X_Authentication").unwrap();
    assert_eq!(parameter.access, Some(UserAccess::ReadOnly));
    let parameter = profile.get("ACD_Logged-off_LED").unwrap();
    assert_eq!(parameter.value, Value::Text("<>&\"'éé"));
    assert_eq!(parameter.access, None);
}

#[test]
fn an_element_with_elements_inside_is_no_parameter() {
    let profile = parse(
        "<flat-profile><A>x<B>1</B><B/>y</A><C>2</C><router-configuration><WAN><D>3</D></WAN></router-configuration></flat-profile>",
    );
    let names: Vec<&str> = profile
        .parameters()
        .map(|parameter| parameter.name)
        .collect();
    assert_eq!(names, ["C"]);
}

#[test]
fn the_document_that_is_written_is_canonical() {
    let mut profile = FlatProfile::new();
    profile.set("A", " é & \n<x> ").unwrap();
    profile.set_access("A", Some(UserAccess::None)).unwrap();
    profile
        .set_access("B", Some(UserAccess::ReadWrite))
        .unwrap();
    profile.set("C", "\"\"").unwrap();
    profile.set("D", "1").unwrap();
    profile.set("D", "2").unwrap();
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flat-profile>\n  \
        <A ua=\"na\">&#233; &amp;  &lt;x&gt;</A>\n  <B ua=\"rw\"/>\n  <C>\"\"</C>\n  <D>2</D>\n</flat-profile>\n";
    assert_eq!(*profile.write(), xml);
    assert_eq!(parse(xml), profile);
    assert_eq!(profile.set("A B", "x"), Err(ValueError::Name));
    assert_eq!(profile.set("1", "x"), Err(ValueError::Name));
    assert_eq!(profile.set("A", "\0"), Err(ValueError::Value));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        parameters in prop::collection::vec(
            ("[A-Za-z_][A-Za-z0-9_.-]{0,3}", "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u{fffe}\u{ffff}]{0,20}", 0_u8..4),
            0..12,
        ),
    ) {
        let mut profile = FlatProfile::new();
        for (name, value, access) in &parameters {
            let access = match access {
                0 => None,
                1 => Some(UserAccess::None),
                2 => Some(UserAccess::ReadOnly),
                _ => Some(UserAccess::ReadWrite),
            };
            profile.set(name, value).unwrap();
            profile.set_access(name, access).unwrap();
        }
        let xml = profile.write();
        let again = parse(&xml);
        prop_assert_eq!(&again, &profile);
        prop_assert_eq!(again.write(), xml);
    }

    #[test]
    fn no_document_makes_the_reader_panic(xml in "[<>/a&;#x0-9\"'=! \\[\\]?-]{0,60}") {
        let _ = FlatProfile::parse(xml.as_bytes(), &Limits::default());
        let inside = format!("<flat-profile>{xml}</flat-profile>");
        if let Ok(profile) = FlatProfile::parse(inside.as_bytes(), &Limits::default()) {
            prop_assert_eq!(parse(&profile.write()), profile);
        }
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let xml = "<?xml version='1.0'?>\r\n<device>\r\n<flat-profile  x='1'>\r\n\
        \t<!-- a --><A group='G' ua=\"na\" >1</A>\r\n\t<B/><B>&#66;</B>\r\n\t<C>x</C>\r\n\
        \t<Nested><A>7</A></Nested>\r\n</flat-profile>\r\n</device>";
    let mut profile = parse(xml);
    assert_eq!(*profile.write(), *xml);
    profile.set("A", "2").unwrap();
    profile.set("B", "&").unwrap();
    profile.set_access("B", Some(UserAccess::ReadOnly)).unwrap();
    profile.set("D", "é").unwrap();
    assert!(profile.remove("C") && !profile.remove("C"));
    assert_eq!((profile.text("C"), profile.text("D")), (None, Some("é")));
    let wanted = xml
        .replace(">1</A>", ">2</A>")
        .replace("<B>&#66;</B>", "<B ua=\"ro\">&amp;</B>")
        .replace("\r\n\t<C>x</C>", "")
        .replace("</Nested>", "</Nested>\r\n\t<D>&#233;</D>");
    assert_eq!(*profile.write(), *wanted);
    profile.set_access("A", None).unwrap();
    assert!(profile.write().contains("<A group='G' >2</A>"));
    assert!(profile.remove("B"));
    assert_eq!(profile.get("B"), None);
    assert!(!profile.write().contains("<B"));
}

#[test]
fn of_a_parameter_given_twice_the_last_is_edited() {
    let mut profile = parse("<flat-profile><A>1</A><A>2</A></flat-profile>");
    profile.set("A", "3").unwrap();
    assert_eq!(
        *profile.write(),
        "<flat-profile><A>1</A><A>3</A></flat-profile>"
    );
    let overridden: Vec<&str> = profile.overridden().collect();
    assert_eq!(overridden, ["A"]);
    assert_eq!(profile.parameters().count(), 1);
}
