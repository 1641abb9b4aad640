//! Which of the lines below a run's samples is its schedule.
//!
//! A line that a generator kept to touches many requests in a row. Other lines below the points are not like that: one
//! through a stretch in which requests wait for workers touches one here and there, and so does one below random starts.
//! Of those that hold for a schedule the fastest is it: a generator may fall behind its rate, never run ahead of it.

use super::line::{BAND, Cloud, Line, Touch};
use super::samples::{Sample, Sampled};

/// Fewer requests on schedule show no rate.
///
/// Where workers are the limit from the start, as many requests as there are workers are on schedule, and no more.
pub(super) const MIN_TOUCHED: usize = 5;

/// A rate was held for long enough where random starts of the same mean interval would have strayed by so many bands, at
/// one standard deviation: for 1 ms at 100/s, 23 ms at 1,000/s, 0.12 s at 5,000/s.
const MIN_STRAYED: f64 = 4.0;

/// No rate needs to be held for longer than this, in nanoseconds: a generator that collapses at 20,000/s does so within
/// half a second. Of recorded attacks without a rate the longest such stretch was 0.13 s, at 12,000 requests/s.
const MAX_HELD: f64 = 300_000_000.0;

/// So many times as long it may take, lateness included: at 25,000/s a quarter of the requests were late before vegeta
/// fell behind for good.
const MAX_PAUSES: f64 = 2.0;

/// The least share of what a line touches that follows something else that it touches. Recorded: 0.79 and more on
/// schedule, next to nothing where several workers are waited for that are equally quick.
const MIN_PAIRS: f64 = 0.5;

/// A request that waits for a worker is started when another one ends, in nanoseconds: up to 60 µs later at the median of
/// each recorded attack, up to 0.18 ms for the last tenth where several end at once.
const RELEASE: f64 = 100_000.0;

/// The share of an interval in which a request may follow the end of another by chance.
const RELEASE_SHARE: f64 = 0.2;

/// The greatest share of released requests among those that a line touches. Recorded: up to a quarter of those sent on
/// schedule, at any rate, and 0.93 and more of those that waited for a worker.
const MAX_RELEASED: f64 = 0.5;

/// A line that is not touched from the run's start on has to be touched by this share of the requests.
const MIN_SHARE: f64 = 0.5;

/// How much of a run is its start.
const START: f64 = 1.0 / 16.0;

/// A faster line that merely leans on what a slower one touches stays within reach of it for BAND·c/(c - c'); a rate was
/// held for several times that.
const MIN_LEANING: f64 = 5.0;

/// The most lines that are looked at, those through the longest edges of the hull: a rate that was kept makes long ones.
const MAX_LINES: usize = 128;

/// A line with what it touches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) line: Line,
    pub(super) touch: Touch,
}

/// Samples that follow each other, as points.
pub(super) struct Stretch<'a> {
    pub(super) cloud: Cloud,
    pub(super) samples: &'a [Sample],
    pub(super) stride: u64,
    /// From this number on only multiples of the stride are there.
    pub(super) whole: u64,
    /// When the requests of all samples ended, in order.
    pub(super) ends: &'a [i64],
}

/// The schedule's line, if the samples show one.
pub(super) fn fit(cloud: Cloud, sampled: &Sampled) -> (Cloud, Option<Candidate>) {
    let end = |sample: &Sample| sample.at.saturating_add_unsigned(sample.latency);
    let mut ends: Vec<i64> = sampled.samples.iter().map(end).collect();
    ends.sort_unstable();
    let run = Stretch {
        cloud,
        samples: &sampled.samples,
        stride: sampled.stride,
        whole: if sampled.stride == 1 { u64::MAX } else { sampled.head },
        ends: &ends,
    };
    let fastest = run.fastest().filter(|fastest| !run.keeps_other_rates(fastest));
    (run.cloud, fastest)
}

