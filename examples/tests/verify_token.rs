//! The example `verify-token`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "1800000000";

struct Bench {
    folder: TempDir,
    pair: EcdsaKeyPair,
}

impl Bench {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ES256, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ES256, pkcs8.as_ref(), &random).unwrap();
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            pair,
        };
        let point = bench.pair.public_key().as_ref();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        let keys = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "k1", "x": x, "y": y},
            {"kty": "RSA", "kid": "bad"},
        ]});
        bench.put("keys.json", &keys.to_string());
        bench
    }

    fn put(&self, name: &str, contents: &str) {
        fs::write(self.folder.path().join(name), contents).unwrap();
    }

    fn sign(&self, claims: &Value) -> String {
        let header = r#"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#;
        let message = format!("{}.{}", encode(header), encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        format!("{message}.{}", encode(signature.unwrap()))
    }

    fn good(&self) -> String {
        self.sign(&claims())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder.path())
            .args(["--now", NOW])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Standard output, standard error and the exit status.
    fn run(&self, arguments: &[&str], input: &[u8]) -> (String, String, Option<i32>) {
        let mut child = self.command(arguments).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // It may answer before it has read all, or not read at all.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            text(output.stdout),
            text(output.stderr),
            output.status.code(),
        )
    }

    fn verdicts(&self, arguments: &[&str], input: &[u8]) -> (Vec<Value>, Option<i32>) {
        let arguments = [&["--json", "--jwks", "keys.json"], arguments].concat();
        let (output, _, status) = self.run(&arguments, input);
        let verdicts = output
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        (verdicts.collect(), status)
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://idp.example", "aud": "dms", "sub": "device \"7\"", "iat": 1_800_000_000,
        "exp": 1_800_003_600, "scope": "a dm-bridge:device_auth",
    })
}

fn good() -> Value {
    json!({"ok": true, "subject": "device \"7\"", "scope": ["a", "dm-bridge:device_auth"]})
}

