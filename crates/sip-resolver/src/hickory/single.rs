//! One question to one name server, with EDNS and without.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::{
    DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode,
};
use tokio::time::{Instant, timeout};

use super::connection::Connections;
#[cfg(feature = "dnssec")]
use super::dnssec::{Dnssec, Refusal};
use super::edns::Habit;
#[cfg(feature = "dnssec")]
use super::message::failure_of;
use super::message::reply;
#[cfg(feature = "dnssec")]
use crate::QueryFailure;
use crate::{Exchange, Question, Rcode, Reply};

/// A name server, and what is known about it.
pub(super) struct Server {
    connections: Arc<Connections>,
    timeout: Duration,
    habit: Mutex<Habit>,
    #[cfg(feature = "dnssec")]
    dnssec: Option<Dnssec>,
}

impl Server {
    pub(super) fn new(connections: Arc<Connections>, timeout: Duration) -> Self {
        Self {
            connections,
            timeout,
            habit: Mutex::default(),
            #[cfg(feature = "dnssec")]
            dnssec: None,
        }
    }

    /// The same server, whose answers are validated.
    #[cfg(feature = "dnssec")]
    pub(super) fn validating(&self, dnssec: &Dnssec) -> Self {
        Self {
            dnssec: Some(dnssec.clone()),
            ..Self::new(Arc::clone(&self.connections), self.timeout)
        }
    }

    /// Asks with EDNS, and without where the server refuses that or is silent.
    pub(super) async fn ask(&self, question: &Question, query: Query) -> (Reply, Exchange) {
        #[cfg(feature = "dnssec")]
        if let Some(dnssec) = &self.dnssec {
            return self.ask_validated(question, query, dnssec).await;
        }
        let answer = timeout(self.timeout, self.ask_both_ways(query)).await;
        let address = self.connections.address();
        let answer = answer.unwrap_or_else(|_| Answer::silence(address));
        (reply(question, answer.message), answer.exchange)
    }

    /// Asks with EDNS only, without which there are no signatures.
    #[cfg(feature = "dnssec")]
    async fn ask_validated(
        &self,
        question: &Question,
        query: Query,
        dnssec: &Dnssec,
    ) -> (Reply, Exchange) {
        let answer = timeout(self.timeout, dnssec.ask(&self.connections, query)).await;
        let Ok((answer, exchange)) = answer else {
            let exchange = Exchange::new(self.connections.address());
            return (Reply::Failed(QueryFailure::Timeout), exchange);
        };
        let reply = match answer {
            Ok(message) => reply(question, Ok(message)),
            Err(Refusal::Code(code)) => Reply::Failed(failure_of(code)),
            Err(Refusal::Judged(failure)) => Reply::Failed(failure),
            Err(Refusal::Net(error)) => reply(question, Err(error)),
        };
        (reply, exchange)
    }

    async fn ask_both_ways(&self, query: Query) -> Answer {
        let begun = Instant::now();
        if self.habit(|habit| habit.is_asked_without(begun)) {
            return self.lookup(query, Edns::Without).await;
        }
        let mut with = pin!(self.lookup(query.clone(), Edns::With));
        let mut without = pin!(self.lookup(query, Edns::Without));
        if let Ok(answer) = timeout(self.timeout / 2, &mut with).await {
            return self.second(answer, without, begun).await;
        }
        // Others drop the question; RFC 6891 section 6.2.5 leaves that to whoever asks. A slow
        // server's answer to the first question may come yet.
        tokio::select! {
            answer = &mut with => self.second(answer, without, begun).await,
            answer = &mut without => match answer.is_silence() {
                true => with.await,
                false => self.note(answer, begun),
            },
        }
    }

    /// What comes of `answer`, which was given with EDNS: it, or what is given without.
    async fn second(
        &self,
        answer: Answer,
        without: impl Future<Output = Answer>,
        begun: Instant,
    ) -> Answer {
        if answer.is_told() {
            self.habit(|habit| habit.answered(Instant::now()));
            return answer;
        }
        if answer.is_refusal() {
            return self.note_refusal(without.await);
        }
        if answer.is_silence() {
            return self.note(without.await, begun);
        }
        // Some that do not know EDNS fail of it so, and others of what was asked.
        if answer.is_failure() && self.habit(|habit| habit.may_fail_of_it(begun)) {
            let second = without.await;
            if second.is_told() {
                return self.note(second, begun);
            }
            if second.is_failure() {
                self.habit(|habit| habit.failed_alike(Instant::now()));
            }
        }
        answer
    }

    /// Notes that there was no answer with EDNS, if this, without it, is one.
    fn note(&self, answer: Answer, begun: Instant) -> Answer {
        if answer.is_told() {
            self.habit(|habit| habit.struck(begun, Instant::now()));
        }
        answer
    }

    /// Notes that EDNS was refused, if this, without it, is an answer.
    fn note_refusal(&self, answer: Answer) -> Answer {
        if answer.is_told() {
            self.habit(|habit| habit.refused(Instant::now()));
        }
        answer
    }

    fn habit<T>(&self, with: impl FnOnce(&mut Habit) -> T) -> T {
        with(&mut self.habit.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn lookup(&self, query: Query, edns: Edns) -> Answer {
        let mut options = DnsRequestOptions::default();
        options.use_edns = matches!(edns, Edns::With);
        let exchange = Exchange::new(self.connections.address());
        let exchange = match edns {
            Edns::With => exchange,
            Edns::Without => exchange.without_edns(),
        };
        let request = DnsRequest::from_query(query, options);
        match self.connections.send(&request).await {
            Ok((message, transport)) => {
                let rcode = Rcode::new(message.metadata.response_code.into());
                Answer {
                    message: Ok(message),
                    exchange: exchange.over(transport).with_rcode(rcode),
                }
            }
            Err(error) => Answer {
                message: Err(error),
                exchange,
            },
        }
    }
}

/// A message, and how it came.
struct Answer {
    message: Result<DnsResponse, NetError>,
    exchange: Exchange,
}

impl Answer {
    const fn silence(server: SocketAddr) -> Self {
        Self {
            message: Err(NetError::Timeout),
            exchange: Exchange::new(server),
        }
    }

    const fn is_silence(&self) -> bool {
        matches!(self.message, Err(NetError::Timeout))
    }

    /// RFC 6891 section 7: a server that does not know EDNS says so in one of these ways. BADSIG has
    /// the number of BADVERS, and hickory reads it so.
    fn is_refusal(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ResponseCode::FormErr
                    | ResponseCode::NotImp
                    | ResponseCode::BADSIG
                    | ResponseCode::BADVERS
            )
        )
    }

    /// Whether the server has failed, or refuses to say, for a reason that it does not give.
    fn is_failure(&self) -> bool {
        matches!(
            self.code(),
            Some(ResponseCode::Refused | ResponseCode::ServFail)
        )
    }

    /// Whether the server has said what there is, or that there is nothing.
    fn is_told(&self) -> bool {
        matches!(
            self.code(),
            Some(ResponseCode::NoError | ResponseCode::NXDomain)
        )
    }

    fn code(&self) -> Option<ResponseCode> {
        let message = self.message.as_ref().ok()?;
        Some(message.metadata.response_code)
    }
}

#[derive(Clone, Copy)]
enum Edns {
    With,
    Without,
}
