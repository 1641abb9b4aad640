use statrs::distribution::{ContinuousCDF, Normal};

use crate::Proportion;

impl Proportion {
    /// `successes` of `trials` with the Wilson score interval of two-sided `confidence`; `None` without trials.
    ///
    /// With z the (1 + confidence)/2 quantile of the standard normal distribution and p = k/n, the ends are
    /// (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n): E. B. Wilson 1927, method 3 of R. G. Newcombe, "Two-sided
    /// confidence intervals for the single proportion", Statistics in Medicine 17 (1998), 857-872.
    ///
    /// No success puts the lower end at exactly 0, no failure the upper end at exactly 1, and only then. More successes
    /// than trials count as `trials`. A confidence outside 0..1 gives the interval 0..=1, of which nothing is excluded.
    #[must_use]
    pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Option<Self> {
        if trials == 0 {
            return None;
        }
        let successes = successes.min(trials);
        let (n, k) = (trials as f64, successes as f64);
        let ratio = k / n;
        let (mut low, mut high) = (0.0, 1.0);
        if confidence > 0.0 && confidence < 1.0 {
            let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
            let z2 = z * z;
            let centre = ratio + z2 / (2.0 * n);
            let half = z * (ratio * (1.0 - ratio) / n + z2 / (4.0 * n * n)).sqrt();
            let scale = 1.0 + z2 / n;
            if successes > 0 {
                low = ((centre - half) / scale).clamp(0.0, ratio);
            }
            if successes < trials {
                high = ((centre + half) / scale).clamp(ratio, 1.0);
            }
        }
        Some(Self { successes, trials, ratio, low, high, confidence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_tried_nothing_said() {
        assert_eq!(Proportion::wilson(0, 0, 0.95), None);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the ends are set, not computed")]
    fn the_ends_are_reached_by_certainty_only() {
        let none = Proportion::wilson(0, 400, 0.95).unwrap();
        assert!(none.low == 0.0 && none.high > 0.0);
        let all = Proportion::wilson(400, 400, 0.95).unwrap();
        assert!(all.high == 1.0 && all.low < 1.0);
        let odd = Proportion::wilson(9, 4, f64::NAN).unwrap();
        assert_eq!((odd.successes, odd.low, odd.high), (4, 0.0, 1.0));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_ratio(trials in 1_u64..10_000_000, share in 0.0..=1.0_f64, confidence in 0.5..0.9999_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is a count")]
            let successes = (trials as f64 * share) as u64;
            let found = Proportion::wilson(successes, trials, confidence).unwrap();
            prop_assert!(0.0 <= found.low && found.low <= found.ratio && found.ratio <= found.high && found.high <= 1.0);
            let wider = Proportion::wilson(successes, trials, 0.99995).unwrap();
            prop_assert!(wider.low <= found.low && found.high <= wider.high);
        }
    }
}