fn refused(reason: &str) -> Value {
    json!({"ok": false, "reason": reason})
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Cargo builds the examples of a package before it runs all of its tests.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("verify-token{}", env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

const ALL: [&str; 6] = [
    "--issuer",
    "https://idp.example",
    "--audience",
    "dms",
    "--type",
    "at+jwt",
];

#[test]
fn each_line_has_its_verdict_whatever_it_is() {
    let bench = Bench::new();
    let token = bench.good();
    let long = "a".repeat(1_000_000);
    let lines = [
        token.as_bytes(),
        &[token.as_bytes(), b"\r"].concat(),
        b"",
        b"\r",
        b"\xff\xfe",
        long.as_bytes(),
        &[token.as_bytes(), b" "].concat(),
        &[token.as_bytes(), b"\r\r"].concat(),
        token.as_bytes(),
    ];
    let (verdicts, status) = bench.verdicts(&ALL, &lines.join(&b'\n'));
    let expected = [
        good(),
        good(),
        refused("not a compact signed token"),
        refused("not a compact signed token"),
        refused("not canonical base64url"),
        refused("token too long"),
        refused("not canonical base64url"),
        refused("not canonical base64url"),
        good(),
    ];
    assert_eq!(verdicts, expected);
    assert_eq!(status, Some(1));
}

#[test]
fn the_exit_status_is_zero_where_all_are_good_or_none_is_there() {
    let bench = Bench::new();
    let lines = format!("{}\n", bench.good()).repeat(2_000);
    let (verdicts, status) = bench.verdicts(&ALL, lines.as_bytes());
    assert_eq!((verdicts.len(), status), (2_000, Some(0)));
    assert!(verdicts.iter().all(|verdict| *verdict == good()));
    assert_eq!(bench.verdicts(&ALL, b""), (vec![], Some(0)));
}

#[test]
fn what_is_asked_for_is_checked_and_what_is_not_is_warned_of() {
    let bench = Bench::new();
    let token = bench.good();
    for (arguments, reason) in [
        (
            &["--issuer", "https://idp.example/"][..],
            "token of another issuer",
        ),
        (&["--audience", "dm"], "token is for another audience"),
        (&["--type", "JWT"], "token of another type"),
        (&["--scope", "a", "--scope", "b"], "scope b is needed"),
        (&["--uuid-subject"], "no subject, or one that is not a UUID"),
        (&["--now", "1800003660"], "expired"),
        (&["--max-lifetime", "3599"], "lifetime too long"),
    ] {
        // The last --now counts.
        let arguments: Vec<&str> = arguments.to_vec();
        let mut all = bench.command(&[]);
        all.args(["--json", "--jwks", "keys.json"]);
        if arguments[0] == "--now" {
            all = Command::new(program());
            all.current_dir(bench.folder.path())
                .args(["--json", "--jwks", "keys.json"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
        }
        let mut child = all.args(&arguments).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(token.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(verdict, refused(reason), "{arguments:?}");
    }
    let (output, warnings, status) =
        bench.run(&["--json", "--jwks", "keys.json"], token.as_bytes());
    assert_eq!(serde_json::from_str::<Value>(&output).unwrap(), good());
    assert_eq!(status, Some(0));
    for missing in ["--issuer", "--audience", "--type", "1 of 2 keys skipped"] {
        assert!(warnings.contains(missing), "{warnings}");
    }
    let (_, warnings, _) = bench.run(&[&["--jwks", "keys.json"], &ALL[..]].concat(), b"");
    assert!(!warnings.contains("--"), "{warnings}");
}

#[test]
fn people_get_a_line_with_a_number_and_no_control_character() {
    let bench = Bench::new();
    let mut claims = claims();
    claims["sub"] = json!("a\u{1b}[31m\u{202e}");
    let lines = format!("{}\nx\n", bench.sign(&claims));
    let arguments = [&["--jwks", "keys.json"], &ALL[..]].concat();
    let (output, summary, status) = bench.run(&arguments, lines.as_bytes());
    assert!(
        output.contains(r"1  good     a\u{1b}[31m\u{202e}  a dm-bridge"),
        "{output}"
    );
    assert!(
        output.contains("2  refused  not a compact signed token"),
        "{output}"
    );
    assert!(summary.contains("1 good, 1 refused"), "{summary}");
    assert_eq!(status, Some(1));
}

#[test]
fn a_verdict_comes_before_the_next_token_is_sent() {
    let bench = Bench::new();
    let mut child = bench
        .command(&["--json", "--jwks", "keys.json"])
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        writeln!(stdin, "{}", bench.good()).unwrap();
        let verdict = lines.next().unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&verdict).unwrap(), good());
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_set_of_shared_secrets_counts_only_where_nothing_else_is_in_it() {
    let bench = Bench::new();
    let secret = json!({"kty": "oct", "kid": "s", "k": encode([7; 32])});
    let header = r#"{"alg":"HS256","typ":"at+jwt","kid":"s"}"#;
    let message = format!("{}.{}", encode(header), encode(claims().to_string()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    let token = format!(
        "{message}.{}",
        encode(ring::hmac::sign(&key, message.as_bytes()))
    );
    bench.put("secret.json", &json!({ "keys": [secret] }).to_string());
    let arguments = ["--json", "--jwks", "secret.json"];
    let (output, warnings, status) = bench.run(&arguments, token.as_bytes());
    assert_eq!(serde_json::from_str::<Value>(&output).unwrap(), good());
    assert!(warnings.contains("shared secrets"), "{warnings}");
    assert_eq!(status, Some(0));
    let keys = fs::read_to_string(bench.folder.path().join("keys.json")).unwrap();
    let mut mixed: Value = serde_json::from_str(&keys).unwrap();
    mixed["keys"].as_array_mut().unwrap().push(secret);
    bench.put("keys.json", &mixed.to_string());
    let (verdicts, _) = bench.verdicts(&ALL, token.as_bytes());
    assert_eq!(verdicts, [refused("algorithm is not the key's")]);
}

#[test]
fn bad_key_sets_and_command_lines_end_with_status_two() {
    let bench = Bench::new();
    bench.put("text", "no JSON");
    bench.put("empty", r#"{"keys":[]}"#);
    bench.put("long", &" ".repeat(70_000));
    for arguments in [
        &["--jwks", "absent"][..],
        &["--jwks", "text"],
        &["--jwks", "empty"],
        &["--jwks", "long"],
        &["--jwks", "."],
        &["--jwks", "keys.json", "--scope", "a b"],
        &["--jwks", "keys.json", "--leeway", "x"],
        &["--jwks", "keys.json", "--nonsense"],
        &[],
    ] {
        let (output, error, status) = bench.run(arguments, b"x\n");
        assert_eq!((&*output, status), ("", Some(2)), "{arguments:?}");
        assert!(error.contains("error: "), "{error}");
    }
    let (help, _, status) = bench.run(&["--help"], b"");
    assert!(
        help.contains("Examples:") && help.contains("Exit status"),
        "{help}"
    );
    assert_eq!(status, Some(0));
}
