//! What a chain verifier accepts beyond the plain rules, and only when told to.

use std::time::{Duration, SystemTime};

use offhook_device_identity::danger::DangerousChainVerifierBuilder;
use offhook_device_identity::{AnchorError, ChainError, ChainVerifier, ChainVerifierBuilder};
use rcgen::{CertificateParams, CustomExtension, DnType, Issuer, KeyPair, date_time_ymd};
use rustls_pki_types::CertificateDer;

use crate::authority::{Authority, days, device, now};
use crate::forge::{AUTHORITY_KEY, Body, DEVICE_KEY, cisco, rsa};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

fn phone() -> CertificateParams {
    device(&[(DnType::CommonName, "CP-7961G-GE-SEP000E08ABCDEF")])
}

fn anchored(authority: &CertificateDer<'_>) -> ChainVerifierBuilder {
    ChainVerifier::builder().anchor(authority).unwrap()
}

fn with_sha1_of(
    anchor: &CertificateDer<'_>,
    named: &CertificateDer<'_>,
) -> Result<ChainVerifier, AnchorError> {
    let builder = anchored(anchor).dangerous();
    builder.accept_sha1_signatures_of(named)?.build()
}

/// A device's certificate with an RSA key, signed with SHA-1.
fn old(maker: &Authority) -> CertificateDer<'static> {
    let made = phone().signed_by(&rsa(DEVICE_KEY), &maker.issuer).unwrap();
    Body::of(made.der()).signed_with_sha1()
}

#[test]
fn sha1_counts_from_a_named_key_only() {
    let maker = Authority::with_key("Manufacturing CA", rsa(AUTHORITY_KEY));
    let der = old(&maker);
    assert!(matches!(
        maker.verifier().verify(&der, &[], now()),
        Err(ChainError::UnsupportedSignature)
    ));
    let other = with_sha1_of(&maker.certificate, &cisco("crca2048")).unwrap();
    assert!(matches!(
        other.verify(&der, &[], now()),
        Err(ChainError::UnsupportedSignature)
    ));
    let named = with_sha1_of(&maker.certificate, &maker.certificate).unwrap();
    let identity = named.verify(&der, &[], now()).unwrap().identity().unwrap();
    assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
    assert_eq!(identity.concession(), None);
}

#[test]
fn a_key_named_for_sha1_is_no_anchor() {
    let maker = Authority::with_key("Manufacturing CA", rsa(AUTHORITY_KEY));
    let stranger = Authority::root("Another CA");
    let verifier = with_sha1_of(&stranger.certificate, &maker.certificate).unwrap();
    assert!(matches!(
        verifier.verify(&old(&maker), &[maker.certificate], now()),
        Err(ChainError::UnknownIssuer)
    ));
}

#[test]
fn a_flipped_bit_under_a_sha1_signature_is_refused() {
    let maker = Authority::with_key("Manufacturing CA", rsa(AUTHORITY_KEY));
    let verifier = with_sha1_of(&maker.certificate, &maker.certificate).unwrap();
    let der = old(&maker);
    for at in (0..der.len()).step_by(7) {
        let mut bytes = der.to_vec();
        bytes[at] ^= 1;
        let bytes = CertificateDer::from(bytes);
        assert!(verifier.verify(&bytes, &[], now()).is_err(), "octet {at}");
    }
}

#[test]
fn an_authority_without_an_rsa_key_cannot_be_named_for_sha1() {
    let maker = Authority::root("Manufacturing CA");
    assert!(matches!(
        with_sha1_of(&maker.certificate, &maker.certificate),
        Err(AnchorError::NotRsa)
    ));
    assert!(matches!(
        with_sha1_of(&maker.certificate, &CertificateDer::from(&b"junk"[..])),
        Err(AnchorError::Malformed(_))
    ));
}

