//! What can go wrong. No variant carries a value out of a document or a tag.

use thiserror::Error;

pub use archive::{ArchiveError, EntryFault, ImportError};

mod archive;

/// A document cannot be read.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("document refused at byte {at}: {fault}")]
#[non_exhaustive]
pub struct DocumentError {
    /// Where, in bytes from 0.
    pub at: u64,
    /// What is wrong there.
    pub fault: DocumentFault,
}

impl DocumentError {
    pub(crate) fn new(at: u64, fault: DocumentFault) -> Self {
        Self { at, fault }
    }
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum DocumentFault {
    /// An attribute is given twice or is malformed, or there are more than 32.
    #[error("bad attribute")]
    Attribute,
    /// A character that XML 1.0 does not know.
    #[error("forbidden character")]
    Character,
    /// A document type: it could define entities.
    #[error("document type")]
    Doctype,
    /// An element is given twice where that could mean two things.
    #[error("element given twice")]
    Duplicate,
    /// An encoding other than UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// An entity other than the five of XML.
    #[error("unknown entity")]
    Entity,
    /// `item` is not a number from 1 to 65535.
    #[error("bad item number")]
    Item,
    /// Text beside elements.
    #[error("text beside elements")]
    Mixed,
    /// An element's name is not letters, digits, `_`, `-` and `.`.
    #[error("bad element name")]
    Name,
    /// The names around a value are longer together than allowed.
    #[error("path too long")]
    PathTooLong,
    /// The paths of all values are longer together than allowed.
    #[error("paths too long together")]
    PathsTooLarge,
    /// Another root element than the document should have, or none.
    #[error("another document")]
    Root,
    /// Not well-formed XML.
    #[error("not well-formed")]
    Syntax,
    /// Nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// Longer than allowed.
    #[error("document too large")]
    TooLarge,
    /// More elements than allowed.
    #[error("too many elements")]
    TooManyElements,
}

/// A name or value cannot be put into a document.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum ValueError {
    /// The name is not letters, digits, `_`, `-` and `.`, beginning with a letter or `_`.
    #[error("bad parameter name")]
    Name,
    /// The value has a character that XML 1.0 does not know.
    #[error("forbidden character in a value")]
    Value,
}

/// A text is not a path of configuration names.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("malformed configuration path")]
#[non_exhaustive]
pub struct ParsePathError;

/// A tag cannot be named, set or put in.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum TagError {
    /// A name of the system (`%BW…`), where only names of one's own may stand.
    #[error("native tag names are the system's")]
    Native,
    /// A name of one's own where only a name of the system (`%BW…`) may stand.
    #[error("not a native tag name")]
    NotNative,
    /// A tag set that breaks rules, or one of another name than the type's.
    #[error("tag set of another name, or one that breaks rules")]
    TagSet,
    /// Not `%`, letters, digits, `_`, `-` or `.`, and `%`, of 3 to 64 characters together.
    #[error("malformed tag name")]
    Name,
    /// The template or the text that would come out is too long.
    #[error("text with tags too long")]
    TooLarge,
    /// A value that is empty, too long, or has control characters.
    #[error("malformed tag value")]
    Value,
}

/// A document does not say how to register.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum SettingsError {
    /// The name to authenticate with has control characters.
    #[error("malformed authentication user")]
    AuthenticationUser,
    /// The name to show has control characters.
    #[error("malformed display name")]
    DisplayName,
    /// The domain is no host name or IP address.
    #[error("malformed domain")]
    Domain,
    /// The document names no domain.
    #[error("no domain")]
    DomainMissing,
    /// The outbound proxy is no host name or IP address, with or without a port.
    #[error("malformed outbound proxy")]
    OutboundProxy,
    /// The port is no number from 1 to 65535.
    #[error("malformed port")]
    Port,
    /// The token has characters that no bearer token has.
    #[error("malformed token")]
    Token,
    /// A transport that the guides do not list.
    #[error("unknown transport")]
    Transport,
    /// The user is none that can stand in a SIP address as it is.
    #[error("malformed user")]
    User,
    /// The document names no user.
    #[error("no user")]
    UserMissing,
}
