//! Attacks by the claims, under a good signature.

use offhook_bearer_token::TokenRefusal::{
    Audience, Claims, Confirmation, DuplicateMember, Expired, IssuedInFuture, Issuer,
    LifetimeTooLong, NotYetValid, Scope, Subject, Time, TooDeep,
};

use super::{Attack, and, attack, encoded, nested};
use crate::forge::{Forge, base64url, claims, object};

pub(super) fn attacks(forge: &Forge) -> Vec<Attack> {
    let usual = claims(&[]);
    let mut attacks = names(forge);
    attacks.extend(times(forge));
    let whole = [
        ("sub twice", and(&usual, "\"sub\":\"x\""), DuplicateMember),
        (
            "exp twice",
            and(&usual, "\"exp\":1800003600"),
            DuplicateMember,
        ),
        (
            "exp twice, once escaped",
            and(&usual, r#""\u0065xp":9"#),
            DuplicateMember,
        ),
        (
            "scope twice",
            and(&usual, "\"scope\":\"admin\""),
            DuplicateMember,
        ),
        (
            "an unknown claim twice",
            and(&usual, "\"x\":1,\"x\":2"),
            DuplicateMember,
        ),
        (
            "cnf member twice",
            and(&usual, r#""cnf":{"a":1,"a":1}"#),
            DuplicateMember,
        ),
        (
            "claim twice in a list",
            and(&usual, r#""x":[{"a":1,"a":1}]"#),
            DuplicateMember,
        ),
        (
            "claims of seventeen levels",
            and(&usual, &format!("\"x\":{}", nested(16))),
            TooDeep,
        ),
        (
            "claims of 2,000 levels",
            and(&usual, &format!("\"x\":{}", nested(2_000))),
            TooDeep,
        ),
        ("claims are a list", "[]".into(), Claims),
        ("claims in a list", format!("[{usual}]"), Claims),
        ("claims are a text", "\"x\"".into(), Claims),
        ("claims are null", "null".into(), Claims),
        ("claims are nothing", String::new(), Claims),
        ("claims are a form", "sub=x&exp=9".into(), Claims),
        (
            "unfinished claims",
            usual.trim_end_matches('}').into(),
            Claims,
        ),
        (
            "second object after the claims",
            format!("{usual}{{}}"),
            Claims,
        ),
        ("NUL after the claims", format!("{usual}\0"), Claims),
        (
            "byte order mark before the claims",
            format!("\u{feff}{usual}"),
            Claims,
        ),
        ("comma at the claims' end", and(&usual, ""), Claims),
        ("65 claims", and(&usual, &many(57)), Claims),
        ("a nested token", forge.good(), Claims),
        ("no claim at all", "{}".into(), Subject),
    ];
    for (name, claims, refusal) in whole {
        attacks.push(attack(name, forge.sign(&forge.header(), &claims), refusal));
    }
    let bytes = [usual.as_bytes(), b"\xc0\xaf"].concat();
    let token = forge.sign_parts(&encoded(&forge.header()), &base64url(bytes));
    attacks.push(attack("claims not UTF-8", token, Claims));
    let minimal = object(
        &[
            ("sub", "\"x\""),
            ("exp", "1800003600"),
            ("iat", "1800000000"),
        ],
        &[],
    );
    let token = forge.sign(&forge.header(), &minimal);
    attacks.push(attack("neither iss nor aud", token, Issuer));
    attacks
}

/// Who, for whom and what for.
fn names(forge: &Forge) -> Vec<Attack> {
    let changes = [
        ("no iss", "iss", "", Issuer),
        ("iss null", "iss", "null", Issuer),
        ("iss number", "iss", "1", Issuer),
        (
            "iss list",
            "iss",
            "[\"https://idbroker.example.net/idb\"]",
            Issuer,
        ),
        ("iss object", "iss", "{}", Issuer),
        ("iss empty", "iss", "\"\"", Issuer),
        (
            "iss with slash",
            "iss",
            "\"https://idbroker.example.net/idb/\"",
            Issuer,
        ),
        (
            "iss in upper case",
            "iss",
            "\"HTTPS://idbroker.example.net/idb\"",
            Issuer,
        ),
        (
            "iss longer",
            "iss",
            "\"https://idbroker.example.net/idb2\"",
            Issuer,
        ),
        (
            "iss shorter",
            "iss",
            "\"https://idbroker.example.net\"",
            Issuer,
        ),
        (
            "iss with NUL",
            "iss",
            "\"https://idbroker.example.net/idb\\u0000\"",
            Issuer,
        ),
        (
            "iss of a stranger",
            "iss",
            "\"https://evil.example/idb\"",
            Issuer,
        ),
        ("no aud", "aud", "", Audience),
        ("aud null", "aud", "null", Audience),
        ("aud true", "aud", "true", Audience),
        ("aud number", "aud", "1", Audience),
        ("aud object", "aud", "{\"dms\":1}", Audience),
        ("aud empty", "aud", "\"\"", Audience),
        ("aud empty list", "aud", "[]", Audience),
        ("aud of another", "aud", "\"dms2\"", Audience),
        ("aud shorter", "aud", "\"dm\"", Audience),
        ("aud in upper case", "aud", "\"DMS\"", Audience),
        ("aud of two in one text", "aud", "\"dms other\"", Audience),
        ("aud list of others", "aud", "[\"a\",\"b\"]", Audience),
        ("aud list with number", "aud", "[\"dms\",1]", Audience),
        ("aud list with null", "aud", "[null,\"dms\"]", Audience),
        ("aud nested list", "aud", "[[\"dms\"]]", Audience),
        ("no sub", "sub", "", Subject),
        ("sub null", "sub", "null", Subject),
        ("sub number", "sub", "1", Subject),
        (
            "sub list",
            "sub",
            "[\"8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f\"]",
            Subject,
        ),
        ("sub empty", "sub", "\"\"", Subject),
        ("sub a word", "sub", "\"admin\"", Subject),
        (
            "sub nil",
            "sub",
            "\"00000000-0000-0000-0000-000000000000\"",
            Subject,
        ),
        (
            "sub braced",
            "sub",
            "\"{8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f}\"",
            Subject,
        ),
        (
            "sub without hyphens",
            "sub",
            "\"8d5f2a3e8a804f1c9d6b1f3f0f1f2f3f\"",
            Subject,
        ),
        (
            "sub as URN",
            "sub",
            "\"urn:uuid:8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f\"",
            Subject,
        ),
        (
            "sub with space",
            "sub",
            "\"8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f \"",
            Subject,
        ),
        ("scope null", "scope", "null", Scope),
        ("scope list", "scope", "[\"a\"]", Scope),
        ("scope number", "scope", "1", Scope),
        ("scope with quote", "scope", "\"a\\\"b\"", Scope),
        ("scope with backslash", "scope", "\"a\\\\b\"", Scope),
        ("scope with two spaces", "scope", "\"a  b\"", Scope),
        ("scope with space before", "scope", "\" a\"", Scope),
        ("scope with tab", "scope", "\"a\\tb\"", Scope),
        ("scope not ASCII", "scope", "\"ä\"", Scope),
        ("client_id number", "client_id", "1", Claims),
        ("client_id null", "client_id", "null", Claims),
        ("jti object", "jti", "{}", Claims),
        ("jti number", "jti", "1", Claims),
        ("cnf null", "cnf", "null", Confirmation),
        ("cnf text", "cnf", "\"x\"", Confirmation),
        ("cnf list", "cnf", "[]", Confirmation),
        ("cnf empty", "cnf", "{}", Confirmation),
        ("cnf by key", "cnf", "{\"jkt\":\"x\"}", Confirmation),
        ("cnf in hex", "cnf", "{\"x5t#S256\":\"00ff\"}", Confirmation),
        ("cnf number", "cnf", "{\"x5t#S256\":1}", Confirmation),
        (
            "cnf of SHA-1",
            "cnf",
            "{\"x5t#S256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
            Confirmation,
        ),
    ];
    signed(forge, &changes)
}

/// From when and until when.
fn times(forge: &Forge) -> Vec<Attack> {
    let changes = [
        ("no exp", "exp", "", Time),
        ("exp null", "exp", "null", Time),
        ("exp true", "exp", "true", Time),
        ("exp text", "exp", "\"1800003600\"", Time),
        ("exp date", "exp", "\"2027-01-15T09:00:00Z\"", Time),
        ("exp list", "exp", "[1800003600]", Time),
        ("exp object", "exp", "{}", Time),
        ("exp negative", "exp", "-1", Time),
        ("exp minus zero", "exp", "-0", Time),
        ("exp past the year 9999", "exp", "253402300800", Time),
        ("exp of 19 digits", "exp", "9223372036854775807", Time),
        ("exp of 20 digits", "exp", "18446744073709551615", Time),
        ("exp past 64 bits", "exp", "18446744073709551616", Time),
        ("exp of 300 zeros", "exp", "1e300", Time),
        ("exp past a double", "exp", "1e999", Time),
        ("exp in milliseconds", "exp", "1800003600000", Time),
        ("exp zero", "exp", "0", Expired),
        ("exp just passed", "exp", "1799999940", Expired),
        (
            "exp just passed, with fraction",
            "exp",
            "1799999940.999",
            Expired,
        ),
        ("exp long passed", "exp", "1500000000", Expired),
        ("exp tiny", "exp", "1e-9", Expired),
        ("no iat", "iat", "", Time),
        ("iat null", "iat", "null", Time),
        ("iat text", "iat", "\"1800000000\"", Time),
        ("iat negative", "iat", "-1", Time),
        ("iat past a double", "iat", "1e999", Time),
        ("iat in the future", "iat", "1800000061", IssuedInFuture),
        ("iat in milliseconds", "iat", "1800000000000", Time),
        ("iat long ago", "iat", "1700000000", LifetimeTooLong),
        ("iat zero", "iat", "0", LifetimeTooLong),
        ("nbf null", "nbf", "null", Time),
        ("nbf text", "nbf", "\"0\"", Time),
        ("nbf negative", "nbf", "-5", Time),
        ("nbf past a double", "nbf", "1e999", Time),
        ("nbf in the future", "nbf", "1800000061", NotYetValid),
        ("nbf far in the future", "nbf", "253402300799", NotYetValid),
        (
            "a life of a day and a second",
            "exp",
            "1800086401",
            LifetimeTooLong,
        ),
        (
            "a life to the year 9999",
            "exp",
            "253402300799",
            LifetimeTooLong,
        ),
    ];
    let mut attacks = signed(forge, &changes);
    let backwards = claims(&[("iat", "1800000050"), ("exp", "1800000010")]);
    let token = forge.sign(&forge.header(), &backwards);
    attacks.push(attack("iat after exp", token, Time));
    attacks
}

type Change<'a> = (
    &'static str,
    &'a str,
    &'a str,
    offhook_bearer_token::TokenRefusal,
);

fn signed(forge: &Forge, changes: &[Change<'_>]) -> Vec<Attack> {
    let signed = |&(name, claim, value, refusal): &Change<'_>| {
        let token = forge.sign(&forge.header(), &claims(&[(claim, value)]));
        attack(name, token, refusal)
    };
    changes.iter().map(signed).collect()
}

fn many(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":0")).collect();
    members.join(",")
}
