use std::f64::consts::TAU;
use std::time::Duration;

use fastrand::Rng;

/// How long a worker takes for a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// The mean, of a request that is in service alone.
    pub mean: Duration,
    /// How service times scatter around it.
    pub spread: Spread,
    /// How they grow with the requests in service.
    pub contention: Contention,
}

/// How service times scatter around their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Not at all.
    Fixed,
    /// Exponentially, without memory.
    Exponential,
    /// As a lognormal distribution, with a long tail.
    LogNormal {
        /// Standard deviation over mean.
        cv: f64,
    },
}

/// The growth of service times with the number `n` in service when service begins: `1 + sigma (n-1) + kappa n (n-1)`, so
/// that `n` workers that are kept busy carry what the Universal Scalability Law says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contention {
    /// The share that has to be done one after the other.
    pub sigma: f64,
    /// What agreement among each pair costs.
    pub kappa: f64,
}

impl Contention {
    fn factor(self, in_service: u32) -> f64 {
        let n = f64::from(in_service);
        1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0)
    }
}

impl Service {
    /// Exactly `mean`, whatever else is in service.
    #[must_use]
    pub fn fixed(mean: Duration) -> Self {
        Self { mean, spread: Spread::Fixed, contention: Contention::default() }
    }

    /// The mean in seconds with `in_service` requests in service.
    pub(super) fn mean_s(self, in_service: u32) -> f64 {
        self.mean.as_secs_f64() * self.contention.factor(in_service)
    }

    /// A service time in nanoseconds.
    pub(super) fn draw(self, rng: &mut Rng, in_service: u32) -> u64 {
        let relative = match self.spread {
            Spread::Fixed => 1.0,
            Spread::Exponential => -(1.0 - rng.f64()).ln(),
            Spread::LogNormal { cv } => {
                let variance = (cv * cv).ln_1p();
                (variance.sqrt() * normal(rng) - variance / 2.0).exp()
            }
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is never negative"
        )]
        let nanos = (relative * self.mean_s(in_service) * 1e9).round() as u64;
        nanos
    }
}

/// A standard normal variate, after Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(spread: Spread) -> (f64, f64) {
        let service = Service { spread, ..Service::fixed(Duration::from_millis(10)) };
        let mut rng = Rng::with_seed(7);
        let n = 400_000;
        let drawn: Vec<f64> = (0..n).map(|_| service.draw(&mut rng, 1) as f64 / 1e7).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(n);
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        (mean, variance.sqrt() / mean)
    }

    /// Tolerances are four standard errors of the mean and more.
    #[test]
    fn the_mean_is_kept_whatever_the_spread() {
        for (spread, cv) in [
            (Spread::Fixed, 0.0),
            (Spread::Exponential, 1.0),
            (Spread::LogNormal { cv: 0.5 }, 0.5),
            (Spread::LogNormal { cv: 1.5 }, 1.5),
        ] {
            let (mean, measured) = moments(spread);
            assert!((mean - 1.0).abs() < 0.01, "{spread:?}: {mean}");
            assert!((measured - cv).abs() < 0.05 * cv.max(0.1), "{spread:?}: {measured}");
        }
    }

    /// Gunther's law at n = 32, sigma = 0.02, kappa = 0.0005: 1 + 0.62 + 0.496.
    #[test]
    fn contention_grows_as_the_scalability_law_has_it() {
        let contention = Contention { sigma: 0.02, kappa: 0.0005 };
        let service = Service { contention, ..Service::fixed(Duration::from_secs(1)) };
        assert!((service.mean_s(1) - 1.0).abs() < 1e-12);
        assert!((service.mean_s(32) - 2.116).abs() < 1e-12);
    }
}
