//! Signed tokens in their compact form, read strictly.

use std::time::SystemTime;

use crate::json::{JsonFault, Object};
use crate::key::{Key, UsualHeader};
use crate::{KeySet, TokenPolicy, TokenRefusal, VerifiedToken, base64url};

/// Verifies a token's signature and claims.
///
/// The header may choose a key, never an algorithm: each key has its own. Claims are read only
/// after the signature was found good.
///
/// # Errors
///
/// [`TokenRefusal`] with the first thing that is wrong; [`TokenRefusal::UnknownKey`] when a newer
/// key set may help. No error shows a part of the token.
///
/// # Source
///
/// [RFC 7515 section 5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2),
/// [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725) and
/// [RFC 9068 section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4).
pub fn verify(
    token: &str,
    keys: &KeySet,
    policy: &TokenPolicy,
    now: SystemTime,
) -> Result<VerifiedToken, TokenRefusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenRefusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::NotCompact)?;
    let (header, claims) = message.split_once('.').ok_or(TokenRefusal::NotCompact)?;
    if claims.contains('.') {
        return Err(TokenRefusal::NotCompact);
    }
    let key = match keys.by_header(header) {
        Some(key) => {
            let typ = key.usual_header.get().map(|usual| &*usual.typ);
            check_typ(typ, policy)?;
            check_signature(key, message, signature)?;
            key
        }
        None => check_header(header, message, signature, keys, policy)?,
    };
    let mut buffer = [0; MAX_CLAIMS_BYTES];
    let json = base64url::decode_into(claims, &mut buffer).ok_or(TokenRefusal::Encoding)?;
    let claims = Object::parse(json).map_err(|fault| refusal(fault, TokenRefusal::Claims))?;
    VerifiedToken::judge(&claims, key.algorithm, policy, now)
}

/// Reads a header not seen before, and remembers it when the signature is good.
fn check_header<'k>(
    encoded: &str,
    message: &str,
    signature: &str,
    keys: &'k KeySet,
    policy: &TokenPolicy,
) -> Result<&'k Key, TokenRefusal> {
    if encoded.len() > MAX_HEADER_BYTES {
        return Err(TokenRefusal::HeaderTooLong);
    }
    let mut buffer = [0; MAX_HEADER_BYTES];
    let json = base64url::decode_into(encoded, &mut buffer).ok_or(TokenRefusal::Encoding)?;
    let header = Object::parse(json).map_err(|fault| refusal(fault, TokenRefusal::Header))?;
    let has = |names: &[&str]| names.iter().any(|name| header.get(name).is_some());
    if has(&["crit"]) {
        return Err(TokenRefusal::CriticalExtension);
    }
    if has(&["b64"]) {
        return Err(TokenRefusal::UnencodedPayload);
    }
    if has(&["jwk", "jku", "x5c", "x5u"]) {
        return Err(TokenRefusal::EmbeddedKey);
    }
    let text = |name| header.text(name).map_err(|_| TokenRefusal::Header);
    let alg = text("alg")?.ok_or(TokenRefusal::Algorithm)?;
    let typ = text("typ")?;
    check_typ(typ, policy)?;
    let key = keys.choose(text("kid")?, alg)?;
    check_signature(key, message, signature)?;
    // Only a header whose signature is good is kept, so nobody else can fill the place.
    key.usual_header.get_or_init(|| UsualHeader {
        encoded: encoded.into(),
        typ: typ.unwrap_or_default().into(),
    });
    Ok(key)
}

fn check_typ(typ: Option<&str>, policy: &TokenPolicy) -> Result<(), TokenRefusal> {
    match typ {
        Some(typ) if policy.is_typ(typ) => Ok(()),
        _ => Err(TokenRefusal::Type),
    }
}

fn check_signature(key: &Key, message: &str, signature: &str) -> Result<(), TokenRefusal> {
    if signature.is_empty() {
        return Err(TokenRefusal::Signature);
    }
    let mut buffer = [0; MAX_SIGNATURE_BYTES];
    let signature = base64url::decode_into(signature, &mut buffer).ok_or(TokenRefusal::Encoding)?;
    key.verify(message.as_bytes(), signature)
}

fn refusal(fault: JsonFault, malformed: TokenRefusal) -> TokenRefusal {
    match fault {
        JsonFault::DuplicateMember => TokenRefusal::DuplicateMember,
        JsonFault::Malformed => malformed,
        JsonFault::TooDeep => TokenRefusal::TooDeep,
    }
}

/// The longest header, in its encoded form: 1,024 bytes. The number is ours.
pub const MAX_HEADER_BYTES: usize = 1_024;
/// The longest token: 8,192 bytes, what usual servers take as a whole header. The number is ours.
pub const MAX_TOKEN_BYTES: usize = 8_192;

const MAX_CLAIMS_BYTES: usize = MAX_TOKEN_BYTES / 4 * 3;
/// Enough for RSA of 8,192 bits.
const MAX_SIGNATURE_BYTES: usize = 1_024;
