//! The example `dtaf`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/dtaf.rs"]
mod support;

use std::fs::{self, File};
use std::process::Command;

use offhook_device_profile::{
    Archive, DeviceFamily, DeviceType, DeviceTypeFile, TagRegion, TagSet,
};
use support::{Files, phone, program, tag_set};

#[test]
fn inspect_shows_what_is_in_an_archive_and_no_secret() {
    let files = Files::new();
    let all = ["inspect", "phone.dtaf", "set.tsaf", "family.dfaf"];
    let (text, status) = files.text(&all);
    assert_eq!(status, Some(0), "{text}");
    for expected in [
        "device type Phone/1",
        "  numberOfPorts.unlimited true\n",
        "  accessDeviceCredentials.userName user\n",
        "%BWDEVICEID%.xml  Dynamic Profile",
        "%SBC%",
        "device family Phones",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("Canary"), "{text}");
    let (lines, status) = files.json(&all);
    assert_eq!(status, Some(0));
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["kind"], "DTAF");
    assert_eq!(lines[0]["content"]["deviceType"], "Phone/1");
    assert_eq!(lines[0]["fileBytes"][0], 4);
    assert_eq!(lines[1]["content"]["tags"][0]["tagName"], "%SBC%");
    assert_eq!(lines[2]["format"], "offhook-dfaf");
    assert!(!format!("{lines:?}").contains("Canary"));
}

#[test]
fn addresses_with_credentials_are_shown_nowhere() {
    let files = Files::new();
    let mut odd = phone("<a>");
    odd.web_based_config_url = Some("http://admin:Canary@h/".to_owned());
    let options = odd.device_management_mut();
    options.device_access_uri = Some("https://u:Canary@h/x?token=Canary".to_owned());
    options.device_access_context = Some("x?token=Canary".to_owned());
    odd.files[0].remote_file_format = "x?password=Canary".to_owned();
    let named = DeviceTypeFile::new("y?password=Canary", "<a/>");
    odd = odd.with_file(named);
    files.put("odd.dtaf", &Archive::new(odd.clone()));
    // Nobody has looked through what a system has not, part of it or whole.
    let mut bare = odd.clone();
    bare.cpe_device_options = None;
    let folders = ["plain", "bare", "odd", "new"];
    for (folder, there) in folders.into_iter().zip([phone("<a/>"), bare, odd.clone()]) {
        fs::create_dir(files.path(folder)).unwrap();
        files.put(&format!("{folder}/there.dtaf"), &Archive::new(there));
    }
    let mut seen = 0;
    let mut check = |arguments: &[&str]| {
        for arguments in [arguments, &[&["--json"], arguments].concat()] {
            let (text, _) = files.text(arguments);
            assert!(!text.contains("Canary"), "{arguments:?}: {text}");
            seen += text.matches("[redacted]").count();
        }
    };
    check(&["inspect", "odd.dtaf"]);
    check(&["validate", "odd.dtaf"]);
    // Names of whatever else has one, each broken by a rule.
    let region = |place: &str| {
        TagRegion::new("r?token=Canary", &[place]).with_value(&"%SBC%".parse().unwrap(), "x\n")
    };
    let set = |place: &str| {
        let name = "s?token=Canary";
        TagSet::new(name)
            .with_tag(tag_set().tags[0].clone())
            .with_region(region(place))
    };
    let family = DeviceFamily::new("f?token=Canary")
        .with_device_type(DeviceType::new("t?token=Canary\n"))
        .with_tag_set(set("NO"));
    files.put("odd.dfaf", &Archive::DeviceFamily(family));
    files.put("odd.tsaf", &Archive::TagSet(set("SE")));
    fs::create_dir(files.path("sets")).unwrap();
    files.put("sets/there.tsaf", &Archive::TagSet(set("NO")));
    for archive in ["odd.dfaf", "odd.tsaf"] {
        check(&["inspect", archive]);
        check(&["validate", archive]);
        for folder in ["sets", "none"] {
            check(&["import", archive, "--into", folder]);
            check(&["import", archive, "--into", folder, "--tag-set-override"]);
        }
    }
    for folder in folders {
        for archive in ["odd.dtaf", "phone.dtaf", "newer.dtaf"] {
            let import = ["import", archive, "--into", folder];
            check(&[&import[..], &["--dry-run"]].concat());
            check(&[&import[..], &["--device-type-file-update", "--dry-run"]].concat());
            check(&[&import[..], &["--device-type-file-update"]].concat());
        }
    }
    // Two addresses, a context and a name, there and in the archive.
    assert!(seen >= 16, "{seen}");
}

