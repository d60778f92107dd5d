//! What to ask next, until the servers are known.

use std::collections::HashMap;
use std::time::Duration;

use crate::answer::{Additionals, Answer};
use crate::evaluate::{Evaluation, Known};
use crate::order::least;
use crate::{
    DomainName, Entropy, Exchange, Host, Location, Policy, QueryFailure, Question, Record, Reply,
    Resolution, ResolveFailure, Target, Trace, TraceEntry, TraceEvent,
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
/// use offhook_sip_resolver::{Entropy, EntropyError, Plan, Policy, Reply, Response, Step};
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
///         plan.answer(&question, Reply::Records(Response::default()));
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
    /// Hosts whose addresses are all in the additional sections.
    complete: Vec<DomainName>,
    /// What the last step said could be done without.
    spare: Vec<Question>,
    rounds: usize,
    elapsed: Duration,
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
    /// As [`Wait`](Self::Wait), but no longer than this, and then [`Plan::settle`]: there are
    /// servers without it.
    WaitAtMost(Duration),
}

impl Plan {
    /// How many servers are given at most; of a host beside others, 16 addresses.
    pub const MAX_HOPS: usize = 64;

    /// The location of the servers of `target` as `policy` wants it.
    #[must_use]
    pub fn new(target: Target, policy: Policy) -> Self {
        Self {
            target,
            policy,
            answers: HashMap::new(),
            additionals: Vec::new(),
            complete: Vec::new(),
            spare: Vec::new(),
            rounds: 0,
            elapsed: Duration::ZERO,
            trace: Trace::default(),
        }
    }

    /// Tells how much time has passed since the beginning, which the trace notes from here on.
    ///
    /// Nothing else depends on it.
    pub const fn elapsed(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
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
        self.take(question, reply, None);
    }

    /// As [`answer`](Self::answer), and the trace tells how it came. Nothing else depends on that.
    pub fn answer_with(&mut self, question: &Question, reply: Reply, exchange: Exchange) {
        self.take(question, reply, Some(exchange));
    }

    /// Does without the answers that [`Step::WaitAtMost`] has waited for.
    pub fn settle(&mut self) {
        for question in std::mem::take(&mut self.spare) {
            self.answer(&question, Reply::Failed(QueryFailure::Timeout));
        }
    }

    /// The servers by what is known now; every answer that is missing counts as failed.
    ///
    /// # Errors
    ///
    /// [`ResolveFailure`] when there is no server; its trace says what was asked.
    pub fn locate(mut self) -> Result<Location, ResolveFailure> {
        let failure = match self.is_settled() {
            true => QueryFailure::NotNeeded,
            false => QueryFailure::Timeout,
        };
        let mut evaluation = self.evaluation(true);
        let outcome = evaluation.run();
        let (holds, notes) = (evaluation.holds, evaluation.notes);
        let is_open =
            |question: &Question| matches!(self.answers.get(question), Some(Answer::Pending));
        let open: Vec<_> = self
            .trace
            .asked()
            .filter(|one| is_open(one))
            .cloned()
            .collect();
        for question in open {
            self.note(TraceEvent::Failed {
                question,
                failure,
                exchange: None,
            });
        }
        for note in notes {
            self.note(TraceEvent::Noted(note));
        }
        match outcome {
            Ok(servers) => {
                let verify = self.target.host().to_string();
                Ok(Location::new(servers, verify.into(), holds, self.trace))
            }
            Err(error) => Err(ResolveFailure {
                target: self.target.to_string().into(),
                error,
                holds,
                trace: self.trace,
            }),
        }
    }

    /// As [`locate`](Self::locate), with the order drawn from `entropy`.
    ///
    /// # Errors
    ///
    /// [`ResolveFailure`] when there is no server or `entropy` fails.
    pub fn finish(self, entropy: &mut dyn Entropy) -> Result<Resolution, ResolveFailure> {
        let target = self.target.clone();
        self.locate()?.into_drawn(&target, entropy)
    }

    fn take(&mut self, question: &Question, reply: Reply, exchange: Option<Exchange>) {
        let Some(slot @ Answer::Pending) = self.answers.get_mut(question) else {
            return;
        };
        match reply {
            Reply::Failed(failure) => {
                *slot = Answer::Failed;
                self.note(TraceEvent::Failed {
                    question: question.clone(),
                    failure,
                    exchange,
                });
            }
            Reply::Records(response) => {
                *slot = Answer::read(question, &response);
                let added = match self.target.looked_up() {
                    Host::Name(domain) => Additionals::read(question, domain, &response),
                    Host::Address(_) => Additionals::default(),
                };
                self.note(TraceEvent::Answered {
                    question: question.clone(),
                    answers: response.answers,
                    additionals: added.records.len(),
                    exchange,
                });
                self.add(added);
            }
        }
    }

    /// Whether no answer is waited for.
    fn is_settled(&self) -> bool {
        let mut evaluation = self.evaluation(false);
        let _ = evaluation.run();
        !evaluation.waiting && evaluation.wanted.is_empty() && evaluation.spare.is_empty()
    }

    fn note(&mut self, event: TraceEvent) {
        let at = self.elapsed;
        self.trace.0.push(TraceEntry { at, event });
    }

    fn evaluation(&self, closing: bool) -> Evaluation<'_> {
        let known = Known {
            answers: &self.answers,
            additionals: &self.additionals,
            complete: &self.complete,
            closing,
        };
        Evaluation::new(&self.target, &self.policy, known)
    }

    /// Marks what is wanted as asked, as far as the limit allows; the rest fails at once.
    fn ask(&mut self, wanted: Vec<Question>) -> Vec<Question> {
        let mut questions = Vec::new();
        for question in wanted {
            self.answers.insert(question.clone(), Answer::Pending);
            if self.answers.len() > self.policy.max_questions() {
                let failure = QueryFailure::TooManyQuestions;
                self.answer(&question, Reply::Failed(failure));
            } else {
                questions.push(question);
            }
        }
        if !questions.is_empty() {
            self.rounds += 1;
            let round = self.rounds;
            for question in questions.iter().cloned() {
                self.note(TraceEvent::Asked { question, round });
            }
        }
        questions
    }

    /// Keeps additional records sorted by owner and kind, each once.
    fn add(&mut self, added: Additionals) {
        for record in added.records {
            let same =
                |known: &Record| known.owner() == record.owner() && known.data() == record.data();
            if !self.additionals.iter().any(same) {
                self.additionals.push(record);
            }
        }
        let by_place = |one: &Record, other: &Record| {
            let by_kind = one.data().rank().cmp(&other.data().rank());
            one.owner().cmp(other.owner()).then(by_kind)
        };
        // What is cut off may be of any host.
        let is_cut = self.additionals.len() > MAX_ADDITIONALS;
        let known = std::mem::take(&mut self.additionals);
        self.additionals = least(known, MAX_ADDITIONALS, |one, other| {
            by_place(one, other).then_with(|| one.data().by_value(other.data()))
        });
        self.additionals.sort_by(|one, other| {
            by_place(one, other).then_with(|| one.data().by_use(other.data()))
        });
        if is_cut {
            self.complete.clear();
            return;
        }
        self.complete.extend(added.complete);
        self.complete.truncate(MAX_ADDITIONALS);
    }
}

/// How many additional records of all answers are kept.
const MAX_ADDITIONALS: usize = 128;
