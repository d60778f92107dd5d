//! Any values of Envoy's header: no panic, a certificate or a subject only from the element that
//! counts, and what Envoy writes of any octets comes back unchanged.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{
    CertificateHeader, HeaderError, HeaderSource, IdentityPattern, XfccElement,
};
use offhook_fuzz::header::{PROXY, all, escaped_pem, write_pem};

static PATTERN: LazyLock<IdentityPattern> =
    LazyLock::new(|| IdentityPattern::new(".*([0-9a-fA-F]{12}).*").unwrap());

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let (values, companions) = input;
    let both = || (values.iter().copied(), companions.iter().copied());
    for element in [XfccElement::Only, XfccElement::Last] {
        let header = CertificateHeader::envoy(element);
        let (all_values, all_companions) = both();
        if let Ok(found) = header.read(&PROXY, all_values, all_companions) {
            let [value] = values[..] else {
                panic!("{} values", values.len());
            };
            let found = all(found);
            // Some key of it has just these certificates.
            let mut texts = value.split(|byte| b"\",;=".contains(byte));
            assert!(texts.any(|text| escaped_pem(text, b"").as_ref() == Some(&found)));
        }
        let subject = HeaderSource::envoy_subject(element, PATTERN.clone());
        let (all_values, all_companions) = both();
        let outcome =
            subject.identity_with(&PROXY, all_values, all_companions, SystemTime::UNIX_EPOCH);
        if let Ok(identity) = outcome {
            let digits = identity.mac().to_string();
            let value = values[0].to_ascii_uppercase();
            assert!(value.windows(12).any(|window| window == digits.as_bytes()));
        }
        let Some(der) = values.first().filter(|der| (1..8_000).contains(&der.len())) else {
            continue;
        };
        let pem = String::from_utf8(write_pem(der, b"")).unwrap();
        for value in [
            format!("Cert=\"{pem}\""),
            format!("By=a,By=b;Chain={pem};Subject=\"a,b\";URI=c"),
        ] {
            match header.read(&PROXY, [value.as_bytes()], []) {
                Ok(found) => assert_eq!(all(found), [der.to_vec()]),
                Err(HeaderError::List) => assert_eq!(element, XfccElement::Only),
                Err(HeaderError::TooLong { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
});
