//! One public key and the one algorithm it is for.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use ring::{digest, hmac, signature::RsaPublicKeyComponents};
use zeroize::Zeroizing;

use crate::header::UsualHeader;
use crate::json::{Json, Object, Text};
use crate::{TokenRefusal, base64url, curve, roca};

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

/// Whether a JWK that can be read is no shared secret.
pub(crate) fn is_public(json: &[u8]) -> bool {
    let Ok(jwk) = Object::parse(json).map(Jwk) else {
        return false;
    };
    let kty = jwk.text("kty").flatten();
    kty.is_some_and(|kty| !kty.is("oct"))
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
        let text = self.text(name)??;
        let Some(plain) = text.plain() else {
            let resolved = Zeroizing::new(String::from(text));
            return base64url::decode(&resolved).map(Zeroizing::new);
        };
        base64url::decode(plain).map(Zeroizing::new)
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
        let mut found = BTreeSet::new();
        for operation in operations {
            let Json::Text(name) = operation else {
                return None;
            };
            if !found.insert(String::from(name)) {
                return None;
            }
        }
        Some(found.contains("verify"))
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
        public: [&n.len().to_be_bytes()[..], &n, &e].concat().into(),
        material: Material::Rsa(RsaPublicKeyComponents { n, e }, parameters),
    })
}

fn elliptic(jwk: &Jwk<'_>) -> Option<Found> {
    let (name, x, y) = (jwk.text("crv")??, jwk.bytes("x")?, jwk.bytes("y")?);
    // Full length is demanded by RFC 7518 section 6.2.1.2, and a point of the curve.
    let (algorithm, ring): (_, &'static dyn VerificationAlgorithm) =
        if name.is("P-256") && curve::is_on_p256(&x, &y) {
            (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED)
        } else if name.is("P-384") && curve::is_on_p384(&x, &y) {
            (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED)
        } else {
            return None;
        };
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
    if !curve::is_on_ed25519(&point) || is_of_small_order(&point) {
        return None;
    }
    let ring: &'static dyn VerificationAlgorithm = &signature::ED25519;
    Some(Found {
        algorithm: Algorithm::EdDsa,
        public: point.clone().into(),
        material: Material::Point(UnparsedPublicKey::new(ring, point)),
    })
}

/// Whether a point of Ed25519, in whatever spelling, is one of eight for which a signature of nobody
/// is good for everything.
fn is_of_small_order(point: &[u8]) -> bool {
    let Some((last, rest)) = point.split_last() else {
        return false;
    };
    // The highest bit is the sign of x, and either is as bad.
    let last = last & 0x7f;
    SMALL_ORDER
        .iter()
        .any(|bad| bad.split_last() == Some((&last, rest)))
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
    // Lengths in front: no two keys may run together into the same bytes.
    let mut part = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    part(algorithm.as_str().as_bytes());
    part(&[u8::from(id.is_some())]);
    part(id.unwrap_or_default().as_bytes());
    part(public);
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
/// The ordinates of the points of small order, little end first: 0, 1 and -1, the two of order eight,
/// and 0 and 1 once more with the prime added.
const SMALL_ORDER: [[u8; ED25519_BYTES]; 7] = [
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    [
        0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];
