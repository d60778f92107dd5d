//! One public key and the one algorithm it is for.

use std::fmt;
use std::sync::OnceLock;

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use ring::{digest, hmac, signature::RsaPublicKeyComponents};
use zeroize::Zeroizing;

use crate::header::UsualHeader;
use crate::json::{Json, Object, Text};
use crate::{TokenRefusal, base64url, roca};

/// The algorithms of signatures, by their names in RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// HMAC with SHA-256; only for key sets with shared secrets.
    Hs256,
    /// HMAC with SHA-384; only for key sets with shared secrets.
    Hs384,
    /// HMAC with SHA-512; only for key sets with shared secrets.
    Hs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

impl Algorithm {
    /// Its name in a header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    pub(crate) const ALL: [Self; 12] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// Whether its keys verify and sign alike.
    pub(crate) fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// Whether `name` is one of its names: RFC 9864 calls `EdDSA` on this curve `Ed25519`.
    pub(crate) fn is_named(self, name: Text<'_>) -> bool {
        name.is(self.as_str()) || self == Self::EdDsa && name.is("Ed25519")
    }
}

/// Whether a set may bring keys that verify and sign alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SharedSecrets {
    Allowed,
    Refused,
}

pub(crate) struct Key {
    pub(crate) id: Option<Box<str>>,
    pub(crate) algorithm: Algorithm,
    material: Material,
    /// SHA-256 of all that decides what it verifies.
    pub(crate) fingerprint: [u8; 32],
    /// The header of the first good token of this key.
    usual_header: OnceLock<UsualHeader>,
}

enum Material {
    Point(UnparsedPublicKey<Vec<u8>>),
    Rsa(
        RsaPublicKeyComponents<Vec<u8>>,
        &'static signature::RsaParameters,
    ),
    Secret(hmac::Key),
}

impl Key {
    /// Reads one JWK; `None` for a key that we cannot or should not use.
    pub(crate) fn from_jwk(json: &[u8], secrets: SharedSecrets) -> Option<Self> {
        let jwk = Jwk(Object::parse(json).ok()?);
        if jwk.text("use")?.is_some_and(|purpose| !purpose.is("sig")) || !jwk.may_verify()? {
            return None;
        }
        // A set that shows the private half lets everybody sign.
        if PRIVATE_MEMBERS.iter().any(|name| jwk.0.has(name)) {
            return None;
        }
        let alg = jwk.text("alg")?;
        let kty = jwk.text("kty")??;
        let found = if kty.is("RSA") {
            rsa(&jwk, alg)?
        } else if kty.is("EC") {
            elliptic(&jwk)?
        } else if kty.is("OKP") {
            edwards(&jwk)?
        } else if kty.is("oct") && secrets == SharedSecrets::Allowed {
            secret(&jwk, alg)?
        } else {
            return None;
        };
        let Found {
            algorithm,
            material,
            public,
        } = found;
        if alg.is_some_and(|name| !algorithm.is_named(name)) {
            return None;
        }
        let id = jwk.text("kid")?.map(|id| Box::from(String::from(id)));
        Some(Self {
            fingerprint: fingerprint(id.as_deref(), algorithm, &public),
            id,
            algorithm,
            material,
            usual_header: OnceLock::new(),
        })
    }

