//! The example `config-document`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use offhook_device_profile::payload::{Encryption, SystemEntropy, compress};
use offhook_device_profile::signed::{Signer, SigningKey, sign};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

const PHONE: &str = "<flat-profile><Proxy_1_>sip.example.net</Proxy_1_><SIP_Transport_1_>TLS</SIP_Transport_1_>\
    <User_ID_1_>2001</User_ID_1_><Password_1_>s3cret</Password_1_></flat-profile>";
const DEVICE: &str = "<device  xsi:type=\"axl:XIPPhone\"><sipProfile><sipLines><line  button=\"1\"><proxy>a.example</proxy>\
    <name>2001</name><authPassword>s3cret</authPassword></line></sipLines></sipProfile></device>";
const DEFAULTS: &str = "<Default><callManagerGroup><members><member priority=\"0\"><callManager>\
    <processNodeName>192.0.2.1</processNodeName></callManager></member></members></callManagerGroup></Default>";
const ROOM: &str = "<Configuration><SIP><URI>room@example.net</URI></SIP></Configuration>";
const KEY: &[u8] = include_bytes!("../../testdata/rsa-keys/authority.pk8");

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for (name, contents) in [
            ("phone.xml", PHONE),
            ("device.xml", DEVICE),
            ("default.xml", DEFAULTS),
            ("room.xml", ROOM),
        ] {
            files.put(name, contents);
        }
        files
    }

    fn put(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), contents).unwrap();
    }

    /// Standard output, standard error and the exit status.
    fn run(&self, arguments: &[&str], input: &[u8]) -> (String, String, Option<i32>) {
        let mut child = Command::new(program())
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that has refused its command line does not read.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(
            !out.contains("s3cret") && !err.contains("s3cret"),
            "{out}{err}"
        );
        (out, err, output.status.code())
    }

    fn json(&self, arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
        let (out, _, status) = self.run(&[&["--json"], arguments].concat(), b"");
        let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.collect(), status)
    }
}

/// Cargo builds the examples of a package before it runs all of its tests.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("config-document{}", env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

#[test]
fn the_kind_is_found_by_the_content() {
    let files = Files::new();
    files.put(
        "lines.txt",
        "xConfiguration SIP URI: \"room@example.net\"\n",
    );
    let arguments = [
        "phone.xml",
        "device.xml",
        "default.xml",
        "room.xml",
        "lines.txt",
    ];
    let (lines, status) = files.json(&arguments);
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    let room = "room-os-configuration";
    assert_eq!(
        kinds,
        [
            "flat-profile",
            "unified-cm-device",
            "unified-cm-defaults",
            room,
            room
        ]
    );
    assert_eq!(status, Some(0));
    let settings = &lines[0]["lines"][0]["settings"];
    assert_eq!(settings["targetUri"], "sip:sip.example.net;transport=tls");
    assert_eq!(settings["password"], "[redacted]");
    assert_eq!(lines[1]["lines"][0]["line"], 1);
    assert_eq!(lines[2]["lines"], json!([]));
    let (lines, _) = files.json(&["--user", "SEP001122334455", "default.xml"]);
    assert_eq!(lines[0]["lines"][0]["settings"]["user"], "SEP001122334455");
    let (out, _, status) = files.run(&["-"], PHONE.as_bytes());
    assert!(
        out.contains("target            sip:sip.example.net;transport=tls"),
        "{out}"
    );
    assert_eq!(status, Some(0));
}

#[test]
fn what_is_packed_is_unpacked_and_what_is_signed_is_verified() {
    let files = Files::new();
    let zipped = compress(PHONE.as_bytes()).unwrap();
    files.put("phone.gz", &zipped);
    let encryption = Encryption::new(b"key");
    files.put(
        "phone.enc",
        encryption
            .encrypt(&zipped, &mut SystemEntropy::new())
            .unwrap(),
    );
    files.put("key", b"key");
    files.put("wrong", b"yek");
    let (lines, status) = files.json(&["--key", "key", "phone.gz", "phone.enc", "phone.xml"]);
    assert_eq!(lines[0]["packing"], json!(["gzip"]));
    assert_eq!(lines[1]["packing"], json!(["aes128gcm", "gzip"]));
    assert_eq!(lines[2]["packing"], json!([]));
    assert_eq!(status, Some(0));
    let (lines, status) = files.json(&["--key", "wrong", "phone.enc"]);
    assert_eq!(lines[0]["error"], "payload cannot be decrypted");
    assert_eq!(status, Some(1));

    let name = "SEP001122334455.cnf.xml.sgn";
    let key = SigningKey::from_pkcs8(KEY).unwrap();
    let signer = Signer::new("CN=cucm", "CN=ca", &[1]);
    let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let signed = sign(DEVICE.as_bytes(), name, &signer, &key, now).unwrap();
    files.put(name, &signed);
    files.put("SEP665544332211.cnf.xml.sgn", &signed);
    let pair = KeyPair::try_from(KEY).unwrap();
    let certificate = CertificateParams::default().self_signed(&pair).unwrap();
    files.put("tftp.pem", certificate.pem());
    let (lines, _) = files.json(&[name]);
    assert_eq!(lines[0]["signature"]["verified"], false);
    let (lines, status) = files.json(&[
        "--certificate",
        "tftp.pem",
        name,
        "SEP665544332211.cnf.xml.sgn",
    ]);
    assert_eq!(
        lines[0]["signature"],
        json!({"signer": "CN=cucm", "fileName": name, "digest": "Sha512",
            "signedAt": "2026-01-01T00:00:00Z", "verified": true})
    );
    assert_eq!(lines[1]["error"], "signed as another file");
    assert_eq!(status, Some(1));
    files.put("unsigned.xml", DEVICE);
    let (lines, status) = files.json(&["--certificate", "tftp.pem", "unsigned.xml"]);
    let error = "not signed, so that --certificate cannot vouch for it";
    assert_eq!((&lines[0]["error"], status), (&json!(error), Some(1)));
}

