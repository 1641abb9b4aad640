//! How many independent requests a sample is worth whose failures come in bursts.

/// What blocks of requests (windows of 10 s) say of the variance of a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DesignEffect {
    /// p, the share of successes over all blocks.
    pub ratio: f64,
    /// The variance of p as the blocks have it: B/(B-1) · Σ(kᵢ - p·nᵢ)² / (Σnᵢ)².
    pub variance_blocks: f64,
    /// The variance of p if requests were independent: p(1-p)/Σnᵢ.
    pub variance_binomial: f64,
    /// `variance_blocks` / `variance_binomial`; 1 where all requests went the same way.
    pub design_effect: f64,
    /// Σnᵢ / max(1, `design_effect`): the independent requests that say as much.
    pub effective_samples: f64,
}

impl DesignEffect {
    /// Of (successes, requests) per block, by the ratio estimator (W. G. Cochran, "Sampling Techniques", 3rd ed., §6.4).
    ///
    /// Blocks without requests are none. More successes than requests count as all. `None` below two blocks.
    #[must_use]
    pub fn of_blocks(blocks: &[(u64, u64)]) -> Option<Self> {
        let blocks: Vec<(f64, f64)> = blocks
            .iter()
            .filter(|block| block.1 > 0)
            .map(|&(successes, requests)| (successes.min(requests) as f64, requests as f64))
            .collect();
        if blocks.len() < 2 {
            return None;
        }
        let count = blocks.len() as f64;
        let requests: f64 = blocks.iter().map(|block| block.1).sum();
        let ratio = blocks.iter().map(|block| block.0).sum::<f64>() / requests;
        let squares: f64 =
            blocks.iter().map(|(successes, of)| (successes - ratio * of).powi(2)).sum();
        let variance_blocks = count / (count - 1.0) * squares / (requests * requests);
        let variance_binomial = ratio * (1.0 - ratio) / requests;
        let design_effect =
            if variance_binomial > 0.0 { variance_blocks / variance_binomial } else { 1.0 };
        Some(Self {
            ratio,
            variance_blocks,
            variance_binomial,
            design_effect,
            effective_samples: requests / design_effect.max(1.0),
        })
    }
}

/// The independent values that the mean of n values of a first-order autoregressive series is worth: n (1-φ)/(1+φ).
///
/// `None` for |φ| >= 1, whose mean does not settle.
#[must_use]
pub fn effective_samples_ar1(samples: f64, phi: f64) -> Option<f64> {
    (phi.abs() < 1.0 && samples.is_finite()).then(|| samples * (1.0 - phi) / (1.0 + phi))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_told() {
        assert_eq!(DesignEffect::of_blocks(&[]), None);
        assert_eq!(DesignEffect::of_blocks(&[(5, 10), (0, 0)]), None);
        let all = DesignEffect::of_blocks(&[(10, 10), (30, 20)]).unwrap();
        assert!((all.effective_samples - 30.0).abs() < 1e-12);
        assert_eq!(effective_samples_ar1(10.0, 1.0), None);
        assert_eq!(effective_samples_ar1(10.0, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn bursts_never_add_samples(blocks in prop::collection::vec((0_u64..1_000, 1_u64..1_000), 2..40)) {
            let found = DesignEffect::of_blocks(&blocks).unwrap();
            let requests: u64 = blocks.iter().map(|block| block.1).sum();
            prop_assert!(found.effective_samples <= requests as f64 + 1e-9);
            prop_assert!(found.design_effect >= 0.0 && found.effective_samples > 0.0);
        }
    }
}
