//! Attacks that never took place, as vegeta would have recorded them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Sample, Sampled};

const MS: f64 = 1e6;
const SECOND: f64 = 1e9;

/// A generator of numbers for tests (xorshift64*).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.uniform();
        }
        random
    }

    /// Between 0 and 1, never 0.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(super) fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// How late a pacer wakes up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Jitter {
    /// Evenly between nothing and so many milliseconds, one in a hundred up to 8 ms.
    Even(f64),
    /// Lognormal, with a median of 0.2 ms and a 99th percentile of 3 ms.
    Heavy,
}

impl Jitter {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Even(ms) if random.uniform() > 0.99 => (ms + 7.0 * random.uniform()) * MS,
            Self::Even(ms) => ms * MS * random.uniform(),
            Self::Heavy => 0.2 * MS * (random.normal() * 15.0_f64.ln() / 2.326).exp(),
        }
    }
}

/// How long an answer takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Latency {
    /// So many milliseconds, and up to a tenth of one.
    Fixed(f64),
    /// Exponential around so many milliseconds.
    Random(f64),
}

impl Latency {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Fixed(ms) => (ms + 0.1 * random.uniform()) * MS,
            Self::Random(ms) => ms * MS * random.exponential(),
        }
    }
}

/// An attack.
#[derive(Clone, Debug)]
pub(super) struct Attack<P> {
    /// When a request is due, in nanoseconds after the start.
    pub(super) due: P,
    pub(super) seconds: f64,
    pub(super) jitter: Jitter,
    pub(super) latency: Latency,
    pub(super) max_workers: usize,
    /// Spans of seconds in which nothing is sent.
    pub(super) stalls: Vec<(f64, f64)>,
    /// From when on requests leave at random, and how many a second.
    pub(super) collapse: Option<(f64, f64)>,
}

/// When vegeta's requests are due at a constant rate.
pub(super) fn constant(rate: f64) -> impl Fn(f64) -> f64 {
    let interval = (SECOND / rate).floor();
    move |seq| (seq + 1.0) * interval
}

impl<P: Fn(f64) -> f64> Attack<P> {
    pub(super) fn new(seconds: f64, due: P) -> Self {
        Self {
            due,
            seconds,
            jitter: Jitter::Even(1.06),
            latency: Latency::Random(5.0),
            max_workers: usize::MAX,
            stalls: Vec::new(),
            collapse: None,
        }
    }

    /// What was recorded.
    pub(super) fn run(&self, seed: u64) -> Sampled {
        let mut random = Random::new(seed);
        let mut busy: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
        let mut samples = Vec::new();
        let mut last = 0.0;
        for seq in 0_u64.. {
            let due = (self.due)(seq as f64);
            // A pacer that is behind does not sleep: one after another, 30,000 a second.
            let mut at = if due > last { due + self.jitter.draw(&mut random) } else { last };
            at = at.max(last + 33_000.0 * random.exponential());
            if let Some((from, rate)) = self.collapse
                && at > from * SECOND
            {
                at = at.max(last + SECOND / rate * random.exponential());
            }
            if busy.len() >= self.max_workers {
                let Some(Reverse(free)) = busy.pop() else { break };
                at = at.max(free as f64 + 20_000.0 * random.uniform());
            }
            for (from, to) in &self.stalls {
                if at >= from * SECOND && at < to * SECOND {
                    at = to * SECOND;
                }
            }
            if at > self.seconds * SECOND {
                break;
            }
            let latency = self.latency.draw(&mut random);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "some seconds, and positive"
            )]
            let (start, length) = (at as u64, latency as u64);
            if self.max_workers < usize::MAX {
                busy.push(Reverse(start + length));
            }
            samples.push(Sample {
                seq,
                at: 1_700_000_000_000_000_000 + start.cast_signed(),
                latency: length,
                group: 0,
                intended: plimsoll_model::Timestamp::UNKNOWN,
            });
            last = at;
        }
        Sampled { stride: 1, head: 0, samples }
    }
}
