//! What can go wrong with mails by SMTP; no text of a server, which may repeat a code.

use std::error::Error as StdError;

use thiserror::Error;

/// A mail server did not take a mail.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The server lacks what a mail needs: STARTTLS, or a way to log in.
    #[error("the mail server offers no STARTTLS or no known way to log in")]
    Ability,
    /// An address is none that mails can be sent to.
    #[error("mail address not usable")]
    Address,
    /// What the server said is not SMTP.
    #[error("answer of the mail server not readable")]
    Answer,
    /// No connection, or none that the server's certificate speaks for.
    #[error("no connection to the mail server")]
    Connection(#[source] Box<dyn StdError + Send + Sync>),
    /// The server put the mail off; asking again may help.
    #[error("the mail server put the mail off with status {status}")]
    Deferred {
        /// Its status, 400 to 499.
        status: u16,
    },
    /// The mail could not be made.
    #[error("mail not made")]
    Message,
    /// The server refused; asking again will not help.
    #[error("the mail server refused the mail with status {status}")]
    Refused {
        /// Its status, 500 to 599.
        status: u16,
    },
    /// The server did not answer in time; the mail may have gone.
    #[error("no answer of the mail server in time")]
    Timeout,
}

/// A mailer cannot work as it is set up.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SmtpSetupError {
    /// Without TLS to another machine.
    #[error("mails leave this machine over TLS only")]
    NotLoopback,
    /// A root of trust is no certificate.
    #[error("root certificate not usable")]
    Root,
    /// The server is neither a DNS name nor an address.
    #[error("name of the mail server not usable")]
    Server,
}
