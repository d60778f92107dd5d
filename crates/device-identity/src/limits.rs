//! How much of a stranger's bytes is worth reading.

/// Bounds for everything that is read here; the defaults are safe for a server.
///
/// A certificate needs none: no more than 65,539 octets of it are ever read, once and without
/// allocation.
///
/// # Source
///
/// The numbers are ours. Proxies take 8 KiB to 64 KiB of headers.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::{CertificateHeader, Limits};
///
/// let mut limits = Limits::DEFAULT;
/// limits.header_bytes = 16_384;
/// let header = CertificateHeader::client_cert().limits(limits);
/// # let _ = header;
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest value of a header with a certificate or a chain, in octets: 65,536.
    /// [`CertificateHeader::limits`](crate::CertificateHeader::limits) and
    /// [`HeaderSource::limits`](crate::HeaderSource::limits) read it.
    pub header_bytes: usize,
    /// The most intermediate certificates that a peer may send: 8.
    /// [`ChainVerifierBuilder::limits`](crate::ChainVerifierBuilder::limits) reads it.
    pub intermediates: usize,
    /// The longest text that a pattern is tried on, in octets; a longer one never matches: 4,096.
    ///
    /// Attributes of RFC 5280 have at most 255 characters each.
    /// [`IdentityPattern::with_limits`](crate::IdentityPattern::with_limits) reads it.
    pub pattern_input_bytes: usize,
    /// The longest pattern, in characters: 1,024.
    /// [`IdentityPattern::with_limits`](crate::IdentityPattern::with_limits) reads it.
    pub pattern_length: usize,
    /// What a pattern may compile to, and the memory that a match may use, in octets each: 1 MiB.
    /// [`IdentityPattern::with_limits`](crate::IdentityPattern::with_limits) reads it.
    pub pattern_program_bytes: usize,
    /// The longest value of a header of text, or subject in a header, in octets: 1,024.
    /// [`HeaderSource::limits`](crate::HeaderSource::limits) reads it.
    pub text_bytes: usize,
}

impl Limits {
    /// The defaults, as a constant.
    pub const DEFAULT: Self = Self {
        header_bytes: 65_536,
        intermediates: 8,
        pattern_input_bytes: 4_096,
        pattern_length: 1_024,
        pattern_program_bytes: 1 << 20,
        text_bytes: 1_024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
