//! How many hosts a test at the target rate takes, in three ways. What one host can send is known elsewhere.

use plimsoll_model::{Nanos, Rate};

use super::fleet::ceiling;

/// Hosts that send a rate together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strategy {
    /// Which of the three.
    pub kind: StrategyKind,
    /// Hosts.
    pub hosts: u64,
    /// The rate of all together.
    pub rate: Rate,
    /// For how long.
    pub duration: Nanos,
}

impl Strategy {
    /// The rate of each host.
    #[must_use]
    pub fn rate_each(&self) -> Rate {
        Rate(self.rate.per_second() / self.hosts.max(1) as f64)
    }
}

/// A way to make the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyKind {
    /// As many hosts as it takes, as they come.
    ManyHosts,
    /// One such host, at the rate that it can send, for as long as the same number of requests takes.
    OneHost,
    /// As few as it takes when their limits are raised.
    TunedHosts,
}

impl StrategyKind {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ManyHosts => "many_hosts",
            Self::OneHost => "one_host",
            Self::TunedHosts => "tuned_hosts",
        }
    }
}

/// Hosts that a rate takes, of which each can send so much; `None` where they can send nothing, or more than a billion are
/// needed.
#[must_use]
pub fn hosts_for(rate: Rate, each: Rate) -> Option<u64> {
    ceiling(rate.per_second() / each.per_second()).map(|hosts| hosts.max(1))
}

/// The three ways to send `target` for `duration`, where a host as it comes can send `plain` and a tuned one `tuned`. `None`
/// where they can send nothing.
#[must_use]
pub fn strategies(
    target: Rate,
    duration: Nanos,
    plain: Rate,
    tuned: Rate,
) -> Option<[Strategy; 3]> {
    let alone = Rate(target.per_second().min(plain.per_second()));
    let longer = target.per_second() / alone.per_second();
    let all = |kind, hosts| Strategy { kind, hosts, rate: target, duration };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let long = Nanos((duration.0 as f64 * longer) as u64);
    Some([
        all(StrategyKind::ManyHosts, hosts_for(target, plain)?),
        Strategy { kind: StrategyKind::OneHost, hosts: 1, rate: alone, duration: long },
        all(StrategyKind::TunedHosts, hosts_for(target, tuned)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_requests_take_longer_from_one_host() {
        let second = 1_000_000_000;
        let [many, one, tuned] =
            strategies(Rate(5_000.0), Nanos(70 * second), Rate(376.0), Rate(860.0)).unwrap();
        assert_eq!((many.hosts, one.hosts, tuned.hosts), (14, 1, 6));
        let requests = |way: &Strategy| way.rate.per_second() * way.duration.as_secs_f64();
        assert!((requests(&one) - requests(&many)).abs() < 1.0);
        assert!(many.rate_each().per_second() <= 376.0);
        assert_eq!(strategies(Rate(1.0), Nanos(second), Rate(0.0), Rate(1.0)), None);
    }
}
