//! Which edge telephones outside go to.

use std::collections::BTreeMap;

use offhook_activation_code::{CodeMode, ServiceDomain};
use offhook_sip_resolver::{DomainName, Service};
use thiserror::Error;

/// The service domains of remote access: a default one, and others by device pool.
///
/// # Examples
///
/// ```
/// use offhook_onboarding::RemoteAccess;
///
/// let mut access = RemoteAccess::new("main", "_collab-edge._tls.example.com")?;
/// access.add_domain("branch", "_collab-edge._tls.branch.example.com")?;
/// access.set_default("main")?;
/// access.set_pool("Branch phones", "branch")?;
///
/// assert_eq!(access.service_domain("Branch phones")?.as_str(), "branch.example.com");
/// assert_eq!(access.service_domain("Other phones")?.as_str(), "example.com");
/// # Ok::<(), offhook_onboarding::RemoteAccessRefusal>(())
/// ```
///
/// # Source
///
/// Unified CM, device onboarding by activation code: enable cloud onboarding for remote access,
/// and service domain configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteAccess {
    activation_domain: String,
    domains: BTreeMap<String, ServiceDomain>,
    default: Option<String>,
    pools: BTreeMap<String, String>,
}

/// Why a service domain is not set, or a telephone has none.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RemoteAccessRefusal {
    /// There is a service domain of that name.
    #[error("the service domain exists")]
    DomainExists,
    /// The device pool names no service domain, and none is the default.
    #[error("no service domain is the default")]
    NoDefault,
    /// The SRV record is not that of an edge, as `_collab-edge._tls.example.com`.
    #[error("not the SRV record of an edge")]
    SrvRecord,
    /// No service domain has that name.
    #[error("unknown service domain")]
    UnknownDomain,
}

impl RemoteAccess {
    /// Remote access with the activation domain `name`, whose edge has the SRV record `srv_record`.
    /// It is one of the service domains then, and not the default one unless it is made that.
    ///
    /// # Errors
    ///
    /// [`RemoteAccessRefusal::SrvRecord`] when that is no record of an edge.
    pub fn new(name: &str, srv_record: &str) -> Result<Self, RemoteAccessRefusal> {
        let mut access = Self {
            activation_domain: name.to_owned(),
            domains: BTreeMap::new(),
            default: None,
            pools: BTreeMap::new(),
        };
        access.add_domain(name, srv_record)?;
        Ok(access)
    }

    /// Adds the service domain `name`, whose edge has the SRV record `srv_record`.
    ///
    /// # Errors
    ///
    /// [`RemoteAccessRefusal::DomainExists`] and [`RemoteAccessRefusal::SrvRecord`].
    pub fn add_domain(&mut self, name: &str, srv_record: &str) -> Result<(), RemoteAccessRefusal> {
        if self.domains.contains_key(name) {
            return Err(RemoteAccessRefusal::DomainExists);
        }
        let record: DomainName = srv_record
            .parse()
            .map_err(|_| RemoteAccessRefusal::SrvRecord)?;
        let domain = Service::CollabEdge.domain_of(&record);
        let domain = domain.ok_or(RemoteAccessRefusal::SrvRecord)?;
        let domain =
            ServiceDomain::new(domain.as_str()).map_err(|_| RemoteAccessRefusal::SrvRecord)?;
        self.domains.insert(name.to_owned(), domain);
        Ok(())
    }

    /// Makes the service domain `name` the one of all device pools that name none; there is one
    /// default at a time.
    ///
    /// # Errors
    ///
    /// [`RemoteAccessRefusal::UnknownDomain`].
    pub fn set_default(&mut self, name: &str) -> Result<(), RemoteAccessRefusal> {
        self.known(name)?;
        self.default = Some(name.to_owned());
        Ok(())
    }

