//! An attack as the preflight sees it.

use std::collections::HashSet;

use plimsoll_model::{Nanos, Rate};

use super::{Attack, Options, Pace};
use crate::Endpoint;
use crate::doctor::{Generator, Plan};

/// An answer's time if all is well: nobody knows it beforehand.
const LATENCY: Nanos = Nanos(100_000_000);
/// A request without a time-out lasts as long as the attack, or as this.
const FOR_EVER: Nanos = Nanos(24 * 3_600_000_000_000);

impl Attack {
    /// This process's part at the highest of its rates; `None` where there is no rate, or no port is taken for it.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        let schedules = self.chains.iter().map(|chain| match &chain.pace {
            Pace::Schedule(schedule) => Some(schedule.profile()),
            Pace::Steered { .. } | Pace::AsFastAsAnswersCome { .. } => None,
        });
        let profiles = schedules.collect::<Option<Vec<_>>>()?;
        if profiles.is_empty() || self.options.unix_socket.is_some() {
            return None;
        }
        let peak: f64 = profiles.iter().map(|profile| profile.peak()).sum();
        let ends = profiles.iter().map(|profile| profile.end()).collect::<Option<Vec<_>>>();
        let duration = ends.and_then(|ends| ends.into_iter().max());
        let timeout = match self.options.timeout {
            Nanos::ZERO => duration.unwrap_or(FOR_EVER),
            timeout => timeout,
        };
        let endpoints: HashSet<Endpoint> =
            self.chains.iter().flat_map(|chain| chain.targets.endpoints()).collect();
        let in_flight = match self.options.max_in_flight {
            0 => Options::MAX_IN_FLIGHT,
            most => most,
        };
        Some(Plan {
            rate: Rate(peak / self.share.step() as f64),
            duration,
            latency: LATENCY,
            timeout,
            keepalive: self.options.keep_alive,
            connections: self.options.idle_connections as u64,
            max_workers: Some(in_flight as u64),
            destinations: u32::try_from(endpoints.len()).unwrap_or(u32::MAX).max(1),
            source_ips: 1,
            generator: Generator::Plimsoll,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::schedule::{Arrivals, Frequency, Profile, Schedule, Share};
    use crate::{Chain, Target, Targets};

    use super::*;

    fn chain(urls: &[&str], pace: Pace) -> Chain {
        let target = |url: &&str| Target { url: (*url).to_owned(), ..Target::default() };
        Chain {
            name: String::new(),
            targets: Targets::listed(urls.iter().map(target).collect()),
            pace,
        }
    }

    fn attack(chains: Vec<Chain>) -> Attack {
        let share = Share::new(0, 2).unwrap();
        Attack { chains, options: Options::default(), share, start_at: None }
    }

    #[test]
    fn chains_add_up_and_shards_divide() {
        let paced = |rate, span| {
            let rate = Frequency::from_per_second(rate).unwrap();
            let profile = Profile::constant(rate, Some(Nanos(span)));
            Pace::Schedule(Schedule::new(profile, Arrivals::Uniform))
        };
        let chains = vec![
            chain(&["http://a/1", "http://a:80/2", "https://a/"], paced(300.0, 5)),
            chain(&["http://b/"], paced(100.0, 7)),
        ];
        let plan = attack(chains).plan().unwrap();
        assert_eq!((plan.rate, plan.duration), (Rate(200.0), Some(Nanos(7))));
        assert_eq!((plan.destinations, plan.max_workers), (3, Some(10_000)));
        let unpaced = chain(&["http://a/"], Pace::AsFastAsAnswersCome { span: None });
        assert_eq!(attack(vec![unpaced]).plan(), None);
    }
}
