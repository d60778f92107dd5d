//! The example `mac-from-cert`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z.
const NOW: &str = "1767225600";

struct Files {
    folder: TempDir,
    der: Vec<u8>,
    pem: String,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (maker, roots) = authority("Manufacturing CA");
        let device = params(&[
            (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
            (DnType::LocalityName, "88012BA01234"),
            (DnType::StateOrProvinceName, "000e08abcdef"),
        ]);
        let device = device.signed_by(&KeyPair::generate().unwrap(), &maker);
        let device = device.unwrap();
        let files = Self {
            folder,
            der: device.der().to_vec(),
            pem: device.pem(),
        };
        files.put("roots.pem", &roots);
        files.put("strangers.pem", authority("Stranger").1);
        files.put("phone.pem", &files.pem);
        files.put("phone.der", &files.der);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    /// What the program says, and its exit status.
    fn run(&self, arguments: &[&str], input: &[u8]) -> (Vec<Value>, Option<i32>) {
        let output = self.output(arguments, input);
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        (lines.collect(), output.status.code())
    }

    fn output(&self, arguments: &[&str], input: &[u8]) -> Output {
        let program = program();
        let mut child = Command::new(&program)
            .current_dir(self.folder.path())
            .args(["--now", NOW])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }
}

/// Cargo builds the examples of a package before it runs all of its tests.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("mac-from-cert{}", env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

fn params(subject: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), *value);
    }
    params
}

