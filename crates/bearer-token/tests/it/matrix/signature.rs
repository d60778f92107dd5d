//! Attacks by the signature, and by the key that made it.

use offhook_bearer_token::TokenRefusal::{Algorithm, Encoding, Signature};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::{Attack, attack, encoded, header_with};
use crate::forge::{Forge, RSA_MODULUS, base64url, claims, decode};

/// A holder of an Ed25519 key of the id `ed`.
pub(super) struct Edwards(Ed25519KeyPair);

impl Edwards {
    pub(super) fn new() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
    }

    pub(super) fn jwk(&self) -> String {
        let x = base64url(self.0.public_key());
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"{x}"}}"#)
    }
}

pub(super) fn attacks(forge: &Forge, edwards: &Edwards) -> Vec<Attack> {
    let good = forge.good();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let signed = decode(signature);
    let with = |signature: &[u8]| format!("{message}.{}", base64url(signature));
    let mut flipped = signed.clone();
    flipped[40] ^= 1;
    let half = |r: &[u8], s: &[u8]| [r, s].concat();
    let one = [&[0; 31][..], &[1]].concat();
    let order = order();
    let admin = claims(&[("scope", "\"admin\"")]);
    let stranger = Forge::new();
    vec![
        attack("no signature", format!("{message}."), Signature),
        attack("cut signature", with(&signed[..62]), Signature),
        attack("half a signature", with(&signed[..32]), Signature),
        attack(
            "signature with a byte more",
            with(&half(&signed, &[0])),
            Signature,
        ),
        attack("signature twice", with(&half(&signed, &signed)), Signature),
        attack("one bit flipped", with(&flipped), Signature),
        attack(
            "halves exchanged",
            with(&half(&signed[32..], &signed[..32])),
            Signature,
        ),
        attack("all zeros", with(&[0; 64]), Signature),
        attack("all ones", with(&[0xff; 64]), Signature),
        attack("r zero", with(&half(&[0; 32], &signed[32..])), Signature),
        attack("s zero", with(&half(&signed[..32], &[0; 32])), Signature),
        attack("r one and s one", with(&half(&one, &one)), Signature),
        attack("r and s the order", with(&half(&order, &order)), Signature),
        attack("signature in DER", with(&der(&signed)), Signature),
        attack("signature of 2,000 bytes", with(&[1; 2_000]), Encoding),
        attack(
            "signature in hex",
            format!("{message}.{}", hex(&signed)),
            Signature,
        ),
        attack(
            "signature of other claims",
            format!(
                "{}.{}.{signature}",
                encoded(&forge.header()),
                encoded(&admin)
            ),
            Signature,
        ),
        attack(
            "signature of another header",
            forge.sign(&header_with(&[("x", "1")]), &admin).replacen(
                &encoded(&header_with(&[("x", "1")])),
                &encoded(&header_with(&[])),
                1,
            ),
            Signature,
        ),
        attack(
            "a stranger's key of the same name",
            stranger.good(),
            Signature,
        ),
        attack("none without signature", unsigned(""), Algorithm),
        attack("none with a good signature", unsigned(signature), Algorithm),
        attack(
            "public point as HMAC secret",
            hmac_by(&forge.point()),
            Algorithm,
        ),
        attack(
            "public JWK as HMAC secret",
            hmac_by(forge.jwk().as_bytes()),
            Algorithm,
        ),
        attack(
            "public PEM as HMAC secret",
            hmac_by(pem(&forge.point()).as_bytes()),
            Algorithm,
        ),
        attack("nothing as HMAC secret", hmac_by(b""), Algorithm),
        attack("key id as HMAC secret", hmac_by(b"k1"), Algorithm),
        attack("RSA modulus as HMAC secret", rsa_hmac(), Algorithm),
        attack("RSA signature zero", rsa(&[0; 256]), Signature),
        attack(
            "RSA signature one",
            rsa(&[&[0; 255][..], &[1]].concat()),
            Signature,
        ),
        attack(
            "RSA signature the modulus",
            rsa(&decode(RSA_MODULUS)),
            Signature,
        ),
        attack("RSA signature of 255 bytes", rsa(&[1; 255]), Signature),
        attack("RSA signature of 257 bytes", rsa(&[1; 257]), Signature),
        attack(
            "RSA key asked for RSA-PSS",
            by("PS256", "rsa-1", &[1; 256]),
            Algorithm,
        ),
        attack(
            "RSA key asked for SHA-512",
            by("RS512", "rsa-1", &[1; 256]),
            Algorithm,
        ),
        attack(
            "Ed25519 signature zero",
            by("EdDSA", "ed", &[0; 64]),
            Signature,
        ),
        attack(
            "Ed25519 signature of the neutral point",
            by("EdDSA", "ed", &neutral()),
            Signature,
        ),
        attack(
            "Ed25519 signature of 63 bytes",
            by("EdDSA", "ed", &[1; 63]),
            Signature,
        ),
        attack(
            "Ed25519 with S and the order",
            malleable(edwards),
            Signature,
        ),
        attack(
            "ECDSA signature for the Ed25519 key",
            by("EdDSA", "ed", &signed),
            Signature,
        ),
        attack(
            "Ed25519 key asked for ES256",
            by("ES256", "ed", &signed),
            Algorithm,
        ),
        attack(
            "Ed25519 key asked for Ed448",
            by("Ed448", "ed", &signed),
            Algorithm,
        ),
    ]
}

