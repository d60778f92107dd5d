//! Revocation lists.

use std::sync::Arc;

use rustls_pki_types::CertificateRevocationListDer;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    UnknownStatusPolicy, VerifiedPath,
};

use crate::RevocationListError;
use crate::der::{self, Reader};

/// What counts when no list speaks of the issuer of a certificate.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UnknownStatus {
    /// The certificate is good.
    Accept,
    /// The certificate is refused.
    Refuse,
}

/// Which certificates of a chain must not be revoked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RevocationDepth {
    /// The device's own one and all intermediates.
    Chain,
    /// The device's own one only.
    Device,
}

/// What counts when a list is past the time by which its issuer promised a new one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StaleList {
    /// The list goes on counting.
    Accept,
    /// Certificates that depend on the list are refused.
    Refuse,
}

/// The revocation lists of the makers' authorities, and how they count.
///
/// Unless told otherwise the whole chain is checked and a stale list refuses.
#[derive(Clone, Debug)]
#[must_use]
pub struct Revocation {
    lists: Arc<[List]>,
    unknown: UnknownStatus,
    depth: RevocationDepth,
    stale: StaleList,
}

#[derive(Debug)]
struct List {
    list: CertRevocationList<'static>,
    /// In seconds since 1970.
    next_update: Option<u64>,
}

impl Revocation {
    /// Revocation by `lists`, of which an authority has one at most: what an authority has split
    /// among distribution points is not supported, for only one of its lists would count.
    ///
    /// # Errors
    ///
    /// [`RevocationListError`] when there is no list, when one cannot be read, and when an
    /// authority has two.
    ///
    /// # Source
    ///
    /// RFC 5280 section 5, <https://www.rfc-editor.org/rfc/rfc5280#section-5>; version 2, complete
    /// and direct lists only.
    pub fn new<'a>(
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'a>>,
        unknown: UnknownStatus,
    ) -> Result<Self, RevocationListError> {
        let mut read: Vec<List> = Vec::new();
        for der in lists {
            let list = OwnedCertRevocationList::from_der(&der)
                .map_err(|error| RevocationListError::Malformed(error.into()))?;
            let list = CertRevocationList::Owned(list);
            let same = |other: &List| other.list.issuer() == list.issuer();
            if read.iter().any(same) {
                return Err(RevocationListError::Twice);
            }
            let next_update = next_update(&der);
            read.push(List { list, next_update });
        }
        if read.is_empty() {
            return Err(RevocationListError::None);
        }
        Ok(Self {
            lists: read.into(),
            unknown,
            depth: RevocationDepth::Chain,
            stale: StaleList::Refuse,
        })
    }

    /// Sets which certificates are checked.
    pub const fn depth(mut self, depth: RevocationDepth) -> Self {
        self.depth = depth;
        self
    }

    /// Sets what a stale list means.
    pub const fn stale(mut self, stale: StaleList) -> Self {
        self.stale = stale;
        self
    }

    pub(super) fn lists(&self) -> Vec<&CertRevocationList<'static>> {
        self.lists.iter().map(|list| &list.list).collect()
    }

    /// Whether the list of an issuer in `path` is too old to count `now`, in seconds since 1970,
    /// and when it should have been renewed.
    pub(super) fn stale_since(&self, path: &VerifiedPath<'_>, now: u64) -> Option<u64> {
        if self.stale == StaleList::Accept {
            return None;
        }
        let above = path.intermediate_certificates();
        let above = above.filter(|_| self.depth == RevocationDepth::Chain);
        let mut issuers = Vec::from([path.end_entity().issuer()]);
        issuers.extend(above.map(|authority| authority.issuer()));
        let lists = self.lists.iter();
        let mut lists = lists.filter(|list| issuers.contains(&list.list.issuer()));
        lists.find_map(|list| match list.next_update {
            Some(next) => (next <= now).then_some(next),
            None => Some(now),
        })
    }

    pub(super) const fn policies(
        &self,
    ) -> (RevocationCheckDepth, UnknownStatusPolicy, ExpirationPolicy) {
        (
            match self.depth {
                RevocationDepth::Chain => RevocationCheckDepth::Chain,
                RevocationDepth::Device => RevocationCheckDepth::EndEntity,
            },
            match self.unknown {
                UnknownStatus::Accept => UnknownStatusPolicy::Allow,
                UnknownStatus::Refuse => UnknownStatusPolicy::Deny,
            },
            match self.stale {
                StaleList::Accept => ExpirationPolicy::Ignore,
                StaleList::Refuse => ExpirationPolicy::Enforce,
            },
        )
    }
}

/// When the next list is due, of a list that has been read already.
fn next_update(der: &[u8]) -> Option<u64> {
    let mut body = Reader::new(inside(inside(der)?)?);
    body.optional(der::INTEGER).ok()?;
    body.expect(der::SEQUENCE).ok()?; // signature algorithm
    body.expect(der::SEQUENCE).ok()?; // issuer
    body.next().ok()?; // this update
    crate::validity::seconds(&body.next().ok()?)
}

/// What follows the tag and the length of a SEQUENCE, which may be longer than any certificate.
fn inside(sequence: &[u8]) -> Option<&[u8]> {
    match sequence {
        [der::SEQUENCE, ..=0x7f, rest @ ..] => Some(rest),
        [der::SEQUENCE, length @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(length & 0x7f)..),
        _ => None,
    }
}
