//! The end of an audit log, to be noted elsewhere.

use std::fmt;
use std::str::FromStr;

use super::hex;
use crate::ParseChainHeadError;

/// The newest record of an audit log, by its place and hash.
///
/// Who can rewrite the log can cut records off its end, or make a whole new chain, and nothing
/// within it shows that. Keep a head where the log's keeper cannot reach it, and check against it
/// later. `Display` and `FromStr` are the place, a colon and the hash in 64 hexadecimal digits. The
/// default is the head of a log without records: the place 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ChainHead {
    sequence: u64,
    hash: [u8; 32],
}

impl ChainHead {
    pub(crate) const NONE: Self = Self {
        sequence: 0,
        hash: [0; 32],
    };

    pub(crate) const fn new(sequence: u64, hash: [u8; 32]) -> Self {
        Self { sequence, hash }
    }

    /// The place in the chain, from 1; 0 for a log without records.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The hash of the record there.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, hex::print(&self.hash))
    }
}

impl FromStr for ChainHead {
    type Err = ParseChainHeadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (sequence, hash) = text.split_once(':').ok_or(ParseChainHeadError)?;
        // No sign and no zero in front: a head has one spelling.
        let parsed: u64 = sequence.parse().map_err(|_| ParseChainHeadError)?;
        if parsed.to_string() != sequence {
            return Err(ParseChainHeadError);
        }
        let hash = hex::parse(hash).ok_or(ParseChainHeadError)?;
        Ok(Self::new(parsed, hash))
    }
}
