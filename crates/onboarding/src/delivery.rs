//! Events on their way from the outbox to other systems.

use std::error::Error as StdError;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{StoreError, TenantId};
use thiserror::Error;

use crate::{Counter, Counters, OutboxEvent, Registry};

#[cfg(feature = "http")]
mod run;
#[cfg(feature = "http")]
mod webhook;

#[cfg(feature = "http")]
pub use run::Pace;
#[cfg(feature = "http")]
pub use webhook::WebhookSink;

/// Where events go.
#[async_trait]
pub trait EventSink: fmt::Debug + Send + Sync {
    /// Takes the event; only then does it leave the outbox. The same event may come again, also
    /// from another node and behind later ones: its name tells. A sink gives up after a time of its
    /// own.
    ///
    /// # Errors
    ///
    /// [`SinkError`] when it was not taken; it will come again.
    async fn deliver(&self, event: &NamedEvent) -> Result<(), SinkError>;
}

/// An event with a name by which its receiver knows it again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedEvent {
    id: String,
    event: OutboxEvent,
}

/// The name of a store among all that deliver to the same receivers: 1 to 40 lower-case letters,
/// digits and `-`. All nodes over one store have the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreName(Box<str>);

/// Delivers the outbox of a tenant, oldest event first: what became of a device at least once, and
/// requests to devices while they are young.
///
/// An event leaves the outbox when the sink has taken it, and the next one goes only then. So a
/// crash, a lost answer or several nodes over one store can repeat events, and can lose none. For a
/// receiver that leaves out what it has seen, the events of one device are in order; those of different
/// devices are in the order of their numbers, which a store with many writers may show a little later.
///
/// An event that the sink refuses for good stays at the head of the outbox, is told to the log with
/// every try, and nothing goes past it: the usual cause is a wrong URL or secret, which would refuse
/// all others too. With [`with_dead_letters`](Self::with_dead_letters) it gives way to the others.
///
/// What a device is asked to do is asked for now: a request that has waited for longer than its age,
/// [`DEFAULT_REQUEST_AGE`] unless set, is dropped and counted, and goes neither to the sink nor to the
/// dead letters. What became of a device is told however late it is.
#[derive(Debug)]
pub struct Delivery {
    registry: Arc<dyn Registry>,
    tenant: TenantId,
    sink: Arc<dyn EventSink>,
    store: StoreName,
    request_age: Duration,
    counters: Arc<Counters>,
    dead_letters: Option<(NonZeroU32, Arc<dyn EventSink>)>,
    refused: Mutex<Refused>,
}

/// How an event left the outbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    /// The dead letters took it.
    Dead,
    /// It was dropped.
    Stale,
    /// The sink took it.
    Taken,
}

/// How often the event at the head was refused.
#[derive(Debug, Default)]
struct Refused {
    sequence: u64,
    tries: u32,
}

/// What became of a part of the outbox.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Round {
    /// How many events the sink or the dead letters took.
    pub delivered: usize,
    /// How many of them went to the dead letters.
    pub dead: usize,
    /// How many requests were too old, and were dropped.
    pub stale: usize,
    /// Whether there may be more: the part was full, and all of it left.
    pub may_have_more: bool,
    /// What stopped it, if something did.
    pub failure: Option<DeliveryError>,
}

/// An event was not delivered; it is in the outbox still.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The dead letters did not take an event that the sink refuses.
    #[error("event {id} not taken by the dead letters")]
    DeadLetters {
        /// Which event.
        id: String,
        /// Why.
        source: SinkError,
    },
    /// The sink did not take it.
    #[error("event {id} not delivered")]
    Sink {
        /// Which event.
        id: String,
        /// Why.
        source: SinkError,
    },
    /// The store could not answer; what the sink has taken may go to it again.
    #[error("outbox not reached")]
    Store(#[source] StoreError),
}

/// A sink did not take an event.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SinkError {
    /// It could not take it now.
    #[error("event not taken")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
    /// It will not take it as it is.
    #[error("event refused")]
    Refused(#[source] Box<dyn StdError + Send + Sync>),
}

impl StoreName {
    /// The name spelled `text`; `None` where it is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=40).contains(&text.len()) && text.bytes().all(good)).then(|| Self(text.into()))
    }
}

impl NamedEvent {
    fn new(store: &StoreName, event: OutboxEvent) -> Self {
        // The time tells events apart even where a store came back from an old copy of itself and
        // gives out its sequences once more.
        let id = format!("{}-{}-{}", store.0, event.sequence, event.at.as_millis());
        Self { id, event }
    }

    /// Its name: store, sequence and time. The same for every delivery of the event, and for no
    /// other one of any tenant.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event.
    #[must_use]
    pub const fn event(&self) -> &OutboxEvent {
        &self.event
    }
}

impl Delivery {
    /// Delivers the outbox that `tenant` has in `registry`, which is called `store`, to `sink`.
    #[must_use]
    pub fn new(
        registry: Arc<dyn Registry>,
        tenant: TenantId,
        store: StoreName,
        sink: Arc<dyn EventSink>,
    ) -> Self {
        Self {
            registry,
            tenant,
            sink,
            store,
            request_age: DEFAULT_REQUEST_AGE,
            counters: Arc::default(),
            dead_letters: None,
            refused: Mutex::new(Refused::default()),
        }
    }

