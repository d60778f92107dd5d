//! Signatures with SHA-1, by named keys only.

use std::sync::atomic::{AtomicBool, Ordering};

use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use crate::certificate::Certificate;
use crate::der::{self, Reader};
use crate::{AnchorError, CertificateError};

/// The RSA key of `authority`, as it stands in its bit string.
pub(crate) fn key(authority: &CertificateDer<'_>) -> Result<Box<[u8]>, AnchorError> {
    let malformed = |error: CertificateError| AnchorError::Malformed(error.into());
    let certificate = Certificate::read(authority).map_err(malformed)?;
    let (algorithm, bits) = parts(certificate.public_key()).map_err(malformed)?;
    match bits {
        [0, key @ ..] if algorithm == alg_id::RSA_ENCRYPTION.as_ref() => Ok(key.into()),
        _ => Err(AnchorError::NotRsa),
    }
}

fn parts(public_key: &[u8]) -> Result<(&[u8], &[u8]), CertificateError> {
    let mut reader = Reader::new(public_key).expect(der::SEQUENCE)?.open();
    let algorithm = reader.expect(der::SEQUENCE)?;
    let bits = reader.expect(der::BIT_STRING)?;
    reader.finish()?;
    Ok((algorithm.contents, bits.contents))
}

/// The algorithm as one verification sees it.
#[derive(Debug)]
pub(super) struct NamedKeys<'a> {
    keys: &'a [Box<[u8]>],
    /// Whether another key than these has been asked about.
    refused: AtomicBool,
}

impl<'a> NamedKeys<'a> {
    pub(super) const fn new(keys: &'a [Box<[u8]>]) -> Self {
        Self {
            keys,
            refused: AtomicBool::new(false),
        }
    }

    pub(super) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl SignatureVerificationAlgorithm for NamedKeys<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if !self.keys.iter().any(|key| **key == *public_key) {
            self.refused.store(true, Ordering::Relaxed);
            return Err(InvalidSignature);
        }
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, public_key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        SHA1_WITH_RSA
    }
}

/// `sha1WithRSAEncryption`, 1.2.840.113549.1.1.5, with NULL.
const SHA1_WITH_RSA: AlgorithmIdentifier = AlgorithmIdentifier::from_slice(&[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
]);

#[cfg(test)]
mod tests {
    use rustls_pki_types::pem::PemObject;

    use super::*;

    fn cisco(pem: &[u8]) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem).unwrap()
    }

    #[test]
    fn a_signature_of_ciscos_with_sha1_is_verified_by_the_named_key_only() {
        let root = cisco(include_bytes!(
            "../../../../testdata/cisco-cas/crca2048.pem"
        ));
        let other = cisco(include_bytes!("../../../../testdata/cisco-cas/crcam2.pem"));
        let authority = cisco(include_bytes!(
            "../../../../testdata/cisco-cas/ACT2SUDICA.pem"
        ));
        let mut parts = Reader::new(&authority).next().unwrap().open();
        let body = parts.next().unwrap().whole;
        let algorithm = parts.next().unwrap();
        assert_eq!(algorithm.contents, SHA1_WITH_RSA.as_ref());
        let signature = parts.next().unwrap().contents.get(1..).unwrap();

        let (root, other) = (key(&root).unwrap(), key(&other).unwrap());
        let named = [root.clone()];
        let named = NamedKeys::new(&named);
        assert!(named.verify_signature(&root, body, signature).is_ok());
        assert!(!named.has_refused());
        assert!(named.verify_signature(&root, signature, signature).is_err());
        assert!(!named.has_refused());
        assert!(named.verify_signature(&other, body, signature).is_err());
        assert!(named.has_refused());
        let another = [other];
        let another = NamedKeys::new(&another);
        assert!(another.verify_signature(&root, body, signature).is_err());
        assert!(another.has_refused());
    }
}
