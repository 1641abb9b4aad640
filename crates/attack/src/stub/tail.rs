/// Workers with exponential service times before a first-come-first-served queue: M/M/c, or M/M/c/c+q with a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Servers, c.
    pub workers: u32,
    /// Mean service time in seconds, 1/mu.
    pub mean_service_s: f64,
    /// Requests that may wait, q; any number where `None`.
    pub queue: Option<usize>,
}

impl Pool {
    fn capacity(&self) -> f64 {
        f64::from(self.workers) / self.mean_service_s
    }

    /// The share of Poisson arrivals at `rate` per second that are taken in and answered within `latency` seconds of
    /// their arrival. Zero where an unbounded queue would grow for ever.
    #[must_use]
    pub fn good_ratio(&self, rate: f64, latency: f64) -> f64 {
        match self.queue {
            None if rate >= self.capacity() => 0.0,
            None => 1.0 - self.tail_unbounded(rate, latency),
            Some(queue) => self.good_bounded(rate, latency, queue),
        }
    }

    /// P(sojourn > t) in M/M/c: whoever waits (Erlang C) waits for an exponential time of rate `c mu - lambda`; Adan and
    /// Resing, Queueing Theory, §5.
    fn tail_unbounded(&self, rate: f64, latency: f64) -> f64 {
        let mu = 1.0 / self.mean_service_s;
        let delta = self.capacity() - rate;
        let served = (-mu * latency).exp();
        // (e^-mu t - e^-delta t) / (delta - mu), the slower of both taken out, so that nothing overflows.
        let (slow, difference) = (mu.min(delta), (delta - mu).abs());
        let ratio = if difference * latency < 1e-12 {
            latency
        } else {
            -(-difference * latency).exp_m1() / difference
        };
        let waited_and_served = served + mu * (-slow * latency).exp() * ratio;
        let wait = self.erlang_c(rate);
        (1.0 - wait) * served + wait * waited_and_served
    }

    /// The probability that an arrival has to wait in M/M/c.
    #[must_use]
    pub fn erlang_c(&self, rate: f64) -> f64 {
        let load = rate * self.mean_service_s;
        let workers = f64::from(self.workers);
        let blocked = self.erlang_b(load);
        workers * blocked / (workers - load * (1.0 - blocked))
    }

    /// The probability that all workers are busy where nobody may wait, by the recursion that never overflows.
    fn erlang_b(&self, load: f64) -> f64 {
        (1..=self.workers).fold(1.0, |blocked, k| load * blocked / (f64::from(k) + load * blocked))
    }

    /// Sums over what an arrival finds. Behind k requests that have to leave before it is in service, the departures of a
    /// busy pool are a Poisson process of rate c mu, and each after the k-th is its own with probability 1/c.
    fn good_bounded(&self, rate: f64, latency: f64, queue: usize) -> f64 {
        let load = rate * self.mean_service_s;
        let workers = f64::from(self.workers);
        let busy = self.erlang_b(load);
        let served = -(-latency / self.mean_service_s).exp_m1();
        let late = LateBehind::new(workers, workers * latency / self.mean_service_s, queue);
        // Relative to the states in which nobody waits, which are as if nobody could.
        let (mut all, mut good) = (1.0, (1.0 - busy) * served);
        let mut found = busy;
        for behind in 1..=queue {
            good += found * (1.0 - late.after(behind));
            found *= load / workers;
            all += found;
        }
        good / all
    }
}

/// P(Erlang(k, c mu) + Exp(mu) > t) for all k up to a bound, as sums of Poisson probabilities: all terms are positive.
struct LateBehind(Vec<f64>);

impl LateBehind {
    /// `departures` is c mu t.
    fn new(workers: f64, departures: f64, up_to: usize) -> Self {
        let stay = 1.0 - 1.0 / workers;
        // Beyond this many departures, Poisson probabilities are below 1e-18.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive")]
        let far = (departures + 12.0 * departures.sqrt() + 60.0) as usize;
        let last = far.max(up_to);
        let mut log = -departures;
        let poisson: Vec<f64> = (0..=last)
            .map(|j| {
                if j > 0 {
                    log += departures.ln() - (j as f64).ln();
                }
                log.exp()
            })
            .collect();
        // Still there after k departures and more: sum over j >= k of P(j) stay^(j-k), from the far end.
        let mut remaining = vec![0.0; last + 2];
        for j in (0..=last).rev() {
            remaining[j] = poisson[j] + stay * remaining[j + 1];
        }
        let mut before = 0.0;
        let late = (0..=up_to)
            .map(|k| {
                let late = before + remaining[k];
                before += poisson[k];
                f64::min(late, 1.0)
            })
            .collect();
        Self(late)
    }

    fn after(&self, behind: usize) -> f64 {
        self.0[behind]
    }
}

