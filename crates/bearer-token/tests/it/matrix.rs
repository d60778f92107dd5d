//! The attack matrix: tokens made to deceive, each under its name with the refusal it must get.
//!
//! Wherever a signature matters and is not itself the attack, it is a good one.

mod claims;
mod form;
mod header;
mod signature;

use offhook_bearer_token::TokenRefusal;

use crate::forge::{Forge, RSA_MODULUS, base64url, key_set_json};

/// One token that must not pass.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) token: String,
    pub(crate) refusal: TokenRefusal,
}

/// The attacks, and the keys they are made against.
///
/// They are judged by [`policy`](crate::forge::policy) at [`NOW`](crate::forge::NOW).
pub(crate) struct Matrix {
    pub(crate) attacks: Vec<Attack>,
    /// What all of them want to pass for.
    pub(crate) good: String,
    pub(crate) key_set: String,
}

impl Matrix {
    /// At least 120 attacks, made anew with keys of their own.
    pub(crate) fn new() -> Self {
        let forge = Forge::new();
        let edwards = signature::Edwards::new();
        let keys = [
            forge.jwk(),
            Forge::with_id("second").jwk(),
            edwards.jwk(),
            format!(r#"{{"kty":"RSA","kid":"rsa-1","e":"AQAB","n":"{RSA_MODULUS}"}}"#),
        ];
        let attacks = [
            form::attacks(&forge),
            header::attacks(&forge),
            claims::attacks(&forge),
            signature::attacks(&forge, &edwards),
        ];
        Self {
            attacks: attacks.into_iter().flatten().collect(),
            good: forge.good(),
            key_set: key_set_json(&keys),
        }
    }
}

fn attack(name: &'static str, token: String, refusal: TokenRefusal) -> Attack {
    Attack {
        name,
        token,
        refusal,
    }
}

/// A header with the members of `changes` put in their place or added; an empty value takes the
/// member away.
fn header_with(changes: &[(&str, &str)]) -> String {
    crate::forge::object(
        &[
            ("alg", "\"ES256\""),
            ("typ", "\"at+jwt\""),
            ("kid", "\"k1\""),
        ],
        changes,
    )
}

/// `text` without its closing brace, and `more` before it: for members given twice.
fn and(text: &str, more: &str) -> String {
    format!("{},{more}}}", text.trim_end_matches('}'))
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn encoded(text: &str) -> String {
    base64url(text)
}
