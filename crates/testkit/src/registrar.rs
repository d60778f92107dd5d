//! A SIP registrar on TLS sockets that wants a bearer token.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_bearer_token::{
    Challenge, CredentialsError, Rejection, RemoteKeys, Scope, SipRole, TokenPolicy, VerifiedToken,
    credentials_value,
};
use offhook_onboarding::http::Clock;
use offhook_onboarding::message::RegistrationReport;
use rsipstack::sip::prelude::{HeadersExt as _, ToTypedHeader as _};
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCode, Version};
use rsipstack::transport::stream::{SipCodec, SipCodecType};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::Framed;
use url::Url;

/// Who decides whether a subject may register an address of record.
#[async_trait]
pub trait Admission: fmt::Debug + Send + Sync {
    /// Whether it may.
    ///
    /// # Errors
    ///
    /// When that could not be found out.
    async fn admit(&self, report: &RegistrationReport) -> anyhow::Result<bool>;
}

/// What a registrar serves and whom it trusts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrarSettings {
    domain: String,
    authz_server: Url,
    scope: Scope,
    keys: Arc<RemoteKeys>,
    policy: TokenPolicy,
    admission: Arc<dyn Admission>,
    clock: Arc<dyn Clock>,
}

/// A SIP registrar on one loopback port; it ends when it is dropped.
#[derive(Debug)]
pub struct Registrar {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl RegistrarSettings {
    /// A registrar for `domain` that takes tokens of `policy` with `scope`, signed by one of
    /// `keys`, and sends others to `authz_server`.
    #[must_use]
    pub fn new(
        domain: &str,
        authz_server: Url,
        scope: Scope,
        keys: Arc<RemoteKeys>,
        policy: TokenPolicy,
        admission: Arc<dyn Admission>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            domain: domain.to_owned(),
            authz_server,
            scope,
            keys,
            policy,
            admission,
            clock,
        }
    }
}

impl Registrar {
    /// Serves `settings` over TLS on a free loopback port.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(settings: RegistrarSettings, tls: ServerConfig) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port of the registrar")?;
        let address = listener.local_addr().context("address of the registrar")?;
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let task = tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let (settings, acceptor) = (settings.clone(), acceptor.clone());
                // A connection that fails is closed; its device tries another target.
                tokio::spawn(tokio::time::timeout(CONNECTION_TIME, async move {
                    settings.serve(&acceptor, stream, peer).await
                }));
            }
        });
        Ok(Self { address, task })
    }

    /// Where it answers.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Registrar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RegistrarSettings {
    async fn serve(
        &self,
        acceptor: &TlsAcceptor,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> anyhow::Result<()> {
        let stream = acceptor.accept(stream).await?;
        let mut messages = Framed::new(stream, SipCodec::new());
        while let Some(message) = messages.next().await {
            let SipCodecType::Message(SipMessage::Request(request)) = message? else {
                continue;
            };
            let answer = self.answer(&request, peer).await?;
            messages.send(SipMessage::Response(answer)).await?;
        }
        Ok(())
    }

    async fn answer(&self, request: &Request, peer: SocketAddr) -> anyhow::Result<Response> {
        if request.method != Method::Register {
            return reply(request, StatusCode::MethodNotAllowed, Vec::new());
        }
        let address_of_record = request.to_header()?.typed()?.uri;
        let user = address_of_record
            .auth
            .as_ref()
            .map_or("", |auth| auth.user.as_str());
        let host = address_of_record.host_with_port.host.to_string();
        if !host.eq_ignore_ascii_case(&self.domain) {
            return reply(request, StatusCode::NotFound, Vec::new());
        }
        let verified = match self.authenticate(request).await {
            Ok(verified) => verified,
            Err(rejection) => return self.turn_away(request, &rejection),
        };
        let report = RegistrationReport {
            subject: verified.subject().uuid(),
            sip_address: format!("{user}@{}", self.domain),
            ip_address: peer.ip(),
        };
        match self.admission.admit(&report).await {
            Ok(true) => {
                let contact = request.contact_header()?.value();
                let contact = format!("{contact};expires={REGISTRATION_SECONDS}");
                let contact = Header::Contact(contact.into());
                let expires = Header::Expires(REGISTRATION_SECONDS.to_string().into());
                reply(request, StatusCode::OK, vec![contact, expires])
            }
            Ok(false) => reply(request, StatusCode::Forbidden, Vec::new()),
            Err(_) => reply(request, StatusCode::ServiceUnavailable, Vec::new()),
        }
    }

    async fn authenticate(&self, request: &Request) -> Result<VerifiedToken, Rejection> {
        let value = request.authorization_header();
        let value = value.ok_or(CredentialsError::Missing)?.value();
        let token = credentials_value(value)?;
        let verified = self
            .keys
            .verify(token.secret(), &self.policy, self.clock.now())
            .await
            .map_err(|error| Rejection::from(&error))?;
        verified.require(&self.scope)?;
        Ok(verified)
    }

    fn turn_away(&self, request: &Request, rejection: &Rejection) -> anyhow::Result<Response> {
        let role = SipRole::UserAgentServer;
        let base = Challenge::new(&self.domain)?
            .with_authz_server(self.authz_server.as_str().parse()?)?
            .with_scope([self.scope.clone()]);
        let challenge = rejection.sip_challenge(&base, role);
        let challenge =
            challenge.map(|(_, challenge)| Header::WwwAuthenticate(challenge.to_string().into()));
        let status = StatusCode::from(rejection.sip_status(role));
        reply(request, status, challenge.into_iter().collect())
    }
}

/// The answer to `request` with the headers that every answer repeats.
///
/// # Source
///
/// [RFC 3261 section 8.2.6](https://www.rfc-editor.org/rfc/rfc3261#section-8.2.6).
fn reply(request: &Request, status: StatusCode, more: Vec<Header>) -> anyhow::Result<Response> {
    let mut headers = vec![
        Header::Via(request.via_header()?.clone()),
        Header::From(request.from_header()?.clone()),
        Header::To(format!("{};tag=registrar", request.to_header()?.value()).into()),
        Header::CallId(request.call_id_header()?.clone()),
        Header::CSeq(request.cseq_header()?.clone()),
    ];
    headers.extend(more);
    headers.push(Header::ContentLength(0.to_string().into()));
    Ok(Response {
        status_code: status,
        wire_reason: None,
        version: Version::V2,
        headers: headers.into(),
        body: Vec::new(),
    })
}

/// How long a registration holds.
const REGISTRATION_SECONDS: u32 = 3600;
/// How long a device may keep its connection here; a test bench needs no more.
const CONNECTION_TIME: Duration = Duration::from_secs(60);
