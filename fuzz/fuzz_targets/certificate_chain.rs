//! Certificates with any octets changed and signed rightly again: none is accepted that `webpki`
//! refuses, and an identity is what both paths read.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{ChainVerifier, Rules, candidates_of};
use offhook_fuzz::certificate::{MAKER, body};
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

fuzz_target!(|input: (u8, Vec<(u16, u8)>, Option<&[u8]>)| {
    let (device, changes, raw) = input;
    let changed;
    let body = match raw {
        Some(raw) if raw.len() < 8_000 => raw,
        _ => {
            let place = usize::from(device) % MAKER.devices.len();
            let mut octets = body(&MAKER.devices[place]).to_vec();
            let length = octets.len();
            for (at, octet) in changes {
                octets[usize::from(at) % length] = octet;
            }
            changed = octets;
            &changed
        }
    };
    let der = CertificateDer::from(MAKER.signed(body));
    let now = Duration::from_secs(1_767_225_600);
    let builder = ChainVerifier::builder().anchor(&MAKER.certificate).unwrap();
    let verifier = builder.build().unwrap();
    let Ok(verified) = verifier.verify(&der, &[], SystemTime::UNIX_EPOCH + now) else {
        return;
    };
    let anchors = [anchor_from_trusted_cert(&MAKER.certificate).unwrap()];
    let parsed = EndEntityCert::try_from(&der).unwrap();
    let theirs = parsed.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &[],
        UnixTime::since_unix_epoch(now),
        KeyUsage::client_auth(),
        None,
        None,
    );
    assert!(theirs.is_ok());
    let Ok(identity) = verified.identity() else {
        return;
    };
    if let Ok(certificate) = Certificate::from_der(&der)
        && let Ok(full) = candidates_of(&certificate, Rules::ALL)
    {
        assert_eq!(full.one().map(|only| only.mac()), Ok(identity.mac()));
    }
});
