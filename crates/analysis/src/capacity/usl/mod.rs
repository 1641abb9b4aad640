//! The Universal Scalability Law: throughput over concurrency, with contention and coherency.
//!
//! N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapters 4-6. It describes; what a system sustains at an SLO
//! is [measured](super::sustained).
//!
//! In an open-loop test N is the mean concurrency of a window, completed throughput times mean latency of the same window
//! (Little): never the offered rate, a percentile or a number of workers. Windows in which arrivals and completions differ by
//! more than 1 %, or whose backlog grows, have no N. N below 1 is as good as any.

mod fit;
mod peak;

pub use fit::{Fit, FitError, Interval, fit};
pub use peak::{PeakInterval, peak_interval};

use plimsoll_model::Rate;

/// A measured window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// N, the mean number of requests in flight.
    pub concurrency: f64,
    /// X, completed requests per second.
    pub throughput: Rate,
}

impl Point {
    /// By Little's law N = X·R, from throughput and mean latency in seconds.
    #[must_use]
    pub fn of_latency(throughput: Rate, latency_s: f64) -> Self {
        Self { concurrency: throughput.per_second() * latency_s, throughput }
    }

    /// By Little's law X = N/R, from concurrency and mean latency in seconds; `None` without latency.
    #[must_use]
    pub fn of_concurrency(concurrency: f64, latency_s: f64) -> Option<Self> {
        let throughput = Rate(concurrency / latency_s);
        (latency_s > 0.0).then_some(Self { concurrency, throughput })
    }

    /// R = N/X, the mean latency in seconds; `None` without throughput.
    #[must_use]
    pub fn latency_s(&self) -> Option<f64> {
        let throughput = self.throughput.per_second();
        (throughput > 0.0).then(|| self.concurrency / throughput)
    }
}

/// X(N) = λN / (1 + σ(N-1) + κN(N-1)).
///
/// The inverses are those of this equation. Several programs print others: usl4j and usl-rs have the sign of κ-σ turned in
/// the throughput at a latency, and no κ at all in the latency and the concurrency at a throughput.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// σ, contention: the share of the work that is done one at a time, 0..=1. α in the R package `usl`.
    pub sigma: f64,
    /// κ, coherency: the cost of each pair of requests in flight, 0..=1. β in the R package `usl`.
    pub kappa: f64,
    /// λ, the throughput at N = 1. γ in the R package `usl`.
    pub lambda: Rate,
}

/// Where throughput is largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Nmax = √((1-σ)/κ).
    pub concurrency: f64,
    /// X(Nmax).
    pub throughput: Rate,
}

impl Model {
    /// X(N); `None` for N that is not above 0.
    #[must_use]
    pub fn throughput_at_concurrency(&self, concurrency: f64) -> Option<Rate> {
        let found = self.lambda.per_second() * concurrency / self.slowdown(concurrency);
        (concurrency > 0.0 && found.is_finite()).then_some(Rate(found))
    }

    /// R(N) = N/X(N) = (1 + σ(N-1) + κN(N-1))/λ, in seconds; `None` for N that is not above 0.
    #[must_use]
    pub fn latency_s_at_concurrency(&self, concurrency: f64) -> Option<f64> {
        let found = self.slowdown(concurrency) / self.lambda.per_second();
        (concurrency > 0.0 && found.is_finite()).then_some(found)
    }

    /// N(R) = (κ-σ + √((σ-κ)² - 4κ(1-σ-λR))) / 2κ, R in seconds: the concurrency beyond which requests take longer.
    ///
    /// `None` below the latency of an idle system, and where latency does not depend on concurrency (σ = κ = 0).
    #[must_use]
    pub fn concurrency_at_latency_s(&self, latency_s: f64) -> Option<f64> {
        let Self { sigma, kappa, .. } = *self;
        let beyond = self.lambda.per_second() * latency_s - (1.0 - sigma);
        let linear = sigma - kappa;
        let root = (linear * linear + 4.0 * kappa * beyond).sqrt();
        // Of the two forms of the root, the one in which nothing cancels.
        let found = if linear > 0.0 {
            2.0 * beyond / (linear + root)
        } else {
            (root - linear) / (2.0 * kappa)
        };
        (found > 0.0 && found.is_finite()).then_some(found)
    }

