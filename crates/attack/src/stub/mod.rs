//! A JSON-RPC gateway of known capacity.
//!
//! Each chain is an idealised queue: a request takes one of the chain's workers for its service time, in the order of
//! arrival, and waits for that where all are busy. Service is a timer and costs no CPU, so that what a chain carries
//! follows from its numbers: `workers / mean service time`.
//!
//! ```
//! use plimsoll_attack::stub::{Chain, Stub, StubConfig};
//!
//! let chains = vec![Chain::new("ethereum")];
//! let stub = Stub::start(&StubConfig { chains, ..StubConfig::default() })?;
//! println!("POST to {}/ethereum", stub.url());
//! assert_eq!(stub.stop().chains["ethereum"].requests, 0);
//! # Ok::<(), plimsoll_attack::Error>(())
//! ```
//!
//! # What is idealised
//!
//! A request's service time is settled when it arrives, from the times at which the workers become free. A late wake-up
//! delays one answer by some ten microseconds and takes nothing from the capacity. A client that goes away is served all
//! the same, as by most servers: its worker is taken. Reading requests and writing answers costs CPU, which is not in the
//! model: some 20 µs a request.

mod answer;
mod config;
mod counts;
mod gateway;
mod queue;
mod server;
mod service;
mod socket;
mod tail;
mod timer;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::{Error, ErrorKind};
use gateway::Gateway;
use timer::Timer;

pub use config::{Chain, RpcErrors, StubConfig, WhenFull};
pub use counts::{ChainCounts, Counts};
pub use service::{Contention, Service, Spread};
pub use tail::{Pool, load_within};

/// A running gateway; it ends when this is dropped.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    certificate: Option<String>,
    gateway: Arc<Gateway>,
    /// `None` once it has been stopped.
    runtime: Option<Runtime>,
    _timer: Timer,
}

impl Stub {
    /// Listens, and serves on threads of its own.
    ///
    /// # Errors
    ///
    /// Where the address is taken or not this host's, or the system gives no threads.
    pub fn start(config: &StubConfig) -> Result<Self, Error> {
        let (tls, certificate) = match config.tls.then(tls::self_made).transpose()? {
            Some((acceptor, certificate)) => (Some(acceptor), Some(certificate)),
            None => (None, None),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(config.threads.get())
            .thread_name("stub")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|source| Error::io(ErrorKind::System, "cannot start threads", source))?;
        let (timer, clock) = Timer::start()
            .map_err(|source| Error::io(ErrorKind::System, "cannot start threads", source))?;
        let gateway = Arc::new(Gateway::new(config, clock));
        let address = config.listen;
        let listening = runtime.block_on(async { server::listen(address) });
        let listener = listening.map_err(|source| {
            Error::io(ErrorKind::System, format!("cannot listen on {address}"), source)
        })?;
        let address = listener.local_addr().map_err(|source| {
            Error::io(ErrorKind::System, format!("cannot listen on {address}"), source)
        })?;
        runtime.spawn(server::serve(listener, tls, Arc::clone(&gateway)));
        Ok(Self { address, certificate, gateway, runtime: Some(runtime), _timer: timer })
    }

    /// Where it listens, with the port that it was given.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as the beginning of a URL, without a chain's path.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate that clients are to trust, in PEM, where it serves TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// What it has seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.gateway.counts()
    }

    /// Stops serving, whatever is in flight, and says what it saw.
    #[must_use]
    pub fn stop(self) -> Counts {
        // Before the runtime drops what is in flight, which no client gave up.
        self.counts()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // To wait for the threads is forbidden where the caller is asynchronous itself.
            runtime.shutdown_background();
        }
    }
}
