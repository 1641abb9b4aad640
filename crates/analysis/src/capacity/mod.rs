//! What load holds: the statistics of capacity, on plain numbers.
//!
//! [`sustained`] is the measurement: windows of stepped rates, judged one by one ([`window`]), classified per rate
//! ([`mlrsearch`]), bracketed, with its uncertainty. [`ramp`] screens a single ramp. [`backlog`] and [`mser`] tell overload from
//! warm-up. [`usl`], [`kneedle`] and [`segmented`] describe the same data, as second opinions. [`quantile_interval`] and
//! [`design_effect`] say how much a sample says, [`change_points`] where a series changed.
//!
//! ```
//! use plimsoll_analysis::capacity::sustained::{Step, sustained, uncertainty};
//! use plimsoll_analysis::capacity::window::{Objective, Rules, Window};
//! use plimsoll_analysis::{Slo, Validity};
//! use plimsoll_model::{Nanos, Rate};
//!
//! let second = 1_000_000_000;
//! let slo = Slo { latency: Some(Nanos(second / 2)), success_min: Some(0.995), good_ratio_min: Some(0.99) };
//! let (objective, rules) = (Objective::new(&slo), Rules::new(&Validity::default(), &slo));
//! let step = |rate: u64, good: u64| Step {
//!     rate: Rate(rate as f64),
//!     sweep: 0,
//!     window: Nanos(10 * second),
//!     windows: (0..6)
//!         .map(|index| Window {
//!             start: Nanos(index * 10 * second),
//!             duration: Nanos(10 * second),
//!             sent: rate * 10,
//!             successes: rate * 10,
//!             good,
//!             ..Window::default()
//!         })
//!         .collect(),
//! };
//! let steps = [step(400, 4_000), step(440, 4_390), step(480, 4_200)];
//! let knee = sustained(&steps, &objective, &rules).unwrap().knee;
//! assert_eq!((knee.lower, knee.upper), (Some(Rate(440.0)), Some(Rate(480.0))));
//! let interval = uncertainty(&steps, &objective, &rules, 1_000, 1, 0.95).unwrap().widest();
//! assert_eq!(interval.low, Some(Rate(440.0)));
//! ```
//!
//! Nothing here reads a record, and whatever is random takes a seed. Numbers that are none (NaN, infinite, empty) end in
//! `None` or an error, never in a panic.

pub mod backlog;
pub mod change_points;
mod clopper_pearson;
pub mod design_effect;
pub mod kneedle;
mod line;
pub mod mlrsearch;
pub mod mser;
pub mod quantile_interval;
pub mod ramp;
pub(crate) mod random;
pub mod segmented;
pub(crate) mod student;
pub mod sustained;
pub mod usl;
pub mod window;

/// The value at rank ceil(q·n), from 1; sorts the values. `None` without any.
fn sample_quantile(values: &mut [f64], quantile: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    // A quantile from 1 - 0.95 is a little too large, which is not to cost a rank.
    let rank = (quantile * values.len() as f64 - 1e-9).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let index = (rank.max(1.0) as usize - 1).min(values.len().saturating_sub(1));
    values.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_rank() {
        let mut values: Vec<f64> = (1..=1_000).rev().map(f64::from).collect();
        for (quantile, expected) in
            [(0.05, 50.0), (1.0 - 0.95, 50.0), (0.95, 950.0), (0.0, 1.0), (1.0, 1_000.0)]
        {
            assert_eq!(sample_quantile(&mut values, quantile), Some(expected));
        }
        assert_eq!(sample_quantile(&mut [], 0.5), None);
    }
}