/// A certificate that claims to be from `authority`; its own signature is not that authority's,
/// and is looked at only after the one on the authority.
fn pretended(authority: &CertificateDer<'_>) -> CertificateDer<'static> {
    let key = rsa(DEVICE_KEY);
    let made = phone().self_signed(&key).unwrap();
    let issuer = Body::of(authority);
    Body::of(made.der())
        .issued_by(issuer.subject())
        .signed(&key)
}

#[test]
fn an_authority_of_ciscos_that_is_signed_with_sha1_counts_by_the_concession_only() {
    let (root, authority) = (cisco("crca2048"), cisco("ACT2SUDICA"));
    let der = pretended(&authority);
    let sent = [authority];
    assert!(matches!(
        anchored(&root).build().unwrap().verify(&der, &sent, now()),
        Err(ChainError::UnsupportedSignature)
    ));
    let named = with_sha1_of(&root, &root).unwrap();
    let Err(ChainError::Invalid(error)) = named.verify(&der, &sent, now()) else {
        panic!("a signature that is not the authority's");
    };
    assert_eq!(error.to_string(), "InvalidSignatureForPublicKey");
}

#[test]
fn an_authority_of_ciscos_that_is_signed_with_sha256_needs_no_concession() {
    let (root, authority) = (cisco("crca2099"), cisco("hasudi"));
    let der = pretended(&authority);
    let verifier = anchored(&root).build().unwrap();
    let Err(ChainError::Invalid(error)) = verifier.verify(&der, &[authority], now()) else {
        panic!("a signature that is not the authority's");
    };
    assert_eq!(error.to_string(), "InvalidSignatureForPublicKey");
    for name in ["crca2048", "crcam2", "crca2099"] {
        assert!(matches!(
            verifier.verify(&cisco(name), &[], now()),
            Err(ChainError::Invalid(_))
        ));
    }
}

fn until(year: i32) -> CertificateParams {
    let mut params = phone();
    params.not_after = date_time_ymd(year, 1, 1);
    params
}

fn lenient(builder: ChainVerifierBuilder, most: Duration) -> Result<ChainVerifier, AnchorError> {
    let dangerous: DangerousChainVerifierBuilder = builder.dangerous();
    let reason = " replaced by the end of 2031 ";
    dangerous.accept_expired_devices(most, reason)?.build()
}

#[test]
fn an_expired_device_counts_by_concession_for_its_time_and_with_its_reason() {
    let maker = Authority::root("Manufacturing CA");
    let (der, _) = maker.issue(&until(2030));
    let end = days(1_461);
    let second = Duration::from_secs(1);
    let verifier = lenient(anchored(&maker.certificate), YEAR).unwrap();
    let concession = |now: SystemTime| {
        let verified = verifier.verify(&der, &[], now)?;
        let identity = verified.identity().unwrap();
        assert_eq!(identity.concession(), verified.concession());
        Ok::<_, ChainError>(verified.concession().map(str::to_owned))
    };
    let reason = "replaced by the end of 2031".to_owned();
    assert_eq!(concession(end).unwrap(), None);
    assert_eq!(concession(end + second).unwrap(), Some(reason.clone()));
    assert_eq!(concession(end + YEAR).unwrap(), Some(reason));
    assert!(matches!(
        concession(end + YEAR + second),
        Err(ChainError::Expired)
    ));
    assert!(matches!(
        concession(SystemTime::UNIX_EPOCH),
        Err(ChainError::NotValidYet)
    ));
    assert!(matches!(
        maker.verifier().verify(&der, &[], end + second),
        Err(ChainError::Expired)
    ));
}

#[test]
fn a_concession_needs_a_reason() {
    let maker = Authority::root("Manufacturing CA");
    let builder = anchored(&maker.certificate).dangerous();
    assert!(matches!(
        builder.accept_expired_devices(YEAR, " "),
        Err(AnchorError::NoReason)
    ));
}

#[test]
fn an_expired_intermediate_is_refused_whatever_is_conceded_to_devices() {
    let root = Authority::root("Root CA");
    let maker = root.under("Manufacturing CA", &[]); // until 2030
    let verifier = lenient(anchored(&root.certificate), 20 * YEAR).unwrap();
    let sent = [maker.certificate.clone()];
    let (der, _) = maker.issue(&until(2028));
    assert!(verifier.verify(&der, &sent, days(1_400)).is_ok());
    assert!(matches!(
        verifier.verify(&der, &sent, days(1_462)),
        Err(ChainError::Expired)
    ));
    let (der, _) = maker.issue(&until(2035));
    assert!(matches!(
        verifier.verify(&der, &sent, days(1_462)),
        Err(ChainError::Expired)
    ));
}

#[test]
fn a_concession_to_the_expired_concedes_nothing_else() {
    let maker = Authority::root("Manufacturing CA");
    let verifier = lenient(anchored(&maker.certificate), YEAR).unwrap();
    let later = days(1_462);
    let (forged, _) = Authority::root("Manufacturing CA").issue(&until(2030));
    assert!(verifier.verify(&forged, &[], later).is_err());
    let mut params = until(2030);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let (server, _) = maker.issue(&params);
    assert!(matches!(
        verifier.verify(&server, &[], later),
        Err(ChainError::NotForClients)
    ));
}

#[test]
fn a_pinned_authority_is_the_only_one_that_can_issue() {
    let root = Authority::root("Root CA");
    let maker = root.under("Manufacturing CA", &[]);
    let (der, _) = maker.issue(&phone());
    let sent = [maker.certificate.clone()];
    let known = anchored(&root.certificate).intermediate(&maker.certificate);
    let verifier = known.pinned().build().unwrap();
    assert!(matches!(
        verifier.verify(&der, &sent, now()),
        Err(ChainError::UnknownIssuer)
    ));
    let verifier = anchored(&maker.certificate).pinned().build().unwrap();
    assert!(verifier.verify(&der, &sent, now()).is_ok());
    assert!(verifier.verify(&der, &[], now()).is_ok());
}

#[test]
fn a_certificate_of_version_1_is_refused() {
    for key in [KeyPair::generate().unwrap(), rsa(AUTHORITY_KEY)] {
        let maker = Authority::with_key("Manufacturing CA", key);
        let (der, _) = maker.issue(&phone());
        let der = Body::of(&der).version_1().signed(maker.issuer.key());
        assert!(matches!(
            maker.verifier().verify(&der, &[], now()),
            Err(ChainError::UnsupportedVersion)
        ));
    }
}

#[test]
fn an_unknown_extension_is_refused_only_where_it_is_critical() {
    let maker = Authority::root("Manufacturing CA");
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9, 21], vec![5, 0]);
    let mut params = phone();
    params.custom_extensions = vec![extension.clone()];
    let (der, _) = maker.issue(&params);
    assert!(maker.verifier().verify(&der, &[], now()).is_ok());
    extension.set_criticality(true);
    params.custom_extensions = vec![extension];
    let (der, _) = maker.issue(&params);
    assert!(matches!(
        maker.verifier().verify(&der, &[], now()),
        Err(ChainError::UnknownCriticalExtension)
    ));
}

