//! What can go wrong, apart by who has to act.

use std::error::Error as StdError;

use thiserror::Error;

use crate::{CodePolicy, OverBudget, PepperId, SealingKeyId};

/// The store refused or failed to redeem a code.
///
/// Neither the text nor the source of a refusal says why, so that an answer made from this error
/// by the usual means tells a guesser nothing. The reason is in the variant.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RedeemError {
    /// The code is not good for this claimant; asking again will not help. Nothing has changed.
    ///
    /// The reason is for the audit record and for the administrator only: give the claimant the
    /// same answer for each.
    #[error("activation code refused")]
    Refused(Refusal),
    /// The store could not answer; asking again may help.
    #[error("activation code store failed")]
    Store(#[source] StoreError),
}

/// Why a code is not good for a claimant: for the audit record and the administrator only.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The code has been redeemed: by another claimant, or by this one longer than the grace time
    /// ago.
    #[error("already redeemed")]
    AlreadyRedeemed,
    /// The code is redeemed on premises, with a maker's certificate, and the claimant proved none.
    #[error("only with a certificate")]
    CertificateRequired,
    /// The deadline has passed.
    #[error("expired")]
    Expired,
    /// The code was revoked.
    #[error("revoked")]
    Revoked,
    /// A newer code was issued in place of this one.
    #[error("superseded by a newer code")]
    Superseded,
    /// The tenant has no such code.
    #[error("unknown")]
    Unknown,
    /// The code is bound to a MAC address and the claimant has another one or none.
    #[error("bound to another MAC address")]
    WrongMac,
    /// The code is bound to models and the claimant is of another one or of none.
    #[error("bound to another model")]
    WrongModel,
}

impl Refusal {
    /// The reason in a word, as it stands in audit records; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyRedeemed => "already-redeemed",
            Self::CertificateRequired => "certificate-required",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::Unknown => "unknown",
            Self::WrongMac => "wrong-mac",
            Self::WrongModel => "wrong-model",
        }
    }
}

/// The store refused or failed to issue a code.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The code cannot be issued; nothing has changed.
    #[error("activation code not issued")]
    Refused(#[source] IssueRefusal),
    /// The store could not answer; whether the code was issued is not known.
    #[error("activation code store failed")]
    Store(#[source] StoreError),
}

/// Why a code cannot be issued.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum IssueRefusal {
    /// The tenant has or had the same code: draw another one.
    #[error("code drawn twice")]
    DigestTaken,
    /// A code has the same name: draw another one.
    #[error("code id drawn twice")]
    IdTaken,
    /// The profile has a code that can still be redeemed: revoke or reissue that one.
    #[error("the profile has an outstanding code")]
    Outstanding,
}

/// The store refused or failed to revoke a code.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The code cannot be revoked; nothing has changed.
    #[error("activation code not revoked")]
    Refused(#[source] RevokeRefusal),
    /// The store could not answer; whether the code was revoked is not known.
    #[error("activation code store failed")]
    Store(#[source] StoreError),
}

/// Why a code cannot be revoked.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RevokeRefusal {
    /// A device has redeemed the code: what it was granted must be withdrawn instead.
    #[error("already redeemed")]
    AlreadyRedeemed,
    /// The code was revoked, superseded or purged before.
    #[error("not outstanding")]
    NotOutstanding,
    /// The tenant has no such code.
    #[error("unknown")]
    Unknown,
}

/// The store refused or failed to issue a code in place of another.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReissueError {
    /// The code cannot be reissued; the old one is as it was.
    #[error("activation code not reissued")]
    Refused(#[source] ReissueRefusal),
    /// The store could not answer; whether the code was reissued is not known.
    #[error("activation code store failed")]
    Store(#[source] StoreError),
}

/// Why a code cannot be issued in place of another.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ReissueRefusal {
    /// A device has redeemed the old code.
    #[error("already redeemed")]
    AlreadyRedeemed,
    /// The tenant has or had the same new code: draw another one.
    #[error("code drawn twice")]
    DigestTaken,
    /// A code has the same name as the new one: draw another one.
    #[error("code id drawn twice")]
    IdTaken,
    /// The old code was revoked, superseded or purged before: issue a new one.
    #[error("not outstanding")]
    NotOutstanding,
    /// The tenant has no such old code.
    #[error("unknown")]
    Unknown,
}

