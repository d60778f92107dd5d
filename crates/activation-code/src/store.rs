//! Where codes are kept.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::{
    CodeId, Grant, IssueError, NewCode, OutstandingCode, Page, RedeemError, Redemption,
    ReissueError, Replacement, RevokeError, StoreError, TenantId,
};

/// Where codes are kept: one atomic verb for each decision.
///
/// # What a store must never do
///
/// - Give more than one grant for a code, ever: not to two threads, processes or nodes at once,
///   not across a crash, not after a clock has jumped. An `Ok` from any verb survives a crash.
/// - Let a refused attempt change anything. A device of the wrong model, or one that is late,
///   burns no code.
/// - Bring a code back that was redeemed, revoked, superseded or purged; each leaves a tombstone
///   with its digest.
/// - Put a code into effect beside another one: a profile has at most one code that can be
///   redeemed, and [`issue`](Self::issue) never overwrites.
/// - Redeem a code at or after [`OutstandingCode::expires_at`], whether or not anybody has purged it.
///
/// # What a store may do
///
/// - Answer [`RedeemError::Store`] although the redeem has taken place, because the answer got
///   lost on the way: the claimant asks again within the grace time and gets the same grant.
///   For the other verbs the caller has to look what became of them.
/// - Make refusals of different reasons take different time by the read of one row.
///
/// # What a refusal must not tell
///
/// A claimant must not learn from the time whether a code exists. What costs most is done before
/// the store is asked, and whatever the outcome: the guess budget is decided
/// ([`GuessBudget::admit`](crate::GuessBudget::admit)), then the code is digested under every
/// pepper. Before it refuses, a store looks up every digest of the redemption, whether or not an
/// earlier one was found, tests state, deadline, mode and binding in the same statement, and where it keeps an
/// audit log writes the same record for every refusal. In what order it is refused
/// [`Redemption::judge`] says. The address of a digest in an index tells
/// nothing, because nobody without the pepper can steer it.
///
/// # Cancel safety
///
/// A future that is dropped before it is ready may or may not have taken place; it has never
/// taken place in part.
///
/// `now` is the caller's clock. A store that several nodes share may use the clock of its
/// database instead.
#[async_trait]
pub trait CodeStore: fmt::Debug + Send + Sync {
    /// Issues a code. An expired code of the same profile is purged by it.
    ///
    /// # Errors
    ///
    /// [`IssueError::Refused`] when the code or its name was drawn before or the profile has an
    /// outstanding code; [`IssueError::Store`] when the store failed.
    async fn issue(&self, code: &NewCode, now: SystemTime) -> Result<(), IssueError>;

    /// Redeems a code: of all who ever ask for it, one claimant gets a grant.
    ///
    /// The same claimant (same [`ClaimantKey`](crate::ClaimantKey) and MAC address) that asks
    /// again less than [`Redemption::grace`] after its first redeem gets the same grant,
    /// [`repeated`](Grant::repeated), unless whoever keeps the devices has voided the code since: it
    /// is then refused as a code that was revoked is.
    ///
    /// # Errors
    ///
    /// [`RedeemError::Refused`] when the code is not good for the claimant;
    /// [`RedeemError::Store`] when the store failed.
    async fn redeem(&self, redemption: &Redemption, now: SystemTime) -> Result<Grant, RedeemError>;

    /// Voids a code, expired or not.
    ///
    /// # Errors
    ///
    /// [`RevokeError::Refused`] when the tenant has no such code or it cannot be redeemed any
    /// more; [`RevokeError::Store`] when the store failed.
    async fn revoke(
        &self,
        tenant: &TenantId,
        code: CodeId,
        now: SystemTime,
    ) -> Result<(), RevokeError>;

    /// Voids a code, expired or not, and issues another in its place, in one step: never are both
    /// good, and of a reissue and a redeem at the same time exactly one takes place.
    ///
    /// # Errors
    ///
    /// [`ReissueError::Refused`] when the tenant has no such code, it cannot be redeemed any more,
    /// or the replacement was drawn before; [`ReissueError::Store`] when the store failed.
    async fn reissue(
        &self,
        code: CodeId,
        replacement: &Replacement,
        now: SystemTime,
    ) -> Result<OutstandingCode, ReissueError>;

    /// The codes of a tenant that can be redeemed at `now`, by profile, a page at a time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn outstanding(
        &self,
        tenant: &TenantId,
        page: Page,
        now: SystemTime,
    ) -> Result<Vec<OutstandingCode>, StoreError>;

    /// Forgets all of the codes that have been expired for `kept` at `now` but their tombstones; says how
    /// many. They stay expired should the clock go backwards; a clock that stands ahead by less than
    /// `kept` costs nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn purge_expired(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError>;
}
