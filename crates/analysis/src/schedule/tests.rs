//! Attacks of every kind: what their schedule was has to come out, or nothing.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use proptest::prelude::*;

use super::simulation::{Attack, Jitter, Latency, Random, constant};
use super::{Sample, Sampled, Schedule, SendLag};
use plimsoll_model::Nanos;

const MS: f64 = 1e6;
const SECOND: f64 = 1e9;
const JITTERS: [Jitter; 3] = [Jitter::Even(0.0), Jitter::Even(1.06), Jitter::Heavy];

fn rate(schedule: &Schedule) -> f64 {
    SECOND / schedule.interval
}

fn thinned(sampled: &Sampled, stride: u64, head: u64) -> Sampled {
    let is_kept = |sample: &&Sample| sample.seq.is_multiple_of(stride) || sample.seq < head;
    Sampled { stride, head, samples: sampled.samples.iter().filter(is_kept).copied().collect() }
}

/// Asserts that each request's lag is what it was, to within 1 ms.
fn assert_lags(sampled: &Sampled, due: impl Fn(f64) -> f64, what: &str) -> Schedule {
    let schedule = Schedule::found(sampled).unwrap_or_else(|| panic!("{what}: no schedule"));
    let origin = 1_700_000_000_000_000_000;
    for sample in &sampled.samples {
        let late = (sample.at - origin) as f64 - due(sample.seq as f64);
        let lag = schedule.lag_of(sample).0 as f64;
        assert!((lag - late).abs() < MS, "{what}: request {} {lag} {late}", sample.seq);
    }
    schedule
}

fn assert_none(sampled: &Sampled, what: &str) {
    let found = Schedule::found(sampled);
    assert!(
        found.is_none(),
        "{what}: {:?} of {}",
        found.map(|found| rate(&found)),
        sampled.samples.len()
    );
}

#[test]
fn a_steady_rate_is_found() {
    for asked in [50.0, 200.0, 1_000.0, 5_000.0, 20_000.0] {
        for jitter in JITTERS {
            let what = format!("{asked}/s {jitter:?}");
            let attack = Attack { jitter, ..Attack::new(4.0, constant(asked)) };
            let sampled = attack.run(1);
            let schedule = assert_lags(&sampled, constant(asked), &what);
            assert!((rate(&schedule) / asked - 1.0).abs() < 1e-4, "{what}: {}", rate(&schedule));
            assert!(schedule.touched * 2 > sampled.samples.len(), "{what}: {}", schedule.touched);
            assert!((rate(&schedule) / asked - 1.0).abs() < schedule.uncertainty, "{what}");
        }
    }
    let sampled = Attack::new(3.0, constant(30_000.0)).run(1);
    assert_lags(&sampled, constant(30_000.0), "30,000/s");
}

#[test]
fn a_stall_that_is_caught_up_on_is_the_greatest_lag() {
    for asked in [50.0, 1_000.0, 5_000.0] {
        for stall in [0.05, 0.5, 5.0] {
            let what = format!("{asked}/s, a stall of {stall} s");
            let stalls = vec![(1.5, 1.5 + stall)];
            let sampled = Attack { stalls, ..Attack::new(9.0, constant(asked)) }.run(2);
            for sampled in [thinned(&sampled, 16, 1 << 10), sampled] {
                let schedule = assert_lags(&sampled, constant(asked), &what);
                let late = SendLag::of(&schedule, &sampled, Nanos(10_000_000)).unwrap();
                let max = late.max.as_secs_f64();
                // Among some requests, the first to fall due in the stall may not be.
                let seen = 16.0 / asked;
                assert!(max <= stall + 0.001 && max > stall - 0.001 - seen, "{what}: {max}");
                let is_long = stall > 0.1_f64.max(20.0 / asked);
                assert_eq!(late.stalls.count, u64::from(is_long), "{what}: {:?}", late.stalls);
                let length = late.stalls.total.as_secs_f64();
                assert!(!is_long || (length - stall).abs() < 2.0 * seen, "{what}: {length}");
            }
        }
    }
}

