//! The audit log: a chain of records in which none can be changed, dropped or moved unnoticed.

use std::borrow::Cow;

use offhook_activation_code::{Grant, ProfileId, Redemption, Refusal, TenantId, Timestamp};
use ring::digest::{Context, SHA256};

use crate::{Act, ActivateRefusal, Activation, Actor, AuditError, Device};

mod head;
mod hex;
mod log;

pub use head::ChainHead;
pub use log::{MAX_AUDIT_LINE_BYTES, verify_audit_log, write_audit_log};

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AuditEvent {
    /// A device was activated.
    Activated,
    /// An activation was refused; the reason says why.
    ActivationRefused,
    /// A code was issued for a device; an earlier one is void.
    CodeIssued,
    /// A code was redeemed.
    CodeRedeemed,
    /// A code was refused; the reason says why.
    CodeRefused,
    /// A device was deactivated and its address and subject were cleared.
    Deactivated,
    /// A device was deleted.
    Deleted,
    /// A problem report was asked for.
    ProblemReportRequested,
    /// A device was provisioned.
    Provisioned,
    /// A reboot was asked for.
    RebootRequested,
    /// A device registered with call control.
    Registered,
}

impl AuditEvent {
    /// The word for the event, as it stands in stores and in the chain.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::ActivationRefused => "activation-refused",
            Self::CodeIssued => "code-issued",
            Self::CodeRedeemed => "code-redeemed",
            Self::CodeRefused => "code-refused",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::ProblemReportRequested => "problem-report-requested",
            Self::Provisioned => "provisioned",
            Self::RebootRequested => "reboot-requested",
            Self::Registered => "registered",
        }
    }

    /// The event for a word of [`as_str`](Self::as_str); `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Activated,
            Self::ActivationRefused,
            Self::CodeIssued,
            Self::CodeRedeemed,
            Self::CodeRefused,
            Self::Deactivated,
            Self::Deleted,
            Self::ProblemReportRequested,
            Self::Provisioned,
            Self::RebootRequested,
            Self::Registered,
        ]
        .into_iter()
        .find(|event| event.as_str() == word)
    }
}

/// What is to be written into the log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build and take apart entries; a new field must reach every store"
)]
pub struct AuditEntry {
    /// When it happened.
    pub at: Timestamp,
    /// For whom.
    pub tenant: TenantId,
    /// To which device, where that is known.
    pub profile: Option<ProfileId>,
    /// What happened.
    pub event: AuditEvent,
    /// Why, for a refusal; a short fixed text that holds neither code nor token.
    pub reason: Option<Cow<'static, str>>,
    /// Which administrator did it; `None` for what a device did, and where nobody is known.
    pub actor: Option<Actor>,
}

impl AuditEntry {
    /// That `event` is what `act` did to `device`.
    #[must_use]
    pub fn of_act(device: &Device, event: AuditEvent, act: &Act) -> Self {
        Self {
            actor: act.actor.clone(),
            ..Self::of_device(device, event, act.now.into())
        }
    }

    /// That `event` happened to `device`.
    #[must_use]
    pub fn of_device(device: &Device, event: AuditEvent, at: Timestamp) -> Self {
        Self {
            at,
            tenant: device.tenant.clone(),
            profile: Some(device.profile.clone()),
            event,
            reason: None,
            actor: None,
        }
    }

    /// That `grant` was given for a code; `None` where it only repeats an earlier answer.
    #[must_use]
    pub fn of_grant(grant: &Grant, at: Timestamp) -> Option<Self> {
        (!grant.repeated()).then(|| Self {
            at,
            tenant: grant.tenant().clone(),
            profile: Some(grant.profile().clone()),
            event: AuditEvent::CodeRedeemed,
            reason: None,
            actor: None,
        })
    }

    /// That a code was refused.
    #[must_use]
    pub fn of_refused_code(redemption: &Redemption, refusal: Refusal, at: Timestamp) -> Self {
        Self {
            at,
            tenant: redemption.digests().tenant().clone(),
            profile: None,
            event: AuditEvent::CodeRefused,
            reason: Some(Cow::Borrowed(refusal.as_str())),
            actor: None,
        }
    }

    /// That an activation was refused, by `grant` where there was one.
    #[must_use]
    pub fn of_refused_activation(
        activation: &Activation,
        grant: Option<&Grant>,
        refusal: ActivateRefusal,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            tenant: activation.tenant.clone(),
            profile: grant.map(|grant| grant.profile().clone()),
            event: AuditEvent::ActivationRefused,
            reason: Some(Cow::Borrowed(refusal.as_str())),
            actor: None,
        }
    }
}

/// An entry in its place in the chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRecord {
    sequence: u64,
    entry: AuditEntry,
    hash: [u8; 32],
}

impl AuditRecord {
    /// The record of `entry` behind `previous`, which is `None` for the first one.
    #[must_use]
    pub fn after(previous: Option<&Self>, entry: AuditEntry) -> Self {
        let previous = previous.map_or(ChainHead::NONE, Self::head);
        let sequence = previous.sequence().saturating_add(1);
        let hash = chain_hash(previous.hash(), sequence, &entry);
        Self {
            sequence,
            entry,
            hash,
        }
    }

    /// A record as a store has kept it; [`verify_chain`] tells whether it is genuine.
    #[must_use]
    pub const fn from_parts(sequence: u64, entry: AuditEntry, hash: [u8; 32]) -> Self {
        Self {
            sequence,
            entry,
            hash,
        }
    }

