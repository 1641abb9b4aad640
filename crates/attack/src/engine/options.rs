use std::net::IpAddr;
use std::path::PathBuf;

use plimsoll_model::Nanos;

/// How requests are sent, the same for all chains.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name and version that servers are told.
    pub user_agent: String,
    /// How long a request may take, redirects and body included; zero for ever.
    pub timeout: Nanos,
    /// Requests in flight beyond which a request is recorded as not sent. 0 for as many as the open files allow, at most
    /// [`MAX_IN_FLIGHT`](Self::MAX_IN_FLIGHT).
    pub max_in_flight: usize,
    /// How late a request may be sent. One that the generator would send later is recorded as not sent.
    pub max_lag: Nanos,
    /// Threads; 0 for as many as the rate asks for, at most one per core.
    pub threads: usize,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// Idle connections kept per endpoint.
    pub idle_connections: usize,
    /// Connections per endpoint, 0 for no bound. A request waits for one where all are in use.
    pub max_connections: usize,
    /// Redirects followed; `None` to take them as answers.
    pub redirects: Option<u32>,
    /// Bytes kept of an answer's body; `None` for all, at most [`MAX_BODY`](Self::MAX_BODY).
    pub max_body: Option<u64>,
    /// When HTTP/2 is spoken.
    pub http2: Http2,
    /// Whether bodies are sent chunk by chunk.
    pub chunked: bool,
    /// The address to send from. With one or without, a port is chosen per destination, so that it serves several.
    pub local_address: Option<IpAddr>,
    /// A socket to connect to instead of the URL's host and port.
    pub unix_socket: Option<PathBuf>,
    /// Pairs of `host:port`: for the first, connect to the second. Several for one take turns.
    pub connect_to: Vec<(String, String)>,
    /// How long a name's addresses are kept: `None` not at all, zero for ever.
    pub dns_ttl: Option<Nanos>,
    /// Trust, and the client's own certificate.
    pub tls: TlsOptions,
}

/// When HTTP/2 is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2 {
    /// Never.
    Off,
    /// Over TLS, where the server offers it.
    Negotiated,
    /// Also without TLS, from the first byte on.
    PriorKnowledge,
}

/// Trust, and the client's own certificate. All files are PEM.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Accept any certificate.
    pub insecure: bool,
    /// Authorities to trust instead of the system's.
    pub roots: Vec<PathBuf>,
    /// The client's certificate with its chain.
    pub certificate: Option<PathBuf>,
    /// Its key; without one, the certificate's file holds it.
    pub key: Option<PathBuf>,
    /// Whether sessions are resumed.
    pub session_tickets: bool,
}

impl Options {
    /// The bound on requests in flight where none is asked for.
    pub const MAX_IN_FLIGHT: usize = 10_000;
    /// What is kept of a body at most.
    pub const MAX_BODY: u64 = 64 << 20;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_agent: concat!("plimsoll/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Nanos(30_000_000_000),
            max_in_flight: 0,
            max_lag: Nanos(200_000_000),
            threads: 0,
            keep_alive: true,
            idle_connections: 10_000,
            max_connections: 0,
            redirects: Some(10),
            max_body: None,
            http2: Http2::Negotiated,
            chunked: false,
            local_address: None,
            unix_socket: None,
            connect_to: Vec::new(),
            dns_ttl: Some(Nanos::ZERO),
            tls: TlsOptions::default(),
        }
    }
}
