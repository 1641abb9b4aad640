//! Failures come in bursts: how much of two samples' size that leaves.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal, StudentsT};

/// How sure it is that the variance is no larger than [`Clustering::cautious`] says.
const CAUTION: f64 = 0.8;

/// The largest correlation of neighbouring blocks that is corrected for.
const MOST_CORRELATION: f64 = 0.9;

/// How failures gather in blocks of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clustering {
    /// How many times larger the variance is than that of independent requests, at least 1.
    pub design_effect: f64,
    /// How well that is known: degrees of freedom. Infinite where requests are taken as independent.
    pub freedom: f64,
    /// The share of failures at which it was seen.
    pub failure_ratio: f64,
    /// Blocks with requests, of both sides.
    pub blocks: usize,
}

impl Clustering {
    /// Requests that know nothing of each other.
    pub const INDEPENDENT: Self =
        Self { design_effect: 1.0, freedom: f64::INFINITY, failure_ratio: 0.0, blocks: 0 };

    /// Of (successes, requests) per block of each sample, blocks in order of time.
    ///
    /// The design effect is that of [`DesignEffect`](crate::capacity::design_effect::DesignEffect) with the samples' variances
    /// added up before they are divided: a sample without a failure says nothing of how failures gather, and borrows from the
    /// other. Where neighbouring blocks go together, with correlation r, they are too short for the bursts, and it is
    /// multiplied by (1+r)/(1-r), as of a first-order autoregressive series. Where few blocks hold most of the
    /// variance it is known no better than by these: degrees of freedom are 3(Σv)²/Σv² of the blocks' shares v of it, which
    /// comes to one per block where blocks differ by chance, and never more than blocks less samples; where nothing failed,
    /// nothing was estimated, and they are infinite.
    ///
    /// `None` where no sample has two blocks.
    #[must_use]
    pub fn of_samples(samples: &[&[(u64, u64)]]) -> Option<Self> {
        let mut sums = Sums::default();
        for blocks in samples {
            sums.add(blocks);
        }
        (sums.freedom > 0.0).then(|| sums.clustering())
    }

    /// The design effect where failures are more frequent than where it was seen.
    ///
    /// It is the same where bursts come more often, and grows with the share of failures where each becomes worse. The truth
    /// is between: it is taken to grow with the root.
    #[must_use]
    pub fn at(self, failure_ratio: f64) -> f64 {
        let times = failure_ratio / self.failure_ratio;
        let grown = if times > 1.0 && times.is_finite() { times.sqrt() } else { 1.0 };
        1.0 + (self.design_effect - 1.0) * grown
    }

    /// The same with so large a design effect that it is no larger with a probability of 80 %: what to plan with.
    #[must_use]
    pub fn cautious(self) -> Self {
        let Ok(distribution) = ChiSquared::new(self.freedom) else { return self };
        if !self.freedom.is_finite() {
            return self;
        }
        let by = self.freedom / distribution.inverse_cdf(1.0 - CAUTION);
        Self { design_effect: 1.0 + (self.design_effect - 1.0) * by.max(1.0), ..self }
    }

    /// The probability of a value below z, by Student's t where the variance was estimated.
    #[must_use]
    pub fn probability_below(self, z: f64) -> f64 {
        if z.is_infinite() {
            return if z > 0.0 { 1.0 } else { 0.0 };
        }
        match self.student() {
            Some(t) => t.cdf(z),
            None => Normal::standard().cdf(z),
        }
    }

    /// The value above which lies `alpha`, inside 0..1.
    #[must_use]
    pub fn critical(self, alpha: f64) -> f64 {
        match self.student() {
            // By symmetry, as a small alpha would be lost in 1 - alpha.
            Some(t) => -t.inverse_cdf(alpha),
            None => -Normal::standard().inverse_cdf(alpha),
        }
    }

    fn student(self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.freedom).ok().filter(|_| self.freedom.is_finite())
    }
}

/// What is added up over samples.
#[derive(Debug, Default)]
struct Sums {
    /// B/(B-1)·Σ(kᵢ - p·nᵢ)² ...
    between: f64,
    /// ... and the sum of the squares of its terms.
    between_squared: f64,
    /// Σ p(1-p)·nᵢ.
    binomial: f64,
    /// Products of neighbouring residuals, and their squares.
    neighbours: f64,
    squares: f64,
    failures: f64,
    requests: f64,
    freedom: f64,
    blocks: usize,
}

impl Sums {
    fn add(&mut self, blocks: &[(u64, u64)]) {
        let blocks: Vec<(f64, f64)> = blocks
            .iter()
            .filter(|block| block.1 > 0)
            .map(|&(successes, requests)| (successes.min(requests) as f64, requests as f64))
            .collect();
        self.blocks += blocks.len();
        if blocks.len() < 2 {
            return;
        }
        let count = blocks.len() as f64;
        let requests: f64 = blocks.iter().map(|block| block.1).sum();
        let ratio = blocks.iter().map(|block| block.0).sum::<f64>() / requests;
        let residuals: Vec<f64> =
            blocks.iter().map(|(successes, of)| successes - ratio * of).collect();
        let weight = count / (count - 1.0);
        for residual in &residuals {
            let variance = weight * residual.powi(2);
            self.between += variance;
            self.between_squared += variance.powi(2);
            self.squares += residual.powi(2);
        }
        self.neighbours += residuals.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
        self.binomial += ratio * (1.0 - ratio) * requests;
        self.failures += (1.0 - ratio) * requests;
        self.requests += requests;
        self.freedom += count - 1.0;
    }

