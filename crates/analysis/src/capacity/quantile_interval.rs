//! How well a quantile is known from a sample: intervals by order statistics, and the samples that they need.
//!
//! Nothing is assumed of the distribution but that the values are independent. Latencies in a burst are not: reckon with an
//! [effective number](super::design_effect) of samples then.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

/// Ranks, from 1 for the smallest, between whose values a quantile lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// The largest rank l with P(B < l) <= α/2; `None` where the sample has no lower end.
    pub lower: Option<u64>,
    /// The smallest rank u with P(B >= u) <= α/2; `None` where the sample has no upper end.
    pub upper: Option<u64>,
}

/// The ranks of a two-sided interval for the quantile q of n values, B ~ Bin(n, q), at α = 1 - confidence.
///
/// H. A. David, H. N. Nagaraja, "Order Statistics", 3rd ed., §7.1. The interval is equal-tailed and covers at least
/// `confidence`. `None` without samples, and for q or a confidence outside 0..1.
#[must_use]
pub fn ranks(samples: u64, quantile: f64, confidence: f64) -> Option<Ranks> {
    let (below, _) = distribution(samples, quantile)?;
    if !is_inner(confidence) {
        return None;
    }
    let tail = (1.0 - confidence) / 2.0;
    // P(B < l) = cdf(l - 1), and P(B >= u) = sf(u - 1).
    let lower = partition(samples, |rank| below.cdf(rank - 1) <= tail);
    let upper = partition(samples, |rank| below.sf(rank - 1) > tail) + 1;
    Some(Ranks { lower: (lower > 0).then_some(lower), upper: (upper <= samples).then_some(upper) })
}

/// P(lower <= B < upper), B ~ Bin(n, q): how often the quantile q lies from the value at rank `lower` up to that at `upper`.
///
/// `None` as for [`ranks`], and where `lower` is not below `upper`.
#[must_use]
pub fn coverage(samples: u64, quantile: f64, lower: u64, upper: u64) -> Option<f64> {
    let (below, _) = distribution(samples, quantile)?;
    if lower >= upper {
        return None;
    }
    let up_to = |rank: u64| rank.checked_sub(1).map_or(0.0, |rank| below.cdf(rank));
    Some((up_to(upper) - up_to(lower)).clamp(0.0, 1.0))
}

/// The fewest samples that have an upper confidence bound for the quantile q: n >= ln α / ln q (S. S. Wilks 1941).
///
/// `tail` is α: 0.05 for a one-sided bound of 95 %, 0.025 for a two-sided interval. A low quantile needs as many for its
/// lower bound as 1 - q for its upper one: ask for the larger of both. `None` for values outside 0..1.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
pub fn minimum_samples(quantile: f64, tail: f64) -> Option<u64> {
    (is_inner(quantile) && is_inner(tail)).then(|| (tail.ln() / quantile.ln()).ceil() as u64)
}

/// The samples from which the share below the quantile q is known to ± `margin`: z² q (1 - q) / margin², z the
/// (1 + confidence)/2 quantile of the standard normal distribution.
///
/// Round it up. The table of `MLPerf` Inference (V. J. Reddi et al., arXiv 1911.02549) has it rounded to the nearest number.
/// `None` for a confidence or q outside 0..1 or a margin that is not above 0.
#[must_use]
pub fn samples_for_margin(quantile: f64, margin: f64, confidence: f64) -> Option<f64> {
    if !(is_inner(quantile) && is_inner(confidence) && margin > 0.0) {
        return None;
    }
    let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
    Some(z * z * quantile * (1.0 - quantile) / (margin * margin))
}

/// The rank from the top, 1 for the largest, of the value that the quantile q does not exceed, with one-sided `confidence`:
/// the early stopping of `MLPerf` (mlcommons/inference, `loadgen/early_stopping.cc`, without tolerance).
///
/// It is the largest t with P(Bin(n, 1 - q) <= t) <= 1 - confidence; t - 1 values are larger and discarded. `None` where the
/// samples do not suffice, and as for [`ranks`].
#[must_use]
pub fn early_stopping_rank(samples: u64, quantile: f64, confidence: f64) -> Option<u64> {
    let (_, above) = distribution(samples, quantile)?;
    if !is_inner(confidence) {
        return None;
    }
    let rank = partition(samples, |rank| above.cdf(rank) <= 1.0 - confidence);
    (rank > 0).then_some(rank)
}

/// How many values lie below the quantile, and how many above.
fn distribution(samples: u64, quantile: f64) -> Option<(Binomial, Binomial)> {
    if samples == 0 || !is_inner(quantile) {
        return None;
    }
    Some((Binomial::new(quantile, samples).ok()?, Binomial::new(1.0 - quantile, samples).ok()?))
}

fn is_inner(probability: f64) -> bool {
    probability > 0.0 && probability < 1.0
}

/// The last rank of 1..=`samples` that `holds`, which it does up to some rank; 0 where it never does.
fn partition(samples: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, samples);
    while low < high {
        let middle = high - (high - low) / 2;
        if holds(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latencies::samples_needed;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_minimum_samples() {
        for (quantile, expected) in
            [(0.95, [59, 72, 90]), (0.99, [299, 368, 459]), (0.999, [2_995, 3_688, 4_603])]
        {
            let found = [0.05, 0.025, 0.01].map(|tail| minimum_samples(quantile, tail).unwrap());
            assert_eq!(found, expected);
        }
        for per_mille in [950, 990, 999] {
            let found = minimum_samples(per_mille as f64 / 1_000.0, 0.025);
            assert_eq!(found, Some(samples_needed(per_mille)));
        }
    }

    #[test]
    fn too_few_samples_have_no_end() {
        assert_eq!(ranks(367, 0.99, 0.95).unwrap().upper, None);
        assert_eq!(ranks(368, 0.99, 0.95).unwrap().upper, Some(368));
        assert_eq!(ranks(1, 0.5, 0.95), Some(Ranks { lower: None, upper: None }));
        for odd in [f64::NAN, 0.0, 1.0, -1.0, f64::INFINITY] {
            assert_eq!(ranks(10, odd, 0.95), None);
            assert_eq!(ranks(10, 0.5, odd), None);
            assert_eq!(minimum_samples(odd, 0.05), None);
            assert_eq!(early_stopping_rank(10, odd, 0.9), None);
            assert_eq!(samples_for_margin(0.5, 0.1, odd), None);
        }
        assert_eq!(ranks(0, 0.5, 0.95), None);
        assert_eq!(coverage(10, 0.5, 4, 4), None);
        assert_eq!(early_stopping_rank(100, 0.99, 0.99), None);
    }

    proptest! {
        #[test]
        fn the_ranks_cover_and_none_is_given_away(samples in 1_u64..3_000, quantile in 0.01..0.99_f64, confidence in 0.5..0.999_f64) {
            let found = ranks(samples, quantile, confidence).unwrap();
            let (lower, upper) = (found.lower.unwrap_or(0), found.upper.unwrap_or(samples + 1));
            prop_assert!(lower < upper);
            prop_assert!(coverage(samples, quantile, lower, upper).unwrap() >= confidence - 1e-9);
            let tail = (1.0 - confidence) / 2.0;
            // One rank further in at either end would leave out more than a tail.
            prop_assert!(coverage(samples, quantile, 0, lower + 1).unwrap() > tail - 1e-9);
            prop_assert!(coverage(samples, quantile, upper - 1, samples + 1).unwrap_or(1.0) > tail - 1e-9);
        }
    }
}
