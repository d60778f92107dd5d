//! The audit log as a file of JSON Lines, verified without the store it came from.

use std::borrow::Cow;
use std::io::{BufRead, Read as _, Write};

use offhook_activation_code::{ProfileId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AuditEntry, AuditEvent, AuditRecord, ChainHead, follow, hex};
use crate::message::parse;
use crate::{Actor, AuditExportError, AuditFileError, AuditLineError, Registry};

/// A line; our own format, version 1, as the hash covers it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    sequence: u64,
    /// In milliseconds since the Unix epoch.
    time: u64,
    #[serde(borrow)]
    tenant: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    profile: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    actor: Option<Who<'a>>,
    #[serde(borrow)]
    hash: Cow<'a, str>,
}

/// The actor of a line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Who<'a> {
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    issuer: Option<Cow<'a, str>>,
}

impl AuditRecord {
    /// The record as a line of JSON, without the end of the line: an object with the members
    /// `sequence`, `time` in milliseconds since the Unix epoch, `tenant`, `profile`, `reason` and `actor`
    /// where there is one, `event`, and `hash` in 64 hexadecimal digits. `actor` is an object with the
    /// members `subject` and, where there is one, `issuer`. The format is ours, version 1.
    #[must_use]
    pub fn to_json(&self) -> String {
        let entry = self.entry();
        let line = Line {
            sequence: self.sequence(),
            time: entry.at.as_millis(),
            tenant: entry.tenant.as_str().into(),
            profile: entry.profile.as_ref().map(|each| each.as_str().into()),
            event: entry.event.as_str().into(),
            reason: entry.reason.as_deref().map(Cow::Borrowed),
            actor: entry.actor.as_ref().map(|actor| Who {
                subject: actor.subject().into(),
                issuer: actor.issuer().map(Cow::Borrowed),
            }),
            hash: hex::print(self.hash()).into(),
        };
        // Texts and numbers are always written.
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// The record in a line of [`to_json`](Self::to_json); whether it is genuine, the chain tells.
    /// Other members, doubled members and another spelling of the hash are refused.
    ///
    /// # Errors
    ///
    /// [`AuditLineError`] when it is no record.
    pub fn from_json(line: &[u8]) -> Result<Self, AuditLineError> {
        let line: Line<'_> = parse(line).map_err(AuditLineError::Json)?;
        // A later time would become the last one, and the record another one unseen.
        if line.time > Timestamp::MAX.as_millis() {
            return Err(AuditLineError::Time);
        }
        let profile = line.profile.as_deref().map(ProfileId::new).transpose();
        let actor = line
            .actor
            .map(|who| Actor::new(&who.subject, who.issuer.as_deref()));
        let entry = AuditEntry {
            at: Timestamp::from_millis(line.time),
            tenant: TenantId::new(&line.tenant).map_err(|_| AuditLineError::Tenant)?,
            profile: profile.map_err(|_| AuditLineError::Profile)?,
            event: AuditEvent::from_word(&line.event).ok_or(AuditLineError::Event)?,
            reason: line.reason.map(|text| Cow::Owned(text.into_owned())),
            actor: actor.transpose().map_err(AuditLineError::Actor)?,
        };
        let hash = hex::parse(&line.hash).ok_or(AuditLineError::Hash)?;
        Ok(Self::from_parts(line.sequence, entry, hash))
    }
}

/// Writes the audit log of `registry` behind the record with the sequence `after` (0 for all of it)
/// to `out`, a line for each record, and gives the head of what was written; `None` where there was
/// nothing. Memory is bounded, whatever the length of the log.
///
/// `out` may block: a file or a pipe, of a program that does nothing else.
///
/// # Errors
///
/// [`AuditExportError`] when the store cannot answer, when a record cannot be read or when `out` takes no
/// more; what stands before is written then.
pub async fn write_audit_log(
    registry: &dyn Registry,
    after: u64,
    out: &mut (dyn Write + Send),
) -> Result<Option<ChainHead>, AuditExportError> {
    let written = write_records(registry, after, out).await;
    let flushed = out.flush().map_err(AuditExportError::Write);
    let head = written?;
    flushed.map(|()| head)
}

async fn write_records(
    registry: &dyn Registry,
    mut after: u64,
    out: &mut (dyn Write + Send),
) -> Result<Option<ChainHead>, AuditExportError> {
    let mut head = None;
    loop {
        let records = registry.audit(after, PAGE).await;
        let records = records.map_err(AuditExportError::Store)?;
        if records.is_empty() {
            return Ok(head);
        }
        for record in &records {
            writeln!(out, "{}", record.to_json()).map_err(AuditExportError::Write)?;
            after = record.sequence();
            head = Some(record.head());
        }
    }
}

/// Verifies a log of JSON Lines, line by line in bounded memory, and gives its head: with the place
/// 0 where it has no records.
///
/// It begins with the first record, or behind `start`, the head of the part before it. Where a head
/// was `noted` before, the log must hold that very record: else its end was cut off or all of it
/// was made anew, which nothing in the log shows by itself.
///
/// # Errors
///
/// [`AuditFileError`], with the line, at the first that is not the one that was written there.
pub fn verify_audit_log(
    mut log: impl BufRead,
    start: Option<&ChainHead>,
    noted: Option<&ChainHead>,
) -> Result<ChainHead, AuditFileError> {
    let mut head = start.copied().unwrap_or(ChainHead::NONE);
    let mut line = 0_u64;
    let mut bytes = Vec::new();
    // What stands before the log cannot be found in it, but for the head that it begins behind.
    if noted.is_some_and(|noted| noted.sequence() < head.sequence()) {
        return Err(AuditFileError::NotedBeforeStart);
    }
    check_noted(noted, &head, line)?;
    loop {
        line += 1;
        bytes.clear();
        let most = MAX_AUDIT_LINE_BYTES as u64 + 1;
        let read = (&mut log).take(most).read_until(b'\n', &mut bytes);
        if read.map_err(|source| AuditFileError::Read { line, source })? == 0 {
            break;
        }
        if bytes.len() > MAX_AUDIT_LINE_BYTES {
            let source = AuditLineError::TooLong;
            return Err(AuditFileError::Line { line, source });
        }
        let record = AuditRecord::from_json(&bytes)
            .map_err(|source| AuditFileError::Line { line, source })?;
        head = follow(&head, &record).map_err(|source| AuditFileError::Chain { line, source })?;
        check_noted(noted, &head, line)?;
    }
    match noted {
        Some(noted) if noted.sequence() > head.sequence() => Err(AuditFileError::Truncated {
            wanted: noted.sequence(),
            found: head.sequence(),
        }),
        _ => Ok(head),
    }
}

/// That the record at the noted place is the noted one.
fn check_noted(
    noted: Option<&ChainHead>,
    head: &ChainHead,
    line: u64,
) -> Result<(), AuditFileError> {
    match noted {
        Some(noted) if noted.sequence() == head.sequence() && noted != head => {
            let sequence = head.sequence();
            Err(AuditFileError::NotNoted { line, sequence })
        }
        _ => Ok(()),
    }
}

/// The longest line that is read, with its end: 8,192 bytes. Ours are below 2,000.
pub const MAX_AUDIT_LINE_BYTES: usize = 8_192;
/// How many records are asked for at a time.
const PAGE: usize = 1_000;
