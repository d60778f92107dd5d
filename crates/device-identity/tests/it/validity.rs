//! From when to when a certificate is good.

use std::time::{Duration, SystemTime};

use offhook_device_identity::requirement::{
    Deployment, Holder, Outcome, Place, Problem, Requirement, SecurityMode,
};
use offhook_device_identity::{CertificateError, Validity};
use rcgen::DnType;
use rustls_pki_types::CertificateDer;

use crate::authority::{Authority, device};

/// Good from 2020-01-01 to 2030-01-01.
fn certificate() -> CertificateDer<'static> {
    let maker = Authority::root("Maker");
    maker
        .issue(&device(&[(DnType::CommonName, "SEP000E08ABCDEF")]))
        .0
}

/// The same with another end, of as many octets.
fn ending(text: &[u8]) -> (CertificateDer<'static>, usize) {
    let mut der = certificate().to_vec();
    let end = b"300101000000Z";
    let at = der.windows(end.len()).position(|part| part == end).unwrap();
    der[at..at + end.len()].copy_from_slice(text);
    (CertificateDer::from(der), at)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_certificate_is_good_from_its_first_second_through_its_last() {
    let (begin, end) = (1_577_836_800, 1_893_456_000);
    let validity = Validity::of(&certificate()).unwrap();
    assert_eq!(validity.not_before(), at(begin));
    assert_eq!(validity.not_after(), at(end));
    for (now, has_begun, has_ended) in [
        (at(0), false, false),
        (at(begin) - Duration::from_nanos(1), false, false),
        (at(begin), true, false),
        (at(end) + Duration::from_nanos(999_999_999), true, false),
        (at(end + 1), true, true),
    ] {
        assert_eq!(validity.has_begun(now), has_begun, "{now:?}");
        assert_eq!(validity.has_ended(now), has_ended, "{now:?}");
    }
}

#[test]
fn a_certificate_with_a_time_in_another_form_is_unreadable() {
    for text in [b"301301000000Z", b"3001010000+0Z"] {
        let (certificate, at) = ending(text);
        let malformed = CertificateError::Malformed { at };
        assert_eq!(Validity::of(&certificate), Err(malformed));
        let chain = [certificate];
        let deployment = Deployment::new(SecurityMode::Mixed);
        let report = deployment.chain(Holder::ActivatingDevice, &chain).check();
        let first = &report.findings()[0];
        let position = 0;
        let place = Place::Chain(Holder::ActivatingDevice);
        assert_eq!(
            *first.requirement(),
            Requirement::Readable { place, position }
        );
        assert_eq!(
            first.outcome(),
            Outcome::Unmet(Problem::Unreadable(malformed))
        );
    }
    assert!(Validity::of(b"\x30\x00").is_err());
}
