use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{
    ActivationCode, AuthenticationString, CapfAttempt, CapfDevice, CapfDeviceType, CapfError,
    CapfMode, CapfOperation, CapfOrderRefusal, CapfRefusal, CapfStore, CapfTable, MemoryStore,
    ParseStringError, Pepper, PepperId, Peppers,
};
use proptest::prelude::*;

use crate::support::{Seeded, now, peppers, tenant};

const HOUR: Duration = Duration::from_secs(3_600);

fn device(name: &str) -> CapfDevice {
    CapfDevice::new(tenant(), name.parse().unwrap())
}

fn string(text: &str) -> AuthenticationString {
    text.parse().unwrap()
}

fn order(text: &str) -> CapfOperation {
    let digest = peppers().string_digest(&device("TCTTADAMS"), &string(text));
    let mode = CapfMode::ByString(digest);
    let device = device("TCTTADAMS");
    CapfOperation::new(device, CapfDeviceType::Other, mode, now() + HOUR).unwrap()
}

fn attempt(text: &str) -> CapfAttempt {
    let digests = peppers().string_digests(&device("TCTTADAMS"), &string(text));
    CapfAttempt::by_string(device("TCTTADAMS"), digests)
}

#[test]
fn a_right_string_completes_the_operation_once() {
    let mut table = CapfTable::new();
    table.order(&order("1234567890"));
    assert_eq!(table.present(&attempt("1234567890"), now()), Ok(()));
    let again = table.present(&attempt("1234567890"), now());
    assert_eq!(again, Err(CapfRefusal::NoOperation));
}

#[test]
fn after_misses_in_a_row_the_right_string_is_refused_until_it_is_ordered_anew() {
    let mut table = CapfTable::new();
    for max in [1, 3, 5] {
        let order = order("123456").with_max_misses(NonZeroU8::new(max).unwrap());
        table.order(&order);
        for _ in 0..max {
            let wrong = table.present(&attempt("123457"), now());
            assert_eq!(wrong, Err(CapfRefusal::WrongString));
        }
        for _ in 0..300 {
            let locked = table.present(&attempt("123456"), now());
            assert_eq!(locked, Err(CapfRefusal::Locked));
        }
        table.order(&order);
        for _ in 1..max {
            table.present(&attempt("123457"), now()).unwrap_err();
        }
        assert_eq!(table.present(&attempt("123456"), now()), Ok(()));
    }
}

#[test]
fn a_new_order_voids_the_old_string() {
    let mut table = CapfTable::new();
    table.order(&order("123456"));
    table.order(&order("654321"));
    let old = table.present(&attempt("123456"), now());
    assert_eq!(old, Err(CapfRefusal::WrongString));
    assert_eq!(table.present(&attempt("654321"), now()), Ok(()));
}

#[test]
fn an_operation_completes_before_its_time_and_not_at_it() {
    let mut table = CapfTable::new();
    let deadline = now() + HOUR;
    table.order(&order("123456"));
    let late = table.present(&attempt("123456"), deadline);
    assert_eq!(late, Err(CapfRefusal::Expired));
    let in_time = deadline - Duration::from_millis(1);
    assert_eq!(table.present(&attempt("123456"), in_time), Ok(()));
}

#[test]
fn a_cancelled_operation_is_not_completed() {
    let mut table = CapfTable::new();
    table.order(&order("123456"));
    assert_eq!(table.cancel(&device("TCTTADAMS")), Ok(()));
    assert_eq!(
        table.cancel(&device("TCTTADAMS")),
        Err(CapfRefusal::NoOperation)
    );
    let late = table.present(&attempt("123456"), now());
    assert_eq!(late, Err(CapfRefusal::NoOperation));
}

