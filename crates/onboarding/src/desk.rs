//! Where codes are drawn and where typed codes are read: what both services share.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use offhook_activation_code::{
    AccountId, ActivationCode, Binding, Claimant, CodeId, CodePolicy, Entropy, EntropyError,
    GrantId, NewCode, Peppers, ProfileId, Redemption, TenantId,
};

use crate::PresentError;

/// Where a tenant's codes are drawn and typed codes are read: peppers, policy and entropy.
pub struct CodeDesk {
    tenant: TenantId,
    peppers: Peppers,
    policy: CodePolicy,
    entropy: Mutex<Box<dyn Entropy + Send>>,
}

impl CodeDesk {
    /// The desk of `tenant`.
    pub fn new(
        tenant: TenantId,
        peppers: Peppers,
        policy: CodePolicy,
        entropy: impl Entropy + Send + 'static,
    ) -> Self {
        Self {
            tenant,
            peppers,
            policy,
            entropy: Mutex::new(Box::new(entropy)),
        }
    }

    /// Whose desk it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// A fresh code, and what a store keeps of it.
    pub(crate) fn draw(
        &self,
        account: AccountId,
        profile: ProfileId,
        binding: Binding,
        now: SystemTime,
    ) -> Result<(ActivationCode, NewCode), EntropyError> {
        let (code, id) = self
            .with_entropy(|entropy| Ok((ActivationCode::draw(entropy)?, CodeId::draw(entropy)?)))?;
        let digests = self.peppers.digests(&self.tenant, &code);
        let new = NewCode::new(id, digests, account, profile, binding, &self.policy, now);
        Ok((code, new))
    }

    /// What a store needs to redeem the code that `claimant` typed.
    pub(crate) fn present(
        &self,
        typed: &str,
        claimant: Claimant,
    ) -> Result<Redemption, PresentError> {
        let code: ActivationCode = typed.parse().map_err(PresentError::Malformed)?;
        let grant = self
            .with_entropy(GrantId::draw)
            .map_err(PresentError::Entropy)?;
        let digests = self.peppers.digests(&self.tenant, &code);
        Ok(Redemption::new(digests, claimant, grant).with_policy(&self.policy))
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
