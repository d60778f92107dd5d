//! The keys of an issuer.

use std::fmt;

use ring::digest::{Context, SHA256};

use crate::header::UsualHeader;
use crate::json::{Text, unread_items};
use crate::key::{self, Key, SharedSecrets};
use crate::{Algorithm, KeySetError, TokenRefusal};

/// The public keys an issuer signs with.
///
/// Each key has one algorithm: the one it names, or the one its type stands for. A header only
/// chooses among keys, never among algorithms.
///
/// # Source
///
/// [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5).
pub struct KeySet {
    keys: Vec<Key>,
    skipped: usize,
    fingerprint: [u8; 32],
}

impl KeySet {
    /// Reads a JWK set: RSA from 2,048 bits, EC on P-256 and P-384, and Ed25519.
    ///
    /// A key that is of another kind, malformed, weak, not for verifying or shown with its private
    /// half is skipped, and so are different keys of one name and algorithm; see
    /// [`skipped`](Self::skipped).
    ///
    /// # Errors
    ///
    /// [`KeySetError`] when the whole is not a key set, too long or of too many keys.
    pub fn from_json(json: &[u8]) -> Result<Self, KeySetError> {
        Self::read(json, SharedSecrets::Refused)
    }

    /// A set of no keys: with it a token is judged up to the key it asks for.
    #[cfg(feature = "client")]
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

    /// What tells this set from another: the same for the same usable keys, in whatever order they
    /// stand, and for no others.
    ///
    /// What was decided with one set says nothing under a set of another fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Whether the set has a key of this id.
    #[must_use]
    pub fn has_key(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// The key a header means: the one it names, or the only one of its algorithm.
    pub(crate) fn choose(
        &self,
        id: Option<Text<'_>>,
        algorithm: Text<'_>,
    ) -> Result<&Key, TokenRefusal> {
        let mut named = self.keys.iter().filter(|key| match (id, &key.id) {
            (Some(wanted), Some(id)) => wanted.is(id),
            (Some(_), None) => false,
            (None, _) => true,
        });
        let unknown = match id {
            Some(_) => TokenRefusal::UnknownKey,
            None => TokenRefusal::KeyNotNamed,
        };
        let mut fitting = named
            .clone()
            .filter(|key| key.algorithm.is_named(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            // Only keys without a name, or asked for without one, can be several.
            (Some(_), Some(_)) => Err(TokenRefusal::KeyNotNamed),
            (None, _) if named.next().is_some() => Err(TokenRefusal::Algorithm),
            // With an algorithm that no key could have, no newer set would help.
            (None, _) if !self.may_have(algorithm) => Err(TokenRefusal::Algorithm),
            (None, _) => Err(unknown),
        }
    }

    /// Whether a newer set of this kind may have a key for an algorithm of this name.
    fn may_have(&self, algorithm: Text<'_>) -> bool {
        let has_secrets = self.keys.iter().any(Key::is_secret);
        let mut known = Algorithm::ALL.into_iter();
        known.any(|known| known.is_named(algorithm) && known.is_symmetric() == has_secrets)
    }

    /// The key whose usual header the token begins with, and what comes after that and a dot.
    pub(crate) fn by_header<'t>(&self, token: &'t str) -> Option<(&Key, &UsualHeader, &'t str)> {
        self.keys.iter().find_map(|key| {
            let (usual, rest) = key.usual_header(token)?;
            Some((key, usual, rest))
        })
    }

    fn read(json: &[u8], secrets: SharedSecrets) -> Result<Self, KeySetError> {
        if json.len() > MAX_KEY_SET_BYTES {
            return Err(KeySetError::TooLong { found: json.len() });
        }
        let jwks = unread_items(json, "keys").map_err(|_| KeySetError::Malformed)?;
        let found = jwks.len();
        if found > MAX_KEYS {
            return Err(KeySetError::TooManyKeys { found });
        }
        let mut keys = Vec::with_capacity(found);
        let mut unread = Vec::new();
        for jwk in jwks.into_iter().map(str::as_bytes) {
            match Key::from_jwk(jwk, secrets) {
                Some(key) => keys.push(key),
                None => unread.push(jwk),
            }
        }
        // A secret that cannot be read may be the one that is meant by its name.
        for id in unread.into_iter().filter_map(key::secret_id) {
            keys.retain(|key| !key.is_secret() || key.id.as_deref() != Some(&id));
        }
        // Where others can sign with a key that verifies, public keys beside it would look alike.
        if !keys.iter().all(Key::is_secret) {
            keys.retain(|key| !key.is_secret());
        }
        keep_distinct(&mut keys);
        Ok(Self {
            skipped: found - keys.len(),
            fingerprint: fingerprint(&keys),
            keys,
        })
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("keys", &self.keys)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}

/// Keeps one of those that are the same, and none of those that only a guess could tell apart.
fn keep_distinct(keys: &mut Vec<Key>) {
    keys.sort_by_key(|key| key.fingerprint);
    keys.dedup_by_key(|key| key.fingerprint);
    let is_alike = |one: &Key, other: &Key| one.id == other.id && one.algorithm == other.algorithm;
    let ambiguous: Vec<[u8; 32]> = keys
        .iter()
        .filter(|key| keys.iter().filter(|other| is_alike(key, other)).count() > 1)
        .map(|key| key.fingerprint)
        .collect();
    keys.retain(|key| !ambiguous.contains(&key.fingerprint));
}

fn fingerprint(keys: &[Key]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for key in keys {
        context.update(&key.fingerprint);
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}

/// Reads a JWK set as [`KeySet::from_json`] does, and takes shared secrets of 32 bytes or more
/// (`oct`, for HS256; 48 for HS384, 64 for HS512) as well.
///
/// Whoever can verify with such a key can also sign with it. A set that has public keys too is
/// read as if it had no secrets.
///
/// # Errors
///
/// As [`KeySet::from_json`].
pub fn key_set_with_shared_secrets(json: &[u8]) -> Result<KeySet, KeySetError> {
    KeySet::read(json, SharedSecrets::Allowed)
}

/// The most keys a set may have: 100. The number is ours.
pub const MAX_KEYS: usize = 100;
/// The longest key set: 65,536 bytes. The number is ours, and that of the longest response body.
pub const MAX_KEY_SET_BYTES: usize = 65_536;
