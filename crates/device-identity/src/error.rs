//! What can go wrong, apart by who has to act.

use std::error::Error as StdError;

use offhook_device_name::MacAddress;
use thiserror::Error;

/// A certificate cannot be read. The peer has to present another one.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The subject alternative names of a certificate that `x509-cert` has parsed are not in DER,
    /// or there twice.
    #[error("unreadable alternative names")]
    AlternativeNames,
    /// Not the DER of a certificate.
    #[error("malformed certificate at octet {at}")]
    Malformed {
        /// Where, in octets from 0.
        at: usize,
    },
    /// A text in UTF-16 or UTF-32 is longer than 256 characters, which no attribute is.
    #[error("long text in UTF-16 or UTF-32 at octet {at}")]
    WideText {
        /// Where the text begins, in octets from 0; 0 in a certificate that `x509-cert` has parsed.
        at: usize,
    },
}

/// A certificate or a header proves no identity. Another attempt with the same one will not help.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum IdentityError {
    /// Two distinct addresses stand in it, and nothing says which one is the device's.
    #[error("ambiguous: {first} and {second}")]
    Ambiguous {
        /// The address found first.
        first: MacAddress,
        /// Another one.
        second: MacAddress,
    },
    /// The certificate cannot be read.
    #[error("unreadable certificate")]
    Certificate(#[source] CertificateError),
    /// No address in any form that a maker is known to use.
    #[error("no address of a device")]
    NoAddress,
    /// The certificate is one that many devices hold, so it names none of them.
    #[error("certificate shared by many devices")]
    Shared,
}

