use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a gateway saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were accepted.
    pub connections: u64,
    /// Connections whose TLS handshake failed.
    pub tls_failures: u64,
    /// Requests whose path names no chain: 404.
    pub unknown_path: u64,
    /// Requests whose body is too large, or ended early.
    pub unreadable: u64,
    /// Requests of chains over HTTP/2; the others came over HTTP/1.
    pub http2: u64,
    /// By name.
    pub chains: BTreeMap<String, ChainCounts>,
}

/// What a chain saw. What is in none of the outcomes is in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainCounts {
    /// Requests in all.
    pub requests: u64,
    /// Answered with a result.
    pub results: u64,
    /// Answered with a JSON-RPC error.
    pub rpc_errors: u64,
    /// Turned away with 503.
    pub unavailable: u64,
    /// Turned away with 429.
    pub too_many: u64,
    /// Turned away by a reset.
    pub reset: u64,
    /// Turned away without an answer; some of these clients may still wait for it.
    pub hung: u64,
    /// Taken in, and given up by the client before the answer.
    pub given_up: u64,
}

impl ChainCounts {
    /// Answered after service.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.results + self.rpc_errors
    }

    /// Found the queue full.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.unavailable + self.too_many + self.reset + self.hung
    }

    /// Not done yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.requests.saturating_sub(self.served() + self.turned_away() + self.given_up)
    }
}

/// [`Counts`] that are being counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) connections: AtomicU64,
    pub(super) tls_failures: AtomicU64,
    pub(super) unknown_path: AtomicU64,
    pub(super) unreadable: AtomicU64,
    pub(super) http2: AtomicU64,
}

/// [`ChainCounts`] that are being counted.
#[derive(Debug, Default)]
pub(super) struct ChainTally {
    pub(super) requests: AtomicU64,
    pub(super) results: AtomicU64,
    pub(super) rpc_errors: AtomicU64,
    pub(super) unavailable: AtomicU64,
    pub(super) too_many: AtomicU64,
    pub(super) reset: AtomicU64,
    pub(super) hung: AtomicU64,
    pub(super) given_up: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Tally {
    pub(super) fn read(&self, chains: BTreeMap<String, ChainCounts>) -> Counts {
        Counts {
            connections: self.connections.load(Relaxed),
            tls_failures: self.tls_failures.load(Relaxed),
            unknown_path: self.unknown_path.load(Relaxed),
            unreadable: self.unreadable.load(Relaxed),
            http2: self.http2.load(Relaxed),
            chains,
        }
    }
}

impl ChainTally {
    pub(super) fn read(&self) -> ChainCounts {
        ChainCounts {
            // Outcomes first: one that comes in between has its request in the sum then.
            results: self.results.load(Relaxed),
            rpc_errors: self.rpc_errors.load(Relaxed),
            unavailable: self.unavailable.load(Relaxed),
            too_many: self.too_many.load(Relaxed),
            reset: self.reset.load(Relaxed),
            hung: self.hung.load(Relaxed),
            given_up: self.given_up.load(Relaxed),
            requests: self.requests.load(Relaxed),
        }
    }
}