#[test]
fn the_null_string_is_for_devices_that_can_do_with_it_and_for_no_other_operation() {
    for device_type in [
        CapfDeviceType::JabberForWindows,
        CapfDeviceType::JabberForVdi,
    ] {
        let name = device("CSFTADAMS");
        let refused = CapfOperation::new(name, device_type, CapfMode::ByNullString, now());
        assert_eq!(refused, Err(CapfOrderRefusal::NullString));
    }
    let null = CapfAttempt::by_null_string(device("TCTTADAMS"));
    let mut table = CapfTable::new();
    table.order(&order("123456"));
    assert_eq!(table.present(&null, now()), Err(CapfRefusal::WrongString));

    let (name, mode) = (device("TCTTADAMS"), CapfMode::ByNullString);
    let order = CapfOperation::new(name, CapfDeviceType::Other, mode, now() + HOUR).unwrap();
    table.order(&order);
    let wrong = table.present(&attempt("123456"), now());
    assert_eq!(wrong, Err(CapfRefusal::WrongString));
    assert_eq!(table.present(&null, now()), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_who_present_the_string_one_completes_and_32_who_guess_lock_it() {
    let store = Arc::new(MemoryStore::new());
    for (text, completed) in [("123456", 1), ("123457", 0)] {
        store.order_capf(&order("123456"), now()).await.unwrap();
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.present_capf(&attempt(text), now()).await })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            won += u32::from(task.await.unwrap().is_ok());
        }
        assert_eq!(won, completed);
    }
    let err = store
        .present_capf(&attempt("123456"), now())
        .await
        .unwrap_err();
    assert!(matches!(err, CapfError::Refused(CapfRefusal::Locked)));
    assert_eq!(err.to_string(), "authentication string refused");
    store
        .cancel_capf(&device("TCTTADAMS"), now())
        .await
        .unwrap();
}

#[test]
fn a_string_has_four_to_ten_digits_of_any_script() {
    assert_eq!(string("１２３４ 56-78").to_string(), "12345678");
    assert_eq!(
        format!("{:?}", string("1234")),
        "AuthenticationString([redacted])"
    );
    let err = |text: &str| text.parse::<AuthenticationString>().unwrap_err();
    assert_eq!(err("12 3"), ParseStringError::TooFewDigits { found: 3 });
    assert_eq!(
        err("12345678901"),
        ParseStringError::TooManyDigits { at: 10 }
    );
    assert_eq!(err("12a4"), ParseStringError::NotADigit { at: 2 });
    assert_eq!(err(&" ".repeat(65)), ParseStringError::TooLong);
}

/// The digest of a string depends on its device and its leading zeros, and is never that of a code.
#[test]
fn the_digest_is_of_one_device_and_one_string() {
    let digest = |name: &str, text: &str| peppers().string_digest(&device(name), &string(text));
    assert_eq!(digest("TCTTADAMS", "0123"), digest("TCTTADAMS", "０１２３"));
    assert_ne!(digest("TCTTADAMS", "0123"), digest("TCTTADAMS", "00123"));
    assert_ne!(digest("TCTTADAMS", "0123"), digest("BOTTADAMS", "0123"));
    let code: ActivationCode = "1234-5678-9012-3456".parse().unwrap();
    let code = peppers().digest(&tenant(), &code);
    assert_ne!(digest("TCTTADAMS", "1234567890"), code);
}

#[test]
fn a_string_ordered_under_a_retired_pepper_completes_its_operation() {
    let mut table = CapfTable::new();
    table.order(&order("123456"));
    let rotated = Peppers::new(PepperId::new(2), Pepper::new(vec![9; 32]).unwrap())
        .with_retired(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap())
        .unwrap();
    let digests = rotated.string_digests(&device("TCTTADAMS"), &string("123456"));
    let attempt = CapfAttempt::by_string(device("TCTTADAMS"), digests);
    assert_eq!(table.present(&attempt, now()), Ok(()));
}

proptest! {
    #[test]
    fn what_is_drawn_has_ten_digits_and_reads_back(seed: u64) {
        let drawn = AuthenticationString::draw(&mut Seeded(seed)).unwrap();
        let text = drawn.to_string();
        prop_assert_eq!(text.len(), AuthenticationString::MAX_DIGITS);
        prop_assert_eq!(string(&text).to_string(), text);
    }
}
