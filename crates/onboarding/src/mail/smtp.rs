//! Mails by SMTP.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error as TransportError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use offhook_activation_code::QrPicture;
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;

use super::text;
use crate::message::SecretText;
use crate::{CodeMail, MailAddress, MailError, Mailer, SmtpError, SmtpSetupError};

/// Mails codes by a mail server of the operator, over TLS.
///
/// A mail has a text with the code, the device type, the expiry and what to do, and a picture of
/// the code that a device's camera reads. Each mail has a connection of its own, on a tokio
/// runtime. Who can read the mail has the code: choose a server that sends it on over TLS.
///
/// Prefer [`tls`](Self::tls) where the server has it: with STARTTLS the first answers come in the
/// clear, and a stranger on the way can add to them.
///
/// The roots of trust are those that are given and no others. The answers of a server stay out of
/// errors but for their status: a server may repeat what it was sent.
///
/// # Source
///
/// [RFC 5321](https://www.rfc-editor.org/rfc/rfc5321);
/// [RFC 3207](https://www.rfc-editor.org/rfc/rfc3207) for STARTTLS;
/// [RFC 8314 section 3.3](https://www.rfc-editor.org/rfc/rfc8314#section-3.3) for TLS from the
/// first byte on.
pub struct SmtpMailer {
    server: String,
    port: u16,
    tls: Tls,
    login: Option<(String, SecretText)>,
    sender: MailAddress,
    timeout: Duration,
}

