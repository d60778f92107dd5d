//! What can go wrong. No variant carries a value out of a document or a tag.

mod payload;

use thiserror::Error;

pub use archive::{ArchiveError, EntryFault, ImportError};
pub use payload::{EntropyError, PayloadError, SignedError};

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
    /// An encoding other than UTF-8, such as UTF-16 or Latin-1.
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
    /// There is no such element, and none that could be added in its place.
    #[error("no such element")]
    Absent,
    /// A value would stand beside elements, or elements beside a value.
    #[error("value beside elements")]
    Mixed,
    /// The name is not letters, digits, `_`, `-` and `.`, beginning with a letter or `_`.
    #[error("bad parameter name")]
    Name,
    /// What was set is longer, all together, than a document may be.
    #[error("too much was set")]
    TooLarge,
    /// The value has a character that XML 1.0 does not know.
    #[error("forbidden character in a value")]
    Value,
}

/// A text is not a path of configuration names.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("malformed configuration path")]
#[non_exhaustive]
pub struct ParsePathError;

/// Lines of commands cannot be read.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("command refused in line {line}: {fault}")]
#[non_exhaustive]
pub struct CommandLineError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: CommandLineFault,
}

impl CommandLineError {
    pub(crate) fn new(line: usize, fault: CommandLineFault) -> Self {
        Self { line, fault }
    }
}

/// What is wrong with a line of commands.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum CommandLineFault {
    /// Another command than `xConfiguration`.
    #[error("another command")]
    Command,
    /// A path is given twice.
    #[error("path given twice")]
    Duplicate,
    /// An encoding other than UTF-8, such as UTF-16 or Latin-1.
    #[error("not UTF-8")]
    Encoding,
    /// No colon with a value behind it.
    #[error("no value")]
    NoValue,
    /// No path, or one that is longer than allowed.
    #[error("malformed configuration path")]
    Path,
    /// Quotation marks without end, with something behind them, or a backslash before another
    /// sign than these two.
    #[error("bad quotation marks")]
    Quotation,
    /// Longer than allowed.
    #[error("text too large")]
    TooLarge,
    /// More lines than a document may have elements.
    #[error("too many lines")]
    TooManyLines,
    /// A character that XML 1.0 does not know, or a control character other than a tab.
    #[error("forbidden character in a value")]
    Value,
}

/// A profile rule cannot be read or followed.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("profile rule refused at byte {at}: {fault}")]
#[non_exhaustive]
pub struct RuleError {
    /// Where, in bytes from 0.
    pub at: usize,
    /// What is wrong there.
    pub fault: RuleFault,
}

impl RuleError {
    pub(crate) fn new(at: usize, fault: RuleFault) -> Self {
        Self { at, fault }
    }
}

/// What is wrong with a profile rule.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum RuleFault {
    /// An address with quotation marks or control characters, or with brackets around another thing than
    /// an IPv6 address for a host.
    #[error("malformed address")]
    Address,
    /// An option is given twice.
    #[error("option given twice")]
    Duplicate,
    /// An alternative with nothing in it.
    #[error("empty alternative")]
    Empty,
    /// The name of a macro is not letters, digits and `_`.
    #[error("malformed name of a macro")]
    Macro,
    /// Options, and no address that they would be for.
    #[error("options without an address")]
    NoAddress,
    /// A comparison that phones do not know.
    #[error("unknown operator")]
    Operator,
    /// An option that phones do not know.
    #[error("unknown option")]
    Option,
    /// Quotation marks without end.
    #[error("bad quotation marks")]
    Quotation,
    /// Not the form of a rule.
    #[error("malformed rule")]
    Syntax,
    /// Longer than allowed, as it stands or with its macros put in.
    #[error("rule too large")]
    TooLarge,
}

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
    /// The name to authenticate with has control characters or [a secret](crate::has_credentials) in it.
    #[error("malformed authentication user")]
    AuthenticationUser,
    /// The name to show has control characters.
    #[error("malformed display name")]
    DisplayName,
    /// The domain is no host name or IP address, or looks like [a token](crate::has_credentials).
    #[error("malformed domain")]
    Domain,
    /// The document names no domain.
    #[error("no domain")]
    DomainMissing,
    /// The outbound proxy is no host name or IP address, with or without a port, or looks like
    /// [a token](crate::has_credentials).
    #[error("malformed outbound proxy")]
    OutboundProxy,
    /// The port is no number from 1 to 65535.
    #[error("malformed port")]
    Port,
    /// The security mode is no number that is known, or one of several is none.
    #[error("unknown security mode")]
    SecurityMode,
    /// A transport that the guides do not list.
    #[error("unknown transport")]
    Transport,
    /// The document has more lines than 256.
    #[error("too many lines")]
    TooManyLines,
    /// The call manager group has more servers than 16.
    #[error("too many servers")]
    TooManyServers,
    /// The user is none that can stand in a SIP address as it is, or has
    /// [a secret](crate::has_credentials) in it.
    #[error("malformed user")]
    User,
    /// The document names no user.
    #[error("no user")]
    UserMissing,
}
