//! Any octets as a certificate: no panic, never an address that is not written in them, and the
//! fast path and the full one agree wherever both accept.
#![no_main]

use std::mem::discriminant;

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{Attribute, Candidates, Rules, candidates_by, candidates_of};
use offhook_fuzz::certificate::MAKER;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

fuzz_target!(|input: (u8, Vec<(u16, u8)>, &[u8])| {
    let (device, changes, raw) = input;
    for der in [raw.to_vec(), MAKER.changed(device, &changes)] {
        for rules in [
            Rules::ALL,
            Rules::CISCO_MPP.and(Rules::attribute(Attribute::SerialNumber)),
            Rules::YEALINK.and(Rules::attribute(Attribute::AlternativeName)),
        ] {
            let Ok(fast) = candidates_by(&der, rules) else {
                continue;
            };
            is_written(&fast, &der);
            let Ok(certificate) = Certificate::from_der(&der) else {
                continue;
            };
            if let Ok(full) = candidates_of(&certificate, rules) {
                agree(&fast, &full);
            }
        }
    }
});

fn is_written(found: &Candidates<'_>, der: &[u8]) {
    // Without separators, and without the upper octets of wide characters.
    let written: String = der
        .iter()
        .filter(|byte| !matches!(byte, 0 | b':' | b'-' | b'.'))
        .map(|byte| char::from(byte.to_ascii_uppercase()))
        .collect();
    for candidate in found.iter() {
        let digits = candidate.mac().to_string();
        assert!(written.contains(&digits), "{digits}");
    }
    if let Ok(only) = found.one() {
        assert!(!found.is_shared());
        assert!(found.iter().all(|other| other.mac() == only.mac()));
    }
}

fn agree(fast: &Candidates<'_>, full: &Candidates<'_>) {
    assert_eq!(fast.is_shared(), full.is_shared());
    match (fast.one(), full.one()) {
        (Ok(fast), Ok(full)) => assert_eq!(fast.mac(), full.mac()),
        // Which two of three are named can differ.
        (Err(fast), Err(full)) => assert_eq!(discriminant(&fast), discriminant(&full)),
        different => panic!("{different:?}"),
    }
}
