//! What of a reply is believed.

use std::time::Duration;

use crate::{DomainName, Question, QuestionKind, Record, RecordData};

/// What is known about a question.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Failed,
    /// Aliases lead in a circle.
    Loop,
    /// Asked and not yet answered.
    Pending,
    Records(Answered),
}

/// The records of an answer that belong to the question.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// Where the aliases in the answer lead; the name asked for where there are none.
    pub(crate) end: DomainName,
    /// The least of all records and aliases.
    pub(crate) ttl: Duration,
    pub(crate) records: Vec<Record>,
}

impl Answer {
    /// Picks from the answer section what belongs to `question`: the records of the name asked
    /// for, or of the name that its aliases lead to. All else is nobody's answer.
    pub(crate) fn read(question: &Question, answers: &[Record]) -> Self {
        let answers = answers.get(..MAX_RECORDS).unwrap_or(answers);
        let mut end = question.name();
        let mut ttl = Duration::MAX;
        let mut left = MAX_ALIASES;
        while let Some((alias, target)) = alias_of(end, answers) {
            if left == 0 {
                return Self::Loop;
            }
            left -= 1;
            ttl = ttl.min(alias.ttl());
            end = target;
        }
        let belongs =
            |record: &&Record| record.owner() == end && record.data().answers(question.kind());
        let records: Vec<_> = answers.iter().filter(belongs).cloned().collect();
        let least = records.iter().map(Record::ttl).min();
        Self::Records(Answered {
            end: end.clone(),
            ttl: least.map_or(ttl, |least| least.min(ttl)),
            records,
        })
    }
}

fn alias_of<'a>(name: &DomainName, answers: &'a [Record]) -> Option<(&'a Record, &'a DomainName)> {
    answers.iter().find_map(|record| match record.data() {
        RecordData::Cname(target) if record.owner() == name => Some((record, target)),
        _ => None,
    })
}

/// What of an additional section is used: servers and addresses at or under the domain asked for,
/// and only beside NAPTR and SRV records.
///
/// A server may add whatever it likes about other domains; that is for their servers to say.
pub(crate) fn usable_additionals(
    question: &Question,
    domain: &DomainName,
    additionals: Vec<Record>,
) -> Vec<Record> {
    if !matches!(question.kind(), QuestionKind::Naptr | QuestionKind::Srv) {
        return Vec::new();
    }
    let usable = |record: &Record| {
        let kind = matches!(
            record.data(),
            RecordData::A(_) | RecordData::Aaaa(_) | RecordData::Srv(_)
        );
        kind && record.owner().is_at_or_under(domain)
    };
    let records = additionals.into_iter().take(MAX_RECORDS);
    records.filter(usable).collect()
}

/// How many aliases in a row are followed.
pub(crate) const MAX_ALIASES: usize = 8;
/// How many records of a section are read.
const MAX_RECORDS: usize = 64;
