//! Agreement with `java.util.regex` itself, where a JDK is there to ask.

use std::env;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};
use std::thread;

use super::IdentityPattern;

const PATTERNS: usize = 4_000;
const TEXTS: usize = 30;

/// What became of a text, on either side.
#[derive(Debug, Eq, PartialEq)]
enum Outcome {
    /// The whole text matches, and this is the first group, unless it took no part.
    Match(Option<String>),
    NoMatch,
    /// The pattern is against the grammar.
    Syntax,
    /// Java was given up on after too many steps.
    TooLong,
}

#[test]
fn what_is_translated_means_what_java_means() {
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    let mut pairs = Vec::new();
    let mut ours = Vec::new();
    let mut translated = 0;
    while translated < PATTERNS {
        let pattern = draw.pattern();
        // What is refused needs no agreement: Java may well take it.
        let Ok(compiled) = IdentityPattern::new(&pattern) else {
            continue;
        };
        translated += 1;
        for _ in 0..TEXTS {
            let text = draw.text();
            if compiled.ascii_only && !text.is_ascii() {
                continue;
            }
            ours.push(match compiled.regex.captures(&text) {
                None => Outcome::NoMatch,
                Some(found) => Outcome::Match(found.get(1).map(|group| group.as_str().to_owned())),
            });
            pairs.push((pattern.clone(), text));
        }
    }
    assert!(pairs.len() >= 100_000, "{} pairs", pairs.len());

    let Some(javas) = ask_java(&pairs) else {
        return;
    };
    assert_eq!(javas.len(), pairs.len());
    let (mut matches, mut too_long, mut differing) = (0, 0, Vec::new());
    for ((pair, ours), javas) in pairs.iter().zip(&ours).zip(&javas) {
        match javas {
            Outcome::TooLong => too_long += 1,
            _ if ours != javas => differing.push((pair, ours, javas)),
            _ => {}
        }
        matches += usize::from(matches!(javas, Outcome::Match(_)));
    }
    let some: Vec<_> = differing.iter().take(20).collect();
    assert!(some.is_empty(), "{} differ: {some:#?}", differing.len());
    // Agreement that nothing matches would prove little.
    assert!(matches >= pairs.len() / 20, "{matches} matches");
    assert!(too_long <= pairs.len() / 100, "{too_long} given up on");
    println!(
        "{} pairs, {matches} matches, {too_long} given up on",
        pairs.len()
    );
}

/// Random patterns and texts, the same on every run; `proptest` takes a minute for as many.
struct Draw(u64);

impl Draw {
    /// One of `choices`.
    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        // xorshift64*, of which the upper bits are good.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        choices[usize::try_from(drawn).unwrap() % choices.len()]
    }

    /// A pattern with a group, more often than not within the grammar.
    fn pattern(&mut self) -> String {
        let mut out = self.of(&["", "", ".*", ".*?", "(?i)", "(?s).*"]).to_owned();
        self.sequence(3, &mut out);
        match self.of(&[0, 1, 2]) {
            0 => out += "([0-9a-fA-F]{12})",
            1 => out += "(.*)",
            _ => self.group(2, &mut out),
        }
        self.sequence(3, &mut out);
        out + self.of(&["", "", ".*", ".*?", "(?s).*", "$", "\\z"])
    }

    fn sequence(&mut self, depth: usize, out: &mut String) {
        for _ in 0..self.of(&[0, 1, 1, 2, 3]) {
            match self.of(&[0, 0, 0, 1, 2]) {
                0 => *out += self.of(PIECES),
                1 => self.class(out),
                _ if depth > 0 => self.group(depth - 1, out),
                _ => {}
            }
            *out += self.of(QUANTIFIERS);
        }
    }

    fn group(&mut self, depth: usize, out: &mut String) {
        *out += self.of(&["(", "(", "(?:", "(?i:", "(?s:", "(?<n>"]);
        self.sequence(depth, out);
        if self.of(&[true, false]) {
            out.push('|');
            self.sequence(depth, out);
        }
        out.push(')');
    }

    fn class(&mut self, out: &mut String) {
        *out += self.of(&["[", "[^"]);
        for _ in 0..self.of(&[1, 2, 3]) {
            *out += self.of(&[
                "a-f",
                "0-9",
                "A-K",
                "X-b",
                "!-~",
                "a",
                "K",
                "7",
                ".",
                "-",
                "^",
                "&",
                "*",
                "\\d",
                "\\W",
                "\\S",
                "\\]",
                "\\\\",
                "\\p{Alpha}",
                "\\P{Punct}",
                "é-\u{2200}",
                "\u{1f600}",
            ]);
        }
        out.push(']');
    }

    /// A text as subjects and headers have it, or one of characters on which engines differ.
    fn text(&mut self) -> String {
        let mut out = String::new();
        if self.of(&[true, false, false]) {
            out += self.of(&[
                "",
                "CN=",
                "OU=CP-8841-3PCC,L=88012BA01234,ST=",
                "macaddress: ",
            ]);
            out += self.of(&["", "SEP", "sep"]);
            out += self.of(&["000e08abcdef", "805EC0112233", "000e08abcdef00", "00:0e:08"]);
            return out + self.of(&["", "", "\n", "\r\n", ",ST=805ec0112233", ".example.com"]);
        }
        let alphabet = self.of(&[
            "aAkK7. ",
            "abc",
            "0123456789abcdefABCDEF:",
            "AB*C=.7",
            "ab7:=,. \n\r\u{85}\u{2028}\u{2029}\t\u{b}é\u{212a}\u{17f}\u{ff11}\u{1f600}_-",
        ]);
        let alphabet: Vec<char> = alphabet.chars().collect();
        for _ in 0..self.of(&[0, 1, 2, 3, 4, 6, 12, 16]) {
            out.push(self.of(&alphabet));
        }
        out
    }
}

