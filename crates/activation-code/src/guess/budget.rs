//! The gate before the lookup.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures_util::lock::Mutex as Turn;

use super::ledger::{Attempt, Charge, Held, Ledger};
use super::source::SourceKeys;
use crate::{
    AdmitError, ClaimantKey, CodePolicy, GuessKey, GuessPolicy, GuessScope, GuessStore, Peppers,
    Redemption, StoreError,
};

/// The gate that every attempt passes before its code is looked up: it bounds how many wrong codes
/// are tried, by a device, from a source, at a tenant and altogether.
///
/// An attempt is charged when it is [admitted](Self::admit), in one step in this node, and the
/// charge is [given back](Self::refund) if the code was good. A success gives back its own charge
/// and no other. The same wrong code again from the same source is charged once for
/// [`GuessPolicy::MAX_REPEATS`] repetitions, and once more after them, so that a device that asks on
/// and on fills no audit log, and yet shuts nobody else out who has the same code to type.
///
/// Past the budget of its source, its tenant or everybody, only a device that has proved a
/// certificate is admitted, and past its own budget no device.
///
/// # How closely the nodes keep together
///
/// Each node counts by itself and adds what it counted to the store, every
/// [sync interval](GuessPolicy::with_sync) and before it has counted more than
/// [`GuessPolicy::max_unsynced`] that the store does not know of; each time it reads what all nodes
/// counted. So, with N nodes, a budget is overshot by at most (N − 1) times that number, beside what
/// devices with certificates add, and a node that stops without [`sync`](Self::sync) loses at most
/// that many charges. That a wrong code was
/// charged before is known to its node alone: it counts once a node.
///
/// The memory of a node is bounded: it remembers the 65,536 keys and wrong codes that were touched
/// last. For a key that it has forgotten it goes by the store, from the next look on; everybody's
/// count is never forgotten.
///
/// # When the store fails
///
/// When a look into the store is due and fails, nobody is admitted. When the codes that can be
/// redeemed are to be counted and that fails, the last count stands for
/// [`MAX_COUNT_AGE`](Self::MAX_COUNT_AGE); then nobody is admitted. Charges whose fate is not known
/// are added again, so that they may count twice and never not at all; what was given back is not, so
/// that it counts once or not at all. The same goes for a caller that goes away in the middle of a
/// look.
pub struct GuessBudget {
    store: Arc<dyn GuessStore>,
    codes: CodePolicy,
    shard: u32,
    sources: RwLock<SourceKeys>,
    ledger: Mutex<Ledger>,
    /// Held by whoever looks into the store.
    turn: Turn<()>,
    /// Held by whoever counts the live codes and purges.
    upkeep: Turn<()>,
    /// How often codes have been counted for those who waited for it, well or not.
    tries: AtomicU64,
}

/// An attempt that may be looked up. Its charge stands unless it is given back by
/// [`GuessBudget::refund`].
#[derive(Debug)]
pub struct Admission(Charge);

impl GuessBudget {
    /// How old the count of the codes that can be redeemed may be: one hour. Where it cannot be
    /// brought up to date for longer nobody is admitted.
    pub const MAX_COUNT_AGE: Duration = Duration::from_secs(60 * 60);

    /// The budget whose counters are in `store`.
    ///
    /// `codes` is the policy under which all codes of the store are drawn and read: a check digit
    /// leaves a guesser fewer codes to choose from.
    ///
    /// Counters of addresses are kept under digests that need the current pepper of `peppers`; with
    /// another one, here or by [`replace_peppers`](Self::replace_peppers), they begin anew. `shard` is whose rows this node writes: nodes that run at the
    /// same time have different ones, and a node may have the same one again.
    #[must_use]
    pub fn new(
        store: Arc<dyn GuessStore>,
        peppers: &Peppers,
        codes: CodePolicy,
        policy: GuessPolicy,
        shard: u32,
    ) -> Self {
        Self {
            store,
            codes,
            shard,
            sources: RwLock::new(SourceKeys::new(peppers)),
            ledger: Mutex::new(Ledger::new(policy, codes.check_digit())),
            turn: Turn::new(()),
            upkeep: Turn::new(()),
            tries: AtomicU64::new(0),
        }
    }

    /// Counts the attempts to come under the current pepper of `peppers`, as a budget does that is made
    /// with them: so all nodes count a source under one key, restarted or not.
    pub fn replace_peppers(&self, peppers: &Peppers) {
        let sources = SourceKeys::new(peppers);
        *self.sources.write().unwrap_or_else(PoisonError::into_inner) = sources;
    }

    /// The policy of the codes that are guessed at.
    #[must_use]
    pub fn codes(&self) -> &CodePolicy {
        &self.codes
    }

