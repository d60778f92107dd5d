//! The SIP side of a device: one registration over TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_bearer_token::{AccessToken, Challenge};
use rsipstack::sip::prelude::HeadersExt as _;
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, Uri, Version};
use rsipstack::transport::stream::{SipCodec, SipCodecType};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::Framed;

/// A device about to register.
#[derive(Clone, Debug)]
pub struct UserAgent {
    tls: Arc<ClientConfig>,
    user: String,
    domain: String,
}

/// What the registrar said.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Registered {
    /// Where the registrar sends devices for a token.
    pub authz_server: Option<String>,
    /// For how many seconds the registration holds, if the registrar said so.
    pub expires: Option<u32>,
}

impl UserAgent {
    /// The device that registers as `user@domain`.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, user: &str, domain: &str) -> Self {
        Self {
            tls,
            user: user.to_owned(),
            domain: domain.to_owned(),
        }
    }

    /// Connects to `target`, whose certificate must show `verify`, and registers: first without
    /// credentials, then with the token that the challenge asks for.
    ///
    /// # Errors
    ///
    /// When the connection or its certificate is bad, the registrar does not ask for a bearer
    /// token, or it refuses this one.
    ///
    /// # Source
    ///
    /// [RFC 8898 section 2.1](https://www.rfc-editor.org/rfc/rfc8898#section-2.1): challenge and
    /// answer; [RFC 5922 section 7.1](https://www.rfc-editor.org/rfc/rfc5922#section-7.1): the
    /// certificate shows the domain that was asked for.
    pub async fn register(
        &self,
        target: SocketAddr,
        verify: &str,
        token: &AccessToken,
    ) -> anyhow::Result<Registered> {
        timeout(REGISTER_TIMEOUT, self.exchange(target, verify, token))
            .await
            .with_context(|| format!("{target} did not answer in time"))?
    }

    async fn exchange(
        &self,
        target: SocketAddr,
        verify: &str,
        token: &AccessToken,
    ) -> anyhow::Result<Registered> {
        let name = ServerName::try_from(verify.to_owned()).context("name to verify")?;
        let stream = TcpStream::connect(target)
            .await
            .with_context(|| format!("connecting to {target}"))?;
        let local = stream.local_addr().context("local address")?;
        let stream = TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, stream)
            .await
            .with_context(|| format!("TLS to {target} as {verify}"))?;
        let mut messages = Framed::new(stream, SipCodec::new());

        let first = send(&mut messages, self.request(local, 1, None)?).await?;
        if first.status_code.code() != 401 {
            bail!(
                "the registrar answered {} where it must ask for a token",
                first.status_code
            );
        }
        let challenge: Challenge = first
            .www_authenticate_header()
            .context("no WWW-Authenticate header")?
            .value()
            .parse()
            .context("the challenge is not for a bearer token")?;

        let second = send(&mut messages, self.request(local, 2, Some(token))?).await?;
        if second.status_code.code() != 200 {
            bail!("the registrar answered {}", second.status_code);
        }
        Ok(Registered {
            authz_server: challenge.authz_server().map(ToString::to_string),
            expires: second
                .expires_header()
                .and_then(|header| header.value().parse().ok()),
        })
    }

    fn request(
        &self,
        local: SocketAddr,
        sequence: u32,
        token: Option<&AccessToken>,
    ) -> anyhow::Result<Request> {
        let Self { user, domain, .. } = self;
        let mut headers = vec![
            Header::Via(format!("SIP/2.0/TLS {local};branch=z9hG4bK{sequence}-{user}").into()),
            Header::MaxForwards("70".into()),
            Header::From(format!("<sip:{user}@{domain}>;tag={}", local.port()).into()),
            Header::To(format!("<sip:{user}@{domain}>").into()),
            Header::CallId(format!("{}-{user}", local.port()).into()),
            Header::CSeq(format!("{sequence} REGISTER").into()),
            Header::Contact(format!("<sip:{user}@{local};transport=tls>").into()),
            Header::Expires("3600".into()),
        ];
        if let Some(token) = token {
            headers.push(Header::Authorization(
                format!("Bearer {}", token.secret()).into(),
            ));
        }
        headers.push(Header::ContentLength("0".into()));
        Ok(Request {
            method: Method::Register,
            uri: Uri::try_from(format!("sip:{domain}")).context("request URI")?,
            version: Version::V2,
            headers: headers.into(),
            body: Vec::new(),
        })
    }
}

async fn send(
    messages: &mut Framed<TlsStream<TcpStream>, SipCodec>,
    request: Request,
) -> anyhow::Result<Response> {
    messages
        .send(SipMessage::Request(request))
        .await
        .context("sending REGISTER")?;
    while let Some(message) = messages.next().await {
        if let SipCodecType::Message(SipMessage::Response(response)) =
            message.context("reading the registrar's answer")?
        {
            return Ok(response);
        }
    }
    bail!("the registrar closed the connection")
}

const REGISTER_TIMEOUT: Duration = Duration::from_secs(10);
