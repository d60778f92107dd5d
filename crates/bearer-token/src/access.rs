//! Which scopes and roles open which door.

use thiserror::Error;

use crate::{Scope, VerifiedToken};

/// The allow-lists of scopes and roles, as the guide's settings have them.
///
/// Where there are several scopes in a list a token needs one of them; the guide does not say
/// whether one or all, the choice is ours. An empty list of the identity provider's scopes asks for
/// nothing more. The guide has an operator empty the administrator's lists: with both empty no token
/// is an administrator's, so that no list opens a door by being empty.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, configuration of services: `OAuth/Scopes`, where
/// `broadworks-connector-user` stands by default, and of the `CiscoIdentityProvider` the contexts
/// `Scopes`, `Admin/RolesAllowed` and `Admin/ScopesAllowed`, which are to be cleared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessControl {
    oauth_scopes: Vec<Scope>,
    provider_scopes: Vec<Scope>,
    admin_roles: Vec<String>,
    admin_scopes: Vec<Scope>,
}

impl AccessControl {
    /// The scopes of which a device's token needs one (`OAuth/Scopes`); with none no token is good.
    #[must_use]
    pub fn with_oauth_scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.oauth_scopes = scopes.into_iter().collect();
        self
    }

    /// The scopes of which any token needs one besides (`Scopes`); with none nothing more is asked.
    #[must_use]
    pub fn with_provider_scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.provider_scopes = scopes.into_iter().collect();
        self
    }

    /// The roles of which an administrator's token needs one (`Admin/RolesAllowed`).
    #[must_use]
    pub fn with_admin_roles<'r>(mut self, roles: impl IntoIterator<Item = &'r str>) -> Self {
        self.admin_roles = roles.into_iter().map(str::to_owned).collect();
        self
    }

    /// The scopes of which an administrator's token needs one (`Admin/ScopesAllowed`).
    #[must_use]
    pub fn with_admin_scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.admin_scopes = scopes.into_iter().collect();
        self
    }

    /// Asks whether a token may be used for this.
    ///
    /// # Errors
    ///
    /// [`AccessRefusal`] with what is missing.
    pub fn check(&self, token: &VerifiedToken, access: Access) -> Result<(), AccessRefusal> {
        if !self.provider_scopes.is_empty() {
            one_of(token, &self.provider_scopes)?;
        }
        match access {
            Access::Device => one_of(token, &self.oauth_scopes),
            Access::Administrator => {
                let (roles, scopes) = (&self.admin_roles, &self.admin_scopes);
                let has_role = roles.iter().any(|role| token.has_role(role));
                if !has_role && (!roles.is_empty() || scopes.is_empty()) {
                    return Err(AccessRefusal::Role);
                }
                if scopes.is_empty() {
                    return Ok(());
                }
                one_of(token, scopes)
            }
        }
    }

    /// The scopes to name in a challenge at this door: those of the door, and those of the provider.
    #[must_use]
    pub fn scopes(&self, access: Access) -> Vec<Scope> {
        let door = match access {
            Access::Administrator => &self.admin_scopes,
            Access::Device => &self.oauth_scopes,
        };
        door.iter().chain(&self.provider_scopes).cloned().collect()
    }
}

impl Default for AccessControl {
    /// As the guide leaves them: `broadworks-connector-user` for devices, the other lists empty.
    fn default() -> Self {
        Self {
            oauth_scopes: vec![Scope::BROADWORKS_CONNECTOR_USER],
            provider_scopes: Vec::new(),
            admin_roles: Vec::new(),
            admin_scopes: Vec::new(),
        }
    }
}

/// What a token is used for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Access {
    /// To administer.
    Administrator,
    /// As a device, for itself.
    Device,
}

/// A good token does not open this door: answer 403.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AccessRefusal {
    /// It has none of the roles that are allowed.
    #[error("no role that is allowed")]
    Role,
    /// It has none of the scopes that are allowed.
    #[error("no scope that is allowed")]
    Scope {
        /// Of these it needs one.
        allowed: Vec<Scope>,
    },
}

fn one_of(token: &VerifiedToken, allowed: &[Scope]) -> Result<(), AccessRefusal> {
    if allowed.iter().any(|scope| token.has_scope(scope)) {
        return Ok(());
    }
    Err(AccessRefusal::Scope {
        allowed: allowed.to_vec(),
    })
}
