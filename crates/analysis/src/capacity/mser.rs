//! Where a measurement's warm-up ends: the marginal standard error rule.
//!
//! K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997), 323-334; its
//! limits: K. Hoad, S. Robinson, R. Davies 2008 and Wang, Glynn 2016. The rule cuts wherever the mean moves. Load tests warm up
//! downwards; a mean that rises is a backlog ([`backlog`](super::backlog)), and nothing of it is cut.

/// Fewer means than this say nothing of whether a measurement settled.
const LEAST_FOR_STEADY: usize = 20;

/// What is warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// How many of the values, from the first, are warm-up.
    pub cut: usize,
    /// The values still fall in the middle of the measurement: where it would settle is not known.
    pub not_steady: bool,
}

/// The warm-up of a series of means (of latency, over a second each), taken in batches of `batch`: 1 for MSER, 5 for MSER-5.
///
/// Of the n batches it leaves out the first d <= n/2 for which `Σ_{i>d} (xᵢ - x̄_d)² / (n-d)²` is smallest, if these were
/// higher than the rest on average. What does not fill a batch is left out at the end. `None` without a full batch, and for
/// values that are no numbers.
#[must_use]
pub fn mser(values: &[f64], batch: usize) -> Option<WarmUp> {
    if batch == 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let means: Vec<f64> = values
        .chunks_exact(batch)
        .map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64)
        .collect();
    let count = means.len();
    if count == 0 {
        return None;
    }
    // From the end, mean and sum of squares of the values from each on, updated as B. P. Welford 1962 does.
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0, 0.0);
    for (after, (first, value)) in means.iter().enumerate().rev().enumerate() {
        let seen = (after + 1) as f64;
        let off = value - mean;
        mean += off / seen;
        squares += off * (value - mean);
        let error = squares / (seen * seen);
        if first <= count / 2 && error <= best.0 {
            best = (error, first, mean);
        }
    }
    let (_, cut, rest) = best;
    let before = means[..cut].iter().sum::<f64>() / cut.max(1) as f64;
    if cut == 0 || before <= rest {
        return Some(WarmUp { cut: 0, not_steady: false });
    }
    let not_steady = count >= LEAST_FOR_STEADY && cut == count / 2;
    Some(WarmUp { cut: cut * batch, not_steady })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_start(start: &[f64]) -> Vec<f64> {
        let steady = (0..60).map(|i| 10.0 + f64::from((i * 37 + 7) % 11) / 10.0);
        start.iter().copied().chain(steady).collect()
    }

    #[test]
    fn a_slow_start_is_cut() {
        assert_eq!(mser(&with_start(&[]), 1), Some(WarmUp { cut: 0, not_steady: false }));
        let slow = with_start(&[300.0, 200.0, 120.0, 60.0, 25.0]);
        assert_eq!(mser(&slow, 1), Some(WarmUp { cut: 5, not_steady: false }));
        let level = [&slow[..5], &[10.0; 62]].concat();
        assert_eq!(mser(&level, 5), Some(WarmUp { cut: 5, not_steady: false }));
    }

    #[test]
    fn a_rise_is_no_warm_up() {
        let rising: Vec<f64> = (0..60).map(f64::from).collect();
        assert_eq!(mser(&rising, 1), Some(WarmUp { cut: 0, not_steady: false }));
        assert_eq!(
            mser(&with_start(&[1.0, 1.0, 1.0]), 1),
            Some(WarmUp { cut: 0, not_steady: false })
        );
    }

    #[test]
    fn a_fall_to_the_end_is_not_steady() {
        let falling: Vec<f64> = (0..60).rev().map(f64::from).collect();
        assert_eq!(mser(&falling, 1), Some(WarmUp { cut: 30, not_steady: true }));
        // Nineteen values are too few to say so.
        assert_eq!(mser(&falling[..19], 1), Some(WarmUp { cut: 9, not_steady: false }));
    }

    #[test]
    fn what_cannot_be_told() {
        assert_eq!(mser(&[], 1), None);
        assert_eq!(mser(&[1.0; 4], 5), None);
        assert_eq!(mser(&[1.0; 4], 0), None);
        assert_eq!(mser(&[1.0, f64::NAN], 1), None);
        assert_eq!(mser(&[1.0; 4], 1), Some(WarmUp { cut: 0, not_steady: false }));
    }

    proptest! {
        /// By the sum as it is written in the literature.
        #[test]
        fn the_cut_has_the_smallest_error(values in prop::collection::vec(0.0..100.0_f64, 1..60)) {
            let error = |cut: usize| {
                let rest = &values[cut..];
                let mean = rest.iter().sum::<f64>() / rest.len() as f64;
                rest.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (rest.len() as f64).powi(2)
            };
            let cut = mser(&values, 1).unwrap().cut;
            prop_assert!(cut <= values.len() / 2);
            if cut > 0 {
                let least = (0..=values.len() / 2).map(error).fold(f64::INFINITY, f64::min);
                prop_assert!((error(cut) - least).abs() <= 1e-9 * (1.0 + least));
            }
        }
    }
}
