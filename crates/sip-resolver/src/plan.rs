//! What to ask next, until the servers are known.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::answer::{Answer, usable_additionals};
use crate::evaluate::{Evaluation, Server};
use crate::order::by_weight;
use crate::{
    Entropy, EntropyError, Hop, Host, Policy, QueryFailure, Question, Record, Reply, Resolution,
    ResolveError, ResolveFailure, Target, Trace, TraceEntry,
};

/// The location of the servers of a target, without any I/O.
///
/// [`step`](Self::step) says what to ask or how long to wait, [`answer`](Self::answer) takes the
/// answers in whatever order they come, and [`finish`](Self::finish) gives the servers.
///
/// # Source
///
/// RFC 3263, <https://www.rfc-editor.org/rfc/rfc3263>, with the records of RFC 2782 and RFC 3403.
///
/// # Examples
///
/// ```
/// use offhook_sip_resolver::{Entropy, EntropyError, Plan, Policy, Reply, Step};
///
/// struct Zeros;
///
/// impl Entropy for Zeros {
///     fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
///         out.fill(0);
///         Ok(())
///     }
/// }
///
/// // An address needs no question.
/// let mut plan = Plan::new("sips:192.0.2.1".parse()?, Policy::room_os());
/// assert_eq!(plan.step(), Step::Done);
/// let found = plan.finish(&mut Zeros)?;
/// assert_eq!(found.hops()[0].to_string(), "TLS 192.0.2.1:5061 as 192.0.2.1");
///
/// // A domain without any records.
/// let mut plan = Plan::new("example.com".parse()?, Policy::room_os());
/// while let Step::Ask(questions) = plan.step() {
///     for question in questions {
///         let (answers, additionals) = (vec![], vec![]);
///         plan.answer(&question, Reply::Records { answers, additionals });
///     }
/// }
/// assert!(plan.finish(&mut Zeros).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    target: Target,
    policy: Policy,
    answers: HashMap<Question, Answer>,
    additionals: Vec<Record>,
    /// What the last step said could be done without.
    spare: Vec<Question>,
    rounds: usize,
    trace: Trace,
}

/// What to do next.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Ask all of these at once, without waiting for those asked before.
    Ask(Vec<Question>),
    /// Everything that matters is known: [`Plan::finish`].
    Done,
    /// Wait for an answer to any question asked before.
    Wait,
    /// As [`Wait`](Self::Wait), but no longer than this, and then [`Plan::settle`]: servers are
    /// known already.
    WaitAtMost(Duration),
}

impl Plan {
    /// How many questions are asked at most.
    pub const MAX_QUESTIONS: usize = 32;
    /// How many servers are given at most.
    pub const MAX_HOPS: usize = 64;

    /// The location of the servers of `target` as `policy` wants it.
    #[must_use]
    pub fn new(target: Target, policy: Policy) -> Self {
        Self {
            target,
            policy,
            answers: HashMap::new(),
            additionals: Vec::new(),
            spare: Vec::new(),
            rounds: 0,
            trace: Trace::default(),
        }
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        loop {
            let mut evaluation = self.evaluation(false);
            // What comes of it is looked at in the end.
            let _ = evaluation.run();
            let (wanted, waiting) = (evaluation.wanted, evaluation.waiting);
            let (spare, patience) = (evaluation.spare, evaluation.patience);
            if wanted.is_empty() {
                self.spare = spare;
                return match () {
                    () if waiting => Step::Wait,
                    () if self.spare.is_empty() => Step::Done,
                    () => Step::WaitAtMost(patience),
                };
            }
            let questions = self.ask(wanted);
            if !questions.is_empty() {
                return Step::Ask(questions);
            }
        }
    }

    /// Takes the reply to `question`; one that was not asked, or is answered, changes nothing.
    pub fn answer(&mut self, question: &Question, reply: Reply) {
        let Some(slot @ Answer::Pending) = self.answers.get_mut(question) else {
            return;
        };
        match reply {
            Reply::Failed(failure) => {
                *slot = Answer::Failed;
                let question = question.clone();
                self.trace.0.push(TraceEntry::Failed { question, failure });
            }
            Reply::Records {
                answers,
                additionals,
            } => {
                *slot = Answer::read(question, &answers);
                let additionals = match self.target.looked_up() {
                    Host::Name(domain) => usable_additionals(question, domain, additionals),
                    Host::Address(_) => Vec::new(),
                };
                self.trace.0.push(TraceEntry::Answered {
                    question: question.clone(),
                    answers,
                    additionals: additionals.len(),
                });
                self.add(additionals);
            }
        }
    }

