//! Queues with several servers, to explain why a fleet is not loaded fully. Nothing is sized by them: METHODS.md §3.2.

use plimsoll_model::{Nanos, Rate};
use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};

/// More servers than this take longer to add up than an explanation is worth.
const MOST_SERVERS: u64 = 100_000;

/// What random arrivals meet at servers that share one queue (M/M/c).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// The share of arrivals that have to wait.
    pub waiting: f64,
    /// How long an arrival waits, on average over all of them.
    pub wait: Nanos,
}

/// The queue at `servers` that each serve `service` a second, if `arrivals` come. `None` where it would grow for ever, and
/// above a hundred thousand servers.
///
/// Erlang C from Erlang B's recursion `B = aB/(k + aB)`, `C = cB/(c - a(1 - B))`, `Wq = C/(cμ - λ)` (Adan & Resing, Queueing
/// Systems, chapter 5).
#[must_use]
pub fn queue(servers: u64, arrivals: Rate, service: Rate) -> Option<Queue> {
    let (arrivals, service) = (arrivals.per_second(), service.per_second());
    let (offered, count) = (arrivals / service, servers as f64);
    if servers > MOST_SERVERS || !(offered >= 0.0 && offered < count) {
        return None;
    }
    let blocked = (1..=servers).fold(1.0, |blocked, k| {
        let busy = offered * blocked;
        busy / (k as f64 + busy)
    });
    let waiting = count * blocked / (count - offered * (1.0 - blocked));
    let seconds = waiting / (count * service - arrivals);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let wait = Nanos((seconds * 1e9).round() as u64);
    Some(Queue { waiting, wait })
}

/// The share of arrivals that wait where `a + β√a` servers stand against a load of `a`, for large loads: `1/(1 + βΦ(β)/φ(β))`
/// (Halfin & Whitt 1981).
#[must_use]
pub fn waiting_at(beta: f64) -> f64 {
    let normal = Normal::standard();
    1.0 / (1.0 + beta * normal.cdf(beta) / normal.pdf(beta))
}

/// Servers for a load of `offered` (in servers kept busy) at which about `waiting` of the arrivals wait:
/// `a + β√a`, square-root staffing. `None` for shares outside 0..1.
#[must_use]
pub fn staffing(offered: f64, waiting: f64) -> Option<f64> {
    if !(waiting > 0.0 && waiting < 1.0 && offered >= 0.0) {
        return None;
    }
    // Falls from 1 at 0 to less than 1e-9 at 6.
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if waiting_at(middle) > waiting { low = middle } else { high = middle }
    }
    Some(offered + high * offered.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staffing_is_the_inverse_of_waiting() {
        for waiting in [0.01, 0.05, 0.2, 0.5] {
            let beta = (staffing(100.0, waiting).unwrap() - 100.0) / 10.0;
            assert!((waiting_at(beta) - waiting).abs() < 1e-9);
        }
        assert_eq!(staffing(1.0, 0.0), None);
    }

    #[test]
    fn no_load_is_too_large_or_too_small_to_ask() {
        let at = |servers, arrivals| queue(servers, Rate(arrivals), Rate(1.0));
        assert_eq!(at(1, 1.0), None);
        assert_eq!(at(0, 0.0), None);
        assert_eq!(at(200_000, 1.0), None);
        assert_eq!(at(3, 0.0), Some(Queue { waiting: 0.0, wait: Nanos::ZERO }));
        // a^c/c! would have overflowed.
        let large = at(1_000, 990.0).unwrap();
        assert!(large.waiting > 0.5 && large.waiting < 0.8, "{large:?}");
    }
}