    /// Whether it is a key of shared secrets.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// The usual header, when a token begins with it, and what comes after it and a dot.
    pub(crate) fn usual_header<'t>(&self, token: &'t str) -> Option<(&UsualHeader, &'t str)> {
        let usual = self.usual_header.get()?;
        Some((usual, usual.strip(token)?))
    }

    /// Keeps the first header it is given as the usual one.
    pub(crate) fn remember(&self, encoded: &str, typ: Option<Text<'_>>) {
        if self.usual_header.get().is_none()
            && let Some(usual) = UsualHeader::new(encoded, typ)
        {
            // Another thread may have been faster.
            let _ = self.usual_header.set(usual);
        }
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenRefusal> {
        match &self.material {
            Material::Point(key) => key.verify(message, signature),
            Material::Rsa(key, parameters) => key.verify(parameters, message, signature),
            Material::Secret(key) => hmac::verify(key, message, signature),
        }
        .map_err(|_| TokenRefusal::Signature)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The id of a JWK that is a shared secret, whether it can be used or not.
pub(crate) fn secret_id(json: &[u8]) -> Option<String> {
    let jwk = Jwk(Object::parse(json).ok()?);
    let is_secret = jwk.text("kty")??.is("oct");
    is_secret.then_some(jwk.text("kid")??.into())
}

struct Jwk<'a>(Object<'a>);

impl<'a> Jwk<'a> {
    /// `None` when the member is there and no text.
    fn text(&self, name: &str) -> Option<Option<Text<'a>>> {
        self.0.text(name).ok()
    }

    fn bytes(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        base64url::decode(self.text(name)??.plain()?).map(Zeroizing::new)
    }

    /// Whether `key_ops` allows verifying; `None` when it is malformed.
    ///
    /// RFC 7517 section 4.3: no operation stands there twice.
    fn may_verify(&self) -> Option<bool> {
        let operations = match self.0.get("key_ops") {
            None => return Some(true),
            Some(Json::Array(operations)) => operations,
            Some(_) => return None,
        };
        let is_verify = |item: &Json<'_>| matches!(item, Json::Text(name) if name.is("verify"));
        let is_text = |item: Json<'_>| matches!(item, Json::Text(_));
        if !operations.into_iter().all(is_text) {
            return None;
        }
        match operations.filter(is_verify).count() {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// A key, and the bytes that tell it from others.
struct Found {
    algorithm: Algorithm,
    material: Material,
    public: Zeroizing<Vec<u8>>,
}

fn rsa(jwk: &Jwk<'_>, alg: Option<Text<'_>>) -> Option<Found> {
    use signature as ring;
    let kinds: [(_, &'static signature::RsaParameters); 6] = [
        (Algorithm::Rs256, &ring::RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::Rs384, &ring::RSA_PKCS1_2048_8192_SHA384),
        (Algorithm::Rs512, &ring::RSA_PKCS1_2048_8192_SHA512),
        (Algorithm::Ps256, &ring::RSA_PSS_2048_8192_SHA256),
        (Algorithm::Ps384, &ring::RSA_PSS_2048_8192_SHA384),
        (Algorithm::Ps512, &ring::RSA_PSS_2048_8192_SHA512),
    ];
    // Where the key names none: RS256, the one that every server has (RFC 9068 section 2.1).
    let is_it = |kind: &&(Algorithm, _)| match alg {
        Some(name) => kind.0.is_named(name),
        None => kind.0 == Algorithm::Rs256,
    };
    let (algorithm, parameters) = *kinds.iter().find(is_it)?;
    let (n, e) = (jwk.bytes("n")?.to_vec(), jwk.bytes("e")?.to_vec());
    let first = *n.first()?;
    let bits = n.len().checked_mul(8)? - first.leading_zeros() as usize;
    // Leading zeros are not the canonical form, and an even modulus is no product of two primes.
    if first == 0 || !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) || n.last()? % 2 == 0 {
        return None;
    }
    let is_one = *e == [1];
    if is_one || *e.first()? == 0 || e.last()? % 2 == 0 || e.len() > MAX_EXPONENT_BYTES {
        return None;
    }
    if roca::is_weak(&n) {
        return None;
    }
    Some(Found {
        algorithm,
        public: [n.as_slice(), &e].concat().into(),
        material: Material::Rsa(RsaPublicKeyComponents { n, e }, parameters),
    })
}

fn elliptic(jwk: &Jwk<'_>) -> Option<Found> {
    let curve = jwk.text("crv")??;
    let (algorithm, ring, size): (_, &'static dyn VerificationAlgorithm, _) = if curve.is("P-256") {
        (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32)
    } else if curve.is("P-384") {
        (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48)
    } else {
        return None;
    };
    let (x, y) = (jwk.bytes("x")?, jwk.bytes("y")?);
    // Full length is demanded by RFC 7518 section 6.2.1.2.
    if x.len() != size || y.len() != size {
        return None;
    }
    let point = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
    Some(Found {
        algorithm,
        public: point.clone().into(),
        material: Material::Point(UnparsedPublicKey::new(ring, point)),
    })
}

fn edwards(jwk: &Jwk<'_>) -> Option<Found> {
    if !jwk.text("crv")??.is("Ed25519") {
        return None;
    }
    let point = jwk.bytes("x")?.to_vec();
    if point.len() != ED25519_BYTES {
        return None;
    }
    let ring: &'static dyn VerificationAlgorithm = &signature::ED25519;
    Some(Found {
        algorithm: Algorithm::EdDsa,
        public: point.clone().into(),
        material: Material::Point(UnparsedPublicKey::new(ring, point)),
    })
}

fn secret(jwk: &Jwk<'_>, alg: Option<Text<'_>>) -> Option<Found> {
    let kinds = [
        (Algorithm::Hs256, hmac::HMAC_SHA256),
        (Algorithm::Hs384, hmac::HMAC_SHA384),
        (Algorithm::Hs512, hmac::HMAC_SHA512),
    ];
    let is_it = |kind: &&(Algorithm, _)| match alg {
        Some(name) => kind.0.is_named(name),
        None => kind.0 == Algorithm::Hs256,
    };
    let (algorithm, ring) = *kinds.iter().find(is_it)?;
    let bytes = jwk.bytes("k")?;
    // As long as the hash, says RFC 7518 section 3.2.
    if bytes.len() < ring.digest_algorithm().output_len() {
        return None;
    }
    let material = Material::Secret(hmac::Key::new(ring, &bytes));
    Some(Found {
        algorithm,
        material,
        public: bytes,
    })
}

fn fingerprint(id: Option<&str>, algorithm: Algorithm, public: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(algorithm.as_str().as_bytes());
    if let Some(id) = id {
        // Lengths in front: no two keys may run together into the same bytes.
        context.update(&(id.len() as u64).to_be_bytes());
        context.update(id.as_bytes());
    }
    context.update(public);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}

const ED25519_BYTES: usize = 32;
const MAX_EXPONENT_BYTES: usize = 4;
const MAX_RSA_BITS: usize = 8_192;
const MIN_RSA_BITS: usize = 2_048;
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const UNCOMPRESSED: u8 = 4;