fn unsigned(signature: &str) -> String {
    let header = header_with(&[("alg", "\"none\"")]);
    format!("{}.{}.{signature}", encoded(&header), encoded(&claims(&[])))
}

/// A token of another key with this for its signature.
fn by(alg: &str, kid: &str, signature: &[u8]) -> String {
    let (alg, kid) = (format!("\"{alg}\""), format!("\"{kid}\""));
    let header = header_with(&[("alg", &alg), ("kid", &kid)]);
    format!(
        "{}.{}.{}",
        encoded(&header),
        encoded(&claims(&[])),
        base64url(signature)
    )
}

fn rsa(signature: &[u8]) -> String {
    by("RS256", "rsa-1", signature)
}

/// What a verifier that takes the algorithm from the header would take for good.
fn hmac_by(secret: &[u8]) -> String {
    hmac_token("k1", secret)
}

fn rsa_hmac() -> String {
    hmac_token("rsa-1", &decode(RSA_MODULUS))
}

fn hmac_token(kid: &str, secret: &[u8]) -> String {
    let unsigned = by("HS256", kid, &[]);
    let message = unsigned.trim_end_matches('.');
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        message.as_bytes(),
    );
    format!("{message}.{}", base64url(tag))
}

/// A good signature whose scalar is larger by the order of the group.
fn malleable(edwards: &Edwards) -> String {
    let unsigned = by("EdDSA", "ed", &[]);
    let message = unsigned.trim_end_matches('.');
    let mut signature = edwards.0.sign(message.as_bytes()).as_ref().to_vec();
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut carry = 0;
    for (index, digit) in signature[32..].iter_mut().enumerate() {
        let add = u16::from_str_radix(&order[index * 2..index * 2 + 2], 16).unwrap();
        let sum = u16::from(*digit) + add + carry;
        *digit = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    format!("{message}.{}", base64url(signature))
}

/// The point at which every scalar multiple of a small-order key lies, and the scalar zero.
fn neutral() -> Vec<u8> {
    let mut signature = vec![0; 64];
    signature[0] = 1;
    signature
}

/// The order of P-256.
fn order() -> Vec<u8> {
    let hex = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..64).step_by(2).map(byte).collect()
}

/// The same signature as ECDSA has it in certificates.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| [&[2, 33, 0][..], half].concat();
    let (r, s) = signature.split_at(32);
    [&[0x30, 70][..], &integer(r), &integer(s)].concat()
}

fn pem(point: &[u8]) -> String {
    use base64::Engine as _;
    let prefix = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let body = base64::engine::general_purpose::STANDARD.encode([&prefix[..], point].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
