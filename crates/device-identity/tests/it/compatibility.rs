//! Identity patterns on subjects: the field's own pattern on the field's own certificates.

use std::sync::Arc;

use offhook_device_identity::{
    CertificateHeader, ChainVerifier, HeaderSource, IdentifyError, IdentityError, IdentityPattern,
    Rule, Source, candidates,
};
use rcgen::{DnType, SanType};

use crate::authority::{Authority, device, now, serial_number};
use crate::proxy::{escaped, pem, proxy};
use crate::subject::orders;

const FIELD: &str = ".*([0-9a-fA-F]{12}).*";
const MAC: &str = "000E08ABCDEF";

fn find(pattern: &str, subject: &[(DnType, &str)]) -> Result<String, IdentityError> {
    let (der, _) = Authority::root("maker").issue(&device(subject));
    let pattern = IdentityPattern::new(pattern).unwrap();
    pattern.candidate(&der).map(|mac| mac.to_string())
}

/// Every subject in every order by both ways: either the address or none, and never another one.
#[test]
fn no_subject_gives_a_wrong_address_in_any_order_by_rule_or_pattern() {
    let e_mail = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
    let (cn, ou, l, st) = (
        DnType::CommonName,
        DnType::OrganizationalUnitName,
        DnType::LocalityName,
        DnType::StateOrProvinceName,
    );
    let serial = serial_number;
    let subjects = [
        vec![
            (ou.clone(), "CP-8841-3PCC"),
            (l.clone(), "88012BA01234"),
            (st.clone(), "000e08abcdef"),
        ],
        vec![
            (ou.clone(), "SPA-962"),
            (l.clone(), "88012BA01234"),
            (st.clone(), "000e08abcdef"),
            (serial(), "88012BA01234"),
        ],
        vec![
            (serial(), "33E8B7000000"),
            (cn.clone(), "CP-8841-SEP000E08ABCDEF"),
            (ou.clone(), "CTG"),
        ],
        vec![
            (cn.clone(), "C9300-48UXM-000E08ABCDEF"),
            (serial(), "PID:C9300-48UXM SN:0123456789AB"),
        ],
        vec![
            (cn.clone(), "AP1G4-000E08ABCDEF"),
            (l.clone(), "San Jose"),
            (st.clone(), "California"),
            (e_mail, "support@cisco.example"),
        ],
        vec![(cn.clone(), "000e08abcdef"), (l.clone(), "deadbeefcafe")],
        vec![
            (cn.clone(), "SEP000E08ABCDEF"),
            (ou.clone(), "000e08abcdef"),
        ],
        vec![
            (cn.clone(), "000E08ABCDEF.example.com"),
            (serial(), "123456789012"),
        ],
        // Forms that no maker is known to use, for the pattern alone.
        vec![
            (ou.clone(), "phone 000E08ABCDEF"),
            (l.clone(), "88012BA01234"),
        ],
        // None of these may give any address.
        vec![(l.clone(), "88012BA01234")],
        vec![(serial(), "88012BA01234"), (cn.clone(), "phone")],
        vec![(cn.clone(), "000e08abcdef"), (ou.clone(), "805ec0112233")],
        vec![(cn.clone(), "000e08abcdef.deadbeefcafe.example.com")],
        vec![(cn.clone(), "000e08abcdef00")],
        vec![(cn.clone(), "hash-0123456789abcdef0123"), (l.clone(), "x")],
        vec![
            (ou.clone(), "cisco.com"),
            (l, "ciscogeneric"),
            (st, "ciscogeneric"),
        ],
        vec![(ou, "000000000000")],
        vec![(cn, "FFFFFFFFFFFF")],
    ];
    let patterns = [
        FIELD,
        ".*?([0-9a-fA-F]{12}).*",
        ".*([0-9a-fA-F]{12})",
        "(?s).*(?i:ST|CN|OU|X)=[^,]*?([0-9a-f]{12}|[0-9A-F]{12}).*",
        ".*SEP(\\p{XDigit}{12}).*",
    ];
    let maker = Authority::root("maker");
    let (mut by_rule, mut by_pattern) = (0, 0);
    for (place, subject) in subjects.iter().enumerate() {
        let names_one = place < 9;
        for order in orders(subject) {
            let (der, _) = maker.issue(&device(&order));
            if let Ok(found) = candidates(&der).unwrap().one() {
                assert!(names_one, "{order:?}");
                assert_eq!(found.mac().to_string(), MAC, "{order:?}");
                by_rule += 1;
            }
            for pattern in patterns {
                let pattern = IdentityPattern::new(pattern).unwrap();
                if let Ok(mac) = pattern.candidate(&der) {
                    assert!(names_one, "{order:?} {pattern:?}");
                    assert_eq!(mac.to_string(), MAC, "{order:?} {pattern:?}");
                    by_pattern += 1;
                }
            }
        }
    }
    // The first eight subjects have 68 orders in all; each gives its address by rule.
    assert_eq!((by_rule, by_pattern > by_rule), (68, true));
}

