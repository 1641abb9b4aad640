use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A connection as bytes: TCP or a socket in the file system, with or without TLS.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<Stream>>),
}

impl Stream {
    /// `127.0.0.1:40000->127.0.0.1:80`, as Go names a connection.
    pub(super) fn ends(&self) -> String {
        match self {
            Self::Tcp(tcp) => match (tcp.local_addr(), tcp.peer_addr()) {
                (Ok(local), Ok(peer)) => format!("tcp {local}->{peer}"),
                _ => "tcp".to_owned(),
            },
            Self::Unix(_) => "unix".to_owned(),
            Self::Tls(tls) => tls.get_ref().0.ends(),
        }
    }

    /// Whether something, be it the end, can be read though nothing was asked for. Costs nothing while nothing came.
    pub(super) fn has_ended(&mut self) -> bool {
        let mut byte = [0];
        let read = match self {
            Self::Tcp(tcp) => tcp.try_read(&mut byte),
            Self::Unix(unix) => unix.try_read(&mut byte),
            // Takes in what is TLS's own, such as tickets. Whoever reads next is woken in place of nobody.
            Self::Tls(tls) => {
                let mut context = Context::from_waker(Waker::noop());
                let mut byte = ReadBuf::new(&mut byte);
                return Pin::new(tls).poll_read(&mut context, &mut byte).is_ready();
            }
        };
        !matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// What a write came to, or why TLS was ended by the other side: it says so before it hangs up, which is what the write
/// meets with.
fn or_alert<T>(
    tls: &mut TlsStream<Stream>,
    cx: &mut Context<'_>,
    written: Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, InvalidData};

    match &written {
        Poll::Ready(Err(error)) if matches!(error.kind(), BrokenPipe | ConnectionReset) => {}
        _ => return written,
    }
    let mut byte = [0];
    match Pin::new(tls).poll_read(cx, &mut ReadBuf::new(&mut byte)) {
        Poll::Ready(Err(alert)) if alert.kind() == InvalidData => Poll::Ready(Err(alert)),
        Poll::Ready(_) => written,
        // The runtime does not know yet that there is something to read, be it the end; the write will fail again.
        Poll::Pending => Poll::Pending,
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Unix(unix) => Pin::new(unix).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Self::Unix(unix) => Pin::new(unix).poll_write(cx, buf),
            Self::Tls(tls) => {
                let written = Pin::new(&mut **tls).poll_write(cx, buf);
                or_alert(tls, cx, written)
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Unix(unix) => Pin::new(unix).poll_flush(cx),
            Self::Tls(tls) => {
                let flushed = Pin::new(&mut **tls).poll_flush(cx);
                or_alert(tls, cx, flushed)
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Unix(unix) => Pin::new(unix).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