impl Stretch<'_> {
    fn fastest(&self) -> Option<Candidate> {
        let mut valid = self.candidates();
        valid.retain(|candidate| {
            self.is_held(candidate, MIN_TOUCHED, 1.0)
                && self.is_rooted(candidate)
                && !self.is_released(candidate)
        });
        valid.sort_by(|a, b| a.line.interval.total_cmp(&b.line.interval));
        valid.iter().find(|fast| valid.iter().all(|slow| !self.leans(fast, slow))).copied()
    }

    /// Lines that touch as much as they can, each once.
    fn candidates(&self) -> Vec<Candidate> {
        let cloud = &self.cloud;
        let mut edges: Vec<usize> = (0..cloud.edges()).collect();
        edges.sort_by(|&a, &b| cloud.length(b).total_cmp(&cloud.length(a)));
        let mut is_seen = vec![false; edges.len()];
        let mut found: Vec<Candidate> = Vec::new();
        let mut left = MAX_LINES;
        for edge in edges {
            if is_seen[edge] || left == 0 {
                continue;
            }
            left -= 1;
            is_seen[cloud.edges_touched(&cloud.line(edge))].fill(true);
            let (line, touch) = cloud.settled(cloud.line(edge));
            is_seen[cloud.edges_touched(&line)].fill(true);
            if found.iter().all(|other| other.line != line) {
                found.push(Candidate { line, touch });
            }
        }
        found
    }

    /// Whether the line was kept to for longer than chance explains, or for a share of that.
    pub(super) fn is_held(&self, candidate: &Candidate, least: usize, share: f64) -> bool {
        let Candidate { line, touch } = *candidate;
        let points = &self.cloud.points;
        let pairs = self.cloud.pairs(line, touch);
        if line.interval <= 0.0
            || touch.count < least
            || (pairs.clone().count() as f64) < MIN_PAIRS * (touch.count - 1) as f64
        {
            return false;
        }
        let needed = share * needed(line.interval);
        let apart = |pair: usize| points[pair].x - points[pair - 1].x;
        let mut held = 0.0;
        let mut earliest = pairs.clone().peekable();
        for pair in pairs {
            held += apart(pair);
            let is_past = |&early: &usize| {
                early < pair && points[pair].x - points[early - 1].x > MAX_PAUSES * needed
            };
            while let Some(early) = earliest.next_if(is_past) {
                held -= apart(early);
            }
            if held >= needed {
                return true;
            }
        }
        false
    }

    /// Whether the line was kept to from the start, or most of the time. A generator that fell behind kept to its rate
    /// before, or after.
    fn is_rooted(&self, candidate: &Candidate) -> bool {
        let length = self.cloud.points.last().map_or(0.0, |last| last.x);
        self.cloud.points[candidate.touch.first].x <= START * length || self.is_shared(candidate)
    }

    /// Whether most requests touch the line.
    fn is_shared(&self, &Candidate { line, touch }: &Candidate) -> bool {
        let is_even = |sample: &Sample| sample.seq.is_multiple_of(self.stride);
        let touched = self.cloud.touched(line, touch);
        let touched = touched.filter(|&index| is_even(&self.samples[index])).count();
        let all = self.samples.iter().filter(|sample| is_even(sample)).count();
        touched as f64 >= MIN_SHARE * all as f64
    }

    /// Whether what the line touches was started whenever another request ended: a worker was waited for, not a moment.
    ///
    /// That can be told where no request before is missing. Elsewhere it is taken to be so, unless most requests touch
    /// the line: then no harm is done.
    pub(super) fn is_released(&self, candidate: &Candidate) -> bool {
        let Candidate { line, touch } = *candidate;
        let window = RELEASE.min(RELEASE_SHARE * line.interval);
        let (mut touched, mut released, mut ended) = (0_usize, 0_usize, 0_usize);
        for index in self.cloud.touched(line, touch) {
            let sample = self.samples[index];
            if sample.seq >= self.whole {
                break;
            }
            ended += self.ends[ended..].partition_point(|&end| end <= sample.at);
            let latest = ended.checked_sub(1).map(|latest| sample.at.abs_diff(self.ends[latest]));
            released += usize::from(latest.is_some_and(|ago| ago as f64 <= window));
            touched += 1;
        }
        if touched < MIN_TOUCHED {
            !self.is_shared(candidate)
        } else {
            released as f64 > MAX_RELEASED * touched as f64
        }
    }

    /// Whether the faster line may be but an edge of what the slower one touches.
    fn leans(&self, fast: &Candidate, slow: &Candidate) -> bool {
        let (interval, slower) = (fast.line.interval, slow.line.interval);
        let reach = BAND * slower / (slower - interval);
        slower > interval
            && slow.touch.count > fast.touch.count
            && self.cloud.span(fast.touch) * interval < MIN_LEANING * reach
    }
}

/// For how many numbers a rate has to be held.
pub(super) fn needed(interval: f64) -> f64 {
    let strayed = MIN_STRAYED * BAND;
    (strayed * strayed / interval).min(MAX_HELD) / interval
}
