use plimsoll_model::{Nanos, Rate};

use super::checks::files;

/// An attack that is planned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Requests per second, of all hosts together.
    pub rate: Rate,
    /// How long it goes on, if it ends.
    pub duration: Option<Nanos>,
    /// How long an answer takes if all is well.
    pub latency: Nanos,
    /// After which a request is given up.
    pub timeout: Nanos,
    /// Whether connections are used again.
    pub keepalive: bool,
    /// Idle connections that are kept for each destination.
    pub connections: u64,
    /// Requests in flight at most, if there is a bound.
    pub max_workers: Option<u64>,
    /// Addresses and ports that are attacked.
    pub destinations: u32,
    /// Addresses that are attacked from, on each host.
    pub source_ips: u32,
    /// What attacks.
    pub generator: Generator,
}

/// What makes the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generator {
    /// It binds before it connects, so that a port serves one connection, whatever its destination, and never one that
    /// another has in `TIME_WAIT`.
    Vegeta,
    /// It does not bind: a port serves a connection to each destination.
    Plimsoll,
}

impl Generator {
    /// The name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vegeta => "vegeta",
            Self::Plimsoll => "plimsoll",
        }
    }

    /// Requests per second that a CPU is taken to keep on schedule.
    pub(super) fn per_cpu(self) -> f64 {
        match self {
            Self::Vegeta => 5_000.0,
            Self::Plimsoll => 40_000.0,
        }
    }

    /// What that assumption comes from: other machines, requests and servers are different.
    pub(super) fn assumed_from(self) -> &'static str {
        match self {
            Self::Vegeta => {
                "without -max-workers it held 10,000/s on 2 CPUs and fell to 3,000/s when asked for 20,000/s"
            }
            Self::Plimsoll => "half of the 85,000/s that it sent on one",
        }
    }
}

impl Plan {
    /// Files that a generator has open if all is well, when one host sends all of it.
    #[must_use]
    pub fn open_files(&self) -> u64 {
        files::needed(self)
    }

    /// Requests in flight if each takes `lasting`.
    pub(super) fn in_flight(&self, lasting: Nanos) -> u64 {
        let lasting = self.duration.map_or(lasting, |duration| lasting.min(duration));
        let wanted = (self.rate.per_second() * lasting.as_secs_f64() - 1e-6).ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let wanted = wanted as u64;
        self.max_workers.map_or(wanted, |most| wanted.min(most))
    }

    /// The rate that can be started if each request takes `lasting`.
    pub(super) fn rate_if(&self, lasting: Nanos) -> Rate {
        let Some(most) = self.max_workers.filter(|_| lasting > Nanos::ZERO) else {
            return self.rate;
        };
        Rate(self.rate.per_second().min(most as f64 / lasting.as_secs_f64()))
    }
}
