//! The people, devices and secrets of the suite.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    AccountId, ActivationCode, Binding, Claimant, ClaimantKey, CodeDigests, CodeId, CodeMode,
    CodePolicy, Entropy, EntropyError, GrantId, NewCode, Pepper, PepperId, Peppers, ProfileId,
    Redemption, Replacement, SealedCode, SealingKey, SealingKeyId, SealingKeys, TenantId,
};
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_onboarding::{Act, Actor};

/// Whole milliseconds, as stores keep them.
pub(crate) const MS: Duration = Duration::from_millis(1);

#[derive(Clone, Debug)]
pub(crate) struct World {
    entropy: Seeded,
    pepper: u8,
    pub(crate) peppers: Peppers,
    pub(crate) tenant: TenantId,
    pub(crate) policy: CodePolicy,
    pub(crate) now: SystemTime,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            entropy: Seeded(1),
            pepper: 1,
            peppers: Peppers::new(PepperId::new(1), pepper(1)),
            tenant: TenantId::new("acme").unwrap(),
            policy: CodePolicy::default(),
            now: UNIX_EPOCH + Duration::from_millis(1_800_000_000_123),
        }
    }

    pub(crate) fn draw(&mut self) -> ActivationCode {
        ActivationCode::draw(&mut self.entropy).unwrap()
    }

    pub(crate) fn code_id(&mut self) -> CodeId {
        CodeId::draw(&mut self.entropy).unwrap()
    }

    pub(crate) fn grant_id(&mut self) -> GrantId {
        GrantId::draw(&mut self.entropy).unwrap()
    }

    /// The code with the number `number`, the same in every process.
    pub(crate) fn numbered(number: u64) -> ActivationCode {
        format!("{number:016}").parse().unwrap()
    }

    /// The tenant with the number `number`.
    pub(crate) fn numbered_tenant(number: u64) -> TenantId {
        format!("tenant-{number}").parse().unwrap()
    }

    pub(crate) fn account() -> AccountId {
        "user@acme.example".parse().unwrap()
    }

    pub(crate) fn remote_access() -> CodeMode {
        let service_domain = "mra.example.com".parse().unwrap();
        CodeMode::RemoteAccess { service_domain }
    }

    /// The sealed copy of `code`, always the same one.
    pub(crate) fn sealed(&self, code: &ActivationCode, id: CodeId) -> SealedCode {
        let keys = SealingKeys::new(SealingKeyId::new(1), SealingKey::new([9; 32]));
        let entropy = &mut self.entropy.clone();
        keys.seal(code, &self.tenant, id, entropy).unwrap()
    }

    /// Retires the pepper in use and takes the next one.
    pub(crate) fn change_pepper(&mut self) {
        self.pepper += 1;
        let peppers = Peppers::new(PepperId::new(self.pepper.into()), pepper(self.pepper));
        let retired = (1..self.pepper).rev().take(Peppers::MAX_RETIRED);
        self.peppers = retired.fold(peppers, |peppers, id| {
            peppers
                .with_retired(PepperId::new(id.into()), pepper(id))
                .unwrap()
        });
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.entropy.next() % bound
    }

    pub(crate) fn digests(&self, code: &ActivationCode) -> CodeDigests {
        self.peppers.digests(&self.tenant, code)
    }

    /// A code for `profile` that any device of [`model`] may redeem.
    pub(crate) fn new_code(&mut self, code: &ActivationCode, profile_name: &str) -> NewCode {
        self.bound_code(
            code,
            profile_name,
            Binding::AnyOf(vec![other_model(), model()]),
        )
    }

    pub(crate) fn bound_code(
        &mut self,
        code: &ActivationCode,
        profile_name: &str,
        binding: Binding,
    ) -> NewCode {
        NewCode::new(
            self.code_id(),
            self.digests(code),
            Self::account(),
            profile(profile_name),
            binding,
            &self.policy,
            self.now,
        )
    }

    pub(crate) fn replacement(&mut self, code: &ActivationCode) -> Replacement {
        Replacement::new(self.code_id(), self.digests(code), &self.policy, self.now)
    }

    pub(crate) fn redemption(&mut self, code: &ActivationCode, claimant: Claimant) -> Redemption {
        Redemption::new(self.digests(code), claimant, self.grant_id()).with_policy(&self.policy)
    }
}

/// What an administrator does at `now`.
pub(crate) fn act(now: SystemTime) -> Act {
    Act::of(Actor::new("administrator", None).unwrap(), now)
}

/// The device with the number `number`, of [`model`].
pub(crate) fn device(number: u8) -> Claimant {
    nameless(number).with_model(model()).with_mac(mac(number))
}

/// The device with the number `number`, of [`model`], known by a key that it made itself.
pub(crate) fn without_certificate(number: u8) -> Claimant {
    Claimant::new(ClaimantKey::RedemptionKey([number; 32]))
        .with_model(model())
        .with_mac(mac(number))
}

/// The device with the number `number`, which does not say what it is.
pub(crate) fn nameless(number: u8) -> Claimant {
    Claimant::new(ClaimantKey::Certificate([number; 32]))
}

pub(crate) fn mac(number: u8) -> MacAddress {
    MacAddress::new([0, 14, 8, 0, 0, number])
}

pub(crate) fn model() -> DeviceModel {
    DeviceModel::new("Cisco Desk Pro").unwrap()
}

pub(crate) fn other_model() -> DeviceModel {
    DeviceModel::new("CP-8841-3PCC").unwrap()
}

/// A model whose name is a part of that of [`model`].
pub(crate) fn part_of_model() -> DeviceModel {
    DeviceModel::new("Cisco Desk").unwrap()
}

pub(crate) fn profile(name: &str) -> ProfileId {
    ProfileId::new(name).unwrap()
}

pub(crate) fn pepper(byte: u8) -> Pepper {
    Pepper::new(vec![byte; 32]).unwrap()
}

/// A reproducible stream of bytes (`SplitMix64`).
#[derive(Clone, Debug)]
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.next().to_be_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }
}
