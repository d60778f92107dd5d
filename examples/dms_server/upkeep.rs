//! What is done from time to time while the server serves.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::StoreError;
use offhook_onboarding::Counter;

use crate::assemble::Lasting;

/// Tells the store what was counted of wrong codes, purges codes that expired a month ago, and events
/// older than `unheard_kept` where nobody is to hear of them.
pub(crate) async fn keep_up(lasting: Arc<Lasting>, unheard_kept: Option<Duration>) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let (registry, now) = (lasting.registry.as_ref(), lasting.clock.now());
        warned(lasting.settle().await, "telling the store of wrong codes");

        let purged = registry.purge_expired(CODES_KEPT, now).await;
        if let Some(purged @ 1..) = warned(purged, "purging expired codes") {
            tracing::info!(purged, "expired codes were purged");
        }

        let Some(kept) = unheard_kept else {
            continue;
        };
        let dropped = registry.purge_outbox(&lasting.tenant, kept, now).await;
        if let Some(dropped @ 1..) = warned(dropped, "dropping old events") {
            lasting.counters.add_many(Counter::EventsDropped, dropped);
            tracing::info!(dropped, "events of which nobody hears were dropped");
        }
    }
}

/// What was done; where it failed, the log says so, and it is tried again the next time.
fn warned<T>(done: Result<T, StoreError>, what: &str) -> Option<T> {
    done.inspect_err(|error| {
        let reason = error as &dyn Error;
        tracing::warn!(reason, "{what} failed");
    })
    .ok()
}

const EVERY: Duration = Duration::from_secs(60);
/// A clock that stands ahead by less than this costs no code: one that is purged does not come back.
const CODES_KEPT: Duration = Duration::from_secs(30 * 86_400);