    /// The place in the chain, from 1.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What was written.
    #[must_use]
    pub const fn entry(&self) -> &AuditEntry {
        &self.entry
    }

    /// SHA-256 over the hash before it, its place and all that was written.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Its place and hash, to be noted elsewhere.
    #[must_use]
    pub const fn head(&self) -> ChainHead {
        ChainHead::new(self.sequence, self.hash)
    }
}

/// Checks that `records` follow `previous` without a gap and that none was changed.
///
/// Who can rewrite the whole log can make a new chain; keep a [`ChainHead`] elsewhere to notice.
///
/// # Errors
///
/// [`AuditError`] at the first record that is not the one that was written there.
pub fn verify_chain<'a>(
    previous: Option<&'a AuditRecord>,
    records: impl IntoIterator<Item = &'a AuditRecord>,
) -> Result<(), AuditError> {
    let mut head = previous.map_or(ChainHead::NONE, AuditRecord::head);
    for record in records {
        head = follow(&head, record)?;
    }
    Ok(())
}

/// The head behind `record`, if that follows `head` and is as it was written.
fn follow(head: &ChainHead, record: &AuditRecord) -> Result<ChainHead, AuditError> {
    let wanted = head.sequence().saturating_add(1);
    if record.sequence != wanted {
        return Err(AuditError::Gap {
            wanted,
            found: record.sequence,
        });
    }
    if chain_hash(head.hash(), record.sequence, &record.entry) != record.hash {
        return Err(AuditError::Changed {
            sequence: record.sequence,
        });
    }
    Ok(record.head())
}

/// Each part stands behind its length, so that no two entries hash the same bytes.
fn chain_hash(previous: &[u8; 32], sequence: u64, entry: &AuditEntry) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut part = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    part(b"offhook-audit-1");
    part(previous);
    part(&sequence.to_be_bytes());
    part(&entry.at.as_millis().to_be_bytes());
    part(entry.tenant.as_str().as_bytes());
    part(entry.event.as_str().as_bytes());
    for text in [
        entry.profile.as_ref().map(ProfileId::as_str),
        entry.reason.as_deref(),
        entry.actor.as_ref().map(Actor::subject),
        entry.actor.as_ref().and_then(Actor::issuer),
    ] {
        part(&[u8::from(text.is_some())]);
        part(text.unwrap_or_default().as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(event: AuditEvent, reason: Option<&'static str>) -> AuditEntry {
        AuditEntry {
            at: Timestamp::from_millis(1_700_000_000_123),
            tenant: TenantId::new("example").unwrap(),
            profile: None,
            event,
            reason: reason.map(Cow::Borrowed),
            actor: None,
        }
    }

    fn chain() -> Vec<AuditRecord> {
        let mut records: Vec<AuditRecord> = Vec::new();
        for event in [
            AuditEvent::Provisioned,
            AuditEvent::CodeIssued,
            AuditEvent::CodeRedeemed,
        ] {
            records.push(AuditRecord::after(records.last(), entry(event, None)));
        }
        records
    }

    #[test]
    fn an_untouched_chain_verifies_whole_and_in_parts() {
        let records = chain();
        assert_eq!(verify_chain(None, &records), Ok(()));
        assert_eq!(verify_chain(Some(&records[0]), &records[1..]), Ok(()));
    }

    #[test]
    fn a_changed_record_is_named() {
        let mut records = chain();
        records[1].entry.reason = Some("edited".into());
        assert_eq!(
            verify_chain(None, &records),
            Err(AuditError::Changed { sequence: 2 })
        );
        records[1] = AuditRecord::after(Some(&records[0]), records[1].entry.clone());
        assert_eq!(
            verify_chain(None, &records),
            Err(AuditError::Changed { sequence: 3 })
        );
    }

    #[test]
    fn a_dropped_record_leaves_a_gap() {
        let mut records = chain();
        records.remove(1);
        assert_eq!(
            verify_chain(None, &records),
            Err(AuditError::Gap {
                wanted: 2,
                found: 3
            })
        );
    }

    #[test]
    fn who_did_it_stands_in_the_hash() {
        let actor = |subject, issuer| Some(Actor::new(subject, issuer).unwrap());
        let actors = [
            None,
            actor("7", None),
            actor("8", None),
            actor("7", Some("8")),
            actor("78", None),
            actor("8", Some("7")),
        ];
        let records = actors.map(|actor| {
            let entry = entry(AuditEvent::Deleted, None);
            AuditRecord::after(None, AuditEntry { actor, ..entry })
        });
        for (at, one) in records.iter().enumerate() {
            for (other_at, other) in records.iter().enumerate() {
                assert_eq!(one.hash() == other.hash(), at == other_at);
            }
            let mut forged = one.clone();
            forged.entry.actor = actor("9", None);
            let changed = Err(AuditError::Changed { sequence: 1 });
            assert_eq!(verify_chain(None, [&forged]), changed);
        }
    }

    #[test]
    fn absent_and_empty_are_different() {
        let absent = AuditRecord::after(None, entry(AuditEvent::CodeRefused, None));
        let empty = AuditRecord::after(None, entry(AuditEvent::CodeRefused, Some("")));
        assert_ne!(absent.hash(), empty.hash());
    }
}
