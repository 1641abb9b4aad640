//! Two shares and their difference, candidate less baseline.

use std::f64::consts::PI;

use statrs::distribution::{ContinuousCDF, Normal};

/// `successes` of `trials`, which need not be whole: bursts make a sample worth fewer requests than it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Numerator, 0..=`trials`.
    pub successes: f64,
    /// Denominator.
    pub trials: f64,
}

/// The ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ends {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The shares of a candidate and of the baseline that it is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The new one.
    pub candidate: Share,
    /// The old one.
    pub baseline: Share,
}

impl Share {
    /// `None` without trials, and where a number is none.
    #[must_use]
    pub fn new(successes: f64, trials: f64) -> Option<Self> {
        let is_share = trials.is_finite() && trials > 0.0 && (0.0..=trials).contains(&successes);
        is_share.then_some(Self { successes, trials })
    }

    /// Of counts; more successes than trials count as all.
    #[must_use]
    pub fn of(successes: u64, trials: u64) -> Option<Self> {
        Self::new(successes.min(trials) as f64, trials as f64)
    }

    /// `successes / trials`.
    #[must_use]
    pub fn ratio(self) -> f64 {
        self.successes / self.trials
    }

    /// The same share of fewer requests: n/max(1, `design_effect`).
    #[must_use]
    pub fn effective(self, design_effect: f64) -> Self {
        let by = design_effect.max(1.0);
        Self { successes: self.successes / by, trials: self.trials / by }
    }

    /// How far the share is from another one in its own standard errors, (p - p₀)/√(p(1-p)/n): with both ends of a range, the two
    /// one-sided tests of equivalence.
    #[must_use]
    pub fn wald_z(self, other: f64) -> f64 {
        let p = self.ratio();
        (p - other) / (p * (1.0 - p) / self.trials).sqrt()
    }

    /// How far it is from a share that it is to have, in the standard errors of that one: (p - p₀)/√(p₀(1-p₀)/n), which is z
    /// where Wilson's interval ends at p₀.
    #[must_use]
    pub fn score_z(self, goal: f64) -> f64 {
        let deviation = (goal * (1.0 - goal) / self.trials).sqrt();
        let distance = self.ratio() - goal;
        if deviation > 0.0 {
            distance / deviation
        } else if distance == 0.0 {
            0.0
        } else {
            distance * f64::INFINITY
        }
    }

    /// Wilson's score interval with z, the quantile of whatever distribution is right.
    #[must_use]
    pub fn wilson(self, z: f64) -> Ends {
        let (n, p, z2) = (self.trials, self.ratio(), z * z);
        let centre = p + z2 / (2.0 * n);
        let half = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z2 / n;
        Ends {
            low: if self.successes > 0.0 { ((centre - half) / scale).max(0.0) } else { 0.0 },
            high: if p < 1.0 { ((centre + half) / scale).min(1.0) } else { 1.0 },
        }
    }
}

impl Pair {
    /// p₁ - p₂, of the candidate (1) and the baseline (2).
    #[must_use]
    pub fn difference(self) -> f64 {
        self.candidate.ratio() - self.baseline.ratio()
    }

    /// Method 10 of R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    /// Medicine 17 (1998), 873-890: from the Wilson intervals (lᵢ, uᵢ),
    /// d - √((p₁-l₁)² + (u₂-p₂)²) to d + √((u₁-p₁)² + (p₂-l₂)²).
    #[must_use]
    pub fn newcombe(self, confidence: f64) -> Option<Ends> {
        let z = two_sided(confidence)?;
        let (one, two) = (self.candidate.wilson(z), self.baseline.wilson(z));
        let (p1, p2) = (self.candidate.ratio(), self.baseline.ratio());
        Some(Ends {
            low: self.difference() - (p1 - one.low).hypot(two.high - p2),
            high: self.difference() + (one.high - p1).hypot(p2 - two.low),
        })
    }

    /// The most likely shares of which the first exceeds the second by `difference`: C. P. Farrington and G. Manning, "Test
    /// statistics and sample size formulae for comparative binomial trials with null hypothesis of non-zero risk difference
    /// or non-unity relative risk", Statistics in Medicine 9 (1990), 1447-1454, the root of the cubic in closed form.
    #[must_use]
    pub fn restricted(self, difference: f64) -> (f64, f64) {
        restricted(
            self.candidate.ratio(),
            self.baseline.ratio(),
            self.baseline.trials / self.candidate.trials,
            difference,
        )
    }

    /// z = (p₁ - p₂ - d) / √(p̃₁q̃₁/n₁ + p̃₂q̃₂/n₂) with the restricted shares: how far the difference is from d, Farrington
    /// and Manning 1990. Large where the candidate is better than that.
    #[must_use]
    pub fn farrington_manning(self, difference: f64) -> f64 {
        self.score(difference, |_| 1.0)
    }

    /// The same with each variance times what a share of successes makes of it.
    pub(super) fn score(self, difference: f64, effect: impl Fn(f64) -> f64) -> f64 {
        let (one, two) = self.restricted(difference);
        let of = |p: f64, trials: f64| p * (1.0 - p) / trials * effect(p);
        let variance = of(one, self.candidate.trials) + of(two, self.baseline.trials);
        let distance = self.difference() - difference;
        if variance > 0.0 {
            distance / variance.sqrt()
        } else if distance == 0.0 {
            0.0
        } else {
            distance * f64::INFINITY
        }
    }

    /// All differences whose z is at most `critical` in size.
    #[must_use]
    pub fn score_interval(self, critical: f64) -> Ends {
        let z = |difference: f64| self.farrington_manning(difference);
        Ends { low: falling_root(z, critical), high: falling_root(z, -critical) }
    }