/// A failure inside a store, whichever database it is.
#[derive(Debug, Error)]
#[error("could not {action}")]
pub struct StoreError {
    action: &'static str,
    source: Box<dyn StdError + Send + Sync>,
}

impl StoreError {
    /// Says what the store was about to do (`"commit"`) and keeps the driver's own error as the
    /// source.
    pub fn new(action: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            action,
            source: source.into(),
        }
    }

    /// What the store was about to do.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.action
    }
}

/// A text is not an activation code.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseCodeError {
    /// The last digit does not check the others, as the policy asks for: a typing error.
    #[error("wrong check digit")]
    CheckDigit,
    /// A character is neither a digit nor a dash nor white space.
    #[error("character {at} is not a digit")]
    NotADigit {
        /// Where, in characters from 0.
        at: usize,
    },
    /// The text ends before the sixteenth digit.
    #[error("{found} digits instead of 16")]
    TooFewDigits {
        /// How many digits there were.
        found: usize,
    },
    /// More characters than [`ActivationCode::MAX_TEXT_CHARS`](crate::ActivationCode::MAX_TEXT_CHARS).
    #[error("longer than 128 characters")]
    TooLong,
    /// A seventeenth digit.
    #[error("character {at} is a seventeenth digit")]
    TooManyDigits {
        /// Where, in characters from 0.
        at: usize,
    },
}

/// A text is not the name of a tenant, an account or a profile.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseIdError {
    /// A character is a control character or `|`.
    #[error("character {at} does not belong in a name")]
    BadCharacter {
        /// Where, in characters from 0.
        at: usize,
    },
    /// The text is empty.
    #[error("empty name")]
    Empty,
    /// More than 80 characters.
    #[error("longer than 80 characters")]
    TooLong,
}

/// A text is not a binding.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a binding")]
#[non_exhaustive]
pub struct ParseBindingError;

/// A text is not a mode.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a mode")]
#[non_exhaustive]
pub struct ParseModeError;

/// A text is not a service domain.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a host name")]
#[non_exhaustive]
pub struct ParseServiceDomainError;

/// Bytes are not a sealed code.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a sealed code")]
#[non_exhaustive]
pub struct ParseSealedCodeError;

/// A sealing key is not usable.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SealError {
    /// Two keys have the same number.
    #[error("two sealing keys have the number {}", id.get())]
    DuplicateId {
        /// The number.
        id: SealingKeyId,
    },
    /// More retired keys than [`SealingKeys::MAX_RETIRED`](crate::SealingKeys::MAX_RETIRED).
    #[error("more than 16 retired sealing keys")]
    TooMany,
}

/// A sealed code cannot be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum UnsealError {
    /// It was sealed for another code or tenant, or was changed.
    #[error("sealed code not authentic")]
    NotAuthentic,
    /// The key that it was sealed with is not there.
    #[error("no sealing key with the number {}", id.get())]
    UnknownKey {
        /// The number of the key.
        id: SealingKeyId,
    },
}

/// A text is not the key of a claimant.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a claimant key")]
#[non_exhaustive]
pub struct ParseClaimantKeyError;

/// A text is not a redemption key: it is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not 64 hexadecimal digits")]
#[non_exhaustive]
pub struct ParseRedemptionKeyError;

/// A pepper is not usable.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PepperError {
    /// Two peppers have the same number.
    #[error("two peppers have the number {}", id.get())]
    DuplicateId {
        /// The number.
        id: PepperId,
    },
    /// More retired peppers than [`Peppers::MAX_RETIRED`](crate::Peppers::MAX_RETIRED).
    #[error("more than 16 retired peppers")]
    TooMany,
    /// Not between [`Pepper::MIN_BYTES`](crate::Pepper::MIN_BYTES) and
    /// [`Pepper::MAX_BYTES`](crate::Pepper::MAX_BYTES).
    #[error("a pepper has {found} bytes instead of 32 to 1024")]
    WrongLength {
        /// How many bytes there were.
        found: usize,
    },
}

