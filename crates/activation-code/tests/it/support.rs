//! What several tests need.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeId, CodePolicy, Entropy, EntropyError,
    GrantId, NewCode, Pepper, PepperId, Peppers, Redemption, TenantId,
};

/// A reproducible stream of bytes (`SplitMix64`).
pub(crate) struct Seeded(pub(crate) u64);

impl Entropy for Seeded {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Gives the numbers one after the other, then fails.
pub(crate) struct Scripted(pub(crate) Vec<u64>);

impl Entropy for Scripted {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        if self.0.is_empty() {
            return Err(EntropyError::new());
        }
        out.copy_from_slice(&self.0.remove(0).to_be_bytes());
        Ok(())
    }
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

pub(crate) fn peppers() -> Peppers {
    Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap())
}

pub(crate) fn device(number: u8) -> Claimant {
    Claimant::new(ClaimantKey::Certificate([number; 32]))
}

pub(crate) fn new_code(
    code: &ActivationCode,
    binding: Binding,
    entropy: &mut dyn Entropy,
) -> NewCode {
    NewCode::new(
        CodeId::draw(entropy).unwrap(),
        peppers().digests(&tenant(), code),
        "user@acme.example".parse().unwrap(),
        "desk-7".parse().unwrap(),
        binding,
        &CodePolicy::default(),
        now(),
    )
}

pub(crate) fn redemption(
    code: &ActivationCode,
    claimant: Claimant,
    entropy: &mut dyn Entropy,
) -> Redemption {
    let digests = peppers().digests(&tenant(), code);
    Redemption::new(digests, claimant, GrantId::draw(entropy).unwrap())
}
