//! Where codes are drawn and where typed codes are read: what both services share.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use offhook_activation_code::{
    AccountId, ActivationCode, Admission, AdmitError, Binding, Claimant, CodeId, CodeMode, Entropy,
    EntropyError, GrantId, GuessBudget, NewCode, Peppers, ProfileId, Redemption, StoreError,
    TenantId,
};

use crate::PresentError;

/// Where a tenant's codes are drawn and typed codes are read: peppers, entropy, and the budget of
/// wrong codes, which all tenants have together, and with it the policy of codes.
pub struct CodeDesk {
    tenant: TenantId,
    peppers: Peppers,
    mode: CodeMode,
    budget: Arc<GuessBudget>,
    entropy: Mutex<Box<dyn Entropy + Send>>,
}

impl CodeDesk {
    /// The desk of `tenant`, whose typed codes pass `budget` before they are looked up.
    pub fn new(
        tenant: TenantId,
        peppers: Peppers,
        budget: Arc<GuessBudget>,
        entropy: impl Entropy + Send + 'static,
    ) -> Self {
        Self {
            tenant,
            peppers,
            mode: CodeMode::default(),
            budget,
            entropy: Mutex::new(Box::new(entropy)),
        }
    }

    /// The desk whose codes are of the mode `mode`; the default is [`CodeMode::BroadWorks`].
    #[must_use]
    pub fn with_mode(self, mode: CodeMode) -> Self {
        Self { mode, ..self }
    }

    /// The mode of its codes.
    #[must_use]
    pub const fn mode(&self) -> &CodeMode {
        &self.mode
    }

    /// Whose desk it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The budget of wrong codes.
    #[must_use]
    pub fn budget(&self) -> &GuessBudget {
        &self.budget
    }

    /// A fresh code, and what a store keeps of it.
    pub(crate) fn draw(
        &self,
        account: AccountId,
        profile: ProfileId,
        binding: Binding,
        now: SystemTime,
    ) -> Result<(ActivationCode, NewCode), EntropyError> {
        let (code, id) = self.with_entropy(|entropy| {
            Ok((self.budget.codes().draw(entropy)?, CodeId::draw(entropy)?))
        })?;
        let digests = self.peppers.digests(&self.tenant, &code);
        let new = NewCode::new(
            id,
            digests,
            account,
            profile,
            binding,
            self.budget.codes(),
            now,
        );
        Ok((code, new.with_mode(self.mode.clone())))
    }

    /// What a store needs to redeem the code that `claimant` typed at `source`, if the budget of
    /// wrong codes leaves room for it; the admission is to be given back unless the code is refused.
    pub(crate) async fn present(
        &self,
        typed: &str,
        claimant: Claimant,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<(Redemption, Admission), PresentError> {
        let code = self
            .budget
            .codes()
            .read(typed)
            .map_err(PresentError::Malformed)?;
        let grant = self
            .with_entropy(GrantId::draw)
            .map_err(PresentError::Entropy)?;
        let digests = self.peppers.digests(&self.tenant, &code);
        let redemption = Redemption::new(digests, claimant, grant).with_policy(self.budget.codes());
        match self.budget.admit(&redemption, source, now).await {
            Ok(admission) => Ok((redemption, admission)),
            Err(AdmitError::Refused(over)) => Err(PresentError::OverBudget(over)),
            Err(AdmitError::Store(error)) => Err(PresentError::Store(error)),
            Err(error) => Err(PresentError::Store(StoreError::new("count guesses", error))),
        }
    }

    /// Unpredictable bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        self.with_entropy(|entropy| {
            let mut bytes = [0; N];
            entropy.fill(&mut bytes)?;
            Ok(bytes)
        })
    }

    fn with_entropy<T>(
        &self,
        draw: impl FnOnce(&mut dyn Entropy) -> Result<T, EntropyError>,
    ) -> Result<T, EntropyError> {
        // A source of entropy that panicked has no state that a later draw could spoil.
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        draw(entropy.as_mut())
    }
}

impl fmt::Debug for CodeDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeDesk")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}
