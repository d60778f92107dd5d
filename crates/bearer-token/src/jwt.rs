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
    let (key, parts) = if let Some((key, usual, rest)) = keys.by_header(token) {
        let parts = Parts::split(token, rest)?;
        check_typ(usual.typ(), policy)?;
        parts.check_signature(key)?;
        (key, parts)
    } else {
        let (header, rest) = token.split_once('.').ok_or(TokenRefusal::NotCompact)?;
        let parts = Parts::split(token, rest)?;
        if parts.signature.contains('.') {
            return Err(TokenRefusal::NotCompact);
        }
        let mut buffer = [0; MAX_HEADER_BYTES];
        let read = Header::read(header, &mut buffer)?;
        let mut room = [0; MAX_TYP_BYTES];
        let typ = read.typ.map(|typ| typ.resolve(&mut room));
        check_typ(typ.flatten(), policy)?;
        let key = keys.choose(read.key_id, read.algorithm)?;
        parts.check_signature(key)?;
        // Only a header whose signature is good is kept, so nobody else can fill the place.
        key.remember(header, read.typ);
        (key, parts)
    };
    Ok((key.algorithm, buffer.decode(parts.payload)?))
}

fn check_typ(typ: Option<&str>, policy: Option<&TokenPolicy>) -> Result<(), TokenRefusal> {
    if policy.is_none_or(|policy| policy.is_typ(typ)) {
        return Ok(());
    }
    Err(TokenRefusal::Type)
}

/// A token parted at its first two dots.
struct Parts<'t> {
    /// What is signed: header and payload.
    message: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    /// Parts what comes after the header and its dot.
    fn split(token: &'t str, rest: &'t str) -> Result<Self, TokenRefusal> {
        let dot = find_dot(rest.as_bytes()).ok_or(TokenRefusal::NotCompact)?;
        let (payload, signature) = rest.split_at_checked(dot).ok_or(TokenRefusal::NotCompact)?;
        let signature = signature.strip_prefix('.').unwrap_or_default();
        let message = token.len() - signature.len() - 1;
        Ok(Self {
            message: token.get(..message).unwrap_or_default(),
            payload,
            signature,
        })
    }

    fn check_signature(&self, key: &Key) -> Result<(), TokenRefusal> {
        if self.signature.is_empty() {
            return Err(TokenRefusal::Signature);
        }
        let mut buffer = [0; MAX_SIGNATURE_BYTES];
        let Some(signature) = base64url::decode_into(self.signature, &mut buffer) else {
            // A third dot is no base64url either.
            let is_compact = !self.signature.contains('.');
            return Err(if is_compact {
                TokenRefusal::Encoding
            } else {
                TokenRefusal::NotCompact
            });
        };
        key.verify(self.message.as_bytes(), signature)
    }
}

/// Where the first dot is, looked for in sixteen bytes at a time: a payload is long.
fn find_dot(bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<16>();
    let has_dot = |chunk: &&[u8; 16]| {
        chunk
            .iter()
            .fold(false, |found, byte| found | (*byte == b'.'))
    };
    let start = 16 * chunks.iter().take_while(|chunk| !has_dot(chunk)).count();
    let dot = bytes.get(start..)?.iter().position(|byte| *byte == b'.');
    dot.map(|dot| start + dot)
}

/// The longest header, in its encoded form: 1,024 bytes. The number is ours.
pub const MAX_HEADER_BYTES: usize = 1_024;
/// The longest token: 8,192 bytes, what usual servers take as a whole header. The number is ours.
pub const MAX_TOKEN_BYTES: usize = 8_192;

/// Of a `typ` with escapes; a longer one is nobody's.
const MAX_TYP_BYTES: usize = 64;
/// Enough for RSA of 8,192 bits.
const MAX_SIGNATURE_BYTES: usize = 1_024;
