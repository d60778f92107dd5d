//! The rules by which codes are issued and redeemed, without lock and without I/O.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::{Duration, SystemTime};

use offhook_device_name::MacAddress;

use crate::{
    ClaimantKey, CodeDigest, CodeDigests, CodeId, CodeState, Grant, GrantId, IssueRefusal,
    Judgement, NewCode, OutstandingCode, Page, ProfileId, RedeemError, Redemption, ReissueRefusal,
    Replacement, RevokeRefusal, StoreError, TenantId, Timestamp,
};

/// The codes of a store as a plain value: the heart of [`MemoryStore`](crate::MemoryStore), and
/// the model that every other store must agree with.
///
/// Each verb either takes place whole or changes nothing. The promises are those of
/// [`CodeStore`](crate::CodeStore).
#[derive(Clone, Debug, Default)]
pub struct CodeTable {
    codes: HashMap<CodeId, Code>,
    digests: HashMap<CodeDigest, CodeId>,
    grants: HashMap<GrantId, CodeId>,
    issued: BTreeMap<TenantId, BTreeMap<ProfileId, OutstandingCode>>,
}

/// What is known of a code for ever.
#[derive(Clone, Debug)]
struct Code {
    tenant: TenantId,
    profile: ProfileId,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The rest stands in `issued`.
    Issued,
    Purged,
    Redeemed {
        grant: Grant,
        key: ClaimantKey,
        mac: Option<MacAddress>,
    },
    /// With the grant, where the code was redeemed before.
    Revoked(Option<Grant>),
    Superseded,
}