fn authority(name: &str) -> (Issuer<'static, KeyPair>, String) {
    let mut params = params(&[(DnType::CommonName, name)]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

#[test]
fn with_roots_a_file_gives_an_identity() {
    let files = Files::new();
    let der = fs::read(files.path("phone.der")).unwrap();
    let arguments = [
        "--json",
        "--roots",
        "roots.pem",
        "phone.pem",
        "phone.der",
        "-",
    ];
    let (lines, status) = files.run(&arguments, &der);
    let expected = ["phone.pem", "phone.der", "-"].map(|file| {
        json!({
            "file": file,
            "mac": "000e08abcdef",
            "rule": "cisco-mpp",
        })
    });
    assert_eq!((lines, status), (expected.to_vec(), Some(0)));
}

#[test]
fn without_roots_there_are_candidates_only() {
    let files = Files::new();
    let (lines, status) = files.run(&["--json", "phone.pem"], b"");
    let expected = json!({
        "file": "phone.pem",
        "unverified": true,
        "candidates": [
            {"mac": "000e08abcdef", "rule": "cisco-mpp"},
        ],
    });
    assert_eq!((lines, status), (vec![expected], Some(0)));
}

#[test]
fn a_file_without_identity_fails_and_the_others_are_read() {
    let files = Files::new();
    files.put("junk", "junk");
    let strangers = ["--json", "--roots", "strangers.pem", "phone.pem"];
    let (lines, status) = files.run(&strangers, b"");
    let error = json!({"file": "phone.pem", "error": "unknown issuer"});
    assert_eq!((lines, status), (vec![error], Some(1)));

    let (lines, status) = files.run(&["--json", "junk", "absent", "phone.der"], b"");
    assert_eq!(status, Some(1));
    let good = |line: &Value| line.get("candidates").is_some();
    let good: Vec<_> = lines.iter().map(good).collect();
    assert_eq!(good, [false, false, true]);
    assert!(lines.iter().all(|line| line.get("mac").is_none()));
}

#[test]
fn a_certificate_is_judged_at_the_time_given() {
    let files = Files::new();
    let arguments = ["--json", "--roots", "roots.pem", "phone.pem"];
    let mut late = Command::new(program());
    late.current_dir(files.folder.path()).args(arguments);
    let output = late.args(["--now", "1900000000"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        line,
        json!({"file": "phone.pem", "error": "certificate expired"})
    );
}

#[test]
fn every_header_format_gives_the_identity() {
    let files = Files::new();
    let base64 = STANDARD.encode(&files.der);
    let escaped = |safe: &str| {
        files.pem.bytes().fold(String::new(), |mut out, byte| {
            let char = char::from(byte);
            if char.is_ascii_alphanumeric() || safe.contains(char) {
                out.push(char);
            } else {
                write!(out, "%{byte:02X}").unwrap();
            }
            out
        })
    };
    for (format, value) in [
        ("rfc9440", format!(":{base64}:\n")),
        ("nginx", escaped("-._~")),
        ("haproxy", format!("\"{base64}\"\r\n0\r\n")),
        ("haproxy", format!("\"{base64}\"")),
        ("xfcc", format!("Cert=\"{}\"", escaped("-._~"))),
        ("traefik", base64.clone()),
        ("apache", escaped("-._~+=/")),
        ("alb", escaped("-._~+=/")),
        (
            "alb",
            format!("X-Amzn-Mtls-Clientcert: {}", escaped("-._~+=/")),
        ),
    ] {
        let arguments = ["--json", "--roots", "roots.pem", "--header", format, "-"];
        let (lines, status) = files.run(&arguments, value.as_bytes());
        assert_eq!(status, Some(0), "{format}: {lines:?}");
        assert_eq!(lines[0]["mac"], "000e08abcdef", "{format}");
        // Without roots the same certificate is nothing but what it says of itself.
        let arguments = ["--json", "--header", format, "-"];
        let (lines, status) = files.run(&arguments, value.as_bytes());
        let rule = "cisco-mpp";
        let expected = json!({
            "file": "-",
            "unverified": true,
            "candidates": [{"mac": "000e08abcdef", "rule": rule}],
        });
        assert_eq!((lines, status), (vec![expected], Some(0)), "{format}");
        // No format is read as another one's.
        let other = if format == "rfc9440" {
            "nginx"
        } else {
            "rfc9440"
        };
        let arguments = ["--json", "--roots", "roots.pem", "--header", other, "-"];
        let (_, status) = files.run(&arguments, value.as_bytes());
        assert_eq!(status, Some(1), "{format} as {other}");
    }
}

/// What people have, and not what a guide shows.
#[test]
fn files_are_read_however_they_were_made() {
    let files = Files::new();
    let mut bundle = b"\xef\xbb\xbf".to_vec();
    bundle.extend_from_slice(files.pem.as_bytes());
    for (what, contents) in [
        ("a byte order mark", bundle),
        ("CRLF", files.pem.replace('\n', "\r\n").into_bytes()),
        (
            "text that begins with a zero",
            format!("0 s:CN = phone\n{}", files.pem).into_bytes(),
        ),
        (
            "a key before the certificate",
            format!(
                "{}{}",
                KeyPair::generate().unwrap().serialize_pem(),
                files.pem
            )
            .into_bytes(),
        ),
        (
            "a chain",
            format!("{}{}", files.pem, authority("Another").1).into_bytes(),
        ),
    ] {
        let (lines, status) = files.run(&["--json", "--roots", "roots.pem", "-"], &contents);
        assert_eq!(status, Some(0), "{what}: {lines:?}");
        assert_eq!(lines[0]["mac"], "000e08abcdef", "{what}");
    }
}

#[test]
fn a_file_that_holds_no_certificate_is_an_error_that_says_why() {
    let files = Files::new();
    fs::create_dir(files.path("folder")).unwrap();
    files.put("empty", "");
    files.put("large", vec![b'\n'; (1 << 20) + 1]);
    files.put("cut.der", &files.der[..200]);
    files.put("longer.der", [&files.der[..], b"\n"].concat());
    files.put("one-line.pem", files.pem.replace(['\r', '\n'], ""));
    for (file, error) in [
        ("folder", "Is a directory (os error 21)"),
        ("empty", "empty"),
        ("large", "larger than 1048576 octets"),
        ("cut.der", "malformed certificate at octet 0"),
        ("one-line.pem", "bad PEM: no line that ends a section"),
    ] {
        let (lines, status) = files.run(&["--json", file], b"");
        let expected = json!({"file": file, "unverified": true, "error": error});
        assert_eq!((lines, status), (vec![expected], Some(1)));
    }
    let (lines, _) = files.run(&["--json", "longer.der"], b"");
    let at = format!("malformed certificate at octet {}", files.der.len());
    assert_eq!(lines[0]["error"], *at);
}

#[test]
fn two_addresses_are_both_named() {
    let files = Files::new();
    let phone = params(&[
        (DnType::CommonName, "SEP000E08ABCDEF"),
        (DnType::OrganizationalUnitName, "805ec0112233"),
    ]);
    let key = KeyPair::generate().unwrap();
    files.put("phone.pem", phone.self_signed(&key).unwrap().pem());
    let (lines, status) = files.run(&["--json", "phone.pem"], b"");
    let expected = json!({
        "file": "phone.pem",
        "unverified": true,
        "error": "ambiguous: 000E08ABCDEF and 805EC0112233",
    });
    assert_eq!((lines, status), (vec![expected], Some(1)));
}

#[test]
fn a_pattern_is_tried_on_the_subject() {
    let files = Files::new();
    let pattern = ".*([0-9a-fA-F]{12}).*";
    let with_roots = [
        "--json",
        "--roots",
        "roots.pem",
        "--pattern",
        pattern,
        "phone.pem",
    ];
    let (lines, status) = files.run(&with_roots, b"");
    assert_eq!(status, Some(0));
    assert_eq!(lines[0]["mac"], "000e08abcdef");
    assert_eq!(lines[0]["rule"], "pattern");
    let base64 = format!(":{}:", STANDARD.encode(&files.der));
    let in_header = ["--json", "--roots", "roots.pem", "--header", "rfc9440"];
    let in_header = [&in_header[..], &["--pattern", pattern, "-"]].concat();
    let (lines, _) = files.run(&in_header, base64.as_bytes());
    assert_eq!(
        lines,
        [json!({"file": "-", "mac": "000e08abcdef", "rule": "pattern"})]
    );
    let (lines, _) = files.run(&["--json", "--pattern", pattern, "phone.pem"], b"");
    assert_eq!(lines[0]["candidates"][0]["mac"], "000e08abcdef");
}

#[test]
fn people_get_aligned_text() {
    let files = Files::new();
    let output = files.output(&["phone.pem", "-"], b"junk");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text,
        "phone.pem  000E08ABCDEF  state attribute of a Cisco MPP certificate, unverified\n\
         -          error: no certificate in PEM\n"
    );
}

#[test]
fn a_bad_command_line_has_its_own_status() {
    let files = Files::new();
    for arguments in [
        &[][..],
        &["--header", "azure", "--roots", "roots.pem", "phone.pem"],
        &["--roots", "absent.pem", "phone.pem"],
        &["--roots", "phone.der", "phone.pem"],
        &["--pattern", "(?=a)(b)", "phone.pem"],
    ] {
        let output = files.output(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