#[test]
fn workers_that_were_too_few_from_the_start_hide_no_rate() {
    for (asked, workers, latency) in [
        (500.0, 10, Latency::Fixed(100.0)),
        (200.0, 5, Latency::Fixed(100.0)),
        (500.0, 45, Latency::Fixed(100.0)),
        (500.0, 45, Latency::Random(100.0)),
        (100.0, 9, Latency::Fixed(100.0)),
        (5_000.0, 1_000, Latency::Random(250.0)),
    ] {
        for seed in 1..=6 {
            let what = format!("{asked}/s with {workers} workers, {latency:?}, {seed}");
            let attack =
                Attack { latency, max_workers: workers, ..Attack::new(10.0, constant(asked)) };
            let sampled = attack.run(seed);
            for sampled in [thinned(&sampled, 64, 1 << 10), sampled] {
                let schedule = Schedule::found(&sampled).unwrap_or_else(|| panic!("{what}: none"));
                let error = (rate(&schedule) / asked - 1.0).abs();
                assert!(error < 0.12, "{what}: {error}");
                let late = SendLag::of(&schedule, &sampled, Nanos(50_000_000)).unwrap();
                let sent = sampled.samples.last().unwrap().seq as f64 / 10.0 / asked;
                assert!(
                    (late.sent_ratio - sent).abs() < 0.12,
                    "{what}: {} {sent}",
                    late.sent_ratio
                );
                let in_flight = late.in_flight.unwrap();
                // A sample of exponential latencies is a rough one.
                let limit = workers as f64;
                let error = if sampled.stride == 1 { 0.01 } else { 0.25 };
                assert!((in_flight.mean / limit - 1.0).abs() < error, "{what}: {in_flight:?}");
                if sampled.stride == 1 {
                    assert_eq!(in_flight.peak, Some(workers), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_generator_that_falls_behind_for_good_was_late() {
    // With a late request in a hundred 20,000/s are too many for a pacer that wakes up for each.
    for jitter in [Jitter::Even(1.06), Jitter::Heavy] {
        for (asked, from, left) in [
            (100.0, 1.0, 90.0),
            (1_000.0, 1.0, 900.0),
            (5_000.0, 1.0, 4_500.0),
            (20_000.0, 0.5, 3_000.0),
        ] {
            let what = format!("{asked}/s to {left}/s {jitter:?}");
            let collapse = Some((from, left));
            let attack = Attack { jitter, collapse, ..Attack::new(10.0, constant(asked)) };
            assert_lags(&attack.run(3), constant(asked), &what);
        }
    }
}

#[test]
fn without_a_rate_nothing_is_late() {
    for workers in [1, 2, 4, 16, 64] {
        for latency in [
            Latency::Fixed(20.0),
            Latency::Fixed(100.0),
            Latency::Random(20.0),
            Latency::Random(2.0),
        ] {
            for seed in 1..=4 {
                let what = format!("{workers} workers, {latency:?}, {seed}");
                let attack = Attack { latency, max_workers: workers, ..Attack::new(8.0, |_| 0.0) };
                let sampled = attack.run(seed);
                assert_none(&sampled, &what);
                assert_none(&thinned(&sampled, 16, 1 << 10), &what);
            }
        }
    }
}

#[test]
fn a_ramp_is_no_rate() {
    for jitter in JITTERS {
        for (start, slope) in [
            (10.0, 10.0),
            (100.0, 20.0),
            (1_000.0, 100.0),
            (5_000.0, 1_000.0),
            (200.0, -10.0),
            (1_000.0, -50.0),
            (50.0, -2.0),
            (1_000.0, -1.0),
            (100.0, -1.0),
            (5_000.0, -100.0),
        ] {
            let due = move |seq: f64| {
                let square: f64 = start * start + 2.0 * slope * (seq + 1.0);
                if square > 0.0 { (square.sqrt() - start) / slope * SECOND } else { f64::MAX }
            };
            let sampled = Attack { jitter, ..Attack::new(10.0, due) }.run(4);
            let what = format!("{start}/s and {slope}/s² {jitter:?}");
            assert_none(&sampled, &what);
            assert_none(&thinned(&sampled, 4, 1 << 10), &what);
        }
    }
}

#[test]
fn a_sine_is_no_rate() {
    for jitter in JITTERS {
        for (mean, amplitude, period, phase) in [
            (1_000.0, 500.0, 10.0, 0.0),
            (1_000.0, 500.0, 10.0, FRAC_PI_2),
            (1_000.0, 500.0, 10.0, PI),
            (100.0, 50.0, 5.0, PI),
            (5_000.0, 1_000.0, 20.0, 2.3_f64),
        ] {
            let turn = TAU / period;
            let sent =
                |at: f64| mean * at + amplitude / turn * (phase.cos() - (turn * at + phase).cos());
            let due = |seq: f64| {
                let (mut low, mut high) = (0.0, 60.0);
                for _ in 0..40 {
                    let middle = f64::midpoint(low, high);
                    *if sent(middle) < seq + 1.0 { &mut low } else { &mut high } = middle;
                }
                high * SECOND
            };
            let sampled = Attack { jitter, ..Attack::new(12.0, due) }.run(5);
            assert_none(&sampled, &format!("{mean}/s ± {amplitude}/s, {phase} {jitter:?}"));
        }
    }
}

#[test]
fn lost_records_are_no_requests_that_were_left_out() {
    let mut sampled = Attack::new(5.0, constant(1_000.0)).run(6);
    let mut random = Random::new(7);
    sampled.samples.retain(|_| random.uniform() > 0.01);
    let schedule = assert_lags(&sampled, constant(1_000.0), "1 % lost");
    let late = SendLag::of(&schedule, &sampled, Nanos(50_000_000)).unwrap();
    assert!(late.sent_ratio > 0.999 && late.stalls.count == 0, "{late:?}");
}

#[test]
fn fifteen_requests_show_a_rate() {
    for seed in 1..=20 {
        let sampled = Attack::new(0.301, constant(50.0)).run(seed);
        let schedule = Schedule::found(&sampled).unwrap();
        let error = (rate(&schedule) / 50.0 - 1.0).abs();
        assert!(error < 0.005 && error < schedule.uncertainty, "{seed}: {error}");
        let late = SendLag::of(&schedule, &sampled, Nanos(1_000_000)).unwrap();
        assert!(late.p50.is_some() && late.p99.is_none(), "{late:?}");
    }
    assert_none(&Attack::new(0.09, constant(50.0)).run(1), "four requests");
    assert_none(&Sampled::default(), "nothing");
}

/// 10 million requests at 5,000/s; from the 4 millionth on one in eight is 50 ms late, after the 8 millionth all are.
#[test]
fn a_long_run_is_judged_by_a_sample() {
    let mut random = Random::new(8);
    let due = constant(5_000.0);
    let seqs = (0..1 << 10).chain((1 << 10..10_000_000).step_by(64));
    let records = seqs.map(|seq: u64| {
        let late = match seq {
            0..4_000_000 => 0.0,
            4_000_000..8_000_000 => f64::from(u8::from(random.uniform() < 0.125)) * 50.0 * MS,
            _ => (seq - 8_000_000) as f64 * 20_000.0 + random.exponential() * 100.0 * MS,
        };
        #[expect(clippy::cast_possible_truncation, reason = "two thousand seconds")]
        let after = (due(seq as f64) + late + random.uniform() * 1.06 * MS) as i64;
        Sample {
            seq,
            at: 1_700_000_000_000_000_000 + after,
            latency: 5,
            group: 0,
            intended: plimsoll_model::Timestamp::UNKNOWN,
        }
    });
    let sampled = Sampled { stride: 64, head: 1 << 10, samples: records.collect() };
    let schedule = Schedule::found(&sampled).unwrap();
    assert!((rate(&schedule) / 5_000.0 - 1.0).abs() < 1e-6, "{}", rate(&schedule));
    let late = SendLag::of(&schedule, &sampled, Nanos(10_000_000)).unwrap();
    assert!(late.p50.unwrap() < Nanos(2_000_000), "{late:?}");
    assert!((late.sent_ratio - 0.98).abs() < 0.001, "{late:?}");
}

#[test]
fn a_known_rate_needs_no_proof() {
    let collapse = Some((0.0, 3_000.0));
    let sampled = Attack { collapse, ..Attack::new(2.0, constant(5_000.0)) }.run(9);
    assert_none(&sampled, "never on schedule");
    let schedule = Schedule::known(&sampled, 200_000.0).unwrap();
    assert!((schedule.interval - 200_000.0).abs() < 1e-9);
    assert!((1..100).contains(&schedule.touched), "{}", schedule.touched);
    let late = SendLag::of(&schedule, &sampled, Nanos(50_000_000)).unwrap();
    assert!((late.sent_ratio - 0.6).abs() < 0.05, "{late:?}");
    for interval in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Schedule::known(&sampled, interval).is_none());
    }
    assert!(Schedule::known(&Sampled::default(), 1.0).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the records say, nothing breaks, and no request of a schedule is early.
    #[test]
    fn no_request_is_early(
        steps in prop::collection::vec((1_u64..5, 0_u32..62, any::<u32>()), 1..200),
        first in prop_oneof![Just(0_u64), any::<u64>()],
        start in prop_oneof![Just(1_700_000_000_000_000_000_i64), any::<i64>()],
        is_odd in any::<bool>(),
    ) {
        let (mut seq, mut at) = (first, start.max(i64::MIN + 1));
        let mut samples = Vec::new();
        for (numbers, bits, time) in steps {
            samples.push(Sample { seq, at, latency: u64::from(time) << (bits / 2), group: 0, intended: plimsoll_model::Timestamp::UNKNOWN });
            let Some(next) = seq.checked_add(numbers << if is_odd { bits } else { 0 }) else { break };
            seq = next;
            at = at.saturating_add(i64::from(time) << (bits / 3));
        }
        let sampled = Sampled { stride: 1, head: 0, samples };
        for schedule in [Schedule::found(&sampled), Schedule::known(&sampled, 1e6)].into_iter().flatten() {
            let late = SendLag::of(&schedule, &sampled, Nanos(1)).unwrap();
            prop_assert!((0.0..=1.0).contains(&late.sent_ratio), "{}", late.sent_ratio);
            // Absurd numbers are rounded.
            if first == 0 && start > 0 && sampled.samples.last().is_some_and(|last| last.seq < 1 << 40) {
                for sample in &sampled.samples {
                    let intended = schedule.intended(sample.seq);
                    prop_assert!(intended <= sample.at.saturating_add(1_000_000), "{sample:?} {intended}");
                }
            }
        }
    }
}
