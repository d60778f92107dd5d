//! One public key and the one algorithm it is for.

use std::fmt;
use std::sync::OnceLock;

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use ring::{hmac, signature::RsaPublicKeyComponents};

use crate::json::Object;
use crate::{TokenRefusal, base64url};

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
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    fn rsa(name: Option<&str>) -> Option<(Self, &'static signature::RsaParameters)> {
        Some(match name {
            // The one algorithm every resource server has: RFC 9068 section 2.1.
            None | Some("RS256") => (Self::Rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
            Some("RS384") => (Self::Rs384, &signature::RSA_PKCS1_2048_8192_SHA384),
            Some("RS512") => (Self::Rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
            Some("PS256") => (Self::Ps256, &signature::RSA_PSS_2048_8192_SHA256),
            Some("PS384") => (Self::Ps384, &signature::RSA_PSS_2048_8192_SHA384),
            Some("PS512") => (Self::Ps512, &signature::RSA_PSS_2048_8192_SHA512),
            Some(_) => return None,
        })
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
    /// The header of the first good token of this key: an issuer writes the same one for years,
    /// and a comparison is cheaper than base64 and JSON.
    pub(crate) usual_header: OnceLock<UsualHeader>,
}

/// A header that passed every check, with what remains to be checked against a policy.
pub(crate) struct UsualHeader {
    pub(crate) encoded: Box<str>,
    pub(crate) typ: Box<str>,
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
        let jwk = Object::parse(json).ok()?;
        let text = |name: &str| jwk.text(name).ok();
        if text("use")?.is_some_and(|purpose| purpose != "sig") || !may_verify(&jwk)? {
            return None;
        }
        // A set that shows the private half lets everybody sign.
        if PRIVATE_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
            return None;
        }
        let alg = text("alg")?;
        let (algorithm, material) = match text("kty")?? {
            "RSA" => rsa(&jwk, alg)?,
            "EC" => elliptic(&jwk)?,
            "OKP" => edwards(&jwk)?,
            "oct" if secrets == SharedSecrets::Allowed => secret(&jwk)?,
            _ => return None,
        };
        if alg.is_some_and(|name| name != algorithm.as_str()) {
            return None;
        }
        Some(Self {
            id: text("kid")?.map(Box::from),
            algorithm,
            material,
            usual_header: OnceLock::new(),
        })
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

/// Whether `key_ops` allows verifying; `None` when it is malformed.
fn may_verify(jwk: &Object<'_>) -> Option<bool> {
    use crate::json::Json;
    match jwk.get("key_ops") {
        None => Some(true),
        Some(Json::Array(operations)) => Some(
            operations
                .iter()
                .any(|operation| matches!(operation, Json::Text(name) if name == "verify")),
        ),
        Some(_) => None,
    }
}

fn member(jwk: &Object<'_>, name: &str) -> Option<Vec<u8>> {
    base64url::decode(jwk.text(name).ok()??)
}

fn rsa(jwk: &Object<'_>, alg: Option<&str>) -> Option<(Algorithm, Material)> {
    let (algorithm, parameters) = Algorithm::rsa(alg)?;
    let (n, e) = (member(jwk, "n")?, member(jwk, "e")?);
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
    Some((
        algorithm,
        Material::Rsa(RsaPublicKeyComponents { n, e }, parameters),
    ))
}

fn elliptic(jwk: &Object<'_>) -> Option<(Algorithm, Material)> {
    let (algorithm, ring, size): (_, &'static dyn VerificationAlgorithm, _) =
        match jwk.text("crv").ok()?? {
            "P-256" => (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
            "P-384" => (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
            _ => return None,
        };
    let (x, y) = (member(jwk, "x")?, member(jwk, "y")?);
    // Full length is demanded by RFC 7518 section 6.2.1.2.
    if x.len() != size || y.len() != size {
        return None;
    }
    let point = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
    Some((
        algorithm,
        Material::Point(UnparsedPublicKey::new(ring, point)),
    ))
}

fn edwards(jwk: &Object<'_>) -> Option<(Algorithm, Material)> {
    if jwk.text("crv").ok()?? != "Ed25519" {
        return None;
    }
    let point: [u8; 32] = base64url::decode_array(jwk.text("x").ok()??)?;
    let key = UnparsedPublicKey::new(
        &signature::ED25519 as &'static dyn VerificationAlgorithm,
        point.to_vec(),
    );
    Some((Algorithm::EdDsa, Material::Point(key)))
}

fn secret(jwk: &Object<'_>) -> Option<(Algorithm, Material)> {
    let bytes = zeroize::Zeroizing::new(member(jwk, "k")?);
    // As long as the hash, says RFC 7518 section 3.2.
    if bytes.len() < MIN_SECRET_BYTES {
        return None;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    Some((Algorithm::Hs256, Material::Secret(key)))
}

const MAX_EXPONENT_BYTES: usize = 4;
const MAX_RSA_BITS: usize = 8_192;
const MIN_RSA_BITS: usize = 2_048;
const MIN_SECRET_BYTES: usize = 32;
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(jwk: &str) -> Option<Key> {
        Key::from_jwk(jwk.as_bytes(), SharedSecrets::Refused)
    }

    fn verify(key: &Key, token: &str) -> Result<(), TokenRefusal> {
        let (message, signature) = token.rsplit_once('.').unwrap();
        key.verify(message.as_bytes(), &base64url::decode(signature).unwrap())
    }

    /// The payload of the examples of RFC 7515, appendix A.
    const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    #[test]
    fn the_rs256_example_of_rfc_7515_verifies() {
        let key = key(r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#).unwrap();
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{signature}");
        assert_eq!(key.algorithm, Algorithm::Rs256);
        assert_eq!(verify(&key, &token), Ok(()));
        assert_eq!(
            verify(&key, &token.replacen("eyJ", "eyK", 1)),
            Err(TokenRefusal::Signature)
        );
    }

    #[test]
    fn the_es256_example_of_rfc_7515_verifies() {
        let key = key(r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#).unwrap();
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{signature}");
        assert_eq!(key.algorithm, Algorithm::Es256);
        assert_eq!(verify(&key, &token), Ok(()));
        assert_eq!(
            verify(&key, &token.replacen("eyJ", "eyK", 1)),
            Err(TokenRefusal::Signature)
        );
    }

    #[test]
    fn the_eddsa_example_of_rfc_8037_verifies() {
        let key = key(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        )
        .unwrap();
        let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(key.algorithm, Algorithm::EdDsa);
        assert_eq!(verify(&key, token), Ok(()));
        assert_eq!(
            verify(&key, &token.replacen("RXh", "RXi", 1)),
            Err(TokenRefusal::Signature)
        );
    }
}
