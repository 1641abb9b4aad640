//! From a name to a connection: resolve, connect, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::IpBindAddressNoPort;
use plimsoll_model::Nanos;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::failure::{Failure, Step, system, timed_out};
use super::names::{Names, look_up};
use super::options::{Http2, Options};
use super::stream::Stream;
use super::tls;
use super::trace::Dialing;
use crate::Error;
use crate::targets::{Endpoint, Scheme};

/// Opens connections; all threads share it.
#[derive(Debug)]
pub(super) struct Dialer {
    options: Arc<Options>,
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
    names: Names,
    turn: AtomicUsize,
    /// How long a look-up may take, connecting, and a handshake.
    bound: Option<Duration>,
}

/// How long each step of a dial may take at least, whatever the time-out of requests: Go's for the handshake. Connecting gets
/// the third repetition of a SYN in it.
const BOUND: Nanos = Nanos(10_000_000_000);

/// What an address gets of the time at least, if there is so much: Go's.
const LEAST_PART: Duration = Duration::from_secs(2);

impl Dialer {
    pub(super) fn new(options: Arc<Options>) -> Self {
        let timeout = options.timeout;
        let bound = Duration::from_nanos(timeout.max(BOUND).0);
        Self {
            options,
            tls: OnceLock::new(),
            names: Names::default(),
            turn: AtomicUsize::new(0),
            bound: (timeout > Nanos::ZERO).then_some(bound),
        }
    }

    /// Reads certificates now, so that what is wrong with them shows before the attack.
    pub(super) fn prepare_tls(&self) -> Result<(), Error> {
        let config = tls::config(&self.options.tls, self.options.http2)?;
        self.tls.get_or_init(|| Ok(config));
        Ok(())
    }

    /// Connects, and says whether HTTP/2 is to be spoken.
    pub(super) async fn dial(
        &self,
        endpoint: &Endpoint,
        dialing: &Dialing,
    ) -> Result<(Stream, bool), Failure> {
        let stream = match &self.options.unix_socket {
            Some(path) => {
                dialing.begin(Step::Connecting);
                let unix = UnixStream::connect(path).await.map_err(|error| {
                    let what = system(&error);
                    Failure::new(format!("dial unix {}: connect: {what}", path.display()))
                })?;
                Stream::Unix(unix)
            }
            None => Stream::Tcp(self.connect(endpoint, dialing).await?),
        };
        dialing.connected();
        match endpoint.scheme {
            Scheme::Http => Ok((stream, self.options.http2 == Http2::PriorKnowledge)),
            Scheme::Https => self.handshake(stream, endpoint, dialing).await,
        }
    }

    async fn connect(&self, endpoint: &Endpoint, dialing: &Dialing) -> Result<TcpStream, Failure> {
        let (host, port) = self.translated(endpoint);
        dialing.connect_to(format!("{host}:{port}"));
        let addresses = self.resolve(&host, dialing).await?;
        dialing.begin(Step::Connecting);
        let begun = Instant::now();
        let mut first = None;
        for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
            let address = SocketAddr::new(*address, port);
            dialing.connect_to(address.to_string());
            let patience = self.part(begun.elapsed(), left);
            let connect = within(patience, self.connect_to(address)).await;
            let connected = connect.unwrap_or_else(|| {
                Err(Failure::new(timed_out(Step::Connecting, &address.to_string())))
            });
            match connected {
                Ok(stream) => return Ok(stream),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        Err(first.unwrap_or_else(|| Failure::new(format!("dial tcp: lookup {host}: no such host"))))
    }

    /// How long one of so many addresses that are left may take. As in Go, they share the time there is, which here is that
    /// of the request, so that it sees the next address; the last may take what the dial has left.
    fn part(&self, spent: Duration, left: usize) -> Option<Duration> {
        let rest = self.bound?.saturating_sub(spent);
        if left == 1 {
            return Some(rest);
        }
        let patience = Duration::from_nanos(self.options.timeout.0).saturating_sub(spent);
        let part = patience / u32::try_from(left).unwrap_or(u32::MAX);
        Some(part.max(LEAST_PART).min(rest))
    }

    async fn connect_to(&self, address: SocketAddr) -> Result<TcpStream, Failure> {
        let failed = |what: &str, error: &io::Error| {
            Failure::new(format!("dial tcp {address}: {what}: {}", system(error)))
        };
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(|error| failed("socket", &error))?;
        // As Go does: a second write does not wait for the first to be acknowledged.
        socket.set_nodelay(true).map_err(|error| failed("setsockopt", &error))?;
        if let Some(local) = self.options.local_address {
            if local.is_ipv4() != address.is_ipv4() {
                let text =
                    format!("dial tcp {local}->{address}: mismatched local address type {local}");
                return Err(Failure::new(text));
            }
            // A port is then chosen when the destination is known, so that it serves several. Kernels that do not know
            // this choose one at once, and so one for all destinations.
            let _ = setsockopt(&socket, IpBindAddressNoPort, &true);
            socket.bind(SocketAddr::new(local, 0)).map_err(|error| failed("bind", &error))?;
        }
        socket.connect(address).await.map_err(|error| failed("connect", &error))
    }

    /// What `-connect-to` makes of an endpoint.
    fn translated(&self, endpoint: &Endpoint) -> (String, u16) {
        let own = (endpoint.host.to_string(), endpoint.port);
        if self.options.connect_to.is_empty() {
            return own;
        }
        let name = endpoint.to_string();
        let others: Vec<&str> = self
            .options
            .connect_to
            .iter()
            .filter(|(from, _)| *from == name)
            .map(|(_, to)| to.as_str())
            .collect();
        if others.is_empty() {
            return own;
        }
        let other = others[self.turn.fetch_add(1, Ordering::Relaxed) % others.len()];
        match other.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => (host.to_owned(), port),
            _ => own,
        }
    }

