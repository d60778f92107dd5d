use offhook_device_identity::{
    AnchorError, ChainError, ChainVerifier, IdentifyError, IdentityError, Limits, Source,
};
use rcgen::{BasicConstraints, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;

use crate::authority::{Authority, days, device, now};

fn mpp() -> rcgen::CertificateParams {
    device(&[
        (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
        (DnType::LocalityName, "88012BA01234"),
        (DnType::StateOrProvinceName, "000e08abcdef"),
    ])
}

#[test]
fn a_makers_certificate_without_names_and_key_usage_gives_the_identity() {
    let maker = Authority::root("Manufacturing CA");
    let (der, key) = maker.issue(&mpp());
    let verifier = maker.verifier();
    let verified = verifier.verify(&der, &[], now()).unwrap();
    let identity = verified.identity().unwrap();
    assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
    assert_eq!(identity.model().unwrap().as_str(), "CP-8841-3PCC");
    assert_eq!(identity.source(), Source::Certificate);
    let sha256 = |bytes: &[u8]| digest(&SHA256, bytes).as_ref().to_vec();
    assert_eq!(
        identity.certificate_thumbprint().unwrap().to_vec(),
        sha256(&der)
    );
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    assert_eq!(identity.key().unwrap().to_vec(), sha256(&spki));
}

#[test]
fn the_key_outlives_the_certificate() {
    let maker = Authority::root("Manufacturing CA");
    let key = KeyPair::generate().unwrap();
    let verifier = maker.verifier();
    let mut identities = [2030, 2031].map(|year| {
        let mut params = mpp();
        params.not_after = date_time_ymd(year, 1, 1);
        let der = params.signed_by(&key, &maker.issuer).unwrap().der().clone();
        verifier.identify(&[der], now()).unwrap()
    });
    let [first, second] = &mut identities;
    assert_eq!(first.key(), second.key());
    assert_ne!(
        first.certificate_thumbprint(),
        second.certificate_thumbprint()
    );
}

#[test]
fn an_unknown_authority_is_refused_even_with_the_same_name() {
    let (maker, other) = (Authority::root("CA"), Authority::root("CA"));
    let (der, _) = other.issue(&mpp());
    assert!(maker.verifier().verify(&der, &[], now()).is_err());
    let stranger = Authority::root("Stranger");
    let (der, _) = stranger.issue(&mpp());
    for intermediates in [vec![], vec![stranger.certificate.clone()]] {
        assert!(matches!(
            maker.verifier().verify(&der, &intermediates, now()),
            Err(ChainError::UnknownIssuer)
        ));
    }
}

#[test]
fn a_certificate_signed_by_itself_is_refused() {
    let key = KeyPair::generate().unwrap();
    let der = mpp().self_signed(&key).unwrap().der().clone();
    let maker = Authority::root("Manufacturing CA");
    assert!(matches!(
        maker.verifier().verify(&der, &[], now()),
        Err(ChainError::UnknownIssuer)
    ));
}

#[test]
fn a_certificate_counts_from_its_first_second_to_its_last() {
    let maker = Authority::root("Manufacturing CA");
    let (der, _) = maker.issue(&mpp());
    let verifier = maker.verifier();
    let second = std::time::Duration::from_secs(1);
    let end = days(1_461); // 2030-01-01, with the leap year 2028
    assert!(verifier.verify(&der, &[], end).is_ok());
    assert!(matches!(
        verifier.verify(&der, &[], end + second),
        Err(ChainError::Expired)
    ));
    let start = now() - std::time::Duration::from_secs(2_192 * 86_400); // 2020-01-01
    assert!(verifier.verify(&der, &[], start).is_ok());
    assert!(matches!(
        verifier.verify(&der, &[], start - second),
        Err(ChainError::NotValidYet)
    ));
    let before_epoch = std::time::SystemTime::UNIX_EPOCH - second;
    assert!(matches!(
        verifier.verify(&der, &[], before_epoch),
        Err(ChainError::BeforeEpoch)
    ));
}

#[test]
fn the_key_usage_must_allow_clients_where_it_is_there() {
    let maker = Authority::root("Manufacturing CA");
    let verifier = maker.verifier();
    let mut params = mpp();
    for (usages, good) in [
        (vec![ExtendedKeyUsagePurpose::ClientAuth], true),
        (
            vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
            true,
        ),
        (vec![ExtendedKeyUsagePurpose::ServerAuth], false),
    ] {
        params.extended_key_usages = usages;
        let (der, _) = maker.issue(&params);
        match verifier.verify(&der, &[], now()) {
            Ok(_) => assert!(good),
            Err(error) => {
                assert!(!good);
                assert!(matches!(error, ChainError::NotForClients), "{error:?}");
            }
        }
    }
}

#[test]
fn an_intermediate_may_come_from_the_device_or_be_known_or_be_an_anchor() {
    let root = Authority::root("Root CA");
    let maker = root.under("Manufacturing CA", &[]);
    let (der, _) = maker.issue(&mpp());
    let sent = [maker.certificate.clone()];
    assert!(root.verifier().verify(&der, &sent, now()).is_ok());
    assert!(matches!(
        root.verifier().verify(&der, &[], now()),
        Err(ChainError::UnknownIssuer)
    ));
    let known = ChainVerifier::builder()
        .anchor(&root.certificate)
        .unwrap()
        .intermediate(&maker.certificate)
        .build()
        .unwrap();
    assert!(known.verify(&der, &[], now()).is_ok());
    assert!(maker.verifier().verify(&der, &[], now()).is_ok());
}

#[test]
fn an_anchor_is_trusted_whatever_its_own_key_usage() {
    let root = Authority::root("Root CA");
    let maker = root.under("CAPF", &[ExtendedKeyUsagePurpose::ServerAuth]);
    let (der, _) = maker.issue(&mpp());
    let sent = [maker.certificate.clone()];
    assert!(matches!(
        root.verifier().verify(&der, &sent, now()),
        Err(ChainError::NotForClients)
    ));
    assert!(maker.verifier().verify(&der, &[], now()).is_ok());
}

#[test]
fn an_anchor_is_trusted_past_its_own_end_and_beyond_its_own_length_of_path() {
    let mut params = device(&[(DnType::CommonName, "Old Root CA")]);
    params.not_after = date_time_ymd(2021, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let root = Authority {
        issuer: rcgen::Issuer::new(params, key),
        certificate,
    };
    let (der, _) = root.issue(&mpp());
    assert!(root.verifier().verify(&der, &[], now()).is_ok());
    let maker = root.under("Manufacturing CA", &[]);
    let (der, _) = maker.issue(&mpp());
    let sent = [maker.certificate];
    assert!(root.verifier().verify(&der, &sent, now()).is_ok());
}

#[test]
fn an_intermediate_cannot_have_another_beyond_its_own_length_of_path() {
    let root = Authority::root("Root CA");
    let mut params = device(&[(DnType::CommonName, "Manufacturing CA")]);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let (certificate, key) = root.issue(&params);
    let maker = Authority {
        issuer: rcgen::Issuer::new(params, key),
        certificate,
    };
    let (der, _) = maker.issue(&mpp());
    let sent = [maker.certificate.clone()];
    assert!(root.verifier().verify(&der, &sent, now()).is_ok());
    let below = maker.under("Factory CA", &[]);
    let (der, _) = below.issue(&mpp());
    let sent = [below.certificate, maker.certificate];
    assert!(matches!(
        root.verifier().verify(&der, &sent, now()),
        Err(ChainError::Invalid(_))
    ));
}

#[test]
fn a_phones_own_certificate_is_no_anchor() {
    let maker = Authority::root("Manufacturing CA");
    let mut explicit = mpp();
    explicit.is_ca = IsCa::ExplicitNoCa;
    let mut silent = mpp();
    silent.use_authority_key_identifier_extension = true;
    for phone in [mpp(), explicit, silent] {
        let (phone, _) = maker.issue(&phone);
        assert!(matches!(
            ChainVerifier::builder().anchor(&phone),
            Err(AnchorError::NotAnAuthority)
        ));
    }
    // The phone's own chain, as somebody may have saved it.
    let (phone, _) = maker.issue(&mpp());
    let chain = [phone, maker.certificate].map(|der| crate::proxy::pem(&der));
    assert!(matches!(
        ChainVerifier::builder().anchors_from_pem(chain.concat().as_bytes()),
        Err(AnchorError::NotAnAuthority)
    ));
}

#[test]
fn a_device_cannot_issue_for_another() {
    let maker = Authority::root("Manufacturing CA");
    let (own, own_key) = maker.issue(&mpp());
    let issuer = rcgen::Issuer::new(mpp(), own_key);
    let victim = device(&[(DnType::CommonName, "SEP805EC0112233")]);
    let key = KeyPair::generate().unwrap();
    let forged = victim.signed_by(&key, &issuer).unwrap().der().clone();
    assert!(maker.verifier().verify(&forged, &[own], now()).is_err());
}

#[test]
fn an_authority_is_no_device() {
    let maker = Authority::root("Manufacturing CA");
    let mut params = mpp();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (der, _) = maker.issue(&params);
    assert!(matches!(
        maker.verifier().verify(&der, &[], now()),
        Err(ChainError::Invalid(_))
    ));
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let maker = Authority::root("Manufacturing CA");
    let (der, _) = maker.issue(&mpp());
    let verifier = maker.verifier();
    for at in 0..der.len() {
        let mut bytes = der.to_vec();
        bytes[at] ^= 1;
        let bytes = CertificateDer::from(bytes);
        assert!(verifier.verify(&bytes, &[], now()).is_err(), "octet {at}");
    }
}

#[test]
fn a_verified_certificate_that_is_ambiguous_or_shared_gives_no_identity() {
    let maker = Authority::root("Manufacturing CA");
    let identify = |subject: &[(DnType, &str)]| {
        let (der, _) = maker.issue(&device(subject));
        match maker.verifier().identify(&[der], now()) {
            Err(IdentifyError::Identity(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let error = identify(&[
        (DnType::CommonName, "SEP805EC0112233"),
        (DnType::OrganizationalUnitName, "000e08abcdef"),
    ]);
    assert_eq!(
        error.to_string(),
        "ambiguous: 805EC0112233 and 000E08ABCDEF"
    );
    let error = identify(&[(DnType::LocalityName, "ciscogeneric")]);
    assert_eq!(error, IdentityError::Shared);
    let error = identify(&[(DnType::CommonName, "phone")]);
    assert_eq!(error, IdentityError::NoAddress);
}

#[test]
fn without_certificate_there_is_no_identity() {
    let verifier = Authority::root("Manufacturing CA").verifier();
    assert!(matches!(
        verifier.identify(&[], now()),
        Err(IdentifyError::NoCertificate)
    ));
}

#[test]
fn too_many_intermediates_are_refused_before_any_work() {
    let maker = Authority::root("Manufacturing CA");
    let (der, _) = maker.issue(&mpp());
    let sent = vec![maker.certificate.clone(); Limits::DEFAULT.intermediates + 1];
    assert!(matches!(
        maker.verifier().verify(&der, &sent, now()),
        Err(ChainError::TooManyIntermediates { found: 9 })
    ));
}

#[test]
fn a_verifier_cannot_be_built_without_anchors() {
    assert!(matches!(
        ChainVerifier::builder().build(),
        Err(AnchorError::None)
    ));
    let empty = ChainVerifier::builder().anchors_from_pem(b"no certificate here");
    assert!(matches!(empty, Err(AnchorError::None)));
    let bad = ChainVerifier::builder().anchor(&CertificateDer::from(&b"junk"[..]));
    assert!(matches!(bad, Err(AnchorError::Malformed(_))));
}

#[test]
fn anchors_are_read_from_pem() {
    let makers = [
        Authority::root("Manufacturing CA"),
        Authority::root("Other"),
    ];
    let pem: String = makers
        .iter()
        .map(|maker| {
            use base64::Engine as _;
            let body = base64::engine::general_purpose::STANDARD.encode(&maker.certificate);
            let lines: Vec<_> = body
                .as_bytes()
                .chunks(64)
                .map(|line| str::from_utf8(line).unwrap())
                .collect();
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                lines.join("\n")
            )
        })
        .collect();
    let builder = ChainVerifier::builder();
    let verifier = builder.anchors_from_pem(pem.as_bytes()).unwrap();
    let verifier = verifier.build().unwrap();
    for maker in &makers {
        let (der, _) = maker.issue(&mpp());
        assert!(verifier.verify(&der, &[], now()).is_ok());
    }
}
