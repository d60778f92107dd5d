//! Events to a URL of the operator's.

use async_trait::async_trait;
use serde::Serialize;

use super::{EventSink, NamedEvent, SinkError};
use crate::{Webhook, WebhookError};

/// Delivers events to a webhook.
///
/// The message has the members `id`, which is the header `webhook-id` too, `sequence`, `kind` as in
/// [`OutboxKind::as_str`](crate::OutboxKind::as_str), `tenant`, `profile` and `time` in milliseconds
/// since the Unix epoch. The format is ours, version 1. A status of 200 to 299 takes the event; 408,
/// 425, 429 and those from 500 on mean later; every other one refuses it.
#[derive(Debug)]
pub struct WebhookSink {
    webhook: Webhook,
}

#[derive(Serialize)]
struct EventMessage<'a> {
    id: &'a str,
    sequence: u64,
    kind: &'a str,
    tenant: &'a str,
    profile: &'a str,
    time: u64,
}

impl WebhookSink {
    /// Events go to `webhook`.
    #[must_use]
    pub const fn new(webhook: Webhook) -> Self {
        Self { webhook }
    }
}

#[async_trait]
impl EventSink for WebhookSink {
    async fn deliver(&self, event: &NamedEvent) -> Result<(), SinkError> {
        let outbox = event.event();
        let message = EventMessage {
            id: event.id(),
            sequence: outbox.sequence,
            kind: outbox.kind.as_str(),
            tenant: outbox.tenant.as_str(),
            profile: outbox.profile.as_str(),
            time: outbox.at.as_millis(),
        };
        match self.webhook.send(event.id(), &message).await {
            Ok(()) => Ok(()),
            Err(error @ WebhookError::Refused { .. }) => Err(SinkError::Refused(Box::new(error))),
            Err(error) => Err(SinkError::Failed(Box::new(error))),
        }
    }
}
