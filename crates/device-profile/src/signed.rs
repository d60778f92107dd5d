//! Signed documents of Unified CM (`….cnf.xml.sgn`).

mod header;
mod key;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use key::{SigningKey, VerifyingKey};

use crate::{Limits, SignedError};
use header::Header;

/// A signed document that has been read, but not verified.
///
/// A signature says who made a document, for which name and when, and nothing of whether it is
/// still the newest: [`signed_at`](Self::signed_at) is for whoever keeps the last one seen.
///
/// # Source
///
/// The wire format as the `sgnfile` program of usecallmanager.nz has it.
#[derive(Clone, Copy)]
pub struct SignedDocument<'d> {
    header: Header<'d>,
    bytes: &'d [u8],
}

impl<'d> SignedDocument<'d> {
    /// Whether bytes begin as a signed document does.
    #[must_use]
    pub fn is_signed(bytes: &[u8]) -> bool {
        header::is_signed(bytes)
    }

    /// Reads the header of a signed document.
    ///
    /// # Errors
    ///
    /// [`SignedError`] when it is malformed, encrypted, or longer than
    /// [`Limits::document_bytes`] and its header than 4,096 bytes.
    pub fn parse(bytes: &'d [u8], limits: &Limits) -> Result<Self, SignedError> {
        let header = Header::parse(bytes, limits)?;
        Ok(Self { header, bytes })
    }

    /// Who signed: relative distinguished names, joined by commas.
    #[must_use]
    pub fn signer(&self) -> &'d str {
        self.header.signer
    }

    /// Who issued the signer's certificate.
    #[must_use]
    pub fn issuer(&self) -> &'d str {
        self.header.issuer
    }

    /// The serial number of the signer's certificate.
    #[must_use]
    pub fn serial(&self) -> &'d [u8] {
        self.header.serial
    }

    /// The digest that was signed.
    #[must_use]
    pub fn digest(&self) -> SignedDigest {
        self.header.digest
    }

    /// The name of the file that it was signed as.
    #[must_use]
    pub fn file_name(&self) -> &'d str {
        self.header.file_name
    }

    /// When it was signed, to the second.
    #[must_use]
    pub fn signed_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(u64::from(self.header.timestamp))
    }

    /// The document, which anybody may have written.
    #[must_use]
    pub fn unverified(&self) -> &'d [u8] {
        self.header.payload
    }

    /// The document, if this key has signed it as a file of this name.
    ///
    /// # Errors
    ///
    /// [`SignedError::FileName`] for a document that was signed as another file,
    /// [`SignedError::Signature`] for one that this key has not signed as it is.
    pub fn verify(&self, key: &VerifyingKey, file_name: &str) -> Result<&'d [u8], SignedError> {
        if self.header.file_name != file_name {
            return Err(SignedError::FileName);
        }
        if self.header.signature.len() != key.modulus_bytes() {
            return Err(SignedError::Signature);
        }
        let message = self.header.message(self.bytes);
        key.verify(self.header.digest, &message, self.header.signature)?;
        Ok(self.header.payload)
    }
}

impl fmt::Debug for SignedDocument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedDocument")
            .field("signer", &self.header.signer)
            .field("digest", &self.header.digest)
            .field("file_name", &self.header.file_name)
            .finish_non_exhaustive()
    }
}

/// The digest that was signed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SignedDigest {
    /// SHA-1, of older servers; read, never written.
    Sha1,
    /// SHA-256; read, never written.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// Who signs, as the certificate says that devices know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Signer<'s> {
    /// The subject: relative distinguished names, joined by commas.
    pub name: &'s str,
    /// The issuer, likewise.
    pub issuer: &'s str,
    /// The serial number.
    pub serial: &'s [u8],
}

impl<'s> Signer<'s> {
    /// A signer by the names and the serial number of its certificate.
    #[must_use]
    pub fn new(name: &'s str, issuer: &'s str, serial: &'s [u8]) -> Self {
        Self {
            name,
            issuer,
            serial,
        }
    }
}

/// Signs a document as a file of a name, with SHA-512.
///
/// The padding that `ring` signs with is without chance, so that the same gives the same.
///
/// # Errors
///
/// [`SignedError`] when names do not fit into a header, when the moment does not fit into 32 bits
/// of seconds, or when signing fails.
pub fn sign(
    document: &[u8],
    file_name: &str,
    signer: &Signer<'_>,
    key: &SigningKey,
    now: SystemTime,
) -> Result<Vec<u8>, SignedError> {
    let since = now.duration_since(UNIX_EPOCH);
    let since = since.map_err(|_| SignedError::Timestamp)?;
    let timestamp = u32::try_from(since.as_secs()).map_err(|_| SignedError::Timestamp)?;
    let parts = header::parts(signer, file_name, timestamp, key.modulus_bytes())?;
    let message = [parts.before.as_slice(), &parts.behind, document].concat();
    let signature = key.sign(&message)?;
    let head = header::signature(&signature)?;
    Ok([
        parts.before.as_slice(),
        &head,
        &signature,
        &parts.behind,
        document,
    ]
    .concat())
}