impl SmtpMailer {
    /// Mails go from `sender` by `server`, a name or an address, on port 587, which must offer
    /// STARTTLS and prove its name by a certificate below one of `roots`.
    ///
    /// # Errors
    ///
    /// [`SmtpSetupError`] when a root is no certificate, or `server` is no name.
    pub fn starttls(
        server: &str,
        sender: MailAddress,
        roots: &[CertificateDer<'_>],
    ) -> Result<Self, SmtpSetupError> {
        let tls = Tls::Required(parameters(server, roots)?);
        Ok(Self::new(server.to_owned(), SUBMISSION_PORT, tls, sender))
    }

    /// Mails go from `sender` by `server`, a name or an address, on port 465 by TLS from the first
    /// byte on; it must prove its name by a certificate below one of `roots`.
    ///
    /// # Errors
    ///
    /// [`SmtpSetupError`] when a root is no certificate, or `server` is no name.
    pub fn tls(
        server: &str,
        sender: MailAddress,
        roots: &[CertificateDer<'_>],
    ) -> Result<Self, SmtpSetupError> {
        let tls = Tls::Wrapper(parameters(server, roots)?);
        Ok(Self::new(server.to_owned(), SUBMISSIONS_PORT, tls, sender))
    }

    /// Danger: mails go from `sender` to a server on this machine without TLS, where other users
    /// of the machine may read along.
    ///
    /// # Errors
    ///
    /// [`SmtpSetupError::NotLoopback`] when `server` is another machine.
    pub fn danger_plaintext(
        server: SocketAddr,
        sender: MailAddress,
    ) -> Result<Self, SmtpSetupError> {
        if !server.ip().is_loopback() {
            return Err(SmtpSetupError::NotLoopback);
        }
        let host = server.ip().to_string();
        Ok(Self::new(host, server.port(), Tls::None, sender))
    }

    fn new(server: String, port: u16, tls: Tls, sender: MailAddress) -> Self {
        Self {
            server,
            port,
            tls,
            login: None,
            sender,
            timeout: DEFAULT_SMTP_TIMEOUT,
        }
    }

    /// On another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Logs in as `user`, by the mechanism `PLAIN` or `LOGIN`; without it nobody logs in.
    #[must_use]
    pub fn with_login(self, user: &str, password: SecretText) -> Self {
        Self {
            login: Some((user.to_owned(), password)),
            ..self
        }
    }

    /// Gives up after `timeout`, counted over the whole exchange; [`DEFAULT_SMTP_TIMEOUT`] unless
    /// told otherwise.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn message(&self, mail: &CodeMail) -> Result<Message, SmtpError> {
        let picture = QrPicture::new(mail.code()).and_then(|picture| picture.png());
        let picture = picture.map_err(|_| SmtpError::Message)?;
        let png = ContentType::parse("image/png").map_err(|_| SmtpError::Message)?;
        let name = "activation-code.png";
        let picture = Attachment::new_inline_with_name(name.to_owned(), name.to_owned())
            .body(picture.to_vec(), png);
        let (_, domain) = self.sender.as_str().split_once('@').unwrap_or_default();
        Message::builder()
            .from(mailbox(&self.sender)?)
            .to(mailbox(mail.recipient())?)
            .subject(text::SUBJECT)
            // The same mail again is known by its name, and tells no host.
            .message_id(Some(format!("<{}@{domain}>", mail.id())))
            .multipart(
                MultiPart::mixed()
                    .singlepart(SinglePart::plain(text::body(mail).as_str().to_owned()))
                    .singlepart(picture),
            )
            .map_err(|_| SmtpError::Message)
    }

    fn transport(&self) -> AsyncSmtpTransport<Tokio1Executor> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.server)
            .port(self.port)
            .tls(self.tls.clone())
            .timeout(Some(self.timeout));
        match &self.login {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.secret().to_owned()))
            }
            None => builder,
        }
        .build()
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: CodeMail) -> Result<(), MailError> {
        let message = self.message(&mail).map_err(not_taken)?;
        // The transport counts its time for each step anew.
        let sent = timeout(self.timeout, self.transport().send(message)).await;
        let sent = sent.map_err(|_| not_taken(SmtpError::Timeout))?;
        sent.map_err(|error| not_taken(judge(error)))?;
        Ok(())
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

fn parameters(server: &str, roots: &[CertificateDer<'_>]) -> Result<TlsParameters, SmtpSetupError> {
    rustls::pki_types::ServerName::try_from(server).map_err(|_| SmtpSetupError::Server)?;
    let mut builder =
        TlsParameters::builder(server.to_owned()).certificate_store(CertificateStore::None);
    for root in roots {
        let root = Certificate::from_der(root.to_vec()).map_err(|_| SmtpSetupError::Root)?;
        builder = builder.add_root_certificate(root);
    }
    builder.build_rustls().map_err(|_| SmtpSetupError::Root)
}

fn mailbox(address: &MailAddress) -> Result<Mailbox, SmtpError> {
    let address: Address = address.as_str().parse().map_err(|_| SmtpError::Address)?;
    Ok(Mailbox::new(None, address))
}

/// What went wrong, without the words of the server.
fn judge(error: TransportError) -> SmtpError {
    if let Some(status) = error.status() {
        let status = u16::from(status);
        return if error.is_permanent() {
            SmtpError::Refused { status }
        } else {
            SmtpError::Deferred { status }
        };
    }
    if error.is_timeout() {
        SmtpError::Timeout
    } else if error.is_response() {
        SmtpError::Answer
    } else if error.is_client() {
        SmtpError::Ability
    } else {
        // Of connections and TLS, before any mail: no words of the server in there.
        SmtpError::Connection(Box::new(error))
    }
}

/// Whether to send the same mail again may help.
fn not_taken(error: SmtpError) -> MailError {
    match error {
        SmtpError::Address | SmtpError::Message | SmtpError::Refused { .. } => {
            MailError::refused(error)
        }
        // What the server lacks, and whom it is trusted by, is for the operator: the mail may be good.
        SmtpError::Ability
        | SmtpError::Answer
        | SmtpError::Connection(_)
        | SmtpError::Deferred { .. }
        | SmtpError::Timeout => MailError::failed(error),
    }
}

/// How long a mail may take unless told otherwise: 30 seconds.
pub const DEFAULT_SMTP_TIMEOUT: Duration = Duration::from_secs(30);
/// Submission with STARTTLS, [RFC 6409 section 3.1](https://www.rfc-editor.org/rfc/rfc6409#section-3.1).
const SUBMISSION_PORT: u16 = 587;
/// Submission by TLS from the first byte on, [RFC 8314 section 3.3](https://www.rfc-editor.org/rfc/rfc8314#section-3.3).
const SUBMISSIONS_PORT: u16 = 465;
