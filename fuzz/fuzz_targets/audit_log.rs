//! A file that is said to be an audit log: what is read as a record is printed and read as the same
//! record, no line costs more than its limit, and no log that verifies has a record that is not in
//! the chain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_onboarding::{AuditRecord, ChainHead, verify_audit_log, verify_chain};

fuzz_target!(|log: &[u8]| {
    let mut records = Vec::new();
    for line in log.split(|byte| *byte == b'\n') {
        if let Ok(record) = AuditRecord::from_json(line) {
            let printed = record.to_json();
            assert_eq!(AuditRecord::from_json(printed.as_bytes()).as_ref(), Ok(&record));
            let entry = record.entry().clone();
            let rebuilt = AuditRecord::from_parts(record.sequence(), entry, *record.hash());
            assert_eq!(rebuilt, record);
            records.push(record);
        }
    }
    if let Ok(head) = verify_audit_log(log, None, None) {
        assert_eq!(verify_chain(None, &records), Ok(()));
        assert_eq!(head.sequence(), records.len() as u64);
        assert_eq!(verify_audit_log(log, None, Some(&head)).ok(), Some(head));
        let text = head.to_string();
        assert_eq!(text.parse::<ChainHead>(), Ok(head));
    }
    // A log of these very entries verifies, and does not once its last record is gone.
    let mut chain: Vec<AuditRecord> = Vec::new();
    for record in &records {
        chain.push(AuditRecord::after(chain.last(), record.entry().clone()));
    }
    let lines: Vec<String> = chain.iter().map(|record| record.to_json() + "\n").collect();
    let Some((last, rest)) = lines.split_last() else { return };
    let head = chain.last().map(AuditRecord::head);
    if lines.iter().all(|line| line.len() <= offhook_onboarding::MAX_AUDIT_LINE_BYTES) {
        let whole = rest.concat() + last;
        assert_eq!(verify_audit_log(whole.as_bytes(), None, head.as_ref()).ok(), head);
        assert!(verify_audit_log(rest.concat().as_bytes(), None, head.as_ref()).is_err());
    }
});