    /// X(R) = N(R)/R, R in seconds; `None` where N(R) is.
    #[must_use]
    pub fn throughput_at_latency_s(&self, latency_s: f64) -> Option<Rate> {
        self.concurrency_at_latency_s(latency_s).map(|concurrency| Rate(concurrency / latency_s))
    }

    /// N(X), the smaller root of `κXN² + ((σ-κ)X - λ)N + X(1-σ) = 0`: throughput on its way up.
    ///
    /// `None` for a throughput that is never reached.
    #[must_use]
    pub fn concurrency_at_throughput(&self, throughput: Rate) -> Option<f64> {
        let Self { sigma, kappa, lambda } = *self;
        let x = throughput.per_second();
        let linear = lambda.per_second() - (sigma - kappa) * x;
        let constant = x * (1.0 - sigma);
        let root = (linear * linear - 4.0 * kappa * x * constant).sqrt();
        let found = 2.0 * constant / (linear + root);
        (linear > 0.0 && found > 0.0 && found.is_finite()).then_some(found)
    }

    /// R(X) = N(X)/X, in seconds; `None` where N(X) is.
    #[must_use]
    pub fn latency_s_at_throughput(&self, throughput: Rate) -> Option<f64> {
        let concurrency = self.concurrency_at_throughput(throughput)?;
        Some(concurrency / throughput.per_second())
    }

    /// Where throughput is largest; `None` where it never falls (κ = 0) or always does (σ = 1).
    #[must_use]
    pub fn peak(&self) -> Option<Peak> {
        let concurrency = ((1.0 - self.sigma) / self.kappa).sqrt();
        let throughput = self.throughput_at_concurrency(concurrency)?;
        (self.kappa > 0.0).then_some(Peak { concurrency, throughput })
    }

    /// λ/σ, which throughput would approach without coherency (Amdahl); `None` where it would grow for ever.
    #[must_use]
    pub fn limit(&self) -> Option<Rate> {
        let limit = self.lambda.per_second() / self.sigma;
        (self.sigma > 0.0 && limit.is_finite()).then_some(Rate(limit))
    }

    /// 1/σ, the concurrency at which linear growth would reach that limit; `None` where there is none.
    #[must_use]
    pub fn optimal_concurrency(&self) -> Option<f64> {
        (self.sigma > 0.0).then(|| 1.0 / self.sigma)
    }

    /// X/(λN): the throughput of a point as a share of what linear growth would give.
    #[must_use]
    pub fn efficiency(&self, point: &Point) -> Option<f64> {
        let linear = self.lambda.per_second() * point.concurrency;
        (linear > 0.0).then(|| point.throughput.per_second() / linear)
    }

