//! A holder of a signing key who signs whatever he is told to.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use offhook_bearer_token::{KeySet, TokenPolicy, TokenRefusal, VerifiedToken, verify};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, KeyPair};

pub(crate) const ISSUER: &str = "https://idbroker.example.net/idb";
pub(crate) const AUDIENCE: &str = "dms";
pub(crate) const SUBJECT: &str = "8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f";
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(crate) struct Forge {
    pair: EcdsaKeyPair,
    pub(crate) id: String,
}

impl Forge {
    pub(crate) fn new() -> Self {
        Self::with_id("k1")
    }

    pub(crate) fn with_id(id: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ES256, &random).unwrap();
        Self {
            pair: EcdsaKeyPair::from_pkcs8(&ES256, pkcs8.as_ref(), &random).unwrap(),
            id: id.to_owned(),
        }
    }

    /// The public half of the key, uncompressed.
    pub(crate) fn point(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// The public half of the key.
    pub(crate) fn jwk(&self) -> String {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        let id = &self.id;
        format!(r#"{{"kty":"EC","crv":"P-256","kid":"{id}","use":"sig","x":"{x}","y":"{y}"}}"#)
    }

    pub(crate) fn keys(&self) -> KeySet {
        key_set(&[self.jwk()])
    }

    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{}"}}"#, self.id)
    }

    /// Signs two parts as they are.
    pub(crate) fn sign_parts(&self, header: &str, claims: &str) -> String {
        let message = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        format!("{message}.{}", base64url(signature.unwrap()))
    }

    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        self.sign_parts(&base64url(header), &base64url(claims))
    }

    /// A token that is good in every way.
    pub(crate) fn good(&self) -> String {
        self.sign(&self.header(), &claims(&[]))
    }

    pub(crate) fn verify(&self, token: &str) -> Result<VerifiedToken, TokenRefusal> {
        verify(token, &self.keys(), &policy(), at(NOW))
    }

    /// Judges a token of these claims under the usual header.
    pub(crate) fn judge(&self, claims: &str) -> Result<VerifiedToken, TokenRefusal> {
        self.verify(&self.sign(&self.header(), claims))
    }
}

pub(crate) fn key_set(keys: &[String]) -> KeySet {
    KeySet::from_json(key_set_json(keys).as_bytes()).unwrap()
}

pub(crate) fn key_set_json(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

pub(crate) fn policy() -> TokenPolicy {
    TokenPolicy::new(ISSUER, AUDIENCE)
}

/// Good claims, with the members of `changes` put in their place or added; an empty value takes
/// the member away.
pub(crate) fn claims(changes: &[(&str, &str)]) -> String {
    let text = |text: &str| format!("\"{text}\"");
    let (iss, aud, sub) = (text(ISSUER), text(AUDIENCE), text(SUBJECT));
    let (iat, exp) = (NOW.to_string(), (NOW + 3_600).to_string());
    let members = [
        ("iss", &*iss),
        ("aud", &aud),
        ("sub", &sub),
        ("iat", &iat),
        ("exp", &exp),
        (
            "scope",
            r#""broadworks-connector-user dm-bridge:device_auth""#,
        ),
        ("client_id", r#""C1""#),
        ("jti", r#""t1""#),
    ];
    object(&members, changes)
}

/// An object of `members`, with those of `changes` put in their place or added; an empty value
/// takes the member away.
pub(crate) fn object(members: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let mut members = members.to_vec();
    for (name, value) in changes {
        members.retain(|(known, _)| known != name);
        if !value.is_empty() {
            members.push((name, value));
        }
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Of a key made with OpenSSL 3.0 (`genrsa 2048`); the private key was thrown away.
pub(crate) const RSA_MODULUS: &str = "1eAlHS8E5LQCepH9YzekKr6_5_6LaYkhEcgmdbxxg4iQFFk2VMATTzbq9kZjFOQUCnl-SclntGCt8o1amPfU69vuiB79rUn9w2toJQaOXndEAeHM6izg8214p2Ojy-ZXnnVeX1UWjc1FSgKBz1qb2ArNIBMzZ2ogsIDbChUb4Bvgf3ASfGdplcua5zCWBkFtogbk-_q32OW-PVGi62KxSagiLSaMPr-GxArLldUGMUmnJpK5t8Z8bY9mwyiUT18HkXzMRycYhUkFCZYC79x_nPGReG-MqqCpf-Af8Mckq4DLnRJwmMQA4k6LcwwK2Nh0X82UEZjF8LNtcxV32oMH7w";

/// Signed with its private half (`dgst -sha256 -sign`): the usual claims, but for `jti`.
pub(crate) const RS256_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6InJzYS0xIn0.eyJpc3MiOiJodHRwczovL2lkYnJva2VyLmV4YW1wbGUubmV0L2lkYiIsInN1YiI6IjhkNWYyYTNlLThhODAtNGYxYy05ZDZiLTFmM2YwZjFmMmYzZiIsImF1ZCI6ImRtcyIsImV4cCI6MTgwMDAwMzYwMCwiaWF0IjoxODAwMDAwMDAwLCJqdGkiOiJCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3IiwiY2xpZW50X2lkIjoiQzEiLCJzY29wZSI6ImJyb2Fkd29ya3MtY29ubmVjdG9yLXVzZXIgZG0tYnJpZGdlOmRldmljZV9hdXRoIn0.PJvKZAXwrwPEss3UQICCMhXmfthiGy-XgtTrnj92LXToSxYQO1rnEhFU6gdgvZr6hkljsMmtLQQ3RGr_L0zfNCXIfgGr-MuUxIw0TI5i8Z9uQOGIVXsOfoAUbNR38Krhwcq8nRRKWmSZIXmqsUbLBTay0pDv_YnH0LcDhILWDGpKomlCuHkjHSBGOiEcBLwtwMRHKnJTEASjCzFZ7XKo_Tu0fTMNlOjO9G-2Uj5wO49C3yTqaXgxkjpKhIA8f4eZ3nYGeTikDd82W2SSGZjptuIxrawFJ4_Kr16mXwY0MIeNWFAXoWq8jchlCnIdsdVnYgn31hE5jVCccKE0eWAfKQ";
