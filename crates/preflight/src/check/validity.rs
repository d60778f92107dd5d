//! Whether certificates are within their dates.

use std::fmt;
use std::time::{Duration, SystemTime};

use offhook_device_identity::Validity;
use rustls_pki_types::CertificateDer;
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use crate::Date;

/// What is wrong with the dates of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DateFault {
    Ended(Date),
    EndsSoon(Date),
    NotBegun(Date),
    Unreadable,
}

impl DateFault {
    /// That of a certificate at `now`.
    pub(super) fn of(certificate: &[u8], now: SystemTime) -> Option<Self> {
        let Ok(validity) = Validity::of(certificate) else {
            return Some(Self::Unreadable);
        };
        let soon = now.checked_add(EXPIRY_WARNING).unwrap_or(now);
        let end = Date::of(validity.not_after());
        if validity.has_ended(now) {
            Some(Self::Ended(end))
        } else if !validity.has_begun(now) {
            Some(Self::NotBegun(Date::of(validity.not_before())))
        } else if validity.has_ended(soon) {
            Some(Self::EndsSoon(end))
        } else {
            None
        }
    }

    /// Whether the certificate is good at the moment all the same.
    pub(super) const fn is_good_yet(self) -> bool {
        matches!(self, Self::EndsSoon(_))
    }

    /// How good the certificate is all the same, of several of one authority.
    const fn rank(self) -> (u8, Option<Date>) {
        match self {
            Self::Unreadable => (0, None),
            Self::Ended(end) => (1, Some(end)),
            Self::NotBegun(_) => (2, None),
            Self::EndsSoon(end) => (3, Some(end)),
        }
    }
}

/// What comes behind the name of the certificate.
impl fmt::Display for DateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(date) => write!(f, "ended on {date}"),
            Self::EndsSoon(date) => write!(f, "ends on {date}"),
            Self::NotBegun(date) => write!(f, "is good from {date} on only"),
            Self::Unreadable => f.write_str("has dates that cannot be read"),
        }
    }
}

/// What is wrong with the dates of the best certificate of an authority in a list of authorities:
/// nothing where any is good.
pub(super) fn fault_of_authority<'a>(
    authority: &Authority,
    list: &'a [CertificateDer<'_>],
    now: SystemTime,
) -> Option<(&'a CertificateDer<'a>, DateFault)> {
    let mut best: Option<(_, DateFault)> = None;
    for certificate in list.iter().filter(|each| authority.is_of(each)) {
        let fault = DateFault::of(certificate, now)?;
        if best.is_none_or(|(_, best)| fault.rank() > best.rank()) {
            best = Some((certificate, fault));
        }
    }
    best
}

/// An authority: whoever has this name and this key.
pub(super) struct Authority {
    subject: Vec<u8>,
    public_key: Vec<u8>,
}

impl Authority {
    pub(super) fn new(subject: &[u8], public_key: &[u8]) -> Self {
        Self {
            subject: subject.to_vec(),
            public_key: public_key.to_vec(),
        }
    }

    /// That of a certificate, which is not verified; `None` where it cannot be read.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let anchor = anchor_from_trusted_cert(certificate).ok()?;
        Some(Self::new(&anchor.subject, &anchor.subject_public_key_info))
    }

    fn is_of(&self, certificate: &CertificateDer<'_>) -> bool {
        anchor_from_trusted_cert(certificate).is_ok_and(|anchor| {
            *anchor.subject == self.subject && *anchor.subject_public_key_info == self.public_key
        })
    }

    /// Whether it has issued a certificate, by their names, which is not its own.
    pub(super) fn has_issued(&self, certificate: &CertificateDer<'_>) -> bool {
        EndEntityCert::try_from(certificate)
            .is_ok_and(|issued| issued.issuer() == self.subject && issued.subject() != self.subject)
    }
}

/// Whether a certificate says that it has issued itself; `None` where it cannot be read.
pub(super) fn is_self_issued(certificate: &CertificateDer<'_>) -> Option<bool> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    Some(certificate.issuer() == certificate.subject())
}

/// How long before its end a certificate is warned of: 30 days, a number of this project's own.
pub(super) const EXPIRY_WARNING: Duration = Duration::from_secs(30 * 24 * 60 * 60);
