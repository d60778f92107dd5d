//! The audit log when it cannot be chained.

use std::error::Error as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use offhook_onboarding::{Registry, verify_chain};
use offhook_store_contract::Fixture;
use tokio::time::{sleep, timeout};

use crate::fixture::{InSchema, act, device};

/// What is logged on this thread, which is the only one of the test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_told_to_the_log_without_what_it_says() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let foreign = "INSERT INTO audit_pending (at, tenant, profile, event)
                   VALUES (1, 'acme', 'room-9', 'canary-4711')";
    client.batch_execute(foreign).await.unwrap();
    store.provision(&device(1), &act()).await.unwrap();
    let told = async {
        while !log.text().contains("the audit log is not chained") {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), told).await.unwrap();
    let text = log.text();
    assert!(
        text.contains("ERROR") && text.contains("column 4"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    // Whoever reads is told too, and nothing is lost when the entry has gone.
    assert!(store.audit(0, 9).await.is_err());
    let mend = "DELETE FROM audit_pending WHERE event = 'canary-4711'";
    client.batch_execute(mend).await.unwrap();
    let records = store.audit(0, 9).await.unwrap();
    assert_eq!(records.len(), 1);
    verify_chain(None, &records).unwrap();
}

#[tokio::test]
async fn records_before_one_that_cannot_be_read_are_read_and_that_one_is_named() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    for number in 1..=4 {
        store.provision(&device(number), &act()).await.unwrap();
    }
    let whole = store.audit(0, 9).await.unwrap();
    assert_eq!(whole.len(), 4);
    let change = "ALTER TABLE audit DISABLE TRIGGER ALL;
                  UPDATE audit SET hash = '\\x00' WHERE sequence = 3";
    client.batch_execute(change).await.unwrap();
    assert_eq!(store.audit(0, 9).await.unwrap(), whole[..2]);
    let error = store.audit(2, 9).await.unwrap_err();
    let told = error.source().unwrap().to_string();
    assert!(told.starts_with("audit record 3 cannot be read"), "{told}");
    assert_eq!(store.audit(3, 9).await.unwrap(), whole[3..]);
    // An entry that cannot be chained holds up what is behind it, and nothing before.
    let foreign = "INSERT INTO audit_pending (at, tenant, event) VALUES (1, 'acme', 'unheard-of')";
    client.batch_execute(foreign).await.unwrap();
    assert_eq!(store.audit(3, 9).await.unwrap(), whole[3..]);
    assert!(store.audit(4, 9).await.is_err());
}
