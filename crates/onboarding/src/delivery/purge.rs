//! An outbox that nobody reads.

use std::time::{Duration, SystemTime};

use offhook_activation_code::{StoreError, TenantId};

use super::MAX_ROUND_EVENTS;
use crate::{Counter, Counters, Registry};

/// Drops the events at the head of the tenant's outbox that are older than `kept`, counts them as
/// [`Counter::EventsDropped`], and tells how many there were.
///
/// It is for a service of which nobody hears events: called from time to time, it bounds the outbox
/// by what happens in `kept`, which is also the time in which a receiver can be set up that misses
/// nothing. Where a [`Delivery`](super::Delivery) delivers the same outbox, it must not be called:
/// an event would be lost when its receiver is down for longer than `kept`.
///
/// # Errors
///
/// [`StoreError`] when the store could not answer; what was dropped by then is gone.
pub async fn purge_outbox(
    registry: &dyn Registry,
    tenant: &TenantId,
    kept: Duration,
    counters: &Counters,
    now: SystemTime,
) -> Result<u64, StoreError> {
    let mut dropped = 0;
    loop {
        let events = registry.outbox(tenant, MAX_ROUND_EVENTS).await?;
        let is_full = events.len() >= MAX_ROUND_EVENTS;
        for event in events {
            if !event.is_older_than(kept, now) {
                return Ok(dropped);
            }
            registry.delivered(tenant, event.sequence).await?;
            counters.add(Counter::EventsDropped);
            dropped += 1;
        }
        if !is_full {
            return Ok(dropped);
        }
    }
}
