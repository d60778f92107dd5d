//! How a code reaches the person who types it.

use std::fmt;

use async_trait::async_trait;
use offhook_activation_code::{ActivationCode, CodeId, Timestamp};

use crate::MailError;

mod log;
#[cfg(feature = "smtp")]
mod smtp;
mod text;
mod thread;
#[cfg(feature = "http")]
mod webhook;

pub use log::LogMailer;
#[cfg(feature = "smtp")]
pub use smtp::{DEFAULT_SMTP_TIMEOUT, SmtpMailer};
#[cfg(feature = "http")]
pub use webhook::WebhookMailer;

/// A code on its way to the primary user of a device.
pub struct CodeMail {
    id: CodeId,
    recipient: MailAddress,
    code: ActivationCode,
    device_type: String,
    expires_at: Timestamp,
}

/// One mail address, at most 254 characters: atoms with dots between, at most 64 characters; an at
/// sign; a DNS name. Quoted local
/// parts, comments and lists are refused.
///
/// # Source
///
/// [RFC 5322 section 3.4.1](https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1), the unquoted form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailAddress(Box<str>);

/// How a code gets to the person who types it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CodeDelivery {
    /// By mail.
    Mail(MailAddress),
    /// In the answer to the administrator, who hands it over. It is not to be had again.
    Answer,
}

/// Hands codes to a mail system.
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Takes the mail for delivery; only then is the code told to be issued.
    ///
    /// # Errors
    ///
    /// [`MailError`] when the mail was not taken; the code is then void once another is requested.
    async fn send(&self, mail: CodeMail) -> Result<(), MailError>;
}

impl CodeMail {
    /// The mail that brings `code`, whose name is `id`, to `recipient`, for a device of the type
    /// `device_type`; the code opens nothing from `expires_at` on.
    #[must_use]
    pub const fn new(
        id: CodeId,
        recipient: MailAddress,
        code: ActivationCode,
        device_type: String,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id,
            recipient,
            code,
            device_type,
            expires_at,
        }
    }

    /// The name of the code, which tells a mail from any other and is no secret.
    #[must_use]
    pub const fn id(&self) -> CodeId {
        self.id
    }

    /// To whom it goes.
    #[must_use]
    pub const fn recipient(&self) -> &MailAddress {
        &self.recipient
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> &ActivationCode {
        &self.code
    }

    /// The device type that the code is for.
    #[must_use]
    pub fn device_type(&self) -> &str {
        &self.device_type
    }

    /// From when on the code opens nothing.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for CodeMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeMail")
            .field("id", &self.id)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

impl MailAddress {
    /// The address spelled `text`; `None` where it is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        // The atoms of RFC 5322 section 3.2.3: nothing that could make it a list, and nothing that a
        // mail system would refuse once the code is issued.
        let is_atext =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let (local, domain) = text.split_once('@')?;
        let good = text.len() <= 254
            && local.len() <= 64
            && local.split('.').all(is_atom)
            && domain.split('.').all(is_label);
        good.then(|| Self(text.into()))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_carry_a_header_line() {
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b\r\nBcc: c@d",
            "<a@b>",
            "a",
            "é@b",
            "a..b@c",
            ".a@c",
            "a.@c",
            "a@..",
            "a@b.",
            "a@-b",
            "a@b-.c",
            &format!("{}@b", "a".repeat(65)),
            &format!("a@{}", "b".repeat(64)),
        ] {
            assert_eq!(MailAddress::new(bad), None, "{bad:?}");
        }
        for good in [
            "owner@example.com",
            "first.last@a-b.example",
            &format!("{}@{}", "a".repeat(64), "b".repeat(63)),
        ] {
            assert!(MailAddress::new(good).is_some(), "{good}");
        }
        assert!(MailAddress::new(&format!("{}@b", "a".repeat(253))).is_none());
    }
}
