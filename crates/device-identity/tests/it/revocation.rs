use std::time::Duration;

use offhook_device_identity::{
    ChainError, ChainVerifier, Revocation, RevocationDepth, RevocationListError, StaleList,
    UnknownStatus,
};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, DnType, KeyIdMethod, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer as ListDer};

use crate::authority::{Authority, days, device, now};
use crate::forge::Body;

fn phone(serial: u64) -> CertificateParams {
    let mut params = device(&[(DnType::CommonName, "SEP000E08ABCDEF")]);
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

/// A list of 2025-12-01 that is good until 2026-02-01.
fn list(authority: &Authority, revoked: &[u64]) -> ListDer<'static> {
    let revoked = revoked.iter().map(|serial| SerialNumber::from(*serial));
    list_of(authority, revoked)
}

fn list_of(authority: &Authority, revoked: impl Iterator<Item = SerialNumber>) -> ListDer<'static> {
    list_at(authority, revoked, None)
}

/// A list, of one distribution point where that is given.
fn list_at(
    authority: &Authority,
    revoked: impl Iterator<Item = SerialNumber>,
    point: Option<&str>,
) -> ListDer<'static> {
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 12, 1),
        next_update: date_time_ymd(2026, 2, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: point.map(|uri| CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint {
                uris: vec![uri.to_owned()],
            },
            scope: None,
        }),
        revoked_certs: revoked
            .map(|serial| RevokedCertParams {
                serial_number: serial,
                revocation_time: date_time_ymd(2025, 11, 1),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&authority.issuer).unwrap().der().clone()
}

