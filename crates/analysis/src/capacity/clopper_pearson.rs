use statrs::distribution::{Beta, ContinuousCDF};

use crate::Proportion;

impl Proportion {
    /// `successes` of `trials` with the interval of C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), 404-413: it covers
    /// at least `confidence` whatever the true share, where [`Proportion::wilson`] does so on average.
    ///
    /// With α = 1 - confidence its ends are the α/2 quantile of Beta(k, n-k+1) and the 1-α/2 quantile of Beta(k+1, n-k).
    /// `None` without trials; more successes than trials and an odd confidence count as there.
    #[must_use]
    pub fn clopper_pearson(successes: u64, trials: u64, confidence: f64) -> Option<Self> {
        let mut found = Self::wilson(successes, trials, confidence)?;
        let tail = (1.0 - confidence) / 2.0;
        if !(tail > 0.0 && tail < 0.5) {
            return Some(found);
        }
        let (successes, failures) = (found.successes as f64, (trials - found.successes) as f64);
        let quantile = |a: f64, b: f64, at: f64| Beta::new(a, b).map(|beta| beta.inverse_cdf(at));
        // Beta needs both shapes above 0: without success the lower end is 0, without failure the upper one is 1.
        found.low =
            quantile(successes, failures + 1.0, tail).unwrap_or(0.0).clamp(0.0, found.ratio);
        found.high =
            quantile(successes + 1.0, failures, 1.0 - tail).unwrap_or(1.0).clamp(found.ratio, 1.0);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    #[test]
    #[expect(clippy::float_cmp, reason = "the ends are set, not computed")]
    fn the_ends_are_reached_by_certainty_only() {
        assert_eq!(Proportion::clopper_pearson(0, 0, 0.95), None);
        let none = Proportion::clopper_pearson(0, 20, 0.95).unwrap();
        assert!(none.low == 0.0 && none.high > 0.0);
        let all = Proportion::clopper_pearson(20, 20, 0.95).unwrap();
        assert!(all.high == 1.0 && all.low < 1.0);
        let odd = Proportion::clopper_pearson(9, 4, f64::NAN).unwrap();
        assert_eq!((odd.successes, odd.low, odd.high), (4, 0.0, 1.0));
    }

    proptest! {
        /// At either end, as much or more than was found comes with a probability of α/2.
        #[test]
        fn the_tails_are_those_of_the_binomial(trials in 1_u64..2_000, share in 0.0..=1.0_f64, confidence in 0.5..0.999_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is a count")]
            let successes = (trials as f64 * share) as u64;
            let found = Proportion::clopper_pearson(successes, trials, confidence).unwrap();
            prop_assert!(0.0 <= found.low && found.low <= found.ratio && found.ratio <= found.high && found.high <= 1.0);
            let tail = (1.0 - confidence) / 2.0;
            if successes > 0 {
                let as_many = Binomial::new(found.low, trials).unwrap().sf(successes - 1);
                prop_assert!((as_many - tail).abs() < 1e-6, "{} {}", as_many, tail);
            }
            if successes < trials {
                let as_few = Binomial::new(found.high, trials).unwrap().cdf(successes);
                prop_assert!((as_few - tail).abs() < 1e-6, "{} {}", as_few, tail);
            }
        }
    }
}
