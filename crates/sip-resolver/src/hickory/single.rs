//! One question to one name server, with EDNS and without.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::{
    DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode,
};
use tokio::time::timeout;

use super::connection::Connections;
#[cfg(feature = "dnssec")]
use super::dnssec::{Dnssec, Refusal};
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
    /// It has answered without EDNS what it would not with it.
    knows_no_edns: AtomicBool,
    #[cfg(feature = "dnssec")]
    dnssec: Option<Dnssec>,
}

impl Server {
    pub(super) const fn new(connections: Arc<Connections>, timeout: Duration) -> Self {
        Self {
            connections,
            timeout,
            knows_no_edns: AtomicBool::new(false),
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
        if self.knows_no_edns.load(Ordering::Relaxed) {
            return self.lookup(query, Edns::Without).await;
        }
        let mut with = pin!(self.lookup(query.clone(), Edns::With));
        match timeout(self.timeout / 2, &mut with).await {
            Ok(answer) if answer.is_refusal() => {
                let answer = self.lookup(query, Edns::Without).await;
                if answer.is_told() {
                    self.knows_no_edns.store(true, Ordering::Relaxed);
                }
                return answer;
            }
            Ok(answer) if answer.is_silence() => return self.lookup(query, Edns::Without).await,
            Ok(answer) => return answer,
            Err(_) => {}
        }
        // Others drop the question; RFC 6891 section 6.2.5 leaves that to whoever asks. A slow
        // server's answer to the first question may come yet.
        let mut without = pin!(self.lookup(query, Edns::Without));
        tokio::select! {
            answer = &mut with => match answer.is_refusal() || answer.is_silence() {
                true => without.await,
                false => answer,
            },
            answer = &mut without => match answer.is_silence() {
                true => with.await,
                false => answer,
            },
        }
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
