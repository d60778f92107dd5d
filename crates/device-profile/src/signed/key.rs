//! The keys that sign and verify documents.

use std::fmt;

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tagged};
use ring::rand::SystemRandom;
use ring::signature::{
    self, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_SHA512, RsaKeyPair,
};

use super::SignedDigest;
use crate::SignedError;

/// An RSA key that documents are verified with, of 1,024 to 8,192 bits.
#[derive(Clone)]
pub struct VerifyingKey {
    pkcs1: Vec<u8>,
    modulus_bytes: usize,
}

impl VerifyingKey {
    /// Reads the `RSAPublicKey` of PKCS #1, in DER.
    ///
    /// # Errors
    ///
    /// [`SignedError::Key`] for any other bytes, [`SignedError::KeySize`] for another length.
    ///
    /// # Source
    ///
    /// [RFC 8017 appendix A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1).
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, SignedError> {
        let modulus_bytes = modulus_bytes(der).map_err(|_| SignedError::Key)?;
        if !(128..=1_024).contains(&modulus_bytes) {
            return Err(SignedError::KeySize);
        }
        let pkcs1 = der.to_vec();
        Ok(Self {
            pkcs1,
            modulus_bytes,
        })
    }

    /// Reads the key out of a certificate in DER, of which nothing else is looked at: whether it is
    /// one to trust is for the caller to know, as a device knows from its trust list.
    ///
    /// # Errors
    ///
    /// [`SignedError::Key`] for other bytes, and for a certificate without an RSA key;
    /// [`SignedError::KeySize`] as in [`from_pkcs1`](Self::from_pkcs1).
    ///
    /// # Source
    ///
    /// [RFC 5280 section 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1).
    pub fn from_certificate(der: &[u8]) -> Result<Self, SignedError> {
        let pkcs1 = public_key(der).map_err(|_| SignedError::Key)?;
        Self::from_pkcs1(pkcs1.ok_or(SignedError::Key)?)
    }

    pub(super) fn modulus_bytes(&self) -> usize {
        self.modulus_bytes
    }

    pub(super) fn verify(
        &self,
        digest: SignedDigest,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignedError> {
        let algorithm = match digest {
            SignedDigest::Sha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            SignedDigest::Sha256 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            SignedDigest::Sha512 => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        };
        let key = signature::UnparsedPublicKey::new(algorithm, &self.pkcs1);
        let verified = key.verify(message, signature);
        verified.map_err(|_| SignedError::Signature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("modulus_bytes", &self.modulus_bytes)
            .finish_non_exhaustive()
    }
}

/// An RSA key that signs documents, of 2,048 or 4,096 bits: no other lengths have a number in the
/// header that `ring` would sign with.
pub struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// Reads an unencrypted PKCS #8 key in DER.
    ///
    /// # Errors
    ///
    /// [`SignedError::Key`] for other bytes, [`SignedError::KeySize`] for another length.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SignedError> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| SignedError::Key)?;
        if !matches!(pair.public().modulus_len(), 256 | 512) {
            return Err(SignedError::KeySize);
        }
        Ok(Self(pair))
    }

    /// The key that verifies what this one signs.
    ///
    /// # Errors
    ///
    /// [`SignedError::Key`], which does not happen to a key that was read.
    pub fn verifying_key(&self) -> Result<VerifyingKey, SignedError> {
        VerifyingKey::from_pkcs1(self.0.public().as_ref())
    }

    pub(super) fn modulus_bytes(&self) -> usize {
        self.0.public().modulus_len()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignedError> {
        let mut signature = vec![0; self.modulus_bytes()];
        // The generator blinds the key; nothing of it is in the signature.
        let signed = self.0.sign(
            &RSA_PKCS1_SHA512,
            &SystemRandom::new(),
            message,
            &mut signature,
        );
        signed.map_err(|_| SignedError::Sign)?;
        Ok(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// The length of the modulus of an `RSAPublicKey`.
fn modulus_bytes(der: &[u8]) -> der::Result<usize> {
    let mut reader = SliceReader::new(der)?;
    let sequence = AnyRef::decode(&mut reader)?;
    reader.finish()?;
    sequence.sequence(|reader| {
        let modulus = der::asn1::UintRef::decode(reader)?;
        let _exponent = der::asn1::UintRef::decode(reader)?;
        Ok(modulus.as_bytes().len())
    })
}

/// The RSA key of a certificate, in PKCS #1.
fn public_key(der: &[u8]) -> der::Result<Option<&[u8]>> {
    let mut reader = SliceReader::new(der)?;
    let certificate = AnyRef::decode(&mut reader)?;
    reader.finish()?;
    let mut fields = SliceReader::new(certificate.value())?;
    let to_be_signed = AnyRef::decode(&mut fields)?;
    let mut fields = SliceReader::new(to_be_signed.value())?;
    let first = AnyRef::decode(&mut fields)?;
    // The version is there or not; then serial number, algorithm, issuer, validity and subject.
    let before = if first.value().first() == Some(&INTEGER) && first.tag().is_context_specific() {
        5
    } else {
        4
    };
    for _ in 0..before {
        AnyRef::decode(&mut fields)?;
    }
    let key = AnyRef::decode(&mut fields)?;
    let mut key = SliceReader::new(key.value())?;
    let algorithm = AnyRef::decode(&mut key)?;
    let bits = BitStringRef::decode(&mut key)?;
    let mut algorithm = SliceReader::new(algorithm.value())?;
    let is_rsa = ObjectIdentifier::decode(&mut algorithm)? == RSA_ENCRYPTION;
    Ok(bits.as_bytes().filter(|_| is_rsa))
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const INTEGER: u8 = 2;
