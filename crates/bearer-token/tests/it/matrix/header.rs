//! Attacks by the header, under a good signature.

use offhook_bearer_token::TokenRefusal::{
    Algorithm, CriticalExtension, DuplicateMember, EmbeddedKey, Encoding, Header, KeyNotNamed,
    TooDeep, Type, UnencodedPayload, UnknownKey,
};

use super::{Attack, and, attack, encoded, header_with, nested};
use crate::forge::{Forge, base64url, claims};

pub(super) fn attacks(forge: &Forge) -> Vec<Attack> {
    let usual = header_with(&[]);
    let mut attacks = members(forge);
    let whole = [
        ("alg twice", and(&usual, r#""alg":"none""#), DuplicateMember),
        (
            "the same alg twice",
            and(&usual, r#""alg":"ES256""#),
            DuplicateMember,
        ),
        (
            "alg twice, once escaped",
            and(&usual, r#""\u0061lg":"none""#),
            DuplicateMember,
        ),
        ("kid twice", and(&usual, r#""kid":"k2""#), DuplicateMember),
        ("typ twice", and(&usual, r#""typ":"JWT""#), DuplicateMember),
        (
            "an unknown member twice",
            and(&usual, r#""x":1,"x":1"#),
            DuplicateMember,
        ),
        (
            "twice below",
            and(&usual, r#""x":{"a":1,"a":2}"#),
            DuplicateMember,
        ),
        (
            "twice in a list",
            and(&usual, r#""x":[[{"a":1,"a":2}]]"#),
            DuplicateMember,
        ),
        (
            "header of seventeen levels",
            and(&usual, &format!("\"x\":{}", nested(16))),
            TooDeep,
        ),
        ("65 members", and(&usual, &many(62)), Header),
        ("header is a list", "[]".into(), Header),
        ("header is a text", "\"ES256\"".into(), Header),
        ("header is null", "null".into(), Header),
        ("header is nothing", String::new(), Header),
        ("header is a space", " ".into(), Header),
        ("empty header object", "{}".into(), Algorithm),
        (
            "unfinished header",
            usual.trim_end_matches('}').into(),
            Header,
        ),
        ("rubbish after the header", format!("{usual}x"), Header),
        ("NUL after the header", format!("{usual}\0"), Header),
        (
            "second object after the header",
            format!("{usual}{{}}"),
            Header,
        ),
        ("byte order mark", format!("\u{feff}{usual}"), Header),
        ("comment in the header", and(&usual, "/**/\"x\":1"), Header),
        ("comma at the header's end", and(&usual, ""), Header),
        ("single quotes", usual.replace('"', "'"), Header),
        (
            "members without quotes",
            usual.replace("\"alg\"", "alg"),
            Header,
        ),
        ("control character", and(&usual, "\"x\":\"\u{1}\""), Header),
        ("lone surrogate", and(&usual, r#""x":"\ud800""#), Header),
        ("unknown escape", and(&usual, r#""x":"\x41""#), Header),
        ("not a number", and(&usual, "\"x\":NaN"), Header),
        ("leading zero", and(&usual, "\"x\":01"), Header),
    ];
    for (name, header, refusal) in whole {
        attacks.push(attack(name, forge.sign(&header, &claims(&[])), refusal));
    }
    let bytes = [
        ("header not UTF-8", [usual.as_bytes(), b"\xff"].concat()),
        (
            "header in UTF-16",
            usual.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "overlong UTF-8",
            usual
                .as_bytes()
                .iter()
                .flat_map(|&byte| overlong(byte))
                .collect(),
        ),
    ];
    for (name, header) in bytes {
        let token = forge.sign_parts(&base64url(header), &encoded(&claims(&[])));
        attacks.push(attack(name, token, Header));
    }
    let padded = format!("{}==", encoded(&header_with(&[("x", "1")])));
    let token = forge.sign_parts(&padded, &encoded(&claims(&[])));
    attacks.push(attack("padded header, signed", token, Encoding));
    attacks
}

/// One member changed or added.
fn members(forge: &Forge) -> Vec<Attack> {
    let jwk = forge.jwk();
    let changes = [
        ("alg none", "alg", "\"none\"", Algorithm),
        ("alg None", "alg", "\"None\"", Algorithm),
        ("alg NONE", "alg", "\"NONE\"", Algorithm),
        ("alg nOnE", "alg", "\"nOnE\"", Algorithm),
        ("alg empty", "alg", "\"\"", Algorithm),
        ("no alg", "alg", "", Algorithm),
        ("alg null", "alg", "null", Header),
        ("alg true", "alg", "true", Header),
        ("alg zero", "alg", "0", Header),
        ("alg list", "alg", "[\"ES256\"]", Header),
        ("alg object", "alg", "{\"ES256\":1}", Header),
        ("alg in lower case", "alg", "\"es256\"", Algorithm),
        ("alg with space after", "alg", "\"ES256 \"", Algorithm),
        ("alg with space before", "alg", "\" ES256\"", Algorithm),
        ("alg with NUL", "alg", "\"ES256\\u0000\"", Algorithm),
        ("alg HS256", "alg", "\"HS256\"", Algorithm),
        ("alg HS384", "alg", "\"HS384\"", Algorithm),
        ("alg HS512", "alg", "\"HS512\"", Algorithm),
        ("alg ES384", "alg", "\"ES384\"", Algorithm),
        ("alg ES512", "alg", "\"ES512\"", Algorithm),
        ("alg ES256K", "alg", "\"ES256K\"", Algorithm),
        ("alg RS256 of an EC key", "alg", "\"RS256\"", Algorithm),
        ("alg PS256 of an EC key", "alg", "\"PS256\"", Algorithm),
        ("alg EdDSA of an EC key", "alg", "\"EdDSA\"", Algorithm),
        ("alg Ed25519 of an EC key", "alg", "\"Ed25519\"", Algorithm),
        ("alg dir", "alg", "\"dir\"", Algorithm),
        ("alg RSA-OAEP", "alg", "\"RSA-OAEP\"", Algorithm),
        (
            "kid of a key of another algorithm",
            "kid",
            "\"rsa-1\"",
            Algorithm,
        ),
        ("unknown kid", "kid", "\"k2\"", UnknownKey),
        ("kid in upper case", "kid", "\"K1\"", UnknownKey),
        ("kid empty", "kid", "\"\"", UnknownKey),
        ("kid as a path", "kid", "\"../../dev/null\"", UnknownKey),
        ("kid as SQL", "kid", "\"' or 1=1 --\"", UnknownKey),
        ("kid as a command", "kid", "\"k1|id\"", UnknownKey),
        (
            "kid as an address",
            "kid",
            "\"https://evil.example/k1\"",
            UnknownKey,
        ),
        ("kid with NUL", "kid", "\"k1\\u0000\"", UnknownKey),
        ("kid with space", "kid", "\"k1 \"", UnknownKey),
        ("no kid, two keys of the algorithm", "kid", "", KeyNotNamed),
        ("kid null", "kid", "null", Header),
        ("kid zero", "kid", "0", Header),
        ("kid list", "kid", "[\"k1\"]", Header),
        ("kid object", "kid", "{}", Header),
        ("no typ", "typ", "", Type),
        ("typ JWT, as of an ID token", "typ", "\"JWT\"", Type),
        ("typ of a logout token", "typ", "\"logout+jwt\"", Type),
        ("typ of a DPoP proof", "typ", "\"dpop+jwt\"", Type),
        (
            "typ of a token introspection",
            "typ",
            "\"token-introspection+jwt\"",
            Type,
        ),
        ("typ empty", "typ", "\"\"", Type),
        ("typ with space", "typ", "\"at+jwt \"", Type),
        (
            "typ of two media types",
            "typ",
            "\"application/application/at+jwt\"",
            Type,
        ),
        ("typ of another tree", "typ", "\"text/at+jwt\"", Type),
        ("typ null", "typ", "null", Header),
        ("typ zero", "typ", "0", Header),
        ("typ list", "typ", "[\"at+jwt\"]", Header),
        ("crit of exp", "crit", "[\"exp\"]", CriticalExtension),
        ("crit of b64", "crit", "[\"b64\"]", CriticalExtension),
        (
            "crit unknown",
            "crit",
            "[\"http://example.com/UNDEFINED\"]",
            CriticalExtension,
        ),
        ("crit empty", "crit", "[]", CriticalExtension),
        ("crit as text", "crit", "\"exp\"", CriticalExtension),
        ("crit null", "crit", "null", CriticalExtension),
        ("crit escaped", "\\u0063rit", "[\"exp\"]", CriticalExtension),
        ("b64 false", "b64", "false", UnencodedPayload),
        ("b64 true", "b64", "true", UnencodedPayload),
        ("b64 as text", "b64", "\"false\"", UnencodedPayload),
        ("own jwk", "jwk", &jwk, EmbeddedKey),
        ("jwk null", "jwk", "null", EmbeddedKey),
        ("jwk empty", "jwk", "{}", EmbeddedKey),
        ("jku", "jku", "\"https://evil.example/keys\"", EmbeddedKey),
        (
            "jku of our own host",
            "jku",
            "\"https://idbroker.example.net/idb/keys\"",
            EmbeddedKey,
        ),
        ("x5u", "x5u", "\"https://evil.example/cert\"", EmbeddedKey),
        ("x5c", "x5c", "[\"MIIB\"]", EmbeddedKey),
        ("x5c empty", "x5c", "[]", EmbeddedKey),
    ];
    let signed = |(name, member, value, refusal)| {
        let header = header_with(&[(member, value)]);
        attack(name, forge.sign(&header, &claims(&[])), refusal)
    };
    changes.into_iter().map(signed).collect()
}

/// A plus sign by two bytes, as once got past filters.
fn overlong(byte: u8) -> Vec<u8> {
    if byte == b'+' {
        vec![0xc0, 0xab]
    } else {
        vec![byte]
    }
}

fn many(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":0")).collect();
    members.join(",")
}
