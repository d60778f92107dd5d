//! The keys of an issuer.

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::key::{Key, SharedSecrets};
use crate::{Algorithm, KeySetError, MAX_RESPONSE_BYTES, TokenRefusal};

/// The public keys an issuer signs with.
///
/// Each key has one algorithm: the one it names, or the one its type stands for. A header only
/// chooses among keys, never among algorithms.
///
/// # Source
///
/// [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5).
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    skipped: usize,
    fingerprint: [u8; 32],
}

impl KeySet {
    /// Reads a JWK set: RSA from 2,048 bits, EC on P-256 and P-384, and Ed25519.
    ///
    /// A key that is of another kind, malformed, not for verifying, shown with its private half
    /// or named like an earlier one is skipped; see [`skipped`](Self::skipped).
    ///
    /// # Errors
    ///
    /// [`KeySetError`] when the whole is not a key set, too long or of too many keys.
    pub fn from_json(json: &[u8]) -> Result<Self, KeySetError> {
        Self::read(json, SharedSecrets::Refused)
    }

    /// A set of no keys: with it a token is judged up to the key it asks for.
    pub(crate) const fn empty() -> Self {
        Self {
            keys: Vec::new(),
            skipped: 0,
            fingerprint: [0; 32],
        }
    }

    /// How many keys can be used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys of the JSON were passed over.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// What tells this set from another: the same for the same JSON, and for no other.
    ///
    /// What was decided with one set says nothing under a set of another fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Whether the set has a key of this id.
    #[must_use]
    pub fn has_key(&self, id: &str) -> bool {
        self.of_id(id).next().is_some()
    }

    /// The key a header means.
    pub(crate) fn choose(&self, id: Option<&str>, alg: &str) -> Result<&Key, TokenRefusal> {
        let Some(id) = id else {
            let [key] = self.keys.as_slice() else {
                return Err(TokenRefusal::KeyNotNamed);
            };
            return check_algorithm(key, alg);
        };
        let mut keys = self.of_id(id).peekable();
        let first = *keys.peek().ok_or(TokenRefusal::UnknownKey)?;
        let key = keys.find(|key| key.algorithm.as_str() == alg);
        check_algorithm(key.unwrap_or(first), alg)
    }

    /// The key whose usual header this is.
    pub(crate) fn by_header(&self, encoded: &str) -> Option<&Key> {
        self.keys.iter().find(|key| {
            key.usual_header
                .get()
                .is_some_and(|usual| *usual.encoded == *encoded)
        })
    }

    fn of_id(&self, id: &str) -> impl Iterator<Item = &Key> {
        self.keys
            .iter()
            .filter(move |key| key.id.as_deref() == Some(id))
    }

    fn read(json: &[u8], secrets: SharedSecrets) -> Result<Self, KeySetError> {
        if json.len() > MAX_RESPONSE_BYTES {
            return Err(KeySetError::TooLong { found: json.len() });
        }
        let document: Document<'_> =
            serde_json::from_slice(json).map_err(|_| KeySetError::Malformed)?;
        let found = document.keys.len();
        if found > MAX_KEYS {
            return Err(KeySetError::TooManyKeys { found });
        }
        let mut keys: Vec<Key> = Vec::with_capacity(found);
        for jwk in document.keys {
            if let Some(key) = Key::from_jwk(jwk.get().as_bytes(), secrets)
                && !keys.iter().any(|known| is_same(known, &key))
            {
                keys.push(key);
            }
        }
        let skipped = found - keys.len();
        Ok(Self {
            keys,
            skipped,
            fingerprint: fingerprint(json),
        })
    }
}

/// Reads a JWK set as [`KeySet::from_json`] does, and takes shared secrets of 32 bytes or more
/// (`oct`, for HS256) as well.
///
/// Whoever can verify with such a key can also sign with it.
///
/// # Errors
///
/// As [`KeySet::from_json`].
pub fn key_set_with_shared_secrets(json: &[u8]) -> Result<KeySet, KeySetError> {
    KeySet::read(json, SharedSecrets::Allowed)
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

fn fingerprint(json: &[u8]) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, json).as_ref());
    fingerprint
}

/// Whether no header could tell the two keys apart.
fn is_same(one: &Key, other: &Key) -> bool {
    one.id == other.id && one.algorithm == other.algorithm
}

fn check_algorithm<'k>(key: &'k Key, alg: &str) -> Result<&'k Key, TokenRefusal> {
    let algorithm: Algorithm = key.algorithm;
    if algorithm.as_str() == alg {
        Ok(key)
    } else {
        Err(TokenRefusal::Algorithm)
    }
}

/// The most keys a set may have: 100. The number is ours.
pub const MAX_KEYS: usize = 100;
