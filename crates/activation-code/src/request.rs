//! What a store is asked to do.

use std::time::{Duration, SystemTime};

use offhook_device_name::MacAddress;

use crate::{
    AccountId, Binding, Claimant, ClaimantKey, CodeDigests, CodeId, CodeMode, CodePolicy, GrantId,
    OutstandingCode, ProfileId, SealedCode, TenantId, Timestamp,
};

/// A code to be issued.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewCode {
    digests: CodeDigests,
    code: OutstandingCode,
}

impl NewCode {
    /// The code with `digests` for `profile` of `account`, redeemable by what `binding` admits
    /// from `now` for the policy's [`ttl`](CodePolicy::ttl), in the mode
    /// [`CodeMode::BroadWorks`].
    #[must_use]
    pub fn new(
        id: CodeId,
        digests: CodeDigests,
        account: AccountId,
        profile: ProfileId,
        binding: Binding,
        policy: &CodePolicy,
        now: SystemTime,
    ) -> Self {
        let issued_at = Timestamp::from(now);
        let expires_at = issued_at.saturating_add(policy.ttl());
        let tenant = digests.tenant().clone();
        Self {
            digests,
            code: OutstandingCode::new(
                id, tenant, account, profile, binding, issued_at, expires_at,
            ),
        }
    }

    /// The code in the mode `mode`.
    #[must_use]
    pub fn with_mode(self, mode: CodeMode) -> Self {
        Self {
            code: self.code.with_mode(mode),
            ..self
        }
    }

    /// The code with a copy that an administrator can read again.
    #[must_use]
    pub fn with_sealed(self, sealed: SealedCode) -> Self {
        Self {
            code: self.code.with_sealed(Some(sealed)),
            ..self
        }
    }

    /// What stands for the code. A store keeps the current digest and refuses the code if it
    /// knows any of them.
    #[must_use]
    pub fn digests(&self) -> &CodeDigests {
        &self.digests
    }

    /// The code as it will be outstanding.
    #[must_use]
    pub fn code(&self) -> &OutstandingCode {
        &self.code
    }

    /// The name of the code.
    #[must_use]
    pub fn id(&self) -> CodeId {
        self.code.id()
    }

    /// Whose code it is: the tenant that went into the digests.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        self.digests.tenant()
    }
}

/// A code to be issued in place of an older one, whose account, profile, binding and mode it
/// takes over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replacement {
    id: CodeId,
    digests: CodeDigests,
    issued_at: Timestamp,
    expires_at: Timestamp,
    sealed: Option<SealedCode>,
}

impl Replacement {
    /// The code with `digests`, redeemable from `now` for the policy's
    /// [`ttl`](CodePolicy::ttl).
    #[must_use]
    pub fn new(id: CodeId, digests: CodeDigests, policy: &CodePolicy, now: SystemTime) -> Self {
        let issued_at = Timestamp::from(now);
        Self {
            id,
            digests,
            issued_at,
            expires_at: issued_at.saturating_add(policy.ttl()),
            sealed: None,
        }
    }

    /// The code with a copy that an administrator can read again.
    #[must_use]
    pub fn with_sealed(self, sealed: SealedCode) -> Self {
        Self {
            sealed: Some(sealed),
            ..self
        }
    }

    /// The new code in place of `old`: the next generation, with the same account, profile,
    /// binding and mode.
    #[must_use]
    pub fn succeed(&self, old: &OutstandingCode) -> OutstandingCode {
        OutstandingCode::new(
            self.id,
            self.tenant().clone(),
            old.account().clone(),
            old.profile().clone(),
            old.binding().clone(),
            self.issued_at,
            self.expires_at,
        )
        .with_mode(old.mode().clone())
        .with_generation(old.generation().saturating_add(1))
        .with_sealed(self.sealed)
    }

    /// The name of the new code.
    #[must_use]
    pub fn id(&self) -> CodeId {
        self.id
    }

    /// What stands for the new code.
    #[must_use]
    pub fn digests(&self) -> &CodeDigests {
        &self.digests
    }

    /// Whose code it is; the old code must be of the same tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        self.digests.tenant()
    }
}

/// A device presents a code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Redemption {
    digests: CodeDigests,
    claimant: Claimant,
    grant: GrantId,
    grace: Duration,
}

impl Redemption {
    /// `claimant` presents the code with `digests` and gets, if nobody was before it, the freshly
    /// drawn `grant`. The grace time is [`CodePolicy::DEFAULT_GRACE`].
    #[must_use]
    pub fn new(digests: CodeDigests, claimant: Claimant, grant: GrantId) -> Self {
        Self {
            digests,
            claimant,
            grant,
            grace: CodePolicy::DEFAULT_GRACE,
        }
    }

    /// The redemption under the grace time of `policy`.
    #[must_use]
    pub fn with_policy(self, policy: &CodePolicy) -> Self {
        Self {
            grace: policy.grace(),
            ..self
        }
    }

    /// What stands for the code, the current digest first.
    #[must_use]
    pub fn digests(&self) -> &CodeDigests {
        &self.digests
    }

    /// The device.
    #[must_use]
    pub fn claimant(&self) -> &Claimant {
        &self.claimant
    }

    /// The name of the grant, should there be a new one.
    #[must_use]
    pub fn grant(&self) -> GrantId {
        self.grant
    }

    /// How long after the first redeem the same device gets the same grant again.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Whether a device that redeemed the code at `redeemed_at` as `key` with `mac` is this one,
    /// and asks within the grace time.
    #[must_use]
    pub fn repeats(
        &self,
        key: &ClaimantKey,
        mac: Option<MacAddress>,
        redeemed_at: Timestamp,
        now: SystemTime,
    ) -> bool {
        self.claimant.key() == key
            && self.claimant.mac() == mac
            && Timestamp::from(now) < redeemed_at.saturating_add(self.grace)
    }
}

/// Which part of a list of codes is wanted; lists are in the order of the profiles, of which each
/// has at most one outstanding code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    after: Option<ProfileId>,
    limit: usize,
}

impl Page {
    /// The most codes on a page.
    pub const MAX_LIMIT: usize = 1_000;

    /// The first `limit` codes: at least one, at most [`Page::MAX_LIMIT`].
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self {
            after: None,
            limit: limit.clamp(1, Self::MAX_LIMIT),
        }
    }

    /// As many codes after that of the profile `last`.
    #[must_use]
    pub fn after(self, last: ProfileId) -> Self {
        Self {
            after: Some(last),
            ..self
        }
    }

    /// The profile after which the page begins; `None` for the first page.
    #[must_use]
    pub fn start(&self) -> Option<&ProfileId> {
        self.after.as_ref()
    }

    /// The most codes on the page.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }
}
