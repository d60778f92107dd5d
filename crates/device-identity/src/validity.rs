//! From when to when a certificate is good.

mod time;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use self::time::seconds;
use crate::CertificateError;
use crate::certificate::Certificate;

/// From when to when a certificate says that it is good; nothing of it is verified.
///
/// # Source
///
/// RFC 5280 section 4.1.2.5, <https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5>: both ends
/// belong to it.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use offhook_device_identity::Validity;
///
/// # let mut params = rcgen::CertificateParams::default();
/// # params.not_before = rcgen::date_time_ymd(2026, 1, 1);
/// # params.not_after = rcgen::date_time_ymd(2030, 1, 1);
/// # let key = rcgen::KeyPair::generate().unwrap();
/// # let certificate = params.self_signed(&key).unwrap();
/// # let der = certificate.der();
/// let validity = Validity::of(der)?; // 2026-01-01 to 2030-01-01
/// assert_eq!(validity.not_before(), UNIX_EPOCH + Duration::from_secs(1_767_225_600));
/// assert!(!validity.has_begun(UNIX_EPOCH));
/// assert!(!validity.has_ended(validity.not_after()));
/// assert!(validity.has_ended(validity.not_after() + Duration::from_secs(1)));
/// # Ok::<(), offhook_device_identity::CertificateError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Validity {
    /// Seconds since 1970.
    not_before: u64,
    not_after: u64,
}

impl Validity {
    /// What the certificate `der` says.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when `der` is not one certificate of version 1 to 3 in DER, is longer
    /// than 65,539 octets, or has a time in another form than it must, or before 1970.
    pub fn of(der: &[u8]) -> Result<Self, CertificateError> {
        Self::in_certificate(&Certificate::read(der)?)
    }

    pub(crate) fn in_certificate(certificate: &Certificate<'_>) -> Result<Self, CertificateError> {
        let mut times = certificate.validity().open();
        let mut time = || {
            let time = times.next()?;
            let at = time.at();
            seconds(&time).ok_or(CertificateError::Malformed { at })
        };
        let (not_before, not_after) = (time()?, time()?);
        times.finish()?;
        Ok(Self {
            not_before,
            not_after,
        })
    }

    /// Its first second.
    #[must_use]
    pub fn not_before(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.not_before)
    }

    /// Its last second.
    #[must_use]
    pub fn not_after(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.not_after)
    }

    /// Its last second, in seconds since 1970.
    pub(crate) const fn end(self) -> u64 {
        self.not_after
    }

    /// Whether its first second has come by `now`.
    #[must_use]
    pub fn has_begun(self, now: SystemTime) -> bool {
        now >= self.not_before()
    }

    /// Whether its last second is over by `now`.
    #[must_use]
    pub fn has_ended(self, now: SystemTime) -> bool {
        now >= self.not_after() + Duration::from_secs(1)
    }
}