    /// The interval of O. Miettinen and M. Nurminen, "Comparative analysis of two rates", Statistics in Medicine 4 (1985),
    /// 213-226: that of Farrington and Manning with the variance multiplied by N/(N-1).
    #[must_use]
    pub fn miettinen_nurminen(self, confidence: f64) -> Option<Ends> {
        let all = self.candidate.trials + self.baseline.trials;
        let factor = (all > 1.0).then(|| (all / (all - 1.0)).sqrt())?;
        Some(self.score_interval(two_sided(confidence)? * factor))
    }

    /// z of "they differ", with the pooled share and without correction for continuity; `None` where all went one way.
    #[must_use]
    pub fn pooled_z(self) -> Option<f64> {
        let (one, two) = (self.candidate, self.baseline);
        let pooled = (one.successes + two.successes) / (one.trials + two.trials);
        let variance = pooled * (1.0 - pooled) * (1.0 / one.trials + 1.0 / two.trials);
        (variance > 0.0).then(|| self.difference() / variance.sqrt())
    }
}

/// The restricted shares of observed ones, with `theta` baseline trials per candidate trial.
#[expect(clippy::many_single_char_names, reason = "as the paper has them")]
pub(super) fn restricted(p1: f64, p2: f64, theta: f64, difference: f64) -> (f64, f64) {
    let d = difference;
    let a = 1.0 + theta;
    let b = -(1.0 + theta + p1 + theta * p2 + d * (theta + 2.0));
    let c = d * d + d * (2.0 * p1 + theta + 1.0) + p1 + theta * p2;
    let e = -p1 * d * (1.0 + d);
    let v = (b / (3.0 * a)).powi(3) - b * c / (6.0 * a * a) + e / (2.0 * a);
    let u = v.signum() * ((b / (3.0 * a)).powi(2) - c / (3.0 * a)).max(0.0).sqrt();
    let cosine = if u == 0.0 { 0.0 } else { (v / u.powi(3)).clamp(-1.0, 1.0) };
    let w = (PI + cosine.acos()) / 3.0;
    let one = 2.0 * u * w.cos() - b / (3.0 * a);
    let one = one.clamp(d.max(0.0), (1.0 + d).min(1.0));
    (one, (one - d).clamp(0.0, 1.0))
}

/// The difference of two shares at which what falls as they part reaches a value.
pub(super) fn falling_root(falling: impl Fn(f64) -> f64, value: f64) -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if falling(middle) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// z of a two-sided confidence; `None` outside 0..1.
fn two_sided(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0)
        .then(|| Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_share() {
        assert_eq!(Share::of(0, 0), None);
        assert_eq!(Share::new(f64::NAN, 3.0), None);
        assert_eq!(Share::new(4.0, 3.0), None);
        assert_eq!(Share::of(9, 3), Share::new(3.0, 3.0));
    }

    #[test]
    fn all_alike_is_never_worse_by_more_than_a_margin() {
        let all = Share::of(1_000, 1_000).unwrap();
        let pair = Pair { candidate: all, baseline: all };
        // p̃₁ = 1 - m: z = m / √(m(1-m)/n).
        let expected = (1_000.0 * 0.005_f64 / 0.995).sqrt();
        assert!((pair.farrington_manning(-0.005) - expected).abs() < 1e-6);
        assert!(pair.farrington_manning(0.0).abs() < 1e-12);
        assert_eq!(pair.pooled_z(), None);
    }

    prop_compose! {
        fn pairs()(n1 in 1_u64..100_000, n2 in 1_u64..100_000, s1 in 0.0..=1.0_f64, s2 in 0.0..=1.0_f64) -> Pair {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is a count")]
            let count = |n: u64, share: f64| (n as f64 * share) as u64;
            Pair { candidate: Share::of(count(n1, s1), n1).unwrap(), baseline: Share::of(count(n2, s2), n2).unwrap() }
        }
    }

    proptest! {
        /// The score of the likelihood on the line p₁ - p₂ = d is 0 at its maximum, and falls.
        #[test]
        fn restricted_shares_are_the_most_likely(pair in pairs(), d in -0.9..0.9_f64) {
            let (one, two) = pair.restricted(d);
            prop_assert!((one - two - d).abs() < 1e-9);
            let likelihood = |one: f64| {
                let part = |share: Share, p: f64| {
                    let term = |count: f64, p: f64| if count > 0.0 { count * p.ln() } else { 0.0 };
                    term(share.successes, p) + term(share.trials - share.successes, 1.0 - p)
                };
                part(pair.candidate, one) + part(pair.baseline, one - d)
            };
            let (from, to) = (d.max(0.0), (1.0 + d).min(1.0));
            let best = likelihood(one);
            for step in 1..200 {
                let other = likelihood(from + (to - from) * f64::from(step) / 200.0);
                prop_assert!(other <= best + 1e-6 * best.abs().max(1.0), "{} {}", other, best);
            }
        }

        #[test]
        fn intervals_hold_the_difference(pair in pairs(), confidence in 0.5..0.999_f64) {
            let d = pair.difference();
            for found in [pair.newcombe(confidence), pair.miettinen_nurminen(confidence)] {
                let Ends { low, high } = found.unwrap();
                prop_assert!(low <= d + 1e-9 && d <= high + 1e-9, "{} {} {}", low, d, high);
                prop_assert!(-1.0 - 1e-9 <= low && high <= 1.0 + 1e-9);
            }
        }

        #[test]
        fn swapping_turns_the_sign(pair in pairs(), d in -0.5..0.5_f64) {
            let swapped = Pair { candidate: pair.baseline, baseline: pair.candidate };
            let (z, other) = (pair.farrington_manning(d), swapped.farrington_manning(-d));
            prop_assert!((z + other).abs() < 1e-3 * z.abs().max(1.0), "{} {}", z, other);
        }
    }
}
