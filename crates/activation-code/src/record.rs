//! What a store answers.

use crate::{
    AccountId, Binding, Claimant, CodeId, CodeMode, GrantId, ProfileId, Refusal, SealedCode,
    TenantId, Timestamp,
};

/// What a device got for its code: the only grant that there ever is for that code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    id: GrantId,
    code: CodeId,
    tenant: TenantId,
    account: AccountId,
    profile: ProfileId,
    mode: CodeMode,
    redeemed_at: Timestamp,
    repeated: bool,
}

impl Grant {
    /// The grant given for `code` at `redeemed_at` for the first time, in the mode
    /// [`CodeMode::BroadWorks`]; for implementors of [`CodeStore`](crate::CodeStore).
    #[must_use]
    pub fn new(
        id: GrantId,
        code: CodeId,
        tenant: TenantId,
        account: AccountId,
        profile: ProfileId,
        redeemed_at: Timestamp,
    ) -> Self {
        Self {
            id,
            code,
            tenant,
            account,
            profile,
            mode: CodeMode::default(),
            redeemed_at,
            repeated: false,
        }
    }

    /// The grant for a code of the mode `mode`.
    #[must_use]
    pub fn with_mode(self, mode: CodeMode) -> Self {
        Self { mode, ..self }
    }

    /// The same grant, given again because the first answer may have been lost.
    #[must_use]
    pub fn into_repeated(self) -> Self {
        Self {
            repeated: true,
            ..self
        }
    }

    /// The name of the grant.
    #[must_use]
    pub fn id(&self) -> GrantId {
        self.id
    }

    /// The code that was redeemed.
    #[must_use]
    pub fn code(&self) -> CodeId {
        self.code
    }

    /// Whose code it was.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The account that the code was for.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The device profile that the code opened.
    #[must_use]
    pub fn profile(&self) -> &ProfileId {
        &self.profile
    }

    /// The mode of the code; for [`CodeMode::RemoteAccess`] it names the service domain that the
    /// device is to be told.
    #[must_use]
    pub fn mode(&self) -> &CodeMode {
        &self.mode
    }

    /// When the code was redeemed for the first time.
    #[must_use]
    pub fn redeemed_at(&self) -> Timestamp {
        self.redeemed_at
    }

    /// Whether this answer repeats an earlier one.
    #[must_use]
    pub fn repeated(&self) -> bool {
        self.repeated
    }
}

/// A code that can be redeemed, as an administrator sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutstandingCode {
    id: CodeId,
    tenant: TenantId,
    account: AccountId,
    profile: ProfileId,
    binding: Binding,
    mode: CodeMode,
    issued_at: Timestamp,
    expires_at: Timestamp,
    generation: u32,
    sealed: Option<SealedCode>,
}

impl OutstandingCode {
    /// A code of the first generation, in the mode [`CodeMode::BroadWorks`] and without a sealed
    /// copy; for implementors of [`CodeStore`](crate::CodeStore).
    #[must_use]
    pub fn new(
        id: CodeId,
        tenant: TenantId,
        account: AccountId,
        profile: ProfileId,
        binding: Binding,
        issued_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            account,
            profile,
            binding,
            mode: CodeMode::default(),
            issued_at,
            expires_at,
            generation: 1,
            sealed: None,
        }
    }

    /// The code of the generation `generation`.
    #[must_use]
    pub fn with_generation(self, generation: u32) -> Self {
        Self { generation, ..self }
    }

    /// The code in the mode `mode`.
    #[must_use]
    pub fn with_mode(self, mode: CodeMode) -> Self {
        Self { mode, ..self }
    }

    /// The code with a sealed copy, or without.
    #[must_use]
    pub fn with_sealed(self, sealed: Option<SealedCode>) -> Self {
        Self { sealed, ..self }
    }

    /// The name of the code.
    #[must_use]
    pub fn id(&self) -> CodeId {
        self.id
    }

    /// Whose code it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The account that the code is for.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The device profile that the code opens.
    #[must_use]
    pub fn profile(&self) -> &ProfileId {
        &self.profile
    }

    /// What may redeem the code.
    #[must_use]
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// How the code is redeemed.
    #[must_use]
    pub fn mode(&self) -> &CodeMode {
        &self.mode
    }

    /// The sealed copy of the code, if it was issued with one.
    #[must_use]
    pub fn sealed(&self) -> Option<&SealedCode> {
        self.sealed.as_ref()
    }

    /// Why `claimant` may not redeem the code, its deadline aside: the mode first, then the
    /// binding.
    ///
    /// # Errors
    ///
    /// [`Refusal::CertificateRequired`], [`Refusal::WrongMac`] or [`Refusal::WrongModel`].
    pub fn check(&self, claimant: &Claimant) -> Result<(), Refusal> {
        self.mode.check(claimant)?;
        self.binding.check(claimant)
    }

    /// When the code was issued.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The first moment at which the code is refused.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// 1 for a code that was issued, one more each time that it was reissued.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }
}
