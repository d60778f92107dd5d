//! Attacks by the form of the whole.

use offhook_bearer_token::TokenRefusal::{
    Encoding, Header, HeaderTooLong, NotCompact, Signature, TooLong,
};

use super::{Attack, attack, encoded, header_with};
use crate::forge::{Forge, base64url, claims};

pub(super) fn attacks(forge: &Forge) -> Vec<Attack> {
    let good = forge.good();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, body, signature] = parts[..] else {
        panic!("three parts")
    };
    let filled = claims(&[("x", &format!("\"{}\"", "a".repeat(6_000)))]);
    let long = forge.sign(&header_with(&[]), &filled);
    let long_header = header_with(&[("x", &format!("\"{}\"", "a".repeat(800)))]);
    let signed = |header: &str, body: &str| forge.sign_parts(header, body);
    vec![
        attack("empty", String::new(), NotCompact),
        attack("one part", header.into(), NotCompact),
        attack("two parts", format!("{header}.{body}"), NotCompact),
        attack("four parts", format!("{good}."), NotCompact),
        attack(
            "five parts, as encrypted",
            format!("{good}.a.b"),
            NotCompact,
        ),
        attack("a dot before", format!(".{good}"), NotCompact),
        attack("only dots", "..".into(), Header),
        attack("a thousand dots", ".".repeat(1_000), NotCompact),
        attack("no header", format!(".{body}.{signature}"), Header),
        attack("no claims", format!("{header}..{signature}"), Signature),
        attack(
            "JSON serialisation",
            format!(r#"{{"payload":"{body}","protected":"{header}","signature":"{signature}"}}"#),
            NotCompact,
        ),
        attack(
            "JSON serialisation with dots",
            format!(r#"{{"a":"{good}"}}"#),
            Encoding,
        ),
        attack("8,193 dashes", "-".repeat(8_193), TooLong),
        attack("a good token of more than 8,192 bytes", long, TooLong),
        attack("a megabyte", "a.".repeat(524_288), TooLong),
        attack(
            "a header of more than 1,024 bytes",
            forge.sign(&long_header, &claims(&[])),
            HeaderTooLong,
        ),
        attack("space before", format!(" {good}"), Encoding),
        attack("space after", format!("{good} "), Encoding),
        attack("tab before", format!("\t{good}"), Encoding),
        attack("newline after", format!("{good}\n"), Encoding),
        attack("CRLF after", format!("{good}\r\n"), Encoding),
        attack("NUL after", format!("{good}\0"), Encoding),
        attack(
            "space within",
            format!("{header}. {body}.{signature}"),
            Signature,
        ),
        attack("Bearer in front", format!("Bearer {good}"), Encoding),
        attack("quoted", format!("\"{good}\""), Encoding),
        attack("percent-encoded dot", good.replace('.', "%2e"), NotCompact),
        attack("full-width dot", good.replace('.', "\u{ff0e}"), NotCompact),
        attack("zero-width space", format!("\u{200b}{good}"), Encoding),
        attack(
            "not ASCII",
            format!("{header}é.{body}.{signature}"),
            Encoding,
        ),
        attack(
            "padded header",
            format!("{header}=.{body}.{signature}"),
            Encoding,
        ),
        attack("padded signature", format!("{good}=="), Encoding),
        attack(
            "plus and slash in the signature",
            format!("{header}.{body}.{}+/", &signature[2..]),
            Encoding,
        ),
        attack(
            "stray last bits of the signature",
            format!("{header}.{body}.{}", stray(signature)),
            Encoding,
        ),
        attack(
            "stray last bits of the header, signed",
            signed(&stray(&uneven(&header_with(&[]))), body),
            Encoding,
        ),
        attack(
            "stray last bits of the claims, signed",
            signed(header, &stray(&uneven(&claims(&[])))),
            Encoding,
        ),
        attack(
            "padded claims, signed",
            signed(header, &format!("{body}=")),
            Encoding,
        ),
        attack(
            "newline in the claims, signed",
            signed(header, &format!("{body}\n")),
            Encoding,
        ),
        attack(
            "space in the claims, signed",
            signed(header, &format!(" {body}")),
            Encoding,
        ),
        attack(
            "one letter of claims, signed",
            signed(header, "A"),
            Encoding,
        ),
        attack(
            "plus and slash in the claims, signed",
            signed(header, &format!("{body}+/+/")),
            Encoding,
        ),
        attack(
            "twice encoded",
            format!(
                "{}.{}.{}",
                base64url(header),
                base64url(body),
                base64url(signature)
            ),
            Header,
        ),
        attack("lower case", good.to_lowercase(), Header),
    ]
}

/// Encoded so that the last letter has bits beyond the last byte.
fn uneven(json: &str) -> String {
    let spaces = " ".repeat((4 - json.len() % 3) % 3);
    encoded(&format!("{json}{spaces}"))
}

/// The same bytes for a lenient decoder, under a spelling that is not theirs.
///
/// The bits of the last letter beyond the last byte are set; a text of whole groups has none, so
/// the caller's must not be one.
fn stray(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert_ne!(text.len() % 4, 0, "there must be bits to set");
    let (start, last) = text.split_at(text.len() - 1);
    let value = ALPHABET
        .iter()
        .position(|&letter| [letter] == last.as_bytes());
    let other = ALPHABET[value.unwrap() | 1];
    format!("{start}{}", char::from(other))
}
