//! Axes: from values to places, and the values that are written beside them.

use std::ops::Range;

use jiff::Timestamp as Moment;
use plimsoll_model::Timestamp;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// An axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    is_log: bool,
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) title: String,
}

impl Axis {
    /// From 0 to a little more than `most`, with about `ticks` values.
    pub(crate) fn from_zero(most: f64, ticks: usize, title: impl Into<String>) -> Self {
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        let step = round_step(most / ticks.max(1) as f64);
        let high = (most / step - 1e-9).ceil() * step;
        // A step's worth of room is not to be wasted on a sliver.
        let high = if high - most > step * 0.6 { most + step * 0.1 } else { high };
        Self {
            low: 0.0,
            high,
            is_log: false,
            ticks: multiples(0.0, high, step).into_iter().map(|at| (at, si(at))).collect(),
            title: title.into(),
        }
    }

    /// From `low` to `high`, both above 0, evenly by their ratio.
    pub(crate) fn log(
        low: f64,
        high: f64,
        label: fn(f64) -> String,
        title: impl Into<String>,
    ) -> Self {
        let (low, high) = (low.max(1e-9), high.max(low * 1.000_001).max(1e-9));
        // A span of less than three to one would show noise as if it were a change.
        let middle = (low * high).sqrt();
        let (low, high) = (low.min(middle / 1.8), high.max(middle * 1.8));
        let (low, high) = (low * 0.92, high * 1.08);
        let decades = (high / low).log10();
        let within: &[f64] = match decades {
            few if few <= 1.3 => &[1.0, 2.0, 3.0, 5.0, 7.0],
            some if some <= 2.6 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let every = usize::try_from((last - first) / 7 + 1).unwrap_or(1);
        let ticks = (first..=last)
            .step_by(every)
            .flat_map(|power| within.iter().map(move |digit| digit * 10_f64.powi(power)))
            .filter(|at| (low..=high).contains(at))
            .map(|at| (at, label(at)))
            .collect();
        Self { low, high, is_log: true, ticks, title: title.into() }
    }

    /// Seconds since `start`, told as times of day.
    pub(crate) fn time(start: Timestamp, seconds: f64, ticks: usize) -> Self {
        const STEPS: [f64; 22] = [
            0.1,
            0.2,
            0.5,
            1.0,
            2.0,
            5.0,
            10.0,
            15.0,
            30.0,
            60.0,
            120.0,
            300.0,
            600.0,
            900.0,
            1_800.0,
            3_600.0,
            7_200.0,
            21_600.0,
            43_200.0,
            86_400.0,
            604_800.0,
            2_592_000.0,
        ];
        let seconds = seconds.max(0.1);
        let least = seconds / ticks.max(1) as f64;
        let fits = STEPS.into_iter().find(|step| *step >= least);
        let step = fits.unwrap_or_else(|| round_step(least / 31_536_000.0) * 31_536_000.0);
        let format = match step {
            step if step < 1.0 => "%H:%M:%S%.1f",
            step if step < 60.0 => "%H:%M:%S",
            step if step < 86_400.0 => "%H:%M",
            step if step < 31_536_000.0 => "%m-%d",
            _ => "%Y",
        };
        let begin = start.0 as f64 / 1e9;
        let moments = multiples(begin, begin + seconds, step);
        let label =
            |at: f64| moment(at).map_or_else(String::new, |at| at.strftime(format).to_string());
        let ticks = moments.into_iter().map(|at| (at - begin, label(at))).collect();
        let day = |at: f64| moment(at).map_or_else(String::new, |at| at.strftime("%F").to_string());
        let (begins, ends) = (day(begin), day(begin + seconds));
        let title = if begins == ends {
            format!("{begins}, UTC")
        } else {
            format!("{begins} to {ends}, UTC")
        };
        Self { low: 0.0, high: seconds, is_log: false, ticks, title }
    }

    /// From the median of a distribution to its last value: each step leaves out nine of ten of what is above.
    ///
    /// Values on it are 1/(1 - quantile), as `HdrHistogram` plots it.
    pub(crate) fn quantiles(highest: f64, title: impl Into<String>) -> Self {
        let highest = highest.max(10.0);
        let mut ticks = vec![(1.0, "0 %".to_owned()), (2.0, "50 %".to_owned())];
        let mut inverse = 10.0;
        let mut nines = 1;
        while inverse <= highest * 1.000_001 {
            let label = match nines {
                1 => "90 %".to_owned(),
                2 => "99 %".to_owned(),
                more => format!("99.{} %", "9".repeat(more - 2)),
            };
            ticks.push((inverse, label));
            inverse *= 10.0;
            nines += 1;
        }
        Self { low: 1.0, high: highest, is_log: true, ticks, title: title.into() }
    }

    /// Places that have names instead of values: 0 to `names.len()`, a name in the middle of each.
    pub(crate) fn names(names: impl IntoIterator<Item = String>) -> Self {
        let ticks: Vec<(f64, String)> =
            names.into_iter().enumerate().map(|(place, name)| (place as f64 + 0.5, name)).collect();
        Self { low: 0.0, high: ticks.len() as f64, is_log: false, ticks, title: String::new() }
    }

    /// Where a value lies, 0..=1; values outside of the axis lie at its ends.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "between two whole numbers")]
        let along = (self.share(*value) * f64::from(last - first)).round() as i32;
        first + along
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.0).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// 1, 2 or 5 times a power of ten, the next above.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|digit| digit * power >= least * 0.999_999);
    step.unwrap_or(10.0) * power
}

fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    const MOST: usize = 64;
    let first = (low / step - 1e-9).ceil();
    (0..MOST)
        .map(|number| (first + number as f64) * step)
        .take_while(|at| *at <= high + step * 1e-9)
        .collect()
}

fn moment(seconds: f64) -> Option<Moment> {
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range is no moment")]
    Moment::from_millisecond((seconds * 1e3).round() as i64).ok()
}

/// `0`, `0.5`, `500`, `1.5k`, `20M`.
pub(crate) fn si(value: f64) -> String {
    const PREFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let (unit, prefix) =
        PREFIXES.into_iter().find(|(unit, _)| value.abs() >= unit * 0.999_999).unwrap_or((1.0, ""));
    let scaled = value / unit;
    // Three digits, wherever they begin.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits")]
    let decimals = match scaled.abs() {
        small if small > 0.0 && small < 1.0 => (2.0 - small.log10().floor()).min(12.0) as usize,
        _ => 2,
    };
    let text = format!("{scaled:.decimals$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{prefix}")
}

/// Milliseconds as `200 µs`, `20 ms`, `2 s`.
pub(crate) fn short_time(milliseconds: f64) -> String {
    let (value, unit) = match milliseconds {
        ms if ms >= 999.999 => (ms / 1e3, "s"),
        ms if ms >= 0.999_999 => (ms, "ms"),
        ms if ms >= 0.000_999_9 => (ms * 1e3, "µs"),
        ms => (ms * 1e6, "ns"),
    };
    format!("{} {unit}", si(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn values_are_round() {
        assert_eq!(labels(&Axis::from_zero(430.0, 5, "")), ["0", "100", "200", "300", "400"]);
        assert_eq!(labels(&Axis::from_zero(5_200.0, 5, "")), ["0", "2k", "4k", "6k"]);
        assert_eq!(labels(&Axis::from_zero(0.0, 5, "")), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(
            labels(&Axis::log(2.0, 90.0, short_time, "")),
            ["2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]
        );
        assert_eq!(
            labels(&Axis::log(0.5, 30_000.0, short_time, "")),
            ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]
        );
        assert_eq!(
            labels(&Axis::quantiles(1_500.0, "")),
            ["0 %", "50 %", "90 %", "99 %", "99.9 %"]
        );
    }

    #[test]
    fn moments_are_those_of_a_clock() {
        let start = Timestamp(1_795_422_932_777_191_788);
        let axis = Axis::time(start, 40.0, 6);
        assert_eq!(labels(&axis), ["08:35:40", "08:35:50", "08:36:00", "08:36:10"]);
        assert_eq!(axis.title, "2026-11-23, UTC");
        // Whatever a recording says, the ticks are few.
        for (start, seconds) in [(i64::MIN, 1.8e10), (0, 1e-9), (0, f64::NAN)] {
            let axis = Axis::time(Timestamp(start), seconds, 6);
            assert!(axis.ticks.len() <= 12, "{start}, {seconds}: {axis:?}");
        }
    }

    #[test]
    fn what_lies_outside_is_at_the_end() {
        let axis = Axis::log(1.0, 100.0, short_time, "");
        for (value, place) in [(0.0, 0), (-5.0, 0), (1e9, 100), (f64::NAN, 0), (10.0, 50)] {
            assert_eq!(axis.map(&value, (0, 100)), place);
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (0.05, "0.05"),
            (0.000_000_2, "0.0000002"),
            (999.0, "999"),
            (1_000.0, "1k"),
            (1_550.0, "1.55k"),
            (2e6, "2M"),
            (100.0, "100"),
        ] {
            assert_eq!(si(value), expected);
        }
        assert_eq!([0.02, 5.0, 30_000.0].map(short_time), ["20 µs", "5 ms", "30 s"]);
    }
}
