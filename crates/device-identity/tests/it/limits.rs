//! What is read at most.

use offhook_device_identity::{
    CertificateHeader, ChainError, ChainVerifier, HeaderError, HeaderSource, IdentityPattern,
    Limits, PatternError, XfccElement,
};

use crate::authority::{Authority, now};
use crate::proxy::{World, pattern, phone, proxy};

#[test]
fn headers_are_read_up_to_their_limits() {
    let world = World::new();
    let value = format!(":{}:", world.base64());
    let chain = format!(":{}:", "A".repeat(value.len()));
    let header = CertificateHeader::client_cert();
    for (most, length) in [(value.len(), None), (value.len() - 1, Some(value.len()))] {
        let mut limits = Limits::DEFAULT;
        limits.header_bytes = most;
        let header = header.clone().limits(limits);
        let read = header.read(&proxy(), [value.as_bytes()], []);
        let source = HeaderSource::certificate(header, world.pinned());
        let identity = source.identity(&proxy(), [value.as_bytes()], now());
        match length {
            None => assert!(read.is_ok() && identity.is_ok()),
            Some(length) => {
                let too_long = |error| matches!(error, HeaderError::TooLong { length: found } if found == length);
                assert!(too_long(read.unwrap_err()));
                assert!(too_long(identity.unwrap_err()));
            }
        }
    }
    let mut limits = Limits::DEFAULT;
    limits.header_bytes = value.len();
    let read = header
        .limits(limits)
        .read(&proxy(), [value.as_bytes()], [chain.as_bytes()]);
    assert!(matches!(read, Err(HeaderError::TooLong { .. })));
}

#[test]
fn texts_are_read_up_to_their_limits() {
    let mut limits = Limits::DEFAULT;
    limits.text_bytes = 15;
    let plain = HeaderSource::plain("macaddress", pattern())
        .unwrap()
        .limits(limits);
    let envoy = HeaderSource::envoy_subject(XfccElement::Only, pattern()).limits(limits);
    let read = |source: &HeaderSource, value: &str| {
        source
            .identity(&proxy(), [value.as_bytes()], now())
            .map(|found| found.mac())
    };
    assert!(read(&plain, "SEP000E08ABCDEF").is_ok());
    assert!(read(&envoy, "Subject=\"CN=000E08ABCDEF\"").is_ok());
    for (source, value) in [
        (&plain, "SEP-000E08ABCDEF"),
        (&envoy, "Subject=\"CN=SEP000E08ABCDEF\""),
    ] {
        assert!(matches!(
            read(source, value),
            Err(HeaderError::TooLong { .. })
        ));
    }
}

#[test]
fn patterns_have_limits_of_their_own() {
    let limited = |change: fn(&mut Limits)| {
        let mut limits = Limits::DEFAULT;
        change(&mut limits);
        IdentityPattern::with_limits("([0-9a-f]{12})", limits)
    };
    let pattern = limited(|limits| limits.pattern_input_bytes = 12).unwrap();
    assert!(pattern.matches("000e08abcdef").is_some());
    let pattern = limited(|limits| limits.pattern_input_bytes = 11).unwrap();
    assert!(pattern.matches("000e08abcdef").is_none());
    for change in [
        (|limits| limits.pattern_length = 13) as fn(&mut Limits),
        |limits| limits.pattern_program_bytes = 64,
    ] {
        assert_eq!(limited(change).unwrap_err(), PatternError::TooLarge);
    }
    assert!(limited(|limits| limits.pattern_length = 14).is_ok());
}

#[test]
fn a_verifier_takes_as_many_intermediates_as_it_is_told() {
    let root = Authority::root("Root CA");
    let maker = root.under("Manufacturing CA", &[]);
    let (der, _) = maker.issue(&phone());
    let mut limits = Limits::DEFAULT;
    for (most, good) in [(1, true), (0, false)] {
        limits.intermediates = most;
        let builder = ChainVerifier::builder().anchor(&root.certificate).unwrap();
        let verifier = builder.limits(limits).build().unwrap();
        let sent = [maker.certificate.clone()];
        let verified = verifier.verify(&der, &sent, now());
        assert_eq!(verified.is_ok(), good);
        if let Err(error) = verified {
            assert!(matches!(
                error,
                ChainError::TooManyIntermediates { found: 1 }
            ));
        }
    }
}