    /// Charges an attempt from `source` and admits it, or does neither.
    ///
    /// `source` is the address of the device, or of its network's edge: where a proxy is in
    /// between, what that proxy says, and only if it is one of one's own.
    ///
    /// # Errors
    ///
    /// [`AdmitError::Refused`] when a budget is used up; [`AdmitError::Store`] when the store was
    /// due and failed.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has charged nothing for this attempt. It may
    /// have added the charges of others to the store, which will then count twice: let a client
    /// that hangs up not drop it.
    pub async fn admit(
        &self,
        redemption: &Redemption,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<Admission, AdmitError> {
        let attempt = self.attempt(redemption, source);
        self.keep_up(UPKEEP_BY_CALLERS, now)
            .await
            .map_err(AdmitError::Store)?;
        if self.ledger().is_due(now)
            && let Some(_turn) = self.turn.try_lock()
            && self.ledger().is_due(now)
        {
            self.look(now).await.map_err(AdmitError::Store)?;
        }
        loop {
            let charged = self.ledger().charge(&attempt, now);
            match charged {
                Ok(charge) => return Ok(Admission(charge)),
                Err(Held::Over(over)) => return Err(AdmitError::Refused(over)),
                Err(Held::Sync) => {}
            }
            let _turn = self.turn.lock().await;
            if self.ledger().must_sync() {
                self.look(now).await.map_err(AdmitError::Store)?;
            }
        }
    }

    /// Gives the charge of an attempt back: its code was good, or the store could not say.
    ///
    /// It is to be given back to the budget that has admitted the attempt: another one would count a
    /// wrong code too few.
    pub fn refund(&self, admission: Admission, now: SystemTime) {
        self.ledger().refund(&admission.0, now);
    }

    /// Looks into the store now, whether or not it is due: before the process ends, and once a minute
    /// in a task of its own, where [`guess_risk`](Self::guess_risk) is shown for one.
    ///
    /// At most once a minute it counts the codes that can be redeemed and purges, which takes a store
    /// long when it has many. Where it is not called for ten minutes, one caller of
    /// [`admit`](Self::admit) does so and waits for it; the others go on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    pub async fn sync(&self, now: SystemTime) -> Result<(), StoreError> {
        self.keep_up(UPKEEP_INTERVAL, now).await?;
        let _turn = self.turn.lock().await;
        self.look(now).await
    }

    /// The chance that the wrong codes counted in the window of `now` have hit one that can be
    /// redeemed, as of the last look into the store.
    #[must_use]
    pub fn guess_risk(&self, now: SystemTime) -> f64 {
        let ledger = self.ledger();
        let counted = ledger.counted(now);
        ledger.risk(counted)
    }

    /// How many wrong codes were counted in the window of `now`, as of the last look into the
    /// store.
    #[must_use]
    pub fn guesses(&self, now: SystemTime) -> u64 {
        self.ledger().counted(now)
    }

    /// How many wrong codes are allowed in a window, as of the last look into the store.
    #[must_use]
    pub fn guesses_allowed(&self) -> u64 {
        self.ledger().allowed(GuessScope::Global)
    }

    fn attempt(&self, redemption: &Redemption, source: IpAddr) -> Attempt {
        let digests = redemption.digests();
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        let (kind, key, certified) = match redemption.claimant().key() {
            ClaimantKey::Certificate(key) => (b"c", key, true),
            ClaimantKey::RedemptionKey(key) => (b"r", key, false),
        };
        Attempt {
            device: GuessKey::of(&[b"device|", kind, key]),
            source: sources.key(source),
            tenant: GuessKey::of(&[b"tenant|", digests.tenant().as_str().as_bytes()]),
            code: *digests.current(),
            certified,
        }
    }

    /// To be called by whoever has the turn.
    async fn look(&self, now: SystemTime) -> Result<(), StoreError> {
        let batch = self.ledger().send(self.shard, now);
        let counts = self.store.charge_guesses(&batch).await?;
        self.ledger().answered(&counts, now);
        Ok(())
    }

    /// Counts the codes that can be redeemed and purges, if nobody has tried for `interval`. While
    /// there is a count to go by nobody waits for anybody else here, and a failure is left to the
    /// next.
    async fn keep_up(&self, interval: Duration, now: SystemTime) -> Result<(), StoreError> {
        if self.ledger().is_count_usable(now) {
            if let Some(_turn) = self.upkeep.try_lock()
                && self.ledger().begin_upkeep(interval, now)
            {
                let _: Result<(), StoreError> = self.count_and_purge(now).await;
            }
            return Ok(());
        }
        let before = self.tries.load(Ordering::Relaxed);
        let _turn = self.upkeep.lock().await;
        if self.ledger().is_count_usable(now) {
            return Ok(());
        }
        // Whoever has waited for a try that failed does not make the store work once more.
        if self.tries.load(Ordering::Relaxed) != before {
            return Err(StoreError::new("count live codes", "the try before failed"));
        }
        self.ledger().begin_upkeep(Duration::ZERO, now);
        let counted = self.count_and_purge(now).await;
        self.tries.fetch_add(1, Ordering::Relaxed);
        counted
    }

    async fn count_and_purge(&self, now: SystemTime) -> Result<(), StoreError> {
        let live_codes = self.store.live_codes(now).await?;
        self.ledger().codes_counted(live_codes, now);
        let purges = self.ledger().purges(now);
        if let Some(before) = purges
            && self.store.purge_guesses(before, now).await.is_ok()
        {
            // Else it is tried again the next time.
            self.ledger().purged(before);
        }
        Ok(())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

impl fmt::Debug for GuessBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuessBudget")
            .field("store", &self.store)
            .field("shard", &self.shard)
            .finish_non_exhaustive()
    }
}

/// No step of the ledger calls foreign code, so a panic cannot leave it half changed.
fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often the codes that can be redeemed are counted: a store may have to look at each.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How often that is done by a caller who wants to be admitted, where nobody else does it.
const UPKEEP_BY_CALLERS: Duration = Duration::from_secs(10 * 60);