#[test]
fn names_of_strangers_do_not_reach_the_terminal_as_they_are() {
    let files = Files::new();
    files.put("odd.dtaf", &Archive::new(DeviceType::new("\u{1b}[31mred")));
    let (text, _) = files.text(&["inspect", "odd.dtaf"]);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    files.put(
        "long.dtaf",
        &Archive::new(DeviceType::new(&"\u{7}".repeat(50))),
    );
    let (text, status) = files.text(&["validate", "long.dtaf"]);
    assert!(!text.contains('\u{7}'), "{text:?}");
    assert_eq!(status, Some(1));

    // Names of files and of what is in archives, as text and as JSON, good and bad.
    let odd = "\u{202e}ftad\u{9b}1m.dtaf";
    files.put(odd, &Archive::new(phone("<a>")));
    fs::write(files.path("\u{2066}zip\u{7f}"), "PK").unwrap();
    let import = ["import", odd, "--into", "\u{202e}system"];
    for arguments in [
        &["inspect", odd][..],
        &["validate", odd, "\u{2066}zip\u{7f}"],
        &["--json", "validate", odd, "\u{2066}zip\u{7f}"],
        &["--json", "inspect", odd],
        &import,
        &[&import[..], &["--json", "--dry-run"]].concat(),
    ] {
        let (text, _) = files.text(arguments);
        let acts =
            |sign: char| sign.is_control() && sign != '\n' || "\u{202e}\u{2066}".contains(sign);
        assert!(!text.contains(acts) && text.contains("202e"), "{text:?}");
    }
    let (lines, _) = files.json(&["inspect", odd]);
    assert_eq!(lines[0]["file"], odd);

    // What is not seen, beyond 16 bits too.
    let unseen = "a\u{ad}b\u{3164}c\u{e0041}d\u{2800}";
    files.put("unseen.dtaf", &Archive::new(DeviceType::new(unseen)));
    for arguments in [
        &["inspect", "unseen.dtaf"][..],
        &["--json", "inspect", "unseen.dtaf"],
    ] {
        let (text, _) = files.text(arguments);
        assert!(
            !text.contains(|sign: char| !sign.is_ascii() && unseen.contains(sign)),
            "{text}"
        );
    }
    let (lines, _) = files.json(&["inspect", "unseen.dtaf"]);
    assert_eq!(lines[0]["content"]["deviceType"], unseen);
    let (text, _) = files.text(&["validate", "unseen.dtaf"]);
    assert!(text.contains("deviceType has characters"), "{text}");
}

#[test]
fn columns_are_bounded_whatever_is_in_them() {
    let files = Files::new();
    let tag = "%SBC%".parse().unwrap();
    let with = |country: &str| {
        (0..70).fold(tag_set(), |set, at| {
            let name = format!("{at}{}", "r".repeat(1_000));
            let region = TagRegion::new(&name, &[country]).with_value(&tag, "x");
            set.with_region(region)
        })
    };
    files.put("long.tsaf", &Archive::TagSet(with("NO")));
    let (text, status) = files.text(&["inspect", "long.tsaf"]);
    assert_eq!(status, Some(0), "{text}");
    let wanted = format!("  %SBC%  yes          0{}…\n", "r".repeat(58));
    assert!(text.contains(&wanted), "{text}");

    let folder = files.path("system");
    fs::create_dir(&folder).unwrap();
    files.put("system/Access.tsaf", &Archive::TagSet(with("SE")));
    let import = ["import", "long.tsaf", "--into", "system", "--dry-run"];
    let (text, status) = files.text(&[&import[..], &["--tag-set-override"]].concat());
    assert_eq!(status, Some(1), "{text}");
    let row = text.lines().find(|line| line.contains("regions"));
    let row = row.unwrap_or_else(|| panic!("{text}"));
    assert!(row.chars().count() < 220, "{row}");
    let rows = text.lines().filter(|line| !line.starts_with("rule broken"));
    assert!(rows.clone().all(|row| row.chars().count() < 220), "{text}");
}

