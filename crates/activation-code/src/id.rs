//! The names of tenants, accounts, profiles, codes and grants.

use std::fmt;
use std::str::FromStr;

use uuid::{Builder, Uuid};

use crate::{Entropy, EntropyError, ParseIdError};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// One to 80 characters, no control character and no `|`.
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters that the name has.
            pub const MAX_CHARS: usize = MAX_CHARS;

            /// The name spelled `text`.
            ///
            /// # Errors
            ///
            /// [`ParseIdError`] when `text` is empty, too long, or has a control character or a
            /// `|`.
            pub fn new(text: &str) -> Result<Self, ParseIdError> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// Whose codes they are: the customer, service provider or cluster that a code belongs to.
    TenantId
}

text_id! {
    /// The account that a code was issued for: a user, a workspace or a place.
    AccountId
}

text_id! {
    /// The device profile that a code opens.
    ProfileId
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Uuid);

        impl $name {
            /// The name that `uuid` is.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Draws a fresh name: a random UUID, version 4.
            ///
            /// # Errors
            ///
            /// [`EntropyError`] when `entropy` cannot supply bytes.
            pub fn draw(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes)?;
                Ok(Self(Builder::from_random_bytes(bytes).into_uuid()))
            }

            /// The name as a UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// The name of a code, for lists, audit records and administrators; it opens nothing.
    CodeId
}

uuid_id! {
    /// The name of a grant, which is what a device gets for its code.
    GrantId
}

fn check(text: &str) -> Result<(), ParseIdError> {
    if text.is_empty() {
        return Err(ParseIdError::Empty);
    }
    for (at, char) in text.chars().enumerate() {
        if at >= MAX_CHARS {
            return Err(ParseIdError::TooLong);
        }
        if char.is_control() || char == '|' {
            return Err(ParseIdError::BadCharacter { at });
        }
    }
    Ok(())
}

const MAX_CHARS: usize = 80;
