//! The behaviours of a [`CodeStore`] behind a network that breaks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use offhook_activation_code::{CodeStore, RedeemError, Refusal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::NetworkFixture;
use crate::codes::refusal;
use crate::world::{World, device};

/// Connections are cut after any of the exchanges of a redeem, when the server has done its part
/// and before its answer arrives. The caller does not know what became of the redeem, asks again,
/// and gets the one grant; no other device gets any.
pub async fn a_cut_connection_neither_loses_nor_doubles_a_redeem<F: NetworkFixture>(fixture: &F) {
    const EXCHANGES: usize = 12;

    let (world, direct) = (&mut World::new(), fixture.store());
    let now = world.now;
    let proxy = Proxy::start(fixture.server()).await;
    let store = F::open(&fixture.location_by(proxy.address)).await;
    let (mut unknown_but_done, mut cut) = (0, 0);
    for exchange in 1..=EXCHANGES {
        let warm = world.draw();
        let issued = world.new_code(&warm, &format!("warm-{exchange}"));
        direct.issue(&issued, now).await.unwrap();
        let redemption = world.redemption(&warm, device(1));
        store.redeem(&redemption, now).await.unwrap();

        let code = world.draw();
        let issued = world.new_code(&code, &format!("desk-{exchange}"));
        direct.issue(&issued, now).await.unwrap();
        proxy.cut_after(exchange);
        let first = world.redemption(&code, device(1));
        let answer = store.redeem(&first, now).await;
        cut += usize::from(proxy.leave_be());
        let again = world.redemption(&code, device(1));
        let grant = direct.redeem(&again, now).await.unwrap();
        match answer {
            Ok(answered) => assert_eq!(grant.id(), answered.id(), "exchange {exchange}"),
            Err(RedeemError::Store(_)) if grant.repeated() => unknown_but_done += 1,
            Err(RedeemError::Store(_)) => assert_eq!(grant.id(), again.grant()),
            Err(err) => panic!("exchange {exchange}: {err:?}"),
        }
        let other = world.redemption(&code, device(2));
        let refused = direct.redeem(&other, now).await;
        assert_eq!(refusal(refused), Refusal::AlreadyRedeemed);
    }
    assert!(cut > 0, "no exchange was cut");
    // Else no connection was cut where it matters. A store that asks again by itself answers.
    assert!(
        unknown_but_done > 0 || fixture.asks_again(),
        "of {cut} exchanges that were cut none was the one that redeems"
    );
    // A redeem has fewer exchanges than there were rounds, else the last ones were left out.
    assert!(cut < EXCHANGES, "all of {EXCHANGES} exchanges were cut");
}

/// Forwards connections to a server, and cuts them when told to.
struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// After how many answers of the server to cut; 0 for never.
    answers: AtomicUsize,
    cuts: AtomicUsize,
}

impl Proxy {
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::<State>::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await?;
                    forward(client, server, &state).await
                });
            }
        });
        Self { address, state }
    }

    fn cut_after(&self, answers: usize) {
        self.state.answers.store(answers, Ordering::SeqCst);
    }

    /// Says whether it has cut since it was told to.
    fn leave_be(&self) -> bool {
        self.cut_after(0);
        self.state.cuts.swap(0, Ordering::SeqCst) > 0
    }
}

impl State {
    /// Counts an answer of the server; says whether it is the one to be cut off.
    fn cuts_this(&self) -> bool {
        let less = |answers: usize| answers.checked_sub(1);
        let before = self
            .answers
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        if before == Ok(1) {
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
        before == Ok(1)
    }
}

async fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    state: &State,
) -> std::io::Result<()> {
    let (mut asked, mut answered) = ([0; 4_096], [0; 4_096]);
    let mut waiting = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match asked.get(..read?) {
                None | Some([]) => return Ok(()),
                Some(bytes) => {
                    server.write_all(bytes).await?;
                    waiting = true;
                }
            },
            read = server.read(&mut answered) => match answered.get(..read?) {
                None | Some([]) => return Ok(()),
                Some(bytes) => {
                    // What the server was asked for has taken place, and nobody hears of it.
                    if std::mem::take(&mut waiting) && state.cuts_this() {
                        return Ok(());
                    }
                    client.write_all(bytes).await?;
                }
            },
        }
    }
}
