//! What can go wrong with what a document is packed in or signed by.

use thiserror::Error;

/// A compressed or encrypted payload cannot be read or made.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PayloadError {
    /// The wrong key, or a record that was changed, moved or left out.
    #[error("payload cannot be decrypted")]
    Decrypt,
    /// The content could not be encrypted.
    #[error("payload cannot be encrypted")]
    Encrypt,
    /// No salt could be had; trying again may help.
    #[error("no salt")]
    Entropy(#[source] EntropyError),
    /// Not gzip, damaged, or with something behind it.
    #[error("not gzip, or damaged")]
    Gzip,
    /// The name of the key is longer than 255 bytes.
    #[error("name of the key too long")]
    KeyId,
    /// A record with nothing or something else where its padding begins.
    #[error("bad padding of a record")]
    Padding,
    /// It unpacks to far more than it takes, as a bomb does.
    #[error("unpacks out of proportion")]
    Ratio,
    /// Records of less than 18 bytes.
    #[error("bad length of records")]
    RecordSize,
    /// Longer than allowed.
    #[error("payload too large")]
    TooLarge,
    /// It ends before its end, or goes on behind it.
    #[error("payload cut off or continued")]
    Truncated,
}

/// The source of entropy failed.
#[derive(Clone, Copy, Debug, Default, Eq, Error, PartialEq)]
#[error("entropy source failed")]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// The error, for implementors of [`Entropy`](crate::payload::Entropy).
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

/// A signed document cannot be read, verified or made.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum SignedError {
    /// Another algorithm than RSA, or one whose length is not the signature's.
    #[error("unknown signature algorithm")]
    Algorithm,
    /// Another digest than SHA-1, SHA-256 and SHA-512.
    #[error("unknown digest")]
    Digest,
    /// A field is given twice.
    #[error("field given twice")]
    Duplicate,
    /// Encrypted for one device, which this crate does not read.
    #[error("document encrypted for one device")]
    Encrypted,
    /// It was signed as another file.
    #[error("signed as another file")]
    FileName,
    /// Not the header of a signed document.
    #[error("not a signed document")]
    Format,
    /// Bytes that are no key.
    #[error("malformed key")]
    Key,
    /// A key of a length that no header has a number for, or that nobody should sign with.
    #[error("unfit length of a key")]
    KeySize,
    /// A field is missing.
    #[error("field missing")]
    Missing,
    /// A name with control characters, or not in UTF-8.
    #[error("malformed name")]
    Name,
    /// Signing failed.
    #[error("signing failed")]
    Sign,
    /// The key has not signed this document as it is.
    #[error("bad signature")]
    Signature,
    /// The moment of signing does not fit into 32 bits of seconds.
    #[error("moment out of range")]
    Timestamp,
    /// Longer than allowed.
    #[error("signed document too large")]
    TooLarge,
    /// It ends before its end.
    #[error("signed document cut off")]
    Truncated,
    /// A version that is not known.
    #[error("unknown version")]
    Version,
}