    /// Does without the answers that [`Step::WaitAtMost`] has waited for.
    pub fn settle(&mut self) {
        for question in std::mem::take(&mut self.spare) {
            self.answer(&question, Reply::Failed(QueryFailure::Timeout));
        }
    }

    /// The servers by what is known now; every answer that is missing counts as failed.
    ///
    /// Among servers of one priority the order is drawn from `entropy` by weight.
    ///
    /// # Errors
    ///
    /// [`ResolveFailure`] when there is no server; its trace says what was asked.
    pub fn finish(self, entropy: &mut dyn Entropy) -> Result<Resolution, ResolveFailure> {
        let mut evaluation = self.evaluation(true);
        let outcome = evaluation.run();
        let notes = evaluation.notes;
        let mut trace = self.trace;
        let open = |entry: &TraceEntry| match entry {
            TraceEntry::Asked { question, .. } => {
                matches!(self.answers.get(question), Some(Answer::Pending))
                    .then(|| question.clone())
            }
            _ => None,
        };
        let open: Vec<_> = trace.0.iter().filter_map(open).collect();
        let failure = QueryFailure::Timeout;
        let entries = open.into_iter();
        let entries = entries.map(|question| TraceEntry::Failed { question, failure });
        trace.0.extend(entries);
        trace.0.extend(notes.into_iter().map(TraceEntry::Noted));
        let verify = self.target.host().to_string().into();
        let hops = outcome
            .and_then(|servers| hops(servers, &verify, entropy).map_err(ResolveError::Entropy));
        match hops {
            Ok(hops) => Ok(Resolution { hops, trace }),
            Err(error) => Err(ResolveFailure {
                target: self.target.to_string().into(),
                error,
                trace,
            }),
        }
    }

    fn evaluation(&self, closing: bool) -> Evaluation<'_> {
        Evaluation::new(
            &self.target,
            &self.policy,
            &self.answers,
            &self.additionals,
            closing,
        )
    }

    /// Marks what is wanted as asked, as far as the limit allows; the rest fails at once.
    fn ask(&mut self, wanted: Vec<Question>) -> Vec<Question> {
        let mut questions = Vec::new();
        for question in wanted {
            self.answers.insert(question.clone(), Answer::Pending);
            if self.answers.len() > Self::MAX_QUESTIONS {
                let failure = QueryFailure::TooManyQuestions;
                self.answer(&question, Reply::Failed(failure));
            } else {
                questions.push(question);
            }
        }
        if !questions.is_empty() {
            self.rounds += 1;
            let round = self.rounds;
            let asked = questions.iter().cloned();
            let entries = asked.map(|question| TraceEntry::Asked { question, round });
            self.trace.0.extend(entries);
        }
        questions
    }

    /// Keeps additional records sorted by owner and kind, each once.
    fn add(&mut self, additionals: Vec<Record>) {
        for record in additionals {
            let same =
                |known: &Record| known.owner() == record.owner() && known.data() == record.data();
            if self.additionals.len() < MAX_ADDITIONALS && !self.additionals.iter().any(same) {
                self.additionals.push(record);
            }
        }
        self.additionals.sort_by(|one, other| {
            let by_kind = one.data().rank().cmp(&other.data().rank());
            one.owner().cmp(other.owner()).then(by_kind)
        });
    }
}

/// The servers in the order in which they are to be tried.
fn hops(
    mut servers: Vec<Server>,
    verify: &Arc<str>,
    entropy: &mut dyn Entropy,
) -> Result<Vec<Hop>, EntropyError> {
    servers.sort_by_key(|server| server.priority);
    let mut hops: Vec<Hop> = Vec::new();
    for group in servers.chunk_by(|one, other| one.priority == other.priority) {
        for server in by_weight(group.to_vec(), |server| server.weight, entropy)? {
            for (address, ttl) in server.addresses {
                let hop = Hop {
                    transport: server.transport,
                    address: (address, server.port).into(),
                    verify: Arc::clone(verify),
                    priority: server.priority,
                    ttl,
                };
                let same = |known: &Hop| known.address == hop.address;
                if hops.len() < Plan::MAX_HOPS && !hops.iter().any(same) {
                    hops.push(hop);
                }
            }
        }
    }
    Ok(hops)
}

/// How many additional records of all answers are kept.
const MAX_ADDITIONALS: usize = 128;