    /// A host's addresses, in the order in which this dial tries them.
    async fn resolve(&self, host: &str, dialing: &Dialing) -> Result<Vec<IpAddr>, Failure> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address]);
        }
        dialing.begin(Step::Resolving);
        let name = self.names.get(host);
        let asked = name.addresses(dialing.clock(), self.options.dns_ttl, look_up(host));
        let Some((found, was_looked_up)) = within(self.bound, asked).await else {
            return Err(Failure::new(timed_out(Step::Resolving, &dialing.endpoint())));
        };
        if was_looked_up {
            dialing.resolved();
        }
        let found =
            found.map_err(|what| Failure::new(format!("dial tcp: lookup {host}: {what}")))?;
        let mut addresses = found.to_vec();
        let begin = name.turn() % addresses.len().max(1);
        addresses.rotate_left(begin);
        Ok(addresses)
    }

    async fn handshake(
        &self,
        stream: Stream,
        endpoint: &Endpoint,
        dialing: &Dialing,
    ) -> Result<(Stream, bool), Failure> {
        let config = self.tls.get_or_init(|| {
            tls::config(&self.options.tls, self.options.http2).map_err(|error| error.to_string())
        });
        let config = config.as_ref().map_err(Failure::new)?;
        let name = ServerName::try_from(endpoint.host.to_string())
            .map_err(|_| Failure::new(format!("invalid URL: no host name: {}", endpoint.host)))?;
        dialing.begin(Step::Handshaking);
        let connector = TlsConnector::from(Arc::clone(config));
        let shaken_hands = within(self.bound, connector.connect(name, stream)).await;
        let shaken_hands =
            shaken_hands.ok_or_else(|| Failure::new(timed_out(Step::Handshaking, "")))?;
        let stream = shaken_hands.map_err(|error| {
            Failure::new(match error.kind() {
                io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
                io::ErrorKind::InvalidData => error.to_string(),
                _ => format!("read tcp {}: read: {}", dialing.endpoint(), system(&error)),
            })
        })?;
        dialing.shaken_hands();
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2")
            || self.options.http2 == Http2::PriorKnowledge;
        Ok((Stream::Tls(Box::new(stream)), is_http2))
    }
}

/// What comes of something in its time.
async fn within<F: Future>(bound: Option<Duration>, future: F) -> Option<F::Output> {
    match bound {
        Some(bound) => tokio::time::timeout(bound, future).await.ok(),
        None => Some(future.await),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::clock::Clock;
    use super::super::trace::Trace;
    use super::*;
    use crate::targets::Url;

    const NAME: &str = "name.invalid";

    fn dialer(timeout: Duration) -> Arc<Dialer> {
        let timeout = Nanos(u64::try_from(timeout.as_nanos()).unwrap());
        Arc::new(Dialer::new(Arc::new(Options { timeout, ..Options::default() })))
    }

    /// The last bytes of the addresses of 127.0.0.0/8 that dials to a name of some are connected to.
    fn connected_to(dialer: &Dialer, port: u16, addresses: &[u8], dials: usize) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let known = addresses.iter().map(|last| IpAddr::from([127, 0, 0, *last])).collect();
            let clock = Clock::start(None);
            let name = dialer.names.get(NAME);
            let (found, _) = name.addresses(clock, Some(Nanos::ZERO), async { Ok(known) }).await;
            assert_eq!(found.unwrap().len(), addresses.len());
            let url = Url::parse(&format!("http://{NAME}:{port}/")).unwrap();
            let mut last = Vec::new();
            for _ in 0..dials {
                let dialing = Trace::new(clock, Nanos::ZERO).new_dial();
                let (stream, _) = dialer.dial(&url.endpoint, &dialing).await.unwrap();
                let Stream::Tcp(tcp) = stream else { unreachable!() };
                let IpAddr::V4(address) = tcp.peer_addr().unwrap().ip() else { unreachable!() };
                last.push(address.octets()[3]);
            }
            last
        })
    }

    #[test]
    fn the_addresses_of_a_name_take_turns() {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let dialer = dialer(Duration::from_secs(30));
        assert_eq!(connected_to(&dialer, port, &[1, 2, 3], 7), [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn an_address_where_nobody_listens_leaves_it_to_the_next() {
        let listener = TcpListener::bind("127.0.0.3:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(connected_to(&dialer(Duration::from_secs(30)), port, &[1, 2, 3], 3), [3; 3]);
    }

    #[test]
    fn addresses_share_the_time_of_a_request() {
        let of = |timeout, spent, left| {
            dialer(Duration::from_secs(timeout)).part(Duration::from_secs(spent), left)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(
            (of(30, 0, 3), of(30, 10, 2), of(30, 20, 1)),
            (seconds(10), seconds(10), seconds(10))
        );
        // With less than 2 s each, later ones get what is left of the dial's own time.
        assert_eq!((of(1, 0, 9), of(1, 8, 2), of(1, 9, 2)), (seconds(2), seconds(2), seconds(1)));
        assert_eq!((of(4, 0, 2), of(4, 2, 1)), (seconds(2), seconds(8)));
        assert_eq!(of(0, 0, 3), None);
    }

    #[test]
    fn an_address_that_does_not_answer_has_its_part_of_the_time() {
        use nix::sys::socket::{Backlog, listen};

        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        listen(&silent, Backlog::new(0).unwrap()).unwrap();
        let _full = std::net::TcpStream::connect(address).unwrap();
        let _heard = TcpListener::bind(("127.0.0.2", address.port())).unwrap();
        let dialer = dialer(Duration::from_secs(4));
        assert_eq!(connected_to(&dialer, address.port(), &[1, 2], 1), [2]);
    }
}
