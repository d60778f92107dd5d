//! Inside of an enterprise network or outside of it?

use crate::{DomainName, EdgeFailure, Resolution, ResolveError, ResolveFailure};

/// What was found for one domain: a resolution under [`Policy::cisco_uds`](crate::Policy::cisco_uds)
/// and one under [`Policy::collab_edge`](crate::Policy::collab_edge).
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever resolves without the driver fills it in"
)]
pub struct EdgeFinding {
    /// The domain.
    pub domain: DomainName,
    /// The servers inside.
    pub inside: Result<Resolution, ResolveFailure>,
    /// The edge.
    pub outside: Result<Resolution, ResolveFailure>,
}

/// Where a device stands, and the servers that it is to use there.
#[derive(Clone, Debug)]
pub struct Edge {
    domain: DomainName,
    side: Side,
    resolution: Resolution,
}

impl Edge {
    /// Decides by what was found for each of several domains, the preferred one first.
    ///
    /// The records of the inside exist in an enterprise's own name servers only. So a device is
    /// inside where those of any domain are found, and outside where there are none, or where
    /// nobody can say, and an edge is found: the way over the edge is open from everywhere. But where
    /// nobody has asked for want of room ([`Note::TooManySearches`](crate::Note::TooManySearches)), a
    /// device inside would be led out by nothing but a busy moment.
    ///
    /// # Errors
    ///
    /// [`EdgeFailure`] when there is neither for any domain, or when there is an edge and the servers
    /// inside were not asked for: [`ResolveError::Temporary`] then.
    ///
    /// # Source
    ///
    /// The guide to mobile and remote access, "SRV records": `_cisco-uds` must not resolve outside;
    /// "several external domains": a `_collab-edge` record for each.
    pub fn decide(findings: Vec<EdgeFinding>) -> Result<Self, EdgeFailure> {
        let mut edge = None;
        let mut failures = Vec::new();
        let mut is_unasked = false;
        for finding in findings {
            let EdgeFinding {
                domain,
                inside,
                outside,
            } = finding;
            match inside {
                Ok(resolution) => {
                    let side = Side::Inside;
                    return Ok(Self {
                        domain,
                        side,
                        resolution,
                    });
                }
                Err(failure) => {
                    is_unasked |= failure.is_for_want_of_room();
                    failures.push(failure);
                }
            }
            match outside {
                Ok(resolution) if edge.is_none() => {
                    let side = Side::Outside;
                    edge = Some(Self {
                        domain,
                        side,
                        resolution,
                    });
                }
                Ok(_) => {}
                Err(failure) => failures.push(failure),
            }
        }
        edge.filter(|_| !is_unasked).ok_or_else(|| {
            let is_temporary = failures.iter().any(ResolveFailure::is_temporary);
            let error = if is_temporary {
                ResolveError::Temporary
            } else {
                ResolveError::NotFound
            };
            EdgeFailure { error, failures }
        })
    }

    /// The domain whose records led here.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// Where the device stands.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The servers.
    #[must_use]
    pub const fn resolution(&self) -> &Resolution {
        &self.resolution
    }
}

/// Where a device stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Side {
    /// Inside: it uses the enterprise's servers themselves.
    Inside,
    /// Outside: it uses the edge.
    Outside,
}
