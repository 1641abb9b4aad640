//! Searches on simulated servers, whose capacity at an SLO is known from theory or from a simulation a thousand times as long.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use plimsoll_analysis::{Measure, Options, Slo};
use plimsoll_ingest::{NativeRecord, ReadOptions, SentRate};
use plimsoll_model::{Nanos, Timestamp};

use super::rates::{End, Known, Next, Rates};
use super::trials::Trials;
use super::{PAUSE, known, plan};

/// Workers before one queue, first come, first served.
#[derive(Clone, Copy, Debug)]
struct Server {
    workers: usize,
    service_s: f64,
    is_exponential: bool,
    /// Service takes `1 + sigma (n-1) + kappa n (n-1)` times as long where n are in service when it begins.
    sigma: f64,
    kappa: f64,
}

/// Uniform numbers: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }
}

/// A server at work.
struct Simulation {
    server: Server,
    random: Random,
    /// When each busy worker is done, in nanoseconds.
    busy: BinaryHeap<Reverse<u64>>,
    now_s: f64,
    seq: u64,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are positive")]
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

impl Simulation {
    fn new(server: Server, seed: u64) -> Self {
        Self { server, random: Random(seed), busy: BinaryHeap::new(), now_s: 0.0, seq: 0 }
    }

    /// When a request that comes now is done.
    fn arrive(&mut self, now: u64) -> u64 {
        let Server { workers, service_s, is_exponential, sigma, kappa } = self.server;
        while self.busy.peek().is_some_and(|Reverse(end)| *end <= now) {
            self.busy.pop();
        }
        let start = if self.busy.len() < workers {
            now
        } else {
            self.busy.pop().map_or(now, |Reverse(end)| end)
        };
        let others = self.busy.iter().filter(|Reverse(end)| *end > start).count();
        let n = others as f64 + 1.0;
        let mean = service_s * (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0));
        let service = if is_exponential { self.random.exponential(mean) } else { mean };
        let end = start + nanos(service);
        self.busy.push(Reverse(end));
        end
    }

    /// Poisson arrivals for so long: when each was due, and how long it took.
    fn hold(&mut self, rate: f64, seconds: f64, mut each: impl FnMut(u64, u64, u64)) {
        let end = self.now_s + seconds;
        loop {
            let next = self.now_s + self.random.exponential(1.0 / rate);
            if next >= end {
                break;
            }
            self.now_s = next;
            let due = nanos(next);
            let done = self.arrive(due);
            each(self.seq, due, done - due);
            self.seq += 1;
        }
        self.now_s = end;
    }

    /// Until what is in flight is done.
    fn drain(&mut self) {
        let last = self.busy.iter().map(|Reverse(end)| *end).max().unwrap_or(0);
        self.now_s = self.now_s.max(last as f64 / 1e9);
    }
}

/// The highest rate at which enough requests are good in the long run, by simulation.
fn capacity(server: Server, slo: &Slo, requests: f64) -> f64 {
    let latency = slo.latency.unwrap().0;
    let least = slo.good_ratio_min.unwrap();
    let (mut low, mut high) = (0.0, 1.2 * server.workers as f64 / server.service_s);
    for _ in 0..14 {
        let rate = f64::midpoint(low, high);
        let mut simulation = Simulation::new(server, 99);
        let (mut all, mut good) = (0_u64, 0_u64);
        simulation.hold(rate, requests / rate, |_, _, took| {
            all += 1;
            good += u64::from(took <= latency);
        });
        if good as f64 >= least * all as f64 { low = rate } else { high = rate }
    }
    low
}

const BUDGET: Nanos = Nanos(1_800_000_000_000);

struct Searched {
    known: Known,
    end: End,
    elapsed: Nanos,
    holds: Vec<(f64, Nanos)>,
}

fn search(server: Server, slo: Slo, measure: Measure, from: f64, seed: u64) -> Searched {
    const START: u64 = 1_700_000_000_000_000_000;
    let mut options = Options { slo: Some(slo), measure, ..Options::default() };
    options.measure.resamples = 1;
    let mut rates = Rates::new(plan(&options, &slo, (from, 1e6), 0.1, BUDGET));
    let mut trials = Trials::new(options, ReadOptions::default()).unwrap();
    let mut simulation = Simulation::new(server, seed);
    let mut holds = Vec::new();
    loop {
        let known = known(&trials.findings().unwrap(), &slo);
        let elapsed = Nanos(nanos(simulation.now_s));
        match rates.next(&known, elapsed, PAUSE) {
            Next::End(end) => return Searched { known, end, elapsed, holds },
            Next::Hold { rate, span } => {
                holds.push((rate, span));
                let start = Timestamp(i64::try_from(START + nanos(simulation.now_s)).unwrap());
                trials.rate("chain", SentRate { start, duration: span, rate_rps: rate }).unwrap();
                simulation.hold(rate, span.as_secs_f64(), |seq, due, took| {
                    let due = Timestamp(i64::try_from(START + due).unwrap());
                    let record = NativeRecord {
                        attack: b"chain",
                        method: b"POST",
                        url: b"http://chain/",
                        seq: Some(seq),
                        timestamp: due,
                        intended: due,
                        latency: Nanos(took),
                        code: 200,
                        ..NativeRecord::default()
                    };
                    trials.add(&record).unwrap();
                });
                simulation.now_s += PAUSE.as_secs_f64();
                simulation.drain();
            }
        }
    }
}

