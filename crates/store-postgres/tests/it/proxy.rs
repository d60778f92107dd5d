//! A network that breaks when told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Forwards connections to a server.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    cut: Arc<Mutex<Option<Cut>>>,
}

/// Where a connection is to be cut, once.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    /// When the client sends something with this in it: the server never sees it.
    Request(&'static [u8]),
    /// When the server answers something with this in it: the server has done it, and the client
    /// never hears of it.
    AnswerTo(&'static [u8]),
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cut) = (listener.local_addr().unwrap(), Arc::default());
        let shared = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cut = Arc::clone(&shared);
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await?;
                    forward(client, server, &cut).await
                });
            }
        });
        Self { address, cut }
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap() = Some(cut);
    }

    /// Whether the cut that was asked for has taken place.
    pub(crate) fn has_cut(&self) -> bool {
        self.cut.lock().unwrap().is_none()
    }
}

async fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: &Mutex<Option<Cut>>,
) -> std::io::Result<()> {
    let (mut asked, mut answered) = ([0; 8_192], [0; 8_192]);
    let mut doomed = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let bytes = asked.get(..read?).unwrap_or_default();
                let mut cut = cut.lock().unwrap().take_if(|cut| {
                    let (Cut::Request(text) | Cut::AnswerTo(text)) = *cut;
                    bytes.windows(text.len().max(1)).any(|part| part == text || text.is_empty())
                });
                match cut.take() {
                    Some(Cut::Request(_)) => return Ok(()),
                    Some(Cut::AnswerTo(_)) => doomed = true,
                    None => {}
                }
                if bytes.is_empty() {
                    return Ok(());
                }
                server.write_all(bytes).await?;
            }
            read = server.read(&mut answered) => {
                let bytes = answered.get(..read?).unwrap_or_default();
                if bytes.is_empty() || doomed {
                    return Ok(());
                }
                client.write_all(bytes).await?;
            }
        }
    }
}