#[test]
fn an_encoding_other_than_utf_8_is_told_as_that() {
    let files = Files::new();
    let lines = "xConfiguration SIP URI: \"room@example.net\"\n";
    files.put("marked.txt", format!("\u{feff}{lines}"));
    files.put("marked.xml", format!("\u{feff}{ROOM}"));
    let (found, status) = files.json(&["marked.txt", "marked.xml"]);
    assert_eq!(found[0]["lines"], found[1]["lines"]);
    assert_eq!(status, Some(0));

    let wide = |text: &str, mark: &str| -> Vec<u8> {
        let signs = [mark, text].concat();
        signs.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let latin_1 = |text: &str| -> Vec<u8> {
        let signs = text.replace("room", "b\u{fc}ro");
        signs.chars().map(|sign| sign as u8).collect()
    };
    let all = [
        ("latin.txt", latin_1(lines)),
        ("latin.xml", latin_1(ROOM)),
        ("wide.txt", wide(lines, "")),
        ("wide.xml", wide(ROOM, "")),
        ("wide-marked.txt", wide(lines, "\u{feff}")),
        ("wide-marked.xml", wide(ROOM, "\u{feff}")),
    ];
    files.put("key", b"key");
    for (name, contents) in all {
        files.put(name, contents);
        // With a key at hand they are no ciphers either.
        for arguments in [&[name][..], &["--key", "key", name]] {
            let (found, status) = files.json(arguments);
            let error = found[0]["error"].as_str().unwrap();
            assert!(error.ends_with("not UTF-8"), "{name}: {error}");
            assert_eq!(status, Some(1));
        }
    }
}

#[test]
fn hostile_files_are_refused_in_one_line_each() {
    let files = Files::new();
    files.put("entity.xml", "<!DOCTYPE a [<!ENTITY b \"x\">]><a>&b;</a>");
    files.put("deep.xml", "<a>".repeat(100_000));
    files.put("bomb.gz", compress(&vec![b' '; 64 << 20]).unwrap());
    files.put("noise", [0x80; 64]);
    files.put("other.xml", "<html/>");
    files.put("terminal.xml", "<a>\u{1b}[2J</a>");
    files.put("empty", "");
    files.put("settings.xml", PHONE.replace("TLS", "carrier-pigeon"));
    let arguments = [
        "entity.xml",
        "deep.xml",
        "bomb.gz",
        "noise",
        "other.xml",
        "terminal.xml",
        "empty",
        "absent",
    ];
    let (out, err, status) = files.run(&arguments, b"");
    assert_eq!(out.lines().count(), arguments.len(), "{out}");
    assert!(
        out.lines().all(|line| line.contains(": error: ")) && err.is_empty(),
        "{out}{err}"
    );
    assert!(!out.contains('\u{1b}'));
    assert_eq!(status, Some(1));
    files.put("salted", b"Salted__0123456789");
    files.put("key", "key");
    let (lines, _) = files.json(&["--key", "key", "salted"]);
    let error = "encrypted by `openssl enc`, which is not read here";
    assert_eq!(lines[0]["error"], error);
    let (lines, status) = files.json(&["settings.xml"]);
    assert_eq!(lines[0]["lines"][0]["error"], "unknown transport");
    assert_eq!(status, Some(1));
}

#[test]
fn differences_are_told_and_secrets_are_not() {
    let files = Files::new();
    files.put(
        "new.xml",
        PHONE.replace("s3cret", "s3cret-2").replace("TLS", "TCP"),
    );
    let (out, _, status) = files.run(&["--diff", "phone.xml", "new.xml"], b"");
    assert_eq!(
        out,
        "~ SIP_Transport_1_: \"TLS\" -> \"TCP\"\n~ Password_1_: [redacted] -> [redacted]\n"
    );
    assert_eq!(status, Some(1));
    let (lines, _) = files.json(&["--diff", "phone.xml", "new.xml"]);
    assert_eq!(
        lines,
        [
            json!({"name": "SIP_Transport_1_", "change": "changed", "from": "TLS", "to": "TCP"}),
            json!({"name": "Password_1_", "change": "changed", "from": null, "to": null}),
        ]
    );
    let (out, _, status) = files.run(&["--diff", "phone.xml", "phone.xml"], b"");
    assert_eq!((out.as_str(), status), ("", Some(0)));
    let (_, err, status) = files.run(&["--diff", "phone.xml", "room.xml"], b"");
    assert!(
        err.contains("two kinds: flat-profile and room-os-configuration"),
        "{err}"
    );
    assert_eq!(status, Some(2));
    let (_, err, status) = files.run(&["--diff", "phone.xml", "absent"], b"");
    assert!(err.starts_with("error: absent: "), "{err}");
    assert_eq!(status, Some(2));
    for (other, file) in [("absent", Some("absent")), ("room.xml", None)] {
        let (lines, status) = files.json(&["--diff", "phone.xml", other]);
        assert_eq!(status, Some(2));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["file"].as_str(), file);
        assert!(lines[0]["error"].is_string(), "{lines:?}");
    }
}