#[test]
fn a_closed_pipe_ends_it_quietly_and_the_status_still_tells() {
    let files = Files::new();
    files.put("bad.dtaf", &Archive::new(phone("<a>")));
    let import = ["import", "phone.dtaf", "--into", "system"];
    let export = [
        "export",
        "--from",
        "system",
        "--device-type",
        "Phone/1",
        "out.dtaf",
    ];
    for (arguments, status) in [
        (&["inspect", "phone.dtaf", "set.tsaf"][..], 0),
        (&["validate", "phone.dtaf", "bad.dtaf"], 1),
        (&["--json", "validate", "nowhere.dtaf", "phone.dtaf"], 4),
        (&[&import[..], &["--dry-run"]].concat(), 3),
        (&import, 0),
        (&export, 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(program())
            .current_dir(files.path(""))
            .args(arguments)
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "",
            "{arguments:?}"
        );
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn validate_tells_each_rule_with_its_source() {
    let files = Files::new();
    assert_eq!(
        files
            .text(&["validate", "phone.dtaf", "set.tsaf", "family.dfaf"])
            .1,
        Some(0)
    );
    let mut bad = phone("<a>").with_activation();
    bad.name.clear();
    files.put("bad.dtaf", &Archive::new(bad));
    let (lines, status) = files.json(&["validate", "bad.dtaf"]);
    assert_eq!(status, Some(1));
    let rules: Vec<&str> = lines[0]["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["source"].as_str().unwrap())
        .collect();
    assert_eq!(
        rules,
        [
            "schema of the provisioning interface, SystemSIPDeviceTypeAddRequest23V9",
            "device integration for Webex on BroadWorks, provisioning of Room OS devices",
            "a rule of this project's own",
        ]
    );
}

#[test]
fn what_is_no_archive_and_what_is_not_there_are_told_apart() {
    let files = Files::new();
    fs::write(files.path("other.zip"), "PK").unwrap();
    assert_eq!(files.text(&["validate", "other.zip"]).1, Some(1));
    assert_eq!(files.text(&["validate", "nowhere.dtaf"]).1, Some(4));
    // The worst of all counts, and all are told.
    let (lines, status) = files.json(&["validate", "nowhere.dtaf", "other.zip", "phone.dtaf"]);
    assert_eq!(status, Some(4));
    assert_eq!(lines[1]["error"], "not a zip archive");
    assert_eq!(lines[2]["valid"], true);
    assert_eq!(files.text(&["validate"]).1, Some(2));
    for command in ["inspect", "validate"] {
        let (text, status) = files.text(&[command, "."]);
        assert_eq!(status, Some(4), "{text}");
        assert!(text.contains("directory"), "{text}");
    }
}

#[test]
fn an_archive_goes_in_and_comes_out_with_the_same_bytes() {
    let files = Files::new();
    let import = ["import", "phone.dtaf", "--into", "system"];
    assert_eq!(
        files.json(&[&import[..], &["--dry-run"]].concat()).1,
        Some(3)
    );
    assert!(!files.path("system").exists());
    assert_eq!(files.json(&import).1, Some(0));
    assert!(files.path("system/Phone%2F1.dtaf").exists());
    let (lines, status) = files.json(&import);
    let error = "without --device-type-file-update: device type Phone/1 is there already";
    assert_eq!((lines[0]["error"].as_str(), status), (Some(error), Some(1)));
    let export = [
        "export",
        "--from",
        "system",
        "--device-type",
        "Phone/1",
        "out.dtaf",
    ];
    assert_eq!(files.json(&export).1, Some(0));
    assert_eq!(
        fs::read(files.path("out.dtaf")).unwrap(),
        fs::read(files.path("phone.dtaf")).unwrap()
    );
    // What is there is not written over, and the path is told once.
    assert_eq!(files.json(&export).1, Some(4));
    let (text, _) = files.text(&export);
    assert_eq!(text.matches("out.dtaf").count(), 1, "{text}");
    let none = [
        "export",
        "--from",
        "system",
        "--tag-set",
        "Access",
        "none.tsaf",
    ];
    assert_eq!(files.json(&none).1, Some(1));
    let nowhere = [
        "export",
        "--from",
        "nowhere",
        "--default-tag-set",
        "none.tsaf",
    ];
    assert_eq!(files.json(&nowhere).1, Some(4));
}

#[test]
fn files_are_updated_where_that_is_asked_for() {
    let files = Files::new();
    files.json(&["import", "phone.dtaf", "--into", "system"]);
    let update = [
        "import",
        "newer.dtaf",
        "--into",
        "system",
        "--device-type-file-update",
    ];
    let (text, status) = files.text(&[&update[..], &["--dry-run"]].concat());
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("updated"), "{text}");
    assert!(text.contains("4 bytes  12 bytes"), "{text}");
    assert_eq!(files.json(&update).1, Some(0));
    let (lines, status) = files.json(&[&update[..], &["--dry-run"]].concat());
    assert_eq!(
        (lines[0]["differenceFound"].as_bool(), status),
        (Some(false), Some(0))
    );
    let renamed = [
        "import",
        "newer.dtaf",
        "--into",
        "system",
        "--rename",
        "Phone/1",
        "Phone 2",
    ];
    assert_eq!(files.json(&renamed).1, Some(0));
    assert!(files.path("system/Phone 2.dtaf").exists());
}

#[test]
fn a_family_brings_its_types_and_sets() {
    let files = Files::new();
    let import = ["import", "family.dfaf", "--into", "system"];
    assert_eq!(files.json(&import).1, Some(0));
    for (what, name, like) in [
        ("--device-type", "Phone/1", "phone.dtaf"),
        ("--tag-set", "Access", "set.tsaf"),
        ("--device-family", "Phones", "family.dfaf"),
    ] {
        let out = format!("out{what}");
        assert_eq!(
            files
                .json(&["export", "--from", "system", what, name, &out])
                .1,
            Some(0)
        );
        let [out, like] = [out.as_str(), like].map(|file| fs::read(files.path(file)).unwrap());
        assert_eq!(out, like, "{what}");
    }
    assert_eq!(files.json(&import).1, Some(1));
    let again = [
        "--device-family-override",
        "--tag-set-override",
        "--device-type-file-update",
    ];
    assert_eq!(files.json(&[&import[..], &again].concat()).1, Some(0));
}

#[test]
fn an_import_that_would_break_a_rule_changes_nothing() {
    let files = Files::new();
    files.put("bad.dtaf", &Archive::new(phone("<a>")));
    let (lines, status) = files.json(&["import", "bad.dtaf", "--into", "system"]);
    assert_eq!(status, Some(1));
    assert_eq!(lines[0]["outcome"], "not imported");
    let rule = "file %BWDEVICEID%.xml of Phone/1: document refused at byte 3: not well-formed";
    assert_eq!(lines[0]["violations"].as_array().unwrap().len(), 1);
    assert_eq!(lines[0]["violations"][0]["rule"], rule);
    assert_eq!(
        files.json(&["validate", "bad.dtaf"]).0[0]["violations"],
        lines[0]["violations"]
    );
    assert!(!files.path("system").exists());
    let (lines, status) = files.json(&["import", "bad.dtaf", "--into", "system", "--dry-run"]);
    assert_eq!(status, Some(1));
    assert_eq!(lines[0]["outcome"], "would not be imported");
}

#[test]
fn each_name_has_a_file_of_its_own_and_none_two() {
    let files = Files::new();
    let long = "\u{1f4de}".repeat(39);
    let sets = [
        TagSet::default(),
        TagSet::new("%"),
        TagSet::new("%00"),
        TagSet::new("."),
    ];
    for (number, set) in sets.into_iter().enumerate() {
        let name = format!("{number}.tsaf");
        files.put(&name, &Archive::TagSet(set));
        let (text, status) = files.text(&["import", &name, "--into", "system"]);
        assert_eq!(status, Some(0), "{text}");
    }
    for last in ["a", "b"] {
        let name = format!("{last}.dtaf");
        let file = DeviceTypeFile::new("a.xml", "<a/>");
        let device_type = DeviceType::new(&format!("{long}{last}")).with_file(file);
        files.put(&name, &Archive::new(device_type));
        let (text, status) = files.text(&["import", &name, "--into", "system"]);
        assert_eq!(status, Some(0), "{text}");
    }
    let entries = || fs::read_dir(files.path("system")).unwrap().count();
    assert_eq!(entries(), 6);

    // Which of two files of one name would count?
    fs::copy(files.path("0.tsaf"), files.path("system/other.tsaf")).unwrap();
    let (text, status) = files.text(&["import", "phone.dtaf", "--into", "system"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("is in another file too"), "{text}");
    assert_eq!(entries(), 7);
}

#[test]
fn what_could_not_be_read_again_is_not_imported() {
    // Blanks stored as they are, as another program may store them; we would pack them a thousand
    // times smaller than any archive may be unpacked.
    let files = Files::new();
    let device_type = DeviceType::new("Blank");
    let blanks = DeviceTypeFile::new("a.txt", " ".repeat(3_000_000));
    files.put("blank.dtaf", &Archive::new(device_type.with_file(blanks)));
    let bytes = fs::read(files.path("blank.dtaf")).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let stored = File::create(files.path("stored.dtaf")).unwrap();
    let mut stored = zip::ZipWriter::new(stored);
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        stored.start_file(name, options).unwrap();
        std::io::copy(&mut entry, &mut stored).unwrap();
    }
    stored.finish().unwrap();
    assert_eq!(files.text(&["inspect", "stored.dtaf"]).1, Some(0));
    fs::create_dir(files.path("system")).unwrap();
    for folder in ["system", "new/system"] {
        let (text, status) = files.text(&["import", "stored.dtaf", "--into", folder]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains("could not be read again"), "{text}");
    }
    // The folder that was there is still there and empty; those that were not are not.
    assert_eq!(fs::read_dir(files.path("system")).unwrap().count(), 0);
    assert!(!files.path("new").exists());
}
