use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use super::{Contention, Pool, Service, Spread};

/// What to serve, and where.
#[derive(Clone, Debug)]
pub struct StubConfig {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The chains; a request belongs to the one that the first segment of its path names.
    pub chains: Vec<Chain>,
    /// Whether to serve TLS, with a certificate made for this run.
    pub tls: bool,
    /// Where random service times and errors begin: the same seed gives the same in the same order of arrivals.
    pub seed: u64,
    /// Threads that read and answer requests.
    pub threads: NonZeroUsize,
}

impl Default for StubConfig {
    /// Four chains on a free port of the loopback interface.
    fn default() -> Self {
        let exponential = |mean| Service { spread: Spread::Exponential, ..Service::fixed(mean) };
        let chain = |name: &str, workers: u32, mean, full| Chain {
            workers: NonZeroU32::new(workers).unwrap_or(NonZeroU32::MIN),
            service: exponential(Duration::from_millis(mean)),
            full,
            ..Chain::new(name)
        };
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            chains: vec![
                chain("ethereum", 4, 10, WhenFull::Unavailable),
                chain("boba", 4, 5, WhenFull::TooMany { retry_after: Duration::from_secs(1) }),
                chain("mantle", 8, 20, WhenFull::Unavailable),
                chain("kava", 3, 10, WhenFull::Unavailable),
            ],
            tls: false,
            seed: 1,
            threads: NonZeroUsize::MIN,
        }
    }
}

/// A chain's queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The first segment of its path.
    pub name: String,
    /// Requests that it serves at once.
    pub workers: NonZeroU32,
    /// How long a worker takes for one.
    pub service: Service,
    /// Requests that may wait for a worker, without bound where `None`.
    pub queue: Option<usize>,
    /// What happens to a request that finds the queue full.
    pub full: WhenFull,
    /// Errors inside HTTP 200.
    pub rpc_errors: Option<RpcErrors>,
}

impl Chain {
    /// Four workers of exactly 10 ms, 400/s; 64 may wait, the others get 503.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            workers: NonZeroU32::MIN.saturating_add(3),
            service: Service::fixed(Duration::from_millis(10)),
            queue: Some(64),
            full: WhenFull::Unavailable,
            rpc_errors: None,
        }
    }

    /// What it carries when all workers are busy, in requests per second; infinite where service takes no time.
    #[must_use]
    pub fn capacity_rps(&self) -> f64 {
        f64::from(self.workers.get()) / self.service.mean_s(self.workers.get())
    }

    /// The pool of workers as queueing theory knows it, where service times are exponential and alike.
    #[must_use]
    pub fn pool(&self) -> Option<Pool> {
        let exact = self.service.spread == Spread::Exponential
            && self.service.contention == Contention::default()
            && !self.service.mean.is_zero();
        exact.then(|| Pool {
            workers: self.workers.get(),
            mean_service_s: self.service.mean.as_secs_f64(),
            queue: self.queue,
        })
    }
}

/// What happens to a request that finds the queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// 503 at once.
    Unavailable,
    /// 429 at once, with `Retry-After`.
    TooMany {
        /// In whole seconds, rounded up.
        retry_after: Duration,
    },
    /// No answer, ever.
    Hang,
    /// The TCP connection is reset over HTTP/1.1, the stream over HTTP/2.
    Reset,
}

/// JSON-RPC errors among the answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RpcErrors {
    /// The share of the served requests, 0..=1. Of any n in a row it is n times this, to less than one.
    pub share: f64,
    /// The error's code.
    pub code: i64,
}