    /// Has the telephones of `pool` use the service domain `name`.
    ///
    /// # Errors
    ///
    /// [`RemoteAccessRefusal::UnknownDomain`].
    pub fn set_pool(&mut self, pool: &str, name: &str) -> Result<(), RemoteAccessRefusal> {
        self.known(name)?;
        self.pools.insert(pool.to_owned(), name.to_owned());
        Ok(())
    }

    /// Has the telephones of `pool` use the default one.
    pub fn clear_pool(&mut self, pool: &str) {
        self.pools.remove(pool);
    }

    /// The name of the activation domain.
    #[must_use]
    pub fn activation_domain(&self) -> &str {
        &self.activation_domain
    }

    /// The domain under which the telephones of `pool` find their edge.
    ///
    /// # Errors
    ///
    /// [`RemoteAccessRefusal::NoDefault`].
    pub fn service_domain(&self, pool: &str) -> Result<&ServiceDomain, RemoteAccessRefusal> {
        let name = self.pools.get(pool).or(self.default.as_ref());
        self.known(name.ok_or(RemoteAccessRefusal::NoDefault)?)
    }

    /// The mode of codes for the telephones of `pool`, whose grants name the service domain.
    ///
    /// # Errors
    ///
    /// [`RemoteAccessRefusal::NoDefault`].
    pub fn code_mode(&self, pool: &str) -> Result<CodeMode, RemoteAccessRefusal> {
        let service_domain = self.service_domain(pool)?.clone();
        Ok(CodeMode::RemoteAccess { service_domain })
    }

    fn known(&self, name: &str) -> Result<&ServiceDomain, RemoteAccessRefusal> {
        self.domains
            .get(name)
            .ok_or(RemoteAccessRefusal::UnknownDomain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> RemoteAccess {
        RemoteAccess::new("main", "_collab-edge._tls.example.com").unwrap()
    }

    #[test]
    fn the_activation_domain_is_a_service_domain_and_no_default() {
        let mut access = access();
        assert_eq!(access.activation_domain(), "main");
        let refused = access.service_domain("pool").unwrap_err();
        assert_eq!(refused, RemoteAccessRefusal::NoDefault);
        let again = access.add_domain("main", "_collab-edge._tls.example.org");
        assert_eq!(again, Err(RemoteAccessRefusal::DomainExists));
        access.set_default("main").unwrap();
        assert_eq!(
            access.service_domain("pool").unwrap().as_str(),
            "example.com"
        );
    }

    #[test]
    fn a_device_pool_goes_before_the_default() {
        let mut access = access();
        access
            .add_domain("other", "_collab-edge._tls.Example.org.")
            .unwrap();
        access.set_pool("pool", "other").unwrap();
        // Also where there is none.
        assert_eq!(
            access.service_domain("pool").unwrap().as_str(),
            "example.org"
        );
        access.set_default("main").unwrap();
        let mode = access.code_mode("pool").unwrap();
        assert_eq!(mode.service_domain().unwrap().as_str(), "example.org");
        access.clear_pool("pool");
        assert_eq!(
            access.service_domain("pool").unwrap().as_str(),
            "example.com"
        );
    }

    #[test]
    fn one_domain_is_the_default() {
        let mut access = access();
        access
            .add_domain("other", "_collab-edge._tls.example.org")
            .unwrap();
        access.set_default("main").unwrap();
        access.set_default("other").unwrap();
        assert_eq!(
            access.service_domain("pool").unwrap().as_str(),
            "example.org"
        );
    }

    #[test]
    fn what_is_no_edge_or_is_not_known_is_refused() {
        for record in [
            "",
            "example.com",
            "_sip._tls.example.com",
            "_collab-edge._tls",
            "a b",
        ] {
            let refused = RemoteAccess::new("main", record).unwrap_err();
            assert_eq!(refused, RemoteAccessRefusal::SrvRecord, "{record}");
        }
        let mut access = access();
        let refused = Err(RemoteAccessRefusal::UnknownDomain);
        assert_eq!(access.set_default("other"), refused);
        assert_eq!(access.set_pool("pool", "other"), refused);
    }
}