#[test]
fn what_is_not_compared_is_told() {
    let files = Files::new();
    let inside = ["<X><A>1</A></X>", "<X><A>2</A></X>"];
    let access = ["<A ua='xx'>1</A>", "<A ua='yy'>1</A>"];
    for (pair, told) in [
        (inside, "X: elements inside, passed over; not compared"),
        (access, "A: unknown user access; not compared"),
    ] {
        for (name, inside) in ["one.xml", "other.xml"].into_iter().zip(pair) {
            files.put(name, format!("<flat-profile>{inside}</flat-profile>"));
        }
        let arguments = ["--diff", "one.xml", "other.xml"];
        let (out, err, status) = files.run(&arguments, b"");
        assert_eq!((out.as_str(), status), ("", Some(0)));
        let lines = ["one", "other"].map(|name| format!("warning: {name}.xml: {told}\n"));
        assert_eq!(err, lines.concat());
        let (_, err, _) = files.run(&[&["--json"], &arguments[..]].concat(), b"");
        let line: Value = serde_json::from_str(err.lines().next().unwrap()).unwrap();
        assert_eq!(line["warning"], told);
    }
}

#[test]
fn names_of_strangers_do_not_reach_the_terminal_as_they_are() {
    let files = Files::new();
    let odd = "\u{202e}lmx\u{9b}1m.xml";
    let named = PHONE.replace(
        "<User_ID",
        "<Display_Name_1_>\u{202e}n\u{3164}n\u{2800}A</Display_Name_1_><User_ID",
    );
    files.put(odd, &named);
    files.put("\u{2066}bad", "?");
    for arguments in [
        &[odd, "\u{2066}bad"][..],
        &["--json", odd, "\u{2066}bad"],
        &["--diff", "phone.xml", odd],
        &["--json", "--diff", "phone.xml", odd],
        &["--diff", odd, "\u{2066}bad"],
    ] {
        let (out, err, _) = files.run(arguments, b"");
        let text = out + &err;
        let acts = |sign: char| {
            sign.is_control() && sign != '\n' || "\u{202e}\u{2066}\u{2800}\u{3164}".contains(sign)
        };
        assert!(!text.contains(acts), "{text:?}");
        assert!(text.contains("2066") || text.contains("202e"), "{text:?}");
    }
    let (lines, _) = files.json(&[odd]);
    assert_eq!(lines[0]["file"], odd);
    assert_eq!(
        lines[0]["lines"][0]["settings"]["displayName"],
        json!("\u{202e}n\u{3164}n\u{2800}A")
    );
}

#[test]
fn a_closed_pipe_ends_it_quietly_and_the_status_still_tells() {
    let files = Files::new();
    files.put("bad.xml", "<a>");
    for (arguments, status) in [
        (&["phone.xml", "room.xml"][..], 0),
        (&["--json", "phone.xml", "bad.xml"], 1),
        (&["--diff", "phone.xml", "phone.xml"], 0),
        (&["--diff", "phone.xml", "device.xml"], 2),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(program())
            .current_dir(files.0.path())
            .args(arguments)
            .stdout(writer)
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(err.is_empty(), status != 2, "{err}");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn a_bad_command_line_is_told_apart_from_a_bad_file() {
    let files = Files::new();
    for arguments in [
        &[][..],
        &["--nonsense"],
        &["--diff", "phone.xml"],
        &["--key", "absent", "phone.xml"],
        &["--certificate", "phone.xml", "phone.xml"],
    ] {
        let (_, err, status) = files.run(arguments, b"");
        assert_eq!(status, Some(2), "{err}");
    }
    let (out, _, status) = files.run(&["--help"], b"");
    assert!(out.contains("Exit status: 0"));
    assert_eq!(status, Some(0));
}
