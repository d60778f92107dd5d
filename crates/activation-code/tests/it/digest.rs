use std::time::{Duration, UNIX_EPOCH};

use offhook_activation_code::{
    ActivationCode, CodeDigest, CodePolicy, Pepper, PepperError, PepperId, Peppers, PolicyError,
    Timestamp,
};

use crate::support::{peppers, tenant};

fn code() -> ActivationCode {
    "1234-5678-9012-3456".parse().unwrap()
}

#[test]
fn the_tenant_the_code_and_the_pepper_each_change_the_digest() {
    let digest = peppers().digest(&tenant(), &code());
    let other_code = "1234-5678-9012-3457".parse().unwrap();
    let other_pepper = Peppers::new(PepperId::new(1), Pepper::new(vec![8; 32]).unwrap());
    assert_eq!(digest, peppers().digest(&tenant(), &code()));
    assert_ne!(digest, peppers().digest(&"acme2".parse().unwrap(), &code()));
    assert_ne!(digest, peppers().digest(&tenant(), &other_code));
    assert_ne!(digest, other_pepper.digest(&tenant(), &code()));
}

#[test]
fn the_digest_under_a_retired_pepper_is_the_one_it_had_as_current() {
    let old = peppers().digest(&tenant(), &code());
    let rotated = Peppers::new(PepperId::new(2), Pepper::new(vec![9; 32]).unwrap())
        .with_retired(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap())
        .unwrap();
    let digests = rotated.digests(&tenant(), &code());
    let all: Vec<CodeDigest> = digests.iter().copied().collect();
    assert_eq!(all, [rotated.digest(&tenant(), &code()), old]);
    assert_eq!(digests.current().pepper_id().get(), 2);
    assert_eq!(
        CodeDigest::from_parts(old.pepper_id(), *old.as_bytes()),
        old
    );
}

#[test]
fn short_peppers_and_pepper_numbers_used_twice_are_refused() {
    let err = Pepper::new(vec![0; 31]).unwrap_err();
    assert_eq!(err, PepperError::WrongLength { found: 31 });
    let id = PepperId::new(1);
    let err = peppers()
        .with_retired(id, Pepper::new(vec![0; 32]).unwrap())
        .unwrap_err();
    assert_eq!(err, PepperError::DuplicateId { id });
}

#[test]
fn a_policy_keeps_to_its_bounds() {
    let policy = CodePolicy::default();
    assert_eq!(policy.ttl(), Duration::from_secs(604_800));
    assert_eq!(
        policy.with_ttl(Duration::from_millis(999)),
        Err(PolicyError::Ttl)
    );
    assert_eq!(
        policy.with_ttl(CodePolicy::MAX_TTL + Duration::from_nanos(1)),
        Err(PolicyError::Ttl)
    );
    assert_eq!(
        policy.with_grace(CodePolicy::MAX_GRACE + Duration::from_nanos(1)),
        Err(PolicyError::Grace)
    );
    assert!(policy.with_grace(Duration::ZERO).is_ok());
}

#[test]
fn whole_milliseconds_survive_the_way_to_the_system_time_and_back() {
    let time = UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
    assert_eq!(std::time::SystemTime::from(Timestamp::from(time)), time);
}
