use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

use super::counts::count;
use super::gateway::Gateway;
use super::socket::{ResetSwitch, Socket};

/// Connections that the kernel may hold ready; it takes less where `somaxconn` says so.
const BACKLOG: u32 = 4096;
/// Streams of a connection at once, as Go's and Traefik's HTTP/2 servers have it.
const MAX_STREAMS: u32 = 250;
/// After this the system has files again, or still has none.
const PAUSE: Duration = Duration::from_millis(10);

/// Listens; to be called inside the runtime.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart finds the connections of the last run in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, gateway: Arc<Gateway>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files, or a client that has gone already: the next one may do.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        count(&gateway.tally.connections);
        // Answers are single writes; where it fails they are only later.
        let _ = stream.set_nodelay(true);
        let (socket, switch) = Socket::new(stream);
        let gateway = Arc::clone(&gateway);
        match tls.clone() {
            None => drop(tokio::spawn(connection(socket, switch, gateway))),
            Some(tls) => drop(tokio::spawn(async move {
                match tls.accept(socket).await {
                    Ok(stream) => connection(stream, switch, gateway).await,
                    Err(_) => count(&gateway.tally.tls_failures),
                }
            })),
        }
    }
}

/// Serves HTTP/1.1 or HTTP/2, whichever the client begins with.
async fn connection<I>(io: I, switch: ResetSwitch, gateway: Arc<Gateway>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(MAX_STREAMS);
    let service = service_fn(|request| {
        let (gateway, switch) = (Arc::clone(&gateway), switch.clone());
        async move { gateway.answer(request, &switch).await }
    });
    // Clients that break off are in the chains' counts.
    let _ = builder.serve_connection(TokioIo::new(io), service).await;
}