    /// An event that the sink has refused `tries` times goes to `dead_letters`; once that
    /// has taken it, it leaves the outbox and the next one is delivered. Tries are counted in each
    /// node anew.
    #[must_use]
    pub fn with_dead_letters(self, tries: NonZeroU32, dead_letters: Arc<dyn EventSink>) -> Self {
        Self {
            dead_letters: Some((tries, dead_letters)),
            ..self
        }
    }

    /// Drops requests that have waited for longer than `age`, by the clock of the store.
    #[must_use]
    pub fn with_request_age(self, age: Duration) -> Self {
        Self {
            request_age: age,
            ..self
        }
    }

    /// Counts what is dropped in `counters`, as [`Counter::EventsDropped`].
    #[must_use]
    pub fn with_counters(self, counters: Arc<Counters>) -> Self {
        Self { counters, ..self }
    }

    /// Delivers up to [`MAX_ROUND_EVENTS`] events, and stops at the first that is not taken.
    /// Dropping the future loses nothing; the event under way may be repeated.
    pub async fn deliver_once(&self, now: SystemTime) -> Round {
        self.round(&AtomicBool::new(false), &|| now).await
    }

    /// Ends behind the event under way once `stop` is set. The sink takes its time, so what has passed
    /// since they were read counts too for the events behind.
    async fn round(&self, stop: &AtomicBool, now: &(dyn Fn() -> SystemTime + Sync)) -> Round {
        let mut round = Round::default();
        let read_at = now();
        let read = self
            .registry
            .outbox(&self.tenant, MAX_ROUND_EVENTS, read_at);
        let events = match read.await {
            Ok(events) => events,
            Err(error) => {
                round.failure = Some(DeliveryError::Store(error));
                return round;
            }
        };
        let is_full = events.len() >= MAX_ROUND_EVENTS;
        for event in events {
            if stop.load(Ordering::Acquire) {
                return round;
            }
            let since = now().duration_since(read_at).unwrap_or_default();
            match self
                .deliver(NamedEvent::new(&self.store, event), since)
                .await
            {
                Ok(Fate::Dead) => {
                    round.delivered += 1;
                    round.dead += 1;
                }
                Ok(Fate::Stale) => round.stale += 1,
                Ok(Fate::Taken) => round.delivered += 1,
                Err(error) => {
                    round.failure = Some(error);
                    return round;
                }
            }
        }
        round.may_have_more = is_full;
        round
    }

    /// Has an event leave the outbox, `since` it was read from there, and tells how.
    async fn deliver(&self, event: NamedEvent, since: Duration) -> Result<Fate, DeliveryError> {
        let mut fate = Fate::Taken;
        let waited = event.event.waited.saturating_add(since);
        if event.event.kind.is_request() && waited > self.request_age {
            fate = Fate::Stale;
        } else if let Err(source) = self.sink.deliver(&event).await {
            let dead_letters = match &source {
                SinkError::Refused(reason) => self.refused(&event, reason.as_ref()),
                SinkError::Failed(_) => None,
            };
            let id = event.id.clone();
            let Some(dead_letters) = dead_letters else {
                return Err(DeliveryError::Sink { id, source });
            };
            let taken = dead_letters.deliver(&event).await;
            taken.map_err(|source| DeliveryError::DeadLetters { id, source })?;
            fate = Fate::Dead;
        }
        let gone = self
            .registry
            .delivered(&self.tenant, event.event.sequence)
            .await;
        gone.map_err(DeliveryError::Store)?;
        if fate == Fate::Stale {
            self.counters.add(Counter::EventsDropped);
            tracing::warn!(
                id = event.id,
                kind = event.event.kind.as_str(),
                tenant = event.event.tenant.as_str(),
                profile = event.event.profile.as_str(),
                "a request waited for too long and was dropped"
            );
        }
        Ok(fate)
    }

    /// Notes a refusal; gives the dead letters when it is for them.
    fn refused(
        &self,
        event: &NamedEvent,
        reason: &(dyn StdError + 'static),
    ) -> Option<&dyn EventSink> {
        let tries = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.sequence != event.event.sequence {
                *refused = Refused {
                    sequence: event.event.sequence,
                    tries: 0,
                };
            }
            refused.tries = refused.tries.saturating_add(1);
            refused.tries
        };
        let dead_letters = self
            .dead_letters
            .as_ref()
            .filter(|(most, _)| tries >= most.get());
        tracing::error!(
            id = event.id,
            kind = event.event.kind.as_str(),
            tenant = event.event.tenant.as_str(),
            profile = event.event.profile.as_str(),
            tries,
            goes_to_dead_letters = dead_letters.is_some(),
            reason,
            "event refused"
        );
        dead_letters.map(|(_, sink)| sink.as_ref())
    }
}

/// How many events are read from the outbox at a time.
pub const MAX_ROUND_EVENTS: usize = 100;

/// How long a request to a device may wait for its delivery, unless set.
pub const DEFAULT_REQUEST_AGE: Duration = Duration::from_secs(10 * 60);