impl CodeTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Issues `code`. An expired code of the same profile is purged.
    ///
    /// # Errors
    ///
    /// [`IssueRefusal`]: the digest or the name is taken, or the profile has a code that can
    /// still be redeemed.
    pub fn issue(&mut self, code: &NewCode, now: SystemTime) -> Result<(), IssueRefusal> {
        if self.knows(code.digests()) {
            return Err(IssueRefusal::DigestTaken);
        }
        if self.codes.contains_key(&code.id()) {
            return Err(IssueRefusal::IdTaken);
        }
        if let Some(earlier) = self.outstanding_of(code.tenant(), code.code().profile()) {
            if Timestamp::from(now) < earlier.expires_at() {
                return Err(IssueRefusal::Outstanding);
            }
            let earlier = earlier.id();
            self.close(earlier, State::Purged);
        }
        self.open(*code.digests().current(), code.code().clone());
        Ok(())
    }

    /// Redeems a code, or repeats the grant of a claimant whose answer may have been lost.
    ///
    /// # Errors
    ///
    /// [`RedeemError::Refused`] with the reason; [`RedeemError::Store`] when the proposed
    /// [`GrantId`] is in use.
    pub fn redeem(
        &mut self,
        redemption: &Redemption,
        now: SystemTime,
    ) -> Result<Grant, RedeemError> {
        let found = self.find(redemption.digests());
        let code = match redemption.judge(found, now).map_err(RedeemError::Refused)? {
            Judgement::Redeemable(code) => code,
            Judgement::Repeated(grant) => return Ok(grant),
        };
        if self.grants.contains_key(&redemption.grant()) {
            let error = StoreError::new("record the grant", "the grant id is in use");
            return Err(RedeemError::Store(error));
        }
        let grant = Grant::new(
            redemption.grant(),
            code.id(),
            code.tenant().clone(),
            code.account().clone(),
            code.profile().clone(),
            now.into(),
        )
        .with_mode(code.mode().clone());
        let state = State::Redeemed {
            grant: grant.clone(),
            key: *redemption.claimant().key(),
            mac: redemption.claimant().mac(),
        };
        self.grants.insert(grant.id(), grant.code());
        self.close(grant.code(), state);
        Ok(grant)
    }

    /// Voids a code, expired or not.
    ///
    /// # Errors
    ///
    /// [`RevokeRefusal`]: the code is not there to be revoked.
    pub fn revoke(&mut self, tenant: &TenantId, id: CodeId) -> Result<(), RevokeRefusal> {
        match self.state(tenant, id) {
            None => Err(RevokeRefusal::Unknown),
            Some(State::Issued) => {
                self.close(id, State::Revoked(None));
                Ok(())
            }
            Some(State::Redeemed { .. }) => Err(RevokeRefusal::AlreadyRedeemed),
            Some(State::Purged | State::Revoked(_) | State::Superseded) => {
                Err(RevokeRefusal::NotOutstanding)
            }
        }
    }

    /// Voids a code, expired or not, redeemed or not: from then on it is refused as revoked, to the
    /// claimant that redeemed it too. Its grant stays known, and no other code gets that name. A code
    /// that is unknown, or void already, stays so.
    ///
    /// [`CodeStore`](crate::CodeStore) has no such verb: what a claimant was given is taken back by
    /// whoever keeps the devices, in the transaction that takes the device's right away.
    pub fn void(&mut self, tenant: &TenantId, id: CodeId) {
        match self.state(tenant, id) {
            Some(State::Issued) => {
                self.close(id, State::Revoked(None));
            }
            Some(State::Redeemed { grant, .. }) => {
                let state = State::Revoked(Some(grant.clone()));
                // The profile may have another code by now, so nothing of `issued` is closed.
                if let Some(code) = self.codes.get_mut(&id) {
                    code.state = state;
                }
            }
            None | Some(State::Purged | State::Revoked(_) | State::Superseded) => {}
        }
    }

    /// Voids the code `id`, expired or not, and issues `replacement` in its place.
    ///
    /// # Errors
    ///
    /// [`ReissueRefusal`]: the code is not there to be reissued, or the replacement was drawn
    /// before.
    pub fn reissue(
        &mut self,
        id: CodeId,
        replacement: &Replacement,
    ) -> Result<OutstandingCode, ReissueRefusal> {
        let tenant = replacement.tenant();
        match self.state(tenant, id) {
            None => return Err(ReissueRefusal::Unknown),
            Some(State::Issued) => {}
            Some(State::Redeemed { .. }) => return Err(ReissueRefusal::AlreadyRedeemed),
            Some(State::Purged | State::Revoked(_) | State::Superseded) => {
                return Err(ReissueRefusal::NotOutstanding);
            }
        }
        if self.knows(replacement.digests()) {
            return Err(ReissueRefusal::DigestTaken);
        }
        if self.codes.contains_key(&replacement.id()) {
            return Err(ReissueRefusal::IdTaken);
        }
        let Some(old) = self.close(id, State::Superseded) else {
            return Err(ReissueRefusal::Unknown);
        };
        let new = replacement.succeed(&old);
        self.open(*replacement.digests().current(), new.clone());
        Ok(new)
    }

    /// The codes of `tenant` that can be redeemed at `now`, by profile.
    #[must_use]
    pub fn outstanding(
        &self,
        tenant: &TenantId,
        page: Page,
        now: SystemTime,
    ) -> Vec<OutstandingCode> {
        let now = Timestamp::from(now);
        let start = page.start().map_or(Bound::Unbounded, Bound::Excluded);
        let of_tenant = self.issued.get(tenant).into_iter();
        of_tenant
            .flat_map(|codes| codes.range((start, Bound::Unbounded)))
            .map(|(_, code)| code)
            .filter(|code| now < code.expires_at())
            .take(page.limit())
            .cloned()
            .collect()
    }

    /// How many codes of all tenants can be redeemed at `now`.
    #[must_use]
    pub fn live_codes(&self, now: SystemTime) -> u64 {
        let now = Timestamp::from(now);
        let issued = self.issued.values().flat_map(BTreeMap::values);
        issued.filter(|code| now < code.expires_at()).count() as u64
    }

    /// Forgets all of the codes that have been expired for `kept` at `now` but that there were such codes;
    /// says how many.
    pub fn purge_expired(&mut self, kept: Duration, now: SystemTime) -> u64 {
        // Before the first moment nothing was issued.
        let then = Timestamp::from(now.checked_sub(kept).unwrap_or(SystemTime::UNIX_EPOCH));
        let expired: Vec<_> = self
            .issued
            .values()
            .flat_map(BTreeMap::values)
            .filter(|code| code.expires_at() <= then)
            .map(OutstandingCode::id)
            .collect();
        let mut purged = 0;
        for id in expired {
            self.close(id, State::Purged);
            purged += 1;
        }
        purged
    }

    /// The grant with the name `id`, as it was given for the first time; that of a code that is
    /// void by now too.
    #[must_use]
    pub fn grant(&self, id: &GrantId) -> Option<Grant> {
        let code = self.codes.get(self.grants.get(id)?)?;
        match &code.state {
            State::Redeemed { grant, .. } => Some(grant.clone()),
            State::Revoked(grant) => grant.clone(),
            State::Issued | State::Purged | State::Superseded => None,
        }
    }

    /// What is known of the code with one of the digests. Every digest is looked up, found or not, so
    /// that a miss is no more work than a hit.
    fn find(&self, digests: &CodeDigests) -> Option<CodeState> {
        let found = digests.iter().fold(None, |found, digest| {
            let known = self.digests.get(digest);
            found.or(known)
        });
        let code = self.codes.get(found?)?;
        Some(match &code.state {
            State::Issued => {
                CodeState::Issued(self.outstanding_of(&code.tenant, &code.profile)?.clone())
            }
            State::Purged => CodeState::Purged,
            State::Redeemed { grant, key, mac } => CodeState::Redeemed {
                grant: grant.clone(),
                key: *key,
                mac: *mac,
            },
            State::Revoked(_) => CodeState::Revoked,
            State::Superseded => CodeState::Superseded,
        })
    }

    fn knows(&self, digests: &CodeDigests) -> bool {
        digests
            .iter()
            .any(|digest| self.digests.contains_key(digest))
    }

    fn outstanding_of(&self, tenant: &TenantId, profile: &ProfileId) -> Option<&OutstandingCode> {
        self.issued.get(tenant)?.get(profile)
    }

    fn state(&self, tenant: &TenantId, id: CodeId) -> Option<&State> {
        let code = self.codes.get(&id)?;
        (code.tenant == *tenant).then_some(&code.state)
    }

    fn open(&mut self, digest: CodeDigest, code: OutstandingCode) {
        let row = Code {
            tenant: code.tenant().clone(),
            profile: code.profile().clone(),
            state: State::Issued,
        };
        self.codes.insert(code.id(), row);
        self.digests.insert(digest, code.id());
        let of_tenant = self.issued.entry(code.tenant().clone()).or_default();
        of_tenant.insert(code.profile().clone(), code);
    }

    /// Puts an issued code in another state, from which it never comes back.
    fn close(&mut self, id: CodeId, state: State) -> Option<OutstandingCode> {
        let row = self.codes.get_mut(&id)?;
        row.state = state;
        self.issued.get_mut(&row.tenant)?.remove(&row.profile)
    }
}