/// The highest rate of Poisson arrivals of which at least `share` are answered within `latency_s`; `None` where not even
/// a request that finds the pool empty has that chance.
#[must_use]
pub fn load_within(pool: &Pool, latency_s: f64, share: f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, 2.0 * pool.capacity());
    let alone = -(-latency_s / pool.mean_service_s).exp_m1();
    if alone < share {
        return None;
    }
    // The share falls with the rate. 60 halvings are all that a double holds.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if pool.good_ratio(middle, latency_s) >= share {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use serde_json::Value;

    use super::*;

    const FOUR: Pool = Pool { workers: 4, mean_service_s: 0.01, queue: None };

    /// Adan and Resing's table 5.1 and a closed form: `vectors/SOURCE.md`.
    #[test]
    fn waiting_is_as_published() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/erlang_c.json")).unwrap();
        let mut checked = 0;
        for case in vectors["cases"].as_array().unwrap() {
            let inputs = &case["inputs"];
            let Some(workers) = inputs["c"].as_u64() else { continue };
            let rate = inputs["arrival_rate"].as_f64().unwrap();
            let mean_service_s = 1.0 / inputs["service_rate"].as_f64().unwrap();
            let pool =
                Pool { workers: u32::try_from(workers).unwrap(), mean_service_s, queue: None };
            let wait = pool.erlang_c(rate);
            let near = |computed: f64, what: &str| {
                let expected = &case["expected"][what];
                let tolerance = case["tolerance"][what]["value"].as_f64().unwrap_or(1e-9);
                let expected = expected.as_f64().unwrap_or(computed);
                assert!((computed - expected).abs() <= tolerance, "{}: {computed}", case["name"]);
            };
            near(wait, "p_wait");
            near(wait / (pool.capacity() - rate), "wq");
            checked += 1;
        }
        assert_eq!(checked, 6);
    }

    /// The figures of the design, which come from a program of their own.
    #[test]
    fn four_workers_of_ten_milliseconds() {
        let within = |latency| load_within(&FOUR, latency, 0.99).unwrap();
        assert!((within(0.1) - 350.0).abs() < 1.0, "{}", within(0.1));
        assert!((within(0.05) - 243.0).abs() < 1.0, "{}", within(0.05));
        assert_eq!(load_within(&FOUR, 0.046, 0.99), None, "no worker is that quick");
    }

    /// One worker: the sojourn time of M/M/1 is exponential with the rate that is left.
    #[test]
    fn one_worker_is_exponential() {
        let one = Pool { workers: 1, mean_service_s: 0.01, queue: None };
        for rate in [1.0, 50.0, 99.0] {
            for latency in [0.001, 0.03, 1.0] {
                let expected = -f64::exp_m1((rate - 100.0) * latency);
                assert!((one.good_ratio(rate, latency) - expected).abs() < 1e-12);
            }
        }
    }

    /// Two derivations, one closed, one a sum over states, meet where the bound is out of reach.
    #[test]
    fn a_far_bound_is_no_bound() {
        for workers in [1, 2, 4, 50, 400] {
            let unbounded = Pool { workers, ..FOUR };
            let bounded = Pool { queue: Some(20_000), ..unbounded };
            for load in [0.01, 0.3, 0.75, 0.9, 0.99] {
                let rate = load * unbounded.capacity();
                for latency in [0.001, 0.01, 0.1, 0.5] {
                    let (a, b) =
                        (unbounded.good_ratio(rate, latency), bounded.good_ratio(rate, latency));
                    assert!((a - b).abs() < 1e-9, "{workers} {load} {latency}: {a} {b}");
                }
            }
        }
    }

    /// The workload recursion of Kiefer and Wolfowitz, over a list of the times at which servers are free.
    fn simulate(pool: &Pool, rate: f64, latency: f64, requests: u32) -> f64 {
        let mut rng = Rng::with_seed(42);
        let mut exponential = |mean: f64| -(1.0 - rng.f64()).ln() * mean;
        let mut free = vec![0.0_f64; pool.workers as usize];
        let mut leave_queue = Vec::<f64>::new();
        let (mut now, mut good) = (0.0, 0_u32);
        for _ in 0..requests {
            now += exponential(1.0 / rate);
            leave_queue.retain(|at| *at > now);
            let earliest = free.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
            if *earliest > now && pool.queue.is_some_and(|bound| leave_queue.len() >= bound) {
                continue;
            }
            let begin = earliest.max(now);
            leave_queue.push(begin);
            *earliest = begin + exponential(pool.mean_service_s);
            good += u32::from(*earliest - now <= latency);
        }
        f64::from(good) / f64::from(requests)
    }

    #[test]
    fn the_formulae_agree_with_a_simulation() {
        for (queue, rate, latency) in [
            (None, 350.0, 0.1),
            (None, 243.0, 0.05),
            (Some(0), 300.0, 0.05),
            (Some(8), 380.0, 0.03),
            (Some(8), 800.0, 0.03),
            (Some(16), 420.0, 0.05),
        ] {
            let pool = Pool { queue, ..FOUR };
            let (exact, simulated) =
                (pool.good_ratio(rate, latency), simulate(&pool, rate, latency, 400_000));
            // Successive requests share a busy pool: a few times the error of independent ones.
            assert!((exact - simulated).abs() < 0.01, "{queue:?} {rate}: {exact} {simulated}");
        }
    }

    /// The queue that serves, in virtual time, is the queue of the formulae.
    #[test]
    fn the_served_queue_is_the_modelled_one() {
        use super::super::queue::{Admission, Queue};
        use super::super::{Service, Spread};
        use std::num::NonZeroU32;
        use std::time::Duration;

        let service =
            Service { spread: Spread::Exponential, ..Service::fixed(Duration::from_millis(10)) };
        for (bound, rate, latency) in [(None, 350.0, 100_000_000), (Some(8), 500.0, 30_000_000)] {
            let mut queue = Queue::new(NonZeroU32::new(4).unwrap(), bound);
            let mut rng = Rng::with_seed(3);
            let (mut now, mut good) = (0, 0);
            let requests = 400_000;
            for _ in 0..requests {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "positive"
                )]
                let gap = (-(1.0 - rng.f64()).ln() / rate * 1e9) as u64;
                now += gap;
                let admission = queue.arrive(now, |n| service.draw(&mut rng, n));
                good += u32::from(matches!(admission, Admission::Until(at) if at - now <= latency));
            }
            let measured = f64::from(good) / f64::from(requests);
            let exact = Pool { queue: bound, ..FOUR }.good_ratio(rate, latency as f64 / 1e9);
            assert!((exact - measured).abs() < 0.01, "{bound:?}: {exact} {measured}");
        }
    }
}
