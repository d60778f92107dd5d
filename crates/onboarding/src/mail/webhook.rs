//! Mails by whatever the operator has behind a URL.

use async_trait::async_trait;
use serde::Serialize;

use crate::message::SecretText;
use crate::{CodeMail, MailError, Mailer, Webhook, WebhookError};

/// Hands codes to a webhook, which delivers them by mail or otherwise.
///
/// The message has the members `id`, which is the name of the code, `recipient`, `activationCode`
/// as `4-4-4-4`, `deviceType` and `expiryTime` in milliseconds since the Unix epoch. The format is
/// ours, version 1. Nothing is sent twice: when no answer came, the code counts as not delivered.
#[derive(Debug)]
pub struct WebhookMailer {
    webhook: Webhook,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeMessage<'a> {
    id: String,
    recipient: &'a str,
    activation_code: SecretText,
    device_type: &'a str,
    expiry_time: u64,
}

impl WebhookMailer {
    /// Codes go to `webhook`.
    #[must_use]
    pub const fn new(webhook: Webhook) -> Self {
        Self { webhook }
    }
}

#[async_trait]
impl Mailer for WebhookMailer {
    async fn send(&self, mail: CodeMail) -> Result<(), MailError> {
        let message = CodeMessage {
            id: mail.id().to_string(),
            recipient: mail.recipient().as_str(),
            activation_code: mail.code().to_string().into(),
            device_type: mail.device_type(),
            expiry_time: mail.expires_at().as_millis(),
        };
        let sent = self.webhook.send(&message.id, &message).await;
        sent.map_err(|error| match error {
            WebhookError::Message | WebhookError::Refused { .. } => MailError::refused(error),
            WebhookError::Fetch(_) | WebhookError::Unavailable { .. } => MailError::failed(error),
        })
    }
}
