//! Sockets for hickory, of which those for UDP let through what it takes for forged.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hickory_resolver::net::runtime::{
    DnsUdpSocket, RuntimeProvider, TokioHandle, TokioRuntimeProvider, TokioTime,
};
use hickory_resolver::proto::op::ResponseCode;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// hickory's own runtime, with other sockets for UDP.
#[derive(Clone, Default)]
pub(super) struct Runtime(TokioRuntimeProvider);

type Pending<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl RuntimeProvider for Runtime {
    type Handle = TokioHandle;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;
    type Timer = TokioTime;
    type Udp = Socket;

    fn create_handle(&self) -> Self::Handle {
        self.0.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Pending<Self::Tcp> {
        self.0.connect_tcp(server, local, timeout)
    }

    fn bind_udp(&self, local: SocketAddr, server: SocketAddr) -> Pending<Self::Udp> {
        let socket = self.0.bind_udp(local, server);
        Box::pin(async move {
            Ok(Socket {
                socket: socket.await?,
                sent: OnceLock::new(),
            })
        })
    }
}

/// A socket for one question to one server.
///
/// A server that cannot read a question may answer with a header alone (RFC 1035 section 4.1.1), which
/// hickory does not take for an answer, since the question is not in it. Here it is put in; whether the
/// address and the number are right is looked at by hickory thereafter.
pub(super) struct Socket {
    socket: UdpSocket,
    sent: OnceLock<Vec<u8>>,
}

impl DnsUdpSocket for Socket {
    type Time = TokioTime;

    fn poll_recv_from(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut read = ReadBuf::new(buffer);
        let from = ready!(self.socket.poll_recv_from(context, &mut read))?;
        let length = read.filled().len();
        let sent = self.sent.get().map(Vec::as_slice).unwrap_or_default();
        let length = completed(buffer, length, sent).unwrap_or(length);
        Poll::Ready(Ok((length, from)))
    }

    fn poll_send_to(
        &self,
        context: &mut Context<'_>,
        buffer: &[u8],
        server: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let _ = self.sent.set(buffer.to_vec());
        self.socket.poll_send_to(context, buffer, server)
    }
}

/// Puts the question of `sent` into a refusal of `length` octets that has none and no records but
/// additional ones; how long it is then.
fn completed(buffer: &mut [u8], length: usize, sent: &[u8]) -> Option<usize> {
    let head: &[u8; HEADER] = buffer.get(..length)?.first_chunk()?;
    let &[_, _, flags, code, 0, 0, 0, 0, 0, 0, _, _] = head else {
        return None;
    };
    let is_answer = flags & 0x80 != 0;
    if !is_answer || !is_refusal(ResponseCode::from(0, code & 0x0f)) {
        return None;
    }
    let question = question(sent)?;
    let longer = length + question.len();
    if longer > buffer.len() {
        return None;
    }
    buffer.copy_within(HEADER..length, HEADER + question.len());
    buffer
        .get_mut(HEADER..HEADER + question.len())?
        .copy_from_slice(question);
    *buffer.get_mut(5)? = 1;
    Some(longer)
}

/// Whether a server may answer so without the question that it has not read.
pub(super) const fn is_refusal(code: ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::FormErr
            | ResponseCode::NotImp
            | ResponseCode::Refused
            | ResponseCode::ServFail
    )
}

/// The octets of the question in a message that asks one.
fn question(sent: &[u8]) -> Option<&[u8]> {
    let mut rest = sent.get(HEADER..)?;
    let mut length = 0;
    loop {
        let label = usize::from(*rest.first()?) + 1;
        length += label;
        rest = rest.get(label..)?;
        if label == 1 {
            return sent.get(HEADER..HEADER + length + TYPE_AND_CLASS);
        }
    }
}

const HEADER: usize = 12;
const TYPE_AND_CLASS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x21\x00\x01";
    const HEAD: &[u8] = b"\x12\x34\x81\x01\x00\x00\x00\x00\x00\x00\x00\x00";

    fn outcome(answer: &[u8], room: usize) -> Option<Vec<u8>> {
        let mut buffer = answer.to_vec();
        buffer.resize(room, 0);
        let length = completed(&mut buffer, answer.len(), SENT)?;
        buffer.truncate(length);
        Some(buffer)
    }

    #[test]
    fn the_question_is_put_into_a_refusal_without_one() {
        let mut expected = [HEAD, &SENT[12..]].concat();
        expected[5] = 1;
        assert_eq!(outcome(HEAD, 512), Some(expected.clone()));
        // With an OPT record behind it.
        let opt = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
        let mut answer = [HEAD, opt].concat();
        answer[11] = 1;
        expected[11] = 1;
        expected.extend(opt);
        assert_eq!(outcome(&answer, 512), Some(expected));
    }

    #[test]
    fn all_else_stays_as_it_is() {
        assert_eq!(outcome(HEAD, 18), None);
        assert_eq!(outcome(&HEAD[..11], 512), None);
        for (at, octet) in [(2, 0x01), (3, 0x00), (3, 0x03), (5, 1), (7, 1), (9, 1)] {
            let mut answer = HEAD.to_vec();
            answer[at] = octet;
            assert_eq!(outcome(&answer, 512), None, "{at}");
        }
        for length in 0..SENT.len() {
            assert_eq!(question(&SENT[..length]), None, "{length}");
        }
    }
}
