//! How often the gate is right: pairs of builds on simulated servers whose failures come in bursts.
//!
//!     cargo run --release -p plimsoll-analysis --example gate_calibration [pairs]
//!
//! A baseline is held against an equal build and against one that is worse by twice the margin, at 300 requests/s. A second's
//! failures are binomial; what differs is the share that fails. docs/gate.md has the figures and says what they mean.

#![expect(clippy::print_stdout, reason = "what it is for")]

use std::f64::consts::TAU;

use plimsoll_analysis::gate::blocks::{in_blocks, length_of_blocks};
use plimsoll_analysis::gate::success::{Counts, NonInferiority, Terms};

const SEED: u64 = 7;
const RATE: u64 = 300;
const ALPHA: f64 = 0.025;

/// How a server fails.
#[derive(Clone, Copy, Debug)]
enum Server {
    /// Each request for itself.
    Independent,
    /// The share that fails is log-normal, first-order autoregressive from second to second: a load that comes and goes.
    Wandering { phi: f64, sigma: f64 },
    /// Nine failures in ten in bursts of this mean length, in which this share fails.
    Bursts { share: f64, seconds: f64 },
}

fn main() {
    let pairs = std::env::args().nth(1).and_then(|pairs| pairs.parse().ok()).unwrap_or(2_000);
    println!(
        "| server | failures | margin | run | design effect | equal: failed | passed | suffices | passed where so | worse: passed | failed | suffices | failed where so |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, server) in [
        ("independent", Server::Independent),
        ("wandering 1", Server::Wandering { phi: 0.8, sigma: 1.0 }),
        ("wandering 1.5", Server::Wandering { phi: 0.8, sigma: 1.5 }),
        ("bursts 20 %, 2 s", Server::Bursts { share: 0.2, seconds: 2.0 }),
        ("bursts 50 %, 3 s", Server::Bursts { share: 0.5, seconds: 3.0 }),
    ] {
        for (failures, margin) in [(0.002, 0.005), (0.01, 0.005), (0.0005, 0.001)] {
            for seconds in [60, 300, 1_200, 3_600] {
                for use_design_effect in [true, false] {
                    let terms = Terms {
                        margin,
                        alpha: ALPHA,
                        questions: 1,
                        use_design_effect,
                        min_runs: 5,
                    };
                    let [equal, worse] = calibrate(server, failures, seconds, &terms, pairs);
                    println!(
                        "| {name} | {} % | {} % | {seconds} s | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                        failures * 100.0,
                        margin * 100.0,
                        if use_design_effect {
                            format!("{:.1}", equal.effects / f64::from(pairs))
                        } else {
                            "not used".to_owned()
                        },
                        percent(equal.failed, pairs),
                        percent(equal.passed, pairs),
                        percent(equal.enough, pairs),
                        percent(equal.passed_with_enough, equal.enough),
                        percent(worse.passed, pairs),
                        percent(worse.failed, pairs),
                        percent(worse.enough, pairs),
                        percent(worse.failed_with_enough, worse.enough),
                    );
                }
            }
        }
    }
}

/// What became of pairs.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    passed: u32,
    failed: u32,
    enough: u32,
    passed_with_enough: u32,
    failed_with_enough: u32,
    effects: f64,
}

/// Of equal builds, and of those that are worse by twice the margin.
fn calibrate(
    server: Server,
    failures: f64,
    seconds: usize,
    terms: &Terms,
    pairs: u32,
) -> [Tally; 2] {
    let mut random = Random(SEED);
    let mut tallies = [Tally::default(); 2];
    for _ in 0..pairs {
        let baseline = run(&mut random, server, failures, seconds);
        for (tally, failures) in tallies.iter_mut().zip([failures, failures + 2.0 * terms.margin]) {
            let candidate = run(&mut random, server, failures, seconds);
            let Some(found) = NonInferiority::of(&candidate, &baseline, terms) else { continue };
            let (passed, failed, enough) =
                (found.p_not_worse <= ALPHA, found.p_worse <= ALPHA, found.suffices());
            tally.passed += u32::from(passed);
            tally.failed += u32::from(failed);
            tally.enough += u32::from(enough);
            tally.passed_with_enough += u32::from(passed && enough);
            tally.failed_with_enough += u32::from(failed && enough);
            tally.effects += found.clustering.design_effect;
        }
    }
    tallies
}

/// A run of so many seconds, cut into blocks as the gate does.
fn run(random: &mut Random, server: Server, failures: f64, seconds: usize) -> Counts {
    let mut state = State::new(random, server, failures);
    let mut second = || {
        let failures = state.next(random);
        (RATE - random.binomial(RATE, failures), RATE)
    };
    let windows: Vec<(u64, u64)> = (0..seconds).map(|_| second()).collect();
    Counts {
        successes: windows.iter().map(|window| window.0).sum(),
        requests: windows.iter().map(|window| window.1).sum(),
        blocks: in_blocks(&windows, length_of_blocks(windows.len())),
        runs: Vec::new(),
    }
}

/// The share of requests that fails, second by second.
struct State {
    server: Server,
    failures: f64,
    level: f64,
    is_in_burst: bool,
}

impl State {
    fn new(random: &mut Random, server: Server, failures: f64) -> Self {
        let level = random.normal();
        let is_in_burst = random.unit() < bursting(server, failures);
        Self { server, failures, level, is_in_burst }
    }

    fn next(&mut self, random: &mut Random) -> f64 {
        match self.server {
            Server::Independent => self.failures,
            Server::Wandering { phi, sigma } => {
                self.level = phi * self.level + (1.0 - phi * phi).sqrt() * random.normal();
                self.failures * (sigma * self.level - sigma * sigma / 2.0).exp()
            }
            Server::Bursts { share, seconds } => {
                let bursting = bursting(self.server, self.failures);
                let end = 1.0 / seconds;
                let begin = end * bursting / (1.0 - bursting);
                let turn = random.unit();
                self.is_in_burst = if self.is_in_burst { turn >= end } else { turn < begin };
                0.1 * self.failures + if self.is_in_burst { share } else { 0.0 }
            }
        }
        .min(1.0)
    }
}

/// The share of the time in bursts.
fn bursting(server: Server, failures: f64) -> f64 {
    match server {
        Server::Bursts { share, .. } => 0.9 * failures / share,
        _ => 0.0,
    }
}

fn percent(part: u32, whole: u32) -> String {
    if whole == 0 {
        "–".to_owned()
    } else {
        format!("{:.1} %", 100.0 * f64::from(part) / f64::from(whole))
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * 2.0_f64.powi(-53)
    }

    /// Of the standard normal distribution, by the transformation of Box and Muller.
    fn normal(&mut self) -> f64 {
        let (one, two) = (1.0 - self.unit(), self.unit());
        (-2.0 * one.ln()).sqrt() * (TAU * two).cos()
    }

    /// How many of n happen, by the gaps between them, which are geometric.
    fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        let per_step = (1.0 - p).ln();
        let (mut happened, mut at) = (0, 0.0);
        loop {
            at += ((1.0 - self.unit()).ln() / per_step).floor() + 1.0;
            if at > n as f64 {
                return happened;
            }
            happened += 1;
        }
    }
}
