//! How worlds differ.

/// How a world differs from the usual one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct WorldOptions {
    /// What the DNS says of the SIP domain.
    pub zone: Zone,
    /// Where device management takes identities from.
    pub identity: IdentityFrom,
    /// What activation codes are for.
    pub codes: Codes,
}

/// What activation codes are for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Codes {
    /// Devices of BroadWorks.
    #[default]
    BroadWorks,
    /// Telephones outside, which go over the edge of [`EDGE_DOMAIN`](crate::EDGE_DOMAIN).
    RemoteAccess,
}

/// What the DNS says of the SIP domain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Zone {
    /// NAPTR, SRV and address records for SIP over TLS.
    #[default]
    Tls,
    /// Only for SIP over UDP.
    PlaintextOnly,
}

/// Where device management takes identities from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum IdentityFrom {
    /// The client certificate of the connection.
    #[default]
    Certificate,
    /// The headers `x-ssl-client-der` and `x-ssl-client-verify` of an HAProxy at 127.0.0.2.
    Haproxy,
    /// The header `macaddress` of the proxy at 127.0.0.2.
    ProxyHeader,
}