/// A certificate is not one of an accepted maker, or not now.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// `now` is before 1970, which no certificate can be judged at. The clock is wrong.
    #[error("time before 1970")]
    BeforeEpoch,
    /// A certificate of the chain is no longer valid.
    #[error("certificate expired")]
    Expired,
    /// The chain breaks another rule, which the source names.
    #[error("invalid certificate chain")]
    Invalid(#[source] Box<dyn StdError + Send + Sync>),
    /// The certificate cannot be read.
    #[error("unreadable certificate")]
    Malformed(#[source] CertificateError),
    /// The extended key usage does not allow client authentication.
    #[error("certificate not for client authentication")]
    NotForClients,
    /// A certificate of the chain is not valid yet.
    #[error("certificate not valid yet")]
    NotValidYet,
    /// The issuer of a certificate of the chain has revoked it.
    #[error("certificate revoked")]
    Revoked,
    /// A revocation list is past the time by which its issuer promised a new one. The
    /// administrator has to fetch it.
    #[error("revocation list out of date")]
    RevocationListStale,
    /// No revocation list speaks of the issuer of a certificate of the chain.
    #[error("unknown revocation status")]
    RevocationUnknown,
    /// More intermediate certificates than any maker needs.
    #[error("{found} intermediate certificates")]
    TooManyIntermediates {
        /// How many the peer sent.
        found: usize,
    },
    /// An extension that has to be understood is not known.
    #[error("unknown critical extension")]
    UnknownCriticalExtension,
    /// No anchor has issued it.
    #[error("unknown issuer")]
    UnknownIssuer,
    /// Signed by an algorithm that is not accepted, such as SHA-1.
    #[error("unsupported signature algorithm")]
    UnsupportedSignature,
    /// Not a certificate of version 3.
    #[error("unsupported version of certificate")]
    UnsupportedVersion,
}

/// The anchors of a chain verifier are not good. The administrator has to mend them.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// A certificate cannot be read as an anchor.
    #[error("unreadable anchor")]
    Malformed(#[source] Box<dyn StdError + Send + Sync>),
    /// Without anchors nothing could ever be verified.
    #[error("no anchors")]
    None,
    /// A concession needs a reason that can be recorded.
    #[error("no reason")]
    NoReason,
    /// The certificate may not issue others: it is that of a device or a server.
    #[error("anchor is not an authority")]
    NotAnAuthority,
    /// The key is not an RSA key, which alone can have signed with SHA-1.
    #[error("not an RSA key")]
    NotRsa,
}

/// Revocation lists are not good. The administrator has to mend them.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RevocationListError {
    /// One cannot be read, or is of a kind that is not supported.
    #[error("unreadable revocation list")]
    Malformed(#[source] Box<dyn StdError + Send + Sync>),
    /// Without lists nothing could ever be revoked.
    #[error("no revocation lists")]
    None,
    /// Two lists of one authority, of which only one would count.
    #[error("two revocation lists of one authority")]
    Twice,
}

/// The certificates of a peer give no identity.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentifyError {
    /// The chain does not hold.
    #[error("certificate refused")]
    Chain(#[source] ChainError),
    /// The chain holds, but names no device.
    #[error("certificate without identity")]
    Identity(#[source] IdentityError),
    /// The peer has presented no certificate.
    #[error("no certificate")]
    NoCertificate,
}

/// The header of a listed proxy gives no identity.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// An element of `X-Forwarded-Client-Cert` is not as Envoy writes it: an unknown key, one out
    /// of turn or twice, or a semicolon in a subject.
    #[error("unexpected element at octet {at}")]
    BadElement {
        /// Where, in octets from 0.
        at: usize,
    },
    /// Not base64, or not PEM, in the form in which the proxy writes it.
    #[error("not in the encoding of the proxy")]
    BadEncoding,
    /// Not two hexadecimal digits after a percent sign.
    #[error("bad percent-encoding at octet {at} of the certificate")]
    BadEscape {
        /// Where in the encoded certificate, in octets from 0.
        at: usize,
    },
    /// The certificate in the header has no good chain.
    #[error("certificate refused")]
    Chain(#[source] ChainError),
    /// Two parts of the value speak of different certificates.
    #[error("contradictory certificates")]
    Contradictory,
    /// A control character stands in the value.
    #[error("control character at octet {at}")]
    ControlCharacter {
        /// Where, in octets from 0.
        at: usize,
    },
    /// The value names no device, or several.
    #[error("header without identity")]
    Identity(#[source] IdentityError),
    /// A comma stands in the value: several values, of which one may be the client's own.
    #[error("list of values")]
    List,
    /// The header is absent, or empty.
    #[error("no header")]
    Missing,
    /// The element has none of the keys that could prove an identity.
    #[error("no certificate or subject in the element")]
    MissingKey,
    /// Whether the proxy has verified the certificate is not said.
    #[error("no verify status")]
    NoVerifyStatus,
    /// An octet outside of ASCII stands in the value.
    #[error("octet {at} is not ASCII")]
    NotAscii {
        /// Where, in octets from 0.
        at: usize,
    },
    /// The proxy has not found the certificate good.
    #[error("certificate not verified by the proxy")]
    NotVerified,
    /// The pattern has matched a piece of something longer: a word, a run of hexadecimal digits, a
    /// UUID or a telephone number.
    #[error("address is part of something longer")]
    PartOfLongerRun,
    /// A quotation mark stands in the value where none belongs.
    #[error("quotation mark at octet {at}")]
    Quoted {
        /// Where, in octets from 0.
        at: usize,
    },
    /// The header stands more than once in the request, so one may be the client's own.
    #[error("header repeated")]
    Repeated,
    /// More certificates than the one that the format has.
    #[error("several certificates")]
    SeveralCertificates,
    /// A character stands in the value that the proxy would have percent-encoded, such as `+`.
    #[error("character at octet {at} of the certificate should be percent-encoded")]
    StrayCharacter {
        /// Where in the encoded certificate, in octets from 0.
        at: usize,
    },
    /// The value is longer than any proxy makes it.
    #[error("value of {length} octets")]
    TooLong {
        /// The length in octets.
        length: usize,
    },
}

/// The settings do not say where identities come from. The administrator has to change them.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum IdentitySourceError {
    /// Certificates and a header at once: who reaches the server directly could send the header.
    #[error("certificates and a header as sources of identity at once")]
    Both,
    /// Neither certificates nor a header.
    #[error("no source of identity")]
    Neither,
    /// A header, and no proxy of which it would count.
    #[error("no trusted proxies for the header")]
    NoProxies,
}

/// A text is not the name of a header.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum HeaderNameError {
    /// Not a character of a name, counted from 0.
    #[error("character {at} cannot stand in a header name")]
    BadCharacter {
        /// Where, in characters from 0.
        at: usize,
    },
    /// Two headers have the same name.
    #[error("the same name twice")]
    Twice,
    /// Nothing, or more than 64 characters.
    #[error("{found} characters instead of 1 to 64")]
    WrongLength {
        /// How many characters there were.
        found: usize,
    },
}

/// A text is not a network of trusted proxies.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseNetworkError {
    /// Not an address before the slash.
    #[error("not an address")]
    BadAddress,
    /// Not a number of bits that the address has.
    #[error("bad prefix length")]
    BadPrefix,
    /// The whole address space, which is no list of proxies.
    #[error("network is the whole address space")]
    Everything,
    /// Bits are set after the prefix: either the address or the length is wrong.
    #[error("bits set after the prefix")]
    HostBits,
}