fn refusing(lists: &[ListDer<'static>]) -> Revocation {
    Revocation::new(lists.iter().cloned(), UnknownStatus::Refuse).unwrap()
}

fn verifier(anchor: &CertificateDer<'_>, revocation: Revocation) -> ChainVerifier {
    let builder = ChainVerifier::builder().anchor(anchor).unwrap();
    builder.revocation(revocation).build().unwrap()
}

#[test]
fn a_revoked_device_is_refused_and_another_is_not() {
    let maker = Authority::root("Manufacturing CA");
    let (revoked, _) = maker.issue(&phone(7));
    let (good, _) = maker.issue(&phone(8));
    let verifier = verifier(&maker.certificate, refusing(&[list(&maker, &[7])]));
    assert!(verifier.verify(&good, &[], now()).is_ok());
    assert!(matches!(
        verifier.verify(&revoked, &[], now()),
        Err(ChainError::Revoked)
    ));
}

#[test]
fn a_revoked_manufacturing_authority_takes_its_devices_with_it() {
    let root = Authority::root("Root CA");
    let maker = root.under("Manufacturing CA", &[]);
    let serial = Body::of(&maker.certificate).serial().to_vec();
    let (der, _) = maker.issue(&phone(7));
    let sent = [maker.certificate.clone()];
    let lists = |revoked: bool| {
        let serial = revoked.then(|| SerialNumber::from(serial.clone()));
        let of_root = list_of(&root, serial.into_iter());
        refusing(&[list(&maker, &[]), of_root])
    };
    let good = verifier(&root.certificate, lists(false));
    assert!(good.verify(&der, &sent, now()).is_ok());
    let bad = verifier(&root.certificate, lists(true));
    assert!(matches!(
        bad.verify(&der, &sent, now()),
        Err(ChainError::Revoked)
    ));
    let device_only = lists(true).depth(RevocationDepth::Device);
    let device_only = verifier(&root.certificate, device_only);
    assert!(device_only.verify(&der, &sent, now()).is_ok());
}

#[test]
fn an_unknown_status_counts_as_the_policy_says() {
    let root = Authority::root("Root CA");
    let maker = root.under("Manufacturing CA", &[]);
    let (der, _) = maker.issue(&phone(7));
    let sent = [maker.certificate.clone()];
    let of_maker = list(&maker, &[]);
    let refused = verifier(&root.certificate, refusing(std::slice::from_ref(&of_maker)));
    assert!(matches!(
        refused.verify(&der, &sent, now()),
        Err(ChainError::RevocationUnknown)
    ));
    let accepting = Revocation::new([of_maker], UnknownStatus::Accept).unwrap();
    let accepted = verifier(&root.certificate, accepting);
    assert!(accepted.verify(&der, &sent, now()).is_ok());
}

#[test]
fn a_stale_list_counts_as_the_policy_says() {
    let maker = Authority::root("Manufacturing CA");
    let (revoked, _) = maker.issue(&phone(7));
    let (good, _) = maker.issue(&phone(8));
    let lists = || refusing(&[list(&maker, &[7])]);
    let strict = verifier(&maker.certificate, lists());
    let due = days(31);
    let second = Duration::from_secs(1);
    assert!(strict.verify(&good, &[], due - second).is_ok());
    assert!(matches!(
        strict.verify(&good, &[], due),
        Err(ChainError::RevocationListStale)
    ));
    let lenient = verifier(&maker.certificate, lists().stale(StaleList::Accept));
    assert!(lenient.verify(&good, &[], due).is_ok());
    assert!(matches!(
        lenient.verify(&revoked, &[], due),
        Err(ChainError::Revoked)
    ));
}

#[test]
fn a_list_that_the_issuer_has_not_signed_is_refused() {
    let maker = Authority::root("Manufacturing CA");
    let (der, _) = maker.issue(&phone(7));
    let forged = list(&Authority::root("Manufacturing CA"), &[]);
    let verifier = verifier(&maker.certificate, refusing(&[forged]));
    assert!(matches!(
        verifier.verify(&der, &[], now()),
        Err(ChainError::Invalid(_))
    ));
}

#[test]
fn a_stale_list_does_not_count_by_judging_an_expired_device_at_its_end() {
    let maker = Authority::root("Manufacturing CA");
    let mut params = phone(7);
    params.not_after = date_time_ymd(2026, 1, 15);
    let (der, _) = maker.issue(&params);
    let conceding = |revocation: Revocation| {
        let builder = ChainVerifier::builder().anchor(&maker.certificate).unwrap();
        let builder = builder.revocation(revocation).dangerous();
        let most = Duration::from_secs(365 * 86_400);
        let builder = builder.accept_expired_devices(most, "test").unwrap();
        builder.build().unwrap()
    };
    let (fresh, stale) = (days(20), days(40));
    let strict = conceding(refusing(&[list(&maker, &[])]));
    let verified = strict.verify(&der, &[], fresh).unwrap();
    assert_eq!(verified.concession(), Some("test"));
    assert!(matches!(
        strict.verify(&der, &[], stale),
        Err(ChainError::RevocationListStale)
    ));
    let lenient = refusing(&[list(&maker, &[7])]).stale(StaleList::Accept);
    assert!(matches!(
        conceding(lenient).verify(&der, &[], stale),
        Err(ChainError::Revoked)
    ));
}

#[test]
fn bad_lists_are_refused_before_they_are_used() {
    let maker = Authority::root("Manufacturing CA");
    let new = |lists: Vec<ListDer<'static>>| Revocation::new(lists, UnknownStatus::Refuse);
    assert!(matches!(new(vec![]), Err(RevocationListError::None)));
    assert!(matches!(
        new(vec![ListDer::from(&b"junk"[..])]),
        Err(RevocationListError::Malformed(_))
    ));
    assert!(matches!(
        new(vec![list(&maker, &[]), list(&maker, &[7])]),
        Err(RevocationListError::Twice)
    ));
}

/// Only the first one would count, so a device that the other one revokes would pass.
#[test]
fn a_second_list_of_an_authority_is_refused_whatever_its_distribution_point_and_place() {
    let maker = Authority::root("Manufacturing CA");
    let list = |revoked: &[u64], point| {
        let serials = revoked.iter().map(|serial| SerialNumber::from(*serial));
        list_at(&maker, serials, point)
    };
    let new = |lists: [ListDer<'static>; 2]| Revocation::new(lists, UnknownStatus::Refuse);
    let (a, b) = (Some("http://crl.example/a"), Some("http://crl.example/b"));
    for (first, second) in [(None, a), (a, None), (a, b)] {
        assert!(matches!(
            new([list(&[], first), list(&[7], second)]),
            Err(RevocationListError::Twice)
        ));
        assert!(matches!(
            new([list(&[7], first), list(&[], second)]),
            Err(RevocationListError::Twice)
        ));
    }
}

#[test]
fn a_stale_list_of_another_authority_is_no_reason_to_refuse_an_expired_device() {
    let (maker, other) = (Authority::root("maker"), Authority::root("other"));
    let mut expired = phone(7);
    expired.not_after = date_time_ymd(2025, 12, 15);
    let (der, _) = maker.issue(&expired);
    let verifier = |stale: &Authority| {
        let mut old = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 11, 1),
            next_update: date_time_ymd(2025, 12, 20),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let mut made = |authority: &Authority, next_update| {
            old.next_update = next_update;
            let list = old.signed_by(&authority.issuer).unwrap();
            list.der().clone()
        };
        let good = date_time_ymd(2026, 2, 1);
        let passed = date_time_ymd(2025, 12, 20);
        let next = |authority| {
            if std::ptr::eq(authority, stale) {
                passed
            } else {
                good
            }
        };
        let lists = [made(&maker, next(&maker)), made(&other, next(&other))];
        let builder = ChainVerifier::builder().anchor(&maker.certificate).unwrap();
        let builder = builder.revocation(refusing(&lists)).dangerous();
        let year = Duration::from_secs(365 * 86_400);
        let builder = builder.accept_expired_devices(year, "test").unwrap();
        builder.build().unwrap()
    };
    assert!(verifier(&other).verify(&der, &[], now()).is_ok());
    assert!(matches!(
        verifier(&maker).verify(&der, &[], now()),
        Err(ChainError::RevocationListStale)
    ));
}

#[test]
fn a_list_of_many_devices_is_read() {
    let maker = Authority::root("Manufacturing CA");
    let serials: Vec<u64> = (1_000..5_000).collect();
    let (revoked, _) = maker.issue(&phone(2_222));
    let (good, _) = maker.issue(&phone(5_000));
    let long = list(&maker, &serials);
    assert!(long.len() > 65_536);
    let verifier = verifier(&maker.certificate, refusing(&[long]));
    assert!(verifier.verify(&good, &[], now()).is_ok());
    assert!(matches!(
        verifier.verify(&revoked, &[], now()),
        Err(ChainError::Revoked)
    ));
}