const PIECES: &[&str] = &[
    "a",
    "A",
    "K",
    "7",
    " ",
    "=",
    ":",
    "-",
    "é",
    "\u{212a}",
    "\u{1f600}",
    ".",
    ".",
    ".",
    "(?:[0-9a-fA-F]{2})",
    "[0-9a-fA-F]",
    "[^,]",
    r"\d",
    r"\D",
    r"\s",
    r"\S",
    r"\w",
    r"\W",
    r"\b",
    r"\A",
    r"\z",
    "^",
    "$",
    r"\.",
    r"\x41",
    r"\x{212a}",
    r"\u0042",
    r"\0103",
    r"\t",
    r"\n",
    r"\r",
    r"\Q.*\E",
    r"\Qa",
    r"\p{XDigit}",
    r"\P{Alnum}",
    r"\p{Punct}",
    r"\p{Space}",
    r"\p{Upper}",
    r"\p{Print}",
    r"\p{Cntrl}",
    "(?i)",
    "(?-i)",
    "(?s)",
    "(?i:k)",
    "SEP",
    ",",
    "{",
    "}",
    "]",
    "[",
    "(",
    ")",
    "|",
    "*",
    "\\",
    "&&",
    "(?",
    "\\u",
    "\\0",
];
const QUANTIFIERS: &[&str] = &[
    "", "", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{0,}", "{1,3}", "{1,}?",
    "{0,2}", "{3,1}", "{,2}", "*+", "{2}{3}", "**",
];

/// What `java.util.regex` says about each pair; `None`, with a message, where there is no JDK.
fn ask_java(pairs: &[(String, String)]) -> Option<Vec<Outcome>> {
    let must = env::var("CI").is_ok_and(|value| value == "true");
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Compare.java");
    fs::write(&source, HARNESS).unwrap();
    let child = Command::new("java")
        .args(["-XX:+UseSerialGC", "-Xshare:auto"])
        .arg(&source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: no java on the PATH");
            return None;
        }
        Err(error) => panic!("java: {error}"),
    };
    let mut lines = String::new();
    for (pattern, text) in pairs {
        lines += &format!("{} {}\n", hex(pattern), hex(text));
    }
    let mut stdin = child.stdin.take().unwrap();
    // A harness that does not compile closes its end; its status tells.
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    if !output.status.success() || written.is_err() {
        assert!(!must, "java is there, but does not run the harness");
        eprintln!("skipped: java does not run a source file; is it a JDK?");
        return None;
    }
    let output = String::from_utf8(output.stdout).unwrap();
    Some(output.lines().map(outcome).collect())
}

fn outcome(line: &str) -> Outcome {
    match line.split_at_checked(1) {
        Some(("N", "")) => Outcome::NoMatch,
        Some(("S", "")) => Outcome::Syntax,
        Some(("T", "")) => Outcome::TooLong,
        Some(("M", "null")) => Outcome::Match(None),
        Some(("M", group)) => Outcome::Match(Some(from_hex(group))),
        _ => panic!("{line}"),
    }
}

/// With a mark in front, so that the empty text is a word too.
fn hex(text: &str) -> String {
    let mut out = "x".to_owned();
    for byte in text.bytes() {
        out += &format!("{byte:02x}");
    }
    out
}

fn from_hex(text: &str) -> String {
    let digits = text.strip_prefix('x').unwrap();
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

const HARNESS: &str = r#"
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.regex.*;

public class Compare {
    static class TooLong extends RuntimeException {}

    /** Text that counts how often it is looked at, for Java backtracks without end. */
    record Counted(String text, int[] steps) implements CharSequence {
        public int length() { return text.length(); }
        public char charAt(int at) {
            if (++steps[0] > 200_000) throw new TooLong();
            return text.charAt(at);
        }
        public CharSequence subSequence(int from, int to) { return text.substring(from, to); }
        public String toString() { return text; }
    }

    static String text(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++)
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i + 1, 2 * i + 3), 16);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static String hex(String text) {
        StringBuilder out = new StringBuilder("x");
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) out.append(String.format("%02x", b));
        return out.toString();
    }

    static String answer(String pattern, String text) {
        try {
            Matcher matcher = Pattern.compile(pattern).matcher(new Counted(text, new int[1]));
            if (!matcher.matches()) return "N";
            if (matcher.groupCount() == 0 || matcher.group(1) == null) return "Mnull";
            return "M" + hex(matcher.group(1));
        } catch (PatternSyntaxException error) {
            return "S";
        } catch (TooLong | StackOverflowError error) {
            return "T";
        }
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            out.println(answer(text(words[0]), text(words[1])));
        }
        out.flush();
        if (out.checkError()) throw new IOException("output");
    }
}
"#;