#[test]
fn every_kind_of_key_and_signature_gives_the_identity_of_every_known_subject() {
    let mpp: &[(DnType, &str)] = &[
        (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
        (DnType::LocalityName, "88012BA01234"),
        (DnType::StateOrProvinceName, "000e08abcdef"),
    ];
    let subjects: [&[(DnType, &str)]; 6] = [
        mpp,
        &[(DnType::CommonName, "CP-7961G-GE-SEP000E08ABCDEF")],
        &[(DnType::CommonName, "SEP000E08ABCDEF")],
        &[(DnType::CommonName, "AP1G4-000E08ABCDEF")],
        &[(DnType::CommonName, "000e08abcdef")],
        &[(DnType::CommonName, "00:0e:08:ab:cd:ef")],
    ];
    let makers = [
        Authority::root("Manufacturing CA"),
        Authority::with_key("Manufacturing CA", rsa(AUTHORITY_KEY)),
    ];
    for subject in subjects {
        for maker in &makers {
            for key in [KeyPair::generate().unwrap(), rsa(DEVICE_KEY)] {
                let made = device(subject).signed_by(&key, &maker.issuer).unwrap();
                let der = made.der().clone();
                let identity = maker.verifier().identify(&[der], now()).unwrap();
                assert_eq!(identity.mac().to_string(), "000E08ABCDEF", "{subject:?}");
            }
        }
        let [_, maker] = &makers;
        let made = device(subject).signed_by(&rsa(DEVICE_KEY), &maker.issuer);
        let der = Body::of(made.unwrap().der()).signed_with_sha1();
        let verifier = with_sha1_of(&maker.certificate, &maker.certificate).unwrap();
        let identity = verifier.identify(&[der], now()).unwrap();
        assert_eq!(identity.mac().to_string(), "000E08ABCDEF", "{subject:?}");
    }
}

#[test]
fn an_issuer_of_another_name_is_unknown() {
    let maker = Authority::root("Manufacturing CA");
    let issuer = Issuer::new(device(&[(DnType::CommonName, "Other")]), maker.issuer.key());
    let key = KeyPair::generate().unwrap();
    let der = phone().signed_by(&key, &issuer).unwrap().der().clone();
    assert!(matches!(
        maker.verifier().verify(&der, &[], now()),
        Err(ChainError::UnknownIssuer)
    ));
}