#[test]
fn a_pattern_gives_an_identity_of_a_verified_certificate_only() {
    let maker = Authority::root("maker");
    let (der, _) = maker.issue(&device(&[(
        DnType::OrganizationalUnitName,
        "phone 000E08ABCDEF",
    )]));
    let verifier = maker.verifier();
    let verified = verifier.verify(&der, &[], now()).unwrap();
    assert_eq!(verified.identity(), Err(IdentityError::NoAddress));
    let pattern = IdentityPattern::new(FIELD).unwrap();
    let identity = pattern.identity(&verified).unwrap();
    assert_eq!(identity.mac().to_string(), MAC);
    assert_eq!((identity.rule(), identity.model()), (Rule::Pattern, None));
    assert!(identity.key().is_some());
}

#[test]
fn the_text_that_is_matched_has_types_and_no_serial_numbers() {
    let subject = [
        (DnType::LocalityName, "88012BA01234"),
        (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
        (serial_number(), "88012BA01234"),
        (DnType::StateOrProvinceName, "000e08abcdef"),
        (DnType::CountryName, "US"),
    ];
    let exactly = "OU=CP-8841-3PCC, ST=([0-9a-f]{12}), X=US";
    assert_eq!(find(exactly, &subject).as_deref(), Ok(MAC));
    assert_eq!(
        find("ST=([0-9a-f]{12})", &subject),
        Err(IdentityError::NoAddress)
    );
}

#[test]
fn an_alternative_name_contradicts_a_pattern() {
    let mut params = device(&[(DnType::OrganizationalUnitName, "000E08ABCDEF")]);
    let uri = "urn:dev:mac:805ec0112233".try_into().unwrap();
    params.subject_alt_names = vec![SanType::URI(uri)];
    let (der, _) = Authority::root("maker").issue(&params);
    let pattern = IdentityPattern::new(FIELD).unwrap();
    let error = pattern.candidate(&der).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ambiguous: 000E08ABCDEF and 805EC0112233"
    );
}

#[test]
fn a_verifier_with_a_pattern_takes_addresses_by_it_from_connections_and_headers() {
    let maker = Authority::root("maker");
    let subject = [
        (DnType::CommonName, "phone"),
        (DnType::OrganizationalUnitName, "unit 000e08abcdef"),
    ];
    let (der, _) = maker.issue(&device(&subject));
    let (other, _) = maker.issue(&device(&[(DnType::CommonName, "SEP000E08ABCDEF")]));
    let pattern = IdentityPattern::new(".*OU=unit ([0-9a-f]{12}).*").unwrap();
    let builder = ChainVerifier::builder().anchor(&maker.certificate).unwrap();
    let verifier = Arc::new(builder.pattern(pattern).build().unwrap());

    let identity = verifier
        .identify(std::slice::from_ref(&der), now())
        .unwrap();
    assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
    assert_eq!(identity.rule(), Rule::Pattern);
    assert!(matches!(
        verifier.identify(&[other], now()),
        Err(IdentifyError::Identity(IdentityError::NoAddress))
    ));
    assert!(
        maker
            .verifier()
            .identify(std::slice::from_ref(&der), now())
            .is_err()
    );

    let header = CertificateHeader::nginx("ssl-client-cert").unwrap();
    let header = HeaderSource::certificate(header, verifier);
    let value = escaped(&pem(&der), "");
    let identity = header
        .identity(&proxy(), [value.as_bytes()], now())
        .unwrap();
    assert_eq!(
        (identity.rule(), identity.source()),
        (Rule::Pattern, Source::Header)
    );
}
