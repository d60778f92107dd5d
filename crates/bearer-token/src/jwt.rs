//! Signed tokens in their compact form, read strictly.

use std::time::SystemTime;

use crate::header::Header;
use crate::key::Key;
use crate::{
    Algorithm, ClaimsBuffer, KeySet, TokenPolicy, TokenRefusal, VerifiedClaims, VerifiedToken,
    base64url,
};

/// Verifies a token's signature and claims.
///
/// The header may choose a key, never an algorithm: each key has its own. Claims are read only
/// after the signature was found good. One allocation keeps the claims; [`verify_in`] makes none.
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
    verify_in(token, keys, policy, now, &mut ClaimsBuffer::new())?.try_into()
}

/// Verifies a token as [`verify()`] does, without a heap allocation of its own, and takes a subject
/// that is no UUID as well.
///
/// *ring* allocates where the key is an RSA key, and nowhere else.
///
/// # Errors
///
/// As [`verify()`].
///
/// # Examples
///
/// ```
/// use offhook_bearer_token::{ClaimsBuffer, KeySet, TokenPolicy, TokenRefusal, verify_in};
///
/// let keys = KeySet::from_json(br#"{"keys":[]}"#)?;
/// let policy = TokenPolicy::new("https://idp.example.net", "dms");
/// let mut buffer = ClaimsBuffer::new();
/// for token in ["e30.e30.", "a.b"] {
///     let answer = verify_in(token, &keys, &policy, std::time::UNIX_EPOCH, &mut buffer);
///     assert!(answer.is_err());
/// }
/// # Ok::<(), offhook_bearer_token::KeySetError>(())
/// ```
pub fn verify_in<'b>(
    token: &str,
    keys: &KeySet,
    policy: &TokenPolicy,
    now: SystemTime,
    buffer: &'b mut ClaimsBuffer,
) -> Result<VerifiedClaims<'b>, TokenRefusal> {
    let (algorithm, claims) = open(token, keys, Some(policy), buffer)?;
    let verified = VerifiedClaims::read(claims, Some(algorithm), None)?;
    verified.judge(policy, now)?;
    Ok(verified)
}

/// Verifies the signature of a compact JWS of any content, and judges nothing of what it says.
///
/// The header is judged as [`verify()`] does, but for its `typ`.
///
/// # Errors
///
/// [`TokenRefusal`] with the first thing that is wrong.
pub fn payload<'b>(
    jws: &str,
    keys: &KeySet,
    buffer: &'b mut ClaimsBuffer,
) -> Result<&'b [u8], TokenRefusal> {
    open(jws, keys, None, buffer).map(|(_, payload)| &*payload)
}

/// What a key has signed, and the key's algorithm.
fn open<'b>(
    token: &str,
    keys: &KeySet,
    policy: Option<&TokenPolicy>,
    buffer: &'b mut ClaimsBuffer,
) -> Result<(Algorithm, &'b mut [u8]), TokenRefusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenRefusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::NotCompact)?;
    let (header, payload) = message.split_once('.').ok_or(TokenRefusal::NotCompact)?;
    if payload.contains('.') {
        return Err(TokenRefusal::NotCompact);
    }
    let key = if let Some((key, usual)) = keys.by_header(header) {
        check_typ(usual.typ(), policy)?;
        check_signature(key, message, signature)?;
        key
    } else {
        let mut buffer = [0; MAX_HEADER_BYTES];
        let read = Header::read(header, &mut buffer)?;
        let mut room = [0; MAX_TYP_BYTES];
        let typ = read.typ.map(|typ| typ.resolve(&mut room));
        check_typ(typ.flatten(), policy)?;
        let key = keys.choose(read.key_id, read.algorithm)?;
        check_signature(key, message, signature)?;
        // Only a header whose signature is good is kept, so nobody else can fill the place.
        key.remember(header, read.typ);
        key
    };
    Ok((key.algorithm, buffer.decode(payload)?))
}

fn check_typ(typ: Option<&str>, policy: Option<&TokenPolicy>) -> Result<(), TokenRefusal> {
    if policy.is_none_or(|policy| policy.is_typ(typ)) {
        return Ok(());
    }
    Err(TokenRefusal::Type)
}

fn check_signature(key: &Key, message: &str, signature: &str) -> Result<(), TokenRefusal> {
    if signature.is_empty() {
        return Err(TokenRefusal::Signature);
    }
    let mut buffer = [0; MAX_SIGNATURE_BYTES];
    let signature = base64url::decode_into(signature, &mut buffer).ok_or(TokenRefusal::Encoding)?;
    key.verify(message.as_bytes(), signature)
}

/// The longest header, in its encoded form: 1,024 bytes. The number is ours.
pub const MAX_HEADER_BYTES: usize = 1_024;
/// The longest token: 8,192 bytes, what usual servers take as a whole header. The number is ours.
pub const MAX_TOKEN_BYTES: usize = 8_192;

/// Of a `typ` with escapes; a longer one is nobody's.
const MAX_TYP_BYTES: usize = 64;
/// Enough for RSA of 8,192 bits.
const MAX_SIGNATURE_BYTES: usize = 1_024;
