//! A table of phones is read whole or reported within the limits, and what is read is well formed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_activation_code::{CsvLimits, OtherColumns, read_phones};

fuzz_target!(|table: &[u8]| {
    let limits = CsvLimits::default().with_rows(50).with_problems(5);
    for limits in [limits, limits.with_other_columns(OtherColumns::Ignore)] {
        match read_phones(table, &limits) {
            Ok(phones) => {
                assert!(phones.len() <= 50);
                let mut profiles: Vec<_> = phones.iter().map(|phone| phone.profile()).collect();
                profiles.sort();
                profiles.dedup();
                assert_eq!(profiles.len(), phones.len());
                assert!(phones.iter().all(|phone| {
                    phone.binding().mac().is_some() || phone.binding().models().is_some()
                }));
            }
            Err(report) => {
                assert!((1..=5).contains(&report.problems().len()));
                assert!(report.to_string().lines().count() >= report.problems().len());
            }
        }
    }
});
