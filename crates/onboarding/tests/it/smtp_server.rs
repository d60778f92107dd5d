//! A mail server that speaks as much of SMTP as a mailer needs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does.
#[derive(Clone, Default)]
pub(crate) struct Behaviour {
    pub(crate) implicit_tls: bool,
    pub(crate) offers_starttls: bool,
    /// The answer to a command that begins with the first text, or to the mail itself (`.`).
    pub(crate) answers: Vec<(&'static str, &'static str)>,
    /// Takes the connection and says nothing.
    pub(crate) is_silent: bool,
}

pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    /// The server's own certificate, which is its root too.
    pub(crate) root: CertificateDer<'static>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl SmtpServer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::named("127.0.0.1", behaviour).await
    }

    /// A server whose certificate is for `name`.
    pub(crate) async fn named(name: &str, behaviour: Behaviour) -> Self {
        let signed = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let root = signed.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(signed.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![root.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let for_task = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heard = Arc::clone(&for_task);
                let (acceptor, behaviour) = (acceptor.clone(), behaviour.clone());
                // A client that goes away ends its session.
                tokio::spawn(async move { serve(stream, acceptor, &behaviour, &heard).await.ok() });
            }
        });
        Self {
            address,
            root,
            heard,
        }
    }

    /// What clients have said, a line each, `tls ` before what came over TLS.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
    behaviour: &Behaviour,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    if behaviour.is_silent {
        std::future::pending::<()>().await;
    }
    if behaviour.implicit_tls {
        let mut stream = acceptor.accept(stream).await?;
        stream.write_all(b"220 test\r\n").await?;
        talk(stream, behaviour, true, heard).await?;
        return Ok(());
    }
    stream.write_all(b"220 test\r\n").await?;
    if let Some(stream) = talk(stream, behaviour, false, heard).await? {
        talk(acceptor.accept(stream).await?, behaviour, true, heard).await?;
    }
    Ok(())
}

/// A conversation; gives the stream back where TLS is to begin.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    behaviour: &Behaviour,
    is_tls: bool,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    let mut in_mail = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches("\r\n");
        let mark = if is_tls { "tls " } else { "" };
        heard.lock().unwrap().push(format!("{mark}{line}"));
        if in_mail && line != "." {
            continue;
        }
        in_mail = line == "DATA";
        let own = behaviour.answers.iter();
        let own = own.clone().find(|(command, _)| line.starts_with(command));
        let answer = match line.split(' ').next().unwrap_or_default() {
            _ if own.is_some() => own.unwrap().1,
            "EHLO" if behaviour.offers_starttls && !is_tls => "250-test\r\n250 STARTTLS",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "STARTTLS" => "220 go on",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 yes",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        stream.flush().await?;
        match line {
            "STARTTLS" => return Ok(Some(stream.into_inner())),
            "QUIT" => return Ok(None),
            _ => {}
        }
    }
}