    /// 1 + σ(N-1) + κN(N-1): how much longer a request takes than at N = 1.
    fn slowdown(&self, concurrency: f64) -> f64 {
        1.0 + (concurrency - 1.0) * (self.sigma + self.kappa * concurrency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(sigma: f64, kappa: f64, lambda: f64) -> Model {
        Model { sigma, kappa, lambda: Rate(lambda) }
    }

    /// usl4j's tests `throughputAtLatency`, whose σ = κ hides the sign, and `limitless`.
    #[test]
    fn where_the_published_inverse_is_right() {
        let model = model(0.06, 0.06, 40.0);
        for (latency_s, expected) in [
            (0.03, 69.388_866_648_871_09),
            (0.04, 82.915_619_758_885_01),
            (0.05, 84.063_468_086_123_27),
        ] {
            let found = model.throughput_at_latency_s(latency_s).unwrap().per_second();
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn models_without_peak_or_limit() {
        assert_eq!(model(1.0, 0.0, 40.0).peak(), None);
        assert_eq!(model(0.1, 0.0, 40.0).peak(), None);
        assert_eq!(model(0.0, 0.0, 40.0).limit(), None);
        assert_eq!(model(0.0, 0.0, 40.0).concurrency_at_latency_s(0.025), None);
        assert_eq!(model(0.1, 0.0, 40.0).concurrency_at_throughput(Rate(400.0)), None);
        assert!(model(0.1, 0.0, 40.0).concurrency_at_throughput(Rate(399.0)).is_some());
        let found = model(0.0, 0.0, 40.0).concurrency_at_throughput(Rate(80.0)).unwrap();
        assert!((found - 2.0).abs() < 1e-12);
    }

    #[test]
    fn numbers_that_are_none_have_no_answer() {
        let model = model(0.05, 1e-4, 90.0);
        for odd in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
            assert_eq!(model.concurrency_at_latency_s(odd), None);
            assert_eq!(model.concurrency_at_throughput(Rate(odd)), None);
            assert!(model.throughput_at_concurrency(odd).is_none_or(|rate| rate.0 > 0.0));
        }
        assert_eq!(Point { concurrency: 1.0, throughput: Rate(0.0) }.latency_s(), None);
        assert_eq!(Point::of_concurrency(1.0, 0.0), None);
    }

    proptest! {
        #[test]
        fn inverses_return(sigma in 0.0..0.999_f64, kappa in prop_oneof![Just(0.0), 1e-9..1.0_f64], lambda in 0.1..1e6_f64, at in 0.01..0.99_f64) {
            let model = model(sigma, kappa, lambda);
            // Up to the peak, where there is one.
            let top = model.peak().map_or(1e4, |peak| peak.concurrency).min(1e4);
            let concurrency = top * at;
            let throughput = model.throughput_at_concurrency(concurrency).unwrap();
            let found = model.concurrency_at_throughput(throughput).unwrap();
            // Near the peak the root is as uncertain as the square root of a rounding error.
            prop_assert!((found / concurrency - 1.0).abs() < 1e-4, "{} {}", found, concurrency);
            let latency_s = model.latency_s_at_concurrency(concurrency).unwrap();
            prop_assert!((latency_s - concurrency / throughput.per_second()).abs() <= 1e-12 * latency_s);
            let back = model.throughput_at_concurrency(found).unwrap();
            prop_assert!((back.per_second() / throughput.per_second() - 1.0).abs() < 1e-9);
            let slow = model.latency_s_at_throughput(throughput).unwrap();
            prop_assert!((slow / latency_s - 1.0).abs() < 1e-4);
        }

        #[test]
        fn latency_returns(sigma in 0.001..0.999_f64, kappa in prop_oneof![Just(0.0), 1e-9..0.1_f64], lambda in 0.1..1e6_f64, concurrency in 1.0..1e4_f64) {
            let model = model(sigma, kappa, lambda);
            let latency_s = model.latency_s_at_concurrency(concurrency).unwrap();
            let found = model.concurrency_at_latency_s(latency_s).unwrap();
            prop_assert!((found / concurrency - 1.0).abs() < 1e-6, "{} {}", found, concurrency);
            let throughput = model.throughput_at_latency_s(latency_s).unwrap().per_second();
            prop_assert!((throughput * latency_s / found - 1.0).abs() < 1e-12);
        }

        #[test]
        fn nothing_is_above_the_peak(sigma in 0.0..0.99_f64, kappa in 1e-6..1.0_f64, at in 0.01..100.0_f64) {
            let model = model(sigma, kappa, 1.0);
            let peak = model.peak().unwrap();
            let other = model.throughput_at_concurrency(peak.concurrency * at).unwrap();
            prop_assert!(other.per_second() <= peak.throughput.per_second() * (1.0 + 1e-12));
        }
    }
}
