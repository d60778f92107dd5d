//! The SIP side of a device: one registration over TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_bearer_token::{AccessToken, Challenge};
use ring::rand::{SecureRandom as _, SystemRandom};
use rsipstack::sip::prelude::HeadersExt as _;
use rsipstack::sip::typed::Contact;
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

        let registration = Registration::new(local)?;
        let first = send(&mut messages, self.request(&registration, 1, None)?).await?;
        if first.status_code.code() != 401 {
            bail!(
                "the registrar answered {} where it must ask for a token",
                first.status_code
            );
        }
        let challenge = bearer_challenge(&first)?;

        let second = send(&mut messages, self.request(&registration, 2, Some(token))?).await?;
        if second.status_code.code() != 200 {
            bail!("the registrar answered {}", second.status_code);
        }
        let contact = Uri::try_from(self.contact(local)).context("URI of the contact")?;
        Ok(Registered {
            authz_server: challenge.authz_server().map(ToString::to_string),
            expires: expires(&second, &contact),
        })
    }

    /// Where the device is to be called.
    fn contact(&self, local: SocketAddr) -> String {
        format!("sip:{}@{local};transport=tls", self.user)
    }

    /// # Source
    ///
    /// [RFC 3261](https://www.rfc-editor.org/rfc/rfc3261) sections 8.1.1.4, 8.1.1.7 and 19.3: call
    /// id, branch and tag are unique over space and time.
    fn request(
        &self,
        registration: &Registration,
        sequence: u32,
        token: Option<&AccessToken>,
    ) -> anyhow::Result<Request> {
        let Self { user, domain, .. } = self;
        let Registration {
            local,
            call_id,
            tag,
        } = registration;
        let branch = unique()?;
        let mut headers = vec![
            Header::Via(format!("SIP/2.0/TLS {local};branch=z9hG4bK{branch}").into()),
            Header::MaxForwards("70".into()),
            Header::From(format!("<sip:{user}@{domain}>;tag={tag}").into()),
            Header::To(format!("<sip:{user}@{domain}>").into()),
            Header::CallId(call_id.as_str().into()),
            Header::CSeq(format!("{sequence} REGISTER").into()),
            Header::Contact(format!("<{}>", self.contact(*local)).into()),
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

/// What the requests of one registration have in common.
struct Registration {
    local: SocketAddr,
    call_id: String,
    tag: String,
}

impl Registration {
    fn new(local: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            local,
            call_id: unique()?,
            tag: unique()?,
        })
    }
}

/// A word that nobody has used before.
fn unique() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    let drawn = SystemRandom::new().fill(&mut bytes);
    drawn.map_err(|_| anyhow::anyhow!("no entropy"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The challenge for a bearer token; a registrar may offer other schemes beside it.
///
/// # Source
///
/// [RFC 8898 section 2.1](https://www.rfc-editor.org/rfc/rfc8898#section-2.1).
fn bearer_challenge(response: &Response) -> anyhow::Result<Challenge> {
    let mut refusal = None;
    for header in response.headers.iter() {
        let Header::WwwAuthenticate(header) = header else {
            continue;
        };
        match header.value().parse() {
            Ok(challenge) => return Ok(challenge),
            Err(error) => {
                refusal =
                    Some(anyhow::Error::new(error).context("no challenge for a bearer token"));
            }
        }
    }
    Err(refusal.unwrap_or_else(|| anyhow::anyhow!("no WWW-Authenticate header")))
}

/// For how many seconds the registrar keeps `contact`: as it says of that contact, else of all.
///
/// # Source
///
/// [RFC 3261 section 10.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-10.2.4).
fn expires(response: &Response, contact: &Uri) -> Option<u32> {
    let contacts = response.headers.iter().filter_map(|header| match header {
        Header::Contact(header) => Contact::parse_header_list(header.value()).ok(),
        _ => None,
    });
    let mut contacts = contacts.flatten();
    let ours = contacts.find(|found| {
        found.uri.host_with_port == contact.host_with_port && found.uri.auth == contact.auth
    });
    ours.and_then(|ours| ours.expires()).or_else(|| {
        let header = response.expires_header()?;
        header.value().parse().ok()
    })
}

/// Sends a request and waits for the final answer to it.
async fn send(
    messages: &mut Framed<TlsStream<TcpStream>, SipCodec>,
    request: Request,
) -> anyhow::Result<Response> {
    messages
        .send(SipMessage::Request(request))
        .await
        .context("sending REGISTER")?;
    while let Some(message) = messages.next().await {
        match message.context("reading the registrar's answer")? {
            // It is at work: 100 Trying and the like.
            SipCodecType::Message(SipMessage::Response(response))
                if response.status_code.code() < 200 => {}
            SipCodecType::Message(SipMessage::Response(response)) => return Ok(response),
            _ => {}
        }
    }
    bail!("the registrar closed the connection")
}

const REGISTER_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &str) -> Response {
        let text = format!("SIP/2.0 200 OK\r\n{headers}Content-Length: 0\r\n\r\n");
        match SipMessage::try_from(text.as_bytes()).unwrap() {
            SipMessage::Response(response) => response,
            SipMessage::Request(_) => panic!("a request"),
        }
    }

    #[test]
    fn the_time_of_our_contact_counts_before_that_of_all() {
        let ours = Uri::try_from("sip:room-1@192.0.2.7:40001;transport=tls").unwrap();
        let told = |headers: &str| expires(&response(headers), &ours);
        let both = "Contact: <sip:room-1@192.0.2.7:40000;transport=tls>;expires=17, \
                    <sip:room-1@192.0.2.7:40001;transport=tls>;expires=1800\r\n";
        assert_eq!(told(both), Some(1800));
        assert_eq!(told(&format!("Expires: 3600\r\n{both}")), Some(1800));
        let other = "Contact: <sip:room-1@192.0.2.7:40000>;expires=17\r\nExpires: 60\r\n";
        assert_eq!(told(other), Some(60));
        assert_eq!(told(""), None);
    }

    #[test]
    fn a_bearer_challenge_is_found_among_others() {
        let digest = "WWW-Authenticate: Digest realm=\"example.test\", nonce=\"1\"\r\n";
        let bearer = "WWW-Authenticate: Bearer authz_server=\"https://dms.example.test/\"\r\n";
        let challenge = bearer_challenge(&response(&format!("{digest}{bearer}"))).unwrap();
        let server = challenge.authz_server().map(ToString::to_string);
        assert_eq!(server.as_deref(), Some("https://dms.example.test/"));
        assert!(bearer_challenge(&response(digest)).is_err());
        assert!(bearer_challenge(&response("")).is_err());
    }

    #[test]
    fn no_two_registrations_share_a_call_id() {
        let local = SocketAddr::from(([192, 0, 2, 7], 40001));
        let [one, two] = [(); 2].map(|()| Registration::new(local).unwrap());
        assert!(one.call_id != two.call_id && one.tag != two.tag);
    }
}