fn slo(latency_ms: u64, good: f64) -> Slo {
    let latency = Some(Nanos(latency_ms * 1_000_000));
    Slo { latency, good_ratio_min: Some(good), ..Slo::default() }
}

const EXPONENTIAL: Server =
    Server { workers: 4, service_s: 0.01, is_exponential: true, sigma: 0.0, kappa: 0.0 };
const FIXED: Server = Server { is_exponential: false, ..EXPONENTIAL };
const CONTENTION: Server = Server { workers: 8, sigma: 0.05, kappa: 0.01, ..EXPONENTIAL };

fn measure(window_s: u64) -> Measure {
    let window = Nanos(window_s * 1_000_000_000);
    Measure { window, warm_up: window, ..Measure::default() }
}

/// By how much the bracket lies beside the truth, as a share of it; 0 where it has it.
fn beside(known: &Known, truth: f64) -> f64 {
    let (lower, upper) = (known.lower.unwrap_or(0.0), known.upper.unwrap_or(f64::INFINITY));
    (lower / truth - 1.0).max(1.0 - upper / truth).max(0.0)
}

/// The capacities are those of M/M/4 (Erlang C, `plimsoll stub`) and, for fixed service, of a long simulation.
#[test]
fn the_bracket_has_the_capacity_in_it() {
    for (server, slo, truth) in [
        (EXPONENTIAL, slo(100, 0.99), 350.1),
        (EXPONENTIAL, slo(100, 0.95), 367.9),
        (FIXED, slo(100, 0.95), 384.1),
    ] {
        let Searched { known, end, elapsed, holds } = search(server, slo, measure(2), 50.0, 8);
        let off = beside(&known, truth);
        assert!(off <= 0.0, "{server:?}: {:?}..{:?} is {off} beside", known.lower, known.upper);
        assert!(known.upper.unwrap() - known.lower.unwrap() <= 0.1 * known.upper.unwrap());
        assert_eq!(end, End::Narrow, "{server:?}");
        assert!(elapsed < BUDGET && holds.len() > 5, "{elapsed:?}, {holds:?}");
    }
}

/// Prints the table of docs/capacity.md: `cargo test --release -p plimsoll --bin plimsoll calibration -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
#[expect(clippy::print_stdout, reason = "a table to look at")]
fn calibration() {
    const SEEDS: u64 = 20;
    println!(
        "| window | server | SLO | capacity | within | farthest beside | widest | ended narrow | median time |"
    );
    for (window_s, quicker) in [(10, 1_u32), (2, 2)] {
        let quicker_s = f64::from(quicker);
        for (name, server) in
            [("exponential", EXPONENTIAL), ("fixed", FIXED), ("contention", CONTENTION)]
        {
            let server = Server { service_s: server.service_s / quicker_s, ..server };
            for (latency, good) in [(75_000, 0.95), (100_000, 0.99), (100_000, 0.95)] {
                let latency = Nanos(latency * 1_000 / u64::from(quicker));
                let slo = Slo { latency: Some(latency), ..slo(0, good) };
                let truth = capacity(server, &slo, 4e6);
                let from = |seed: u64| 50.0 * quicker_s + 3.7 * seed as f64;
                let found: Vec<Searched> = (0..SEEDS)
                    .map(|seed| search(server, slo, measure(window_s), from(seed), seed))
                    .collect();
                let off: Vec<f64> = found.iter().map(|found| beside(&found.known, truth)).collect();
                let within = off.iter().filter(|off| **off <= 0.0).count();
                let farthest = off.iter().copied().fold(0.0, f64::max);
                let width = |found: &Searched| {
                    let bounds = found.known.lower.zip(found.known.upper);
                    bounds.map_or(1.0, |(lower, upper)| (upper - lower) / upper)
                };
                let widest = found.iter().map(width).fold(0.0, f64::max);
                let narrow = found.iter().filter(|found| found.end == End::Narrow).count();
                let mut times: Vec<Nanos> = found.iter().map(|found| found.elapsed).collect();
                times.sort_unstable();
                println!(
                    "| {window_s} s | {name} | {} % in {} ms | {truth:.0}/s | {within} of {SEEDS} | {:.1} % | {:.1} % | {narrow} of {SEEDS} | {:.0} s |",
                    good * 100.0,
                    latency.as_millis_f64(),
                    farthest * 100.0,
                    widest * 100.0,
                    times[times.len() / 2].as_secs_f64(),
                );
            }
        }
    }
}