    fn clustering(&self) -> Clustering {
        let mut found = Clustering {
            design_effect: 1.0,
            // Where nothing failed, no variance is estimated.
            freedom: f64::INFINITY,
            failure_ratio: self.failures / self.requests,
            blocks: self.blocks,
        };
        if self.binomial > 0.0 {
            found.freedom = self.freedom;
        }
        if self.binomial > 0.0 && self.between > 0.0 {
            // Residuals add up to nothing, by which neighbours seem to go apart a little.
            let apart = 1.0 / self.freedom;
            let correlation = (self.neighbours / self.squares + apart).clamp(0.0, MOST_CORRELATION);
            let together = (1.0 + correlation) / (1.0 - correlation);
            found.design_effect = (self.between / self.binomial).max(1.0) * together;
            let weighed = 3.0 * self.between.powi(2) / self.between_squared;
            found.freedom = weighed.max(1.0).min(self.freedom);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::design_effect::DesignEffect;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_told() {
        assert_eq!(Clustering::of_samples(&[&[(1, 2)], &[(5, 9), (0, 0)]]), None);
        let all = Clustering::of_samples(&[&[(9, 9), (8, 8)], &[]]).unwrap();
        assert!((all.design_effect - 1.0).abs() < 1e-12 && all.freedom.is_infinite());
    }

    #[test]
    fn a_sample_without_failures_borrows_from_the_other() {
        let clean: Vec<(u64, u64)> = vec![(500, 500); 10];
        let bursts: Vec<(u64, u64)> =
            (0..10).map(|i| (if i == 4 { 400 } else { 500 }, 500)).collect();
        let alone = DesignEffect::of_blocks(&bursts).unwrap().design_effect;
        let both = Clustering::of_samples(&[&clean, &bursts]).unwrap();
        assert!((both.design_effect - alone).abs() < 1e-9 * alone, "{both:?} {alone}");
        // One block holds nearly all of the variance.
        assert!((3.0..4.0).contains(&both.freedom), "{both:?}");
        assert!((both.failure_ratio - 0.01).abs() < 1e-12);
    }

    #[test]
    fn blocks_that_are_shorter_than_bursts_are_seen_through() {
        let long: Vec<(u64, u64)> =
            [400, 500, 500, 500].into_iter().map(|good| (good, 500)).collect();
        let short: Vec<(u64, u64)> =
            long.iter().flat_map(|&(good, of)| [(good / 5, of / 5); 5]).collect();
        let plain = DesignEffect::of_blocks(&short).unwrap().design_effect;
        let found = Clustering::of_samples(&[&short]).unwrap().design_effect;
        assert!(found > 3.0 * plain, "{found} {plain}");
    }

    #[test]
    fn critical_values_are_those_of_the_tables() {
        let found = Clustering { freedom: 10.0, ..Clustering::INDEPENDENT }.critical(0.025);
        assert!((found - 2.228_138_85).abs() < 1e-6, "{found}");
        let found = Clustering::INDEPENDENT.critical(0.025);
        assert!((found - 1.959_963_985).abs() < 1e-8, "{found}");
    }

    #[test]
    fn more_failures_gather_more() {
        let seen =
            Clustering { design_effect: 5.0, freedom: 20.0, failure_ratio: 0.01, blocks: 22 };
        assert!((seen.at(0.04) - 9.0).abs() < 1e-12);
        assert!((seen.at(0.002) - 5.0).abs() < 1e-12);
        // The quantile 0.2 of χ² with 20 degrees of freedom is 14.578.
        assert!((seen.cautious().design_effect - (1.0 + 4.0 * 20.0 / 14.578_44)).abs() < 1e-4);
        assert_eq!(Clustering::INDEPENDENT.cautious(), Clustering::INDEPENDENT);
    }

    proptest! {
        #[test]
        fn bursts_never_add_samples(blocks in prop::collection::vec((0_u64..1_000, 0_u64..1_000), 0..40)) {
            if let Some(found) = Clustering::of_samples(&[&blocks, &blocks]) {
                prop_assert!(found.design_effect >= 1.0 && found.design_effect.is_finite());
                prop_assert!(found.freedom >= 1.0);
                prop_assert!(found.freedom <= found.blocks as f64 || found.freedom.is_infinite());
                prop_assert!(found.at(0.5).is_finite() && found.cautious().design_effect >= found.design_effect);
            }
        }

        #[test]
        fn probabilities_and_critical_values_are_inverse(alpha in 0.000_01..0.5_f64, freedom in 1.0..500.0_f64) {
            let clustering = Clustering { freedom, ..Clustering::INDEPENDENT };
            let found = 1.0 - clustering.probability_below(clustering.critical(alpha));
            prop_assert!((found - alpha).abs() < 1e-6, "{} {}", found, alpha);
        }
    }
}
