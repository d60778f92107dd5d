//! The order in which a code is refused, the same for every store.

use std::time::SystemTime;

use offhook_device_name::MacAddress;

use crate::{ClaimantKey, Grant, OutstandingCode, Redemption, Refusal, Timestamp};

/// What a store knows of the code that a digest stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new state must reach every store"
)]
pub enum CodeState {
    /// It can be redeemed, unless it has expired.
    Issued(OutstandingCode),
    /// It had expired when it was purged.
    Purged,
    /// It was redeemed.
    Redeemed {
        /// The grant, as it was given for the first time.
        grant: Grant,
        /// By what key the claimant was known.
        key: ClaimantKey,
        /// The address of the claimant, if it gave one.
        mac: Option<MacAddress>,
    },
    /// It was revoked, or voided although it was redeemed.
    Revoked,
    /// Another was issued in its place.
    Superseded,
}

/// What becomes of an attempt that is not refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must reach every store"
)]
pub enum Judgement {
    /// The code can be redeemed by the claimant.
    Redeemable(OutstandingCode),
    /// The same claimant asks again within the grace time, and gets this grant.
    Repeated(Grant),
}

impl Redemption {
    /// What becomes of the attempt at `now`, where the store knows this of the code, or nothing: for
    /// implementors of [`CodeStore`](crate::CodeStore).
    ///
    /// The order is that of the list: the state, then the deadline, the mode and the binding.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the first thing that stands in the way.
    pub fn judge(&self, code: Option<CodeState>, now: SystemTime) -> Result<Judgement, Refusal> {
        match code.ok_or(Refusal::Unknown)? {
            CodeState::Issued(code) if code.expires_at() <= Timestamp::from(now) => {
                Err(Refusal::Expired)
            }
            CodeState::Issued(code) => {
                code.check(self.claimant())?;
                Ok(Judgement::Redeemable(code))
            }
            CodeState::Redeemed { grant, key, mac } => {
                if self.repeats(&key, mac, grant.redeemed_at(), now) {
                    Ok(Judgement::Repeated(grant.into_repeated()))
                } else {
                    Err(Refusal::AlreadyRedeemed)
                }
            }
            CodeState::Purged => Err(Refusal::Expired),
            CodeState::Revoked => Err(Refusal::Revoked),
            CodeState::Superseded => Err(Refusal::Superseded),
        }
    }
}
