//! The stream under a connection: no write waits for ever, and its end is not a reset.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::server::TlsStream;

/// A stream that is given up where the peer takes nothing for a time, and that lingers at its end.
///
/// A peer whose request was answered before all of it was read is still sending. Closed at once, the
/// connection would be reset under it, and the answer lost before it is read. So the end says that nothing
/// more comes, and what the peer still sends is read, for two seconds at most.
#[derive(Debug)]
pub(super) struct PeerStream {
    stream: Pin<Box<TimeoutStream<TlsStream<TcpStream>>>>,
    is_shut: bool,
    lingers: Option<Pin<Box<Sleep>>>,
}

impl PeerStream {
    /// The stream, whose writes may wait for `time`.
    pub(super) fn new(stream: TlsStream<TcpStream>, time: Duration) -> Self {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(time));
        Self {
            stream: Box::pin(stream),
            is_shut: false,
            lingers: None,
        }
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, into)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let lingers = self.lingers.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if lingers.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if !self.is_shut {
            ready!(self.stream.as_mut().poll_shutdown(context))?;
            self.is_shut = true;
        }
        let mut unread = [0; 4_096];
        loop {
            let mut into = ReadBuf::new(&mut unread);
            ready!(self.stream.as_mut().poll_read(context, &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// How long a peer may go on sending what is not read any more.
const LINGER: Duration = Duration::from_secs(2);