/// A pattern cannot be used as an identity pattern. The administrator has to change it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PatternError {
    /// A quantifier stands where there is nothing to repeat.
    #[error("nothing to repeat at character {at}")]
    NothingToRepeat {
        /// Where, in characters from 0.
        at: usize,
    },
    /// There is no group, so nothing would be the identity.
    #[error("no group")]
    NoGroup,
    /// Against the grammar of Java's patterns.
    #[error("syntax error at character {at}")]
    Syntax {
        /// Where, in characters from 0.
        at: usize,
    },
    /// The pattern would compile to too large a program.
    #[error("pattern too large")]
    TooLarge,
    /// A construct of Java that has no faithful translation.
    #[error("{construct} at character {at} is not supported")]
    Unsupported {
        /// What it is.
        construct: Unsupported,
        /// Where, in characters from 0.
        at: usize,
    },
}

/// A construct of Java's patterns that is refused because it has no faithful translation.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Unsupported {
    /// `(?>…)`.
    #[error("atomic group")]
    AtomicGroup,
    /// `\1` or `\k<name>`.
    #[error("back-reference")]
    BackReference,
    /// `\p{…}` other than the POSIX classes, or `\p{Lower}` and `\p{Upper}` under `(?i)`.
    #[error("character property")]
    CharacterProperty,
    /// `[a[b]]` or `[a&&b]`.
    #[error("nested or intersected class")]
    ClassOperation,
    /// `(a*)*`: a quantifier after a group that can match nothing.
    #[error("repetition of what may be empty")]
    EmptyRepeat,
    /// `$` before the end of the pattern, where it may match before a last line break.
    #[error("'$' before the end")]
    InnerDollar,
    /// `(?U)`, `(?d)`, `(?m)`, `(?u)` or `(?x)`.
    #[error("flag")]
    Flag,
    /// `(?=…)`, `(?!…)`, `(?<=…)` or `(?<!…)`.
    #[error("look-around")]
    LookAround,
    /// `\B`, `\G`, `\Z` or another position.
    #[error("position escape")]
    Position,
    /// `\N{…}`.
    #[error("character by name")]
    NamedCharacter,
    /// `a*+`, `a++`, `a?+` or `a{2}+`.
    #[error("possessive quantifier")]
    Possessive,
    /// `[\Q…\E]`.
    #[error("quotation in a class")]
    Quotation,
    /// `\h`, `\H`, `\v`, `\V`, `\R` or `\X`.
    #[error("white-space or line-break escape")]
    Space,
    /// `\ud83d\ude00`: one character in two halves.
    #[error("character in two halves")]
    Surrogate,
}