/// The store refused or failed to complete or cancel a certificate operation.
///
/// Neither the text nor the source of a refusal says why: give the device the same answer for each.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CapfError {
    /// The operation is not completed; the reason is for the administrator only.
    #[error("authentication string refused")]
    Refused(CapfRefusal),
    /// The store could not answer; whether the operation was completed is not known.
    #[error("certificate operation store failed")]
    Store(#[source] StoreError),
}

/// Why a certificate operation is not completed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CapfRefusal {
    /// The operation was to be completed before.
    #[error("expired")]
    Expired,
    /// Too many wrong strings were presented in a row: order the operation anew.
    #[error("locked")]
    Locked,
    /// The device has no operation to complete.
    #[error("no operation")]
    NoOperation,
    /// The string is not the one that was ordered, or there is none where one was.
    #[error("wrong string")]
    WrongString,
}

/// Why a certificate operation cannot be ordered.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CapfOrderRefusal {
    /// Jabber for Windows and devices of virtual desktops fail to register with the null string.
    #[error("this type of device needs an authentication string")]
    NullString,
}

/// A text is not an authentication string.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseStringError {
    /// A character is neither a digit nor a dash nor white space.
    #[error("character {at} is not a digit")]
    NotADigit {
        /// Where, in characters from 0.
        at: usize,
    },
    /// The text ends before the fourth digit.
    #[error("{found} digits instead of 4 to 10")]
    TooFewDigits {
        /// How many digits there were.
        found: usize,
    },
    /// More characters than
    /// [`AuthenticationString::MAX_TEXT_CHARS`](crate::AuthenticationString::MAX_TEXT_CHARS).
    #[error("longer than 64 characters")]
    TooLong,
    /// An eleventh digit.
    #[error("character {at} is an eleventh digit")]
    TooManyDigits {
        /// Where, in characters from 0.
        at: usize,
    },
}

/// An attempt was not admitted to the lookup of its code.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// A budget of guesses is used up; the code was not looked at, and whether it is good is not
    /// known.
    #[error("attempt refused")]
    Refused(#[source] OverBudget),
    /// The store of the counters could not answer; asking again may help.
    #[error("guess counters failed")]
    Store(#[source] StoreError),
}

/// A policy for guesses is out of bounds.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum GuessPolicyError {
    /// The time between two looks into the store is longer than
    /// [`GuessPolicy::MAX_SYNC_INTERVAL`](crate::GuessPolicy::MAX_SYNC_INTERVAL).
    #[error("more than 60 s between two looks into the store")]
    SyncInterval,
    /// The window is shorter than [`GuessWindow::MIN`](crate::GuessWindow::MIN) or longer than
    /// [`GuessWindow::MAX`](crate::GuessWindow::MAX).
    #[error("window not between one minute and 366 days")]
    Window,
}

/// A policy is out of bounds.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PolicyError {
    /// The grace time is longer than [`CodePolicy::MAX_GRACE`].
    #[error("grace time longer than {} s", CodePolicy::MAX_GRACE.as_secs())]
    Grace,
    /// The life of a code is shorter than [`CodePolicy::MIN_TTL`] or longer than
    /// [`CodePolicy::MAX_TTL`].
    #[error(
        "life of a code not between {} s and {} s",
        CodePolicy::MIN_TTL.as_secs(),
        CodePolicy::MAX_TTL.as_secs()
    )]
    Ttl,
}

/// A table of codes could not be written.
#[cfg(feature = "csv")]
#[derive(Debug, Error)]
#[error("table of codes not written")]
pub struct CsvError(#[source] Box<dyn StdError + Send + Sync>);

#[cfg(feature = "csv")]
impl CsvError {
    pub(crate) fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// The QR encoder refused a code.
#[cfg(feature = "qr")]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("activation code not drawn as a QR code")]
#[non_exhaustive]
pub struct QrError;

/// The source of entropy failed.
#[derive(Clone, Copy, Debug, Default, Eq, Error, PartialEq)]
#[error("entropy source failed")]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// The error, for implementors of [`Entropy`](crate::Entropy).
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}
