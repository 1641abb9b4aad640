//! How many requests it takes to decide.

use super::clustering::Clustering;
use super::two_proportions::restricted;

/// The chance that an equal build is passed, where there are as many requests as are asked for.
pub const POWER_TO_PASS: f64 = 0.9;

/// The chance that a build which is worse by twice the margin is failed.
pub const POWER_TO_FAIL: f64 = 0.8;

/// What a sample is to decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// The baseline's share of successes.
    pub ratio: f64,
    /// By how much the candidate's may be lower, inside 0..1.
    pub margin: f64,
    /// The chance of a wrong claim, one-sided.
    pub alpha: f64,
    /// How many questions share alpha and the chance of an answer; at least 1.
    pub questions: usize,
    /// How failures gather.
    pub clustering: Clustering,
}

/// A candidate that is to be told from the margin.
struct Case {
    /// Its true share of successes.
    ratio: f64,
    /// What tells it from the margin.
    requests: f64,
}

impl Question {
    /// The requests of each side that pass an equal build with a chance of [`POWER_TO_PASS`] and fail one that is worse by
    /// twice the margin with one of [`POWER_TO_FAIL`].
    ///
    /// Each is the larger of two: `n = ((z_α·σ₀ + z_β·σ₁) / m)²` of Farrington and Manning 1990, with σ₀² of the most likely
    /// shares that are m apart and σ₁² of the true ones; and the same with σ₁ in both places, that is `2p(1-p)(z_α + z_β)²/m²`
    /// where the shares are equal. Variances are multiplied by the design effect, told cautiously. With several questions
    /// alpha is divided among them, and so is the chance to miss an equal build.
    #[must_use]
    pub fn requests_per_side(&self) -> f64 {
        self.cases().map(|case| case.requests).into_iter().fold(1.0, f64::max)
    }

    /// The candidate's requests that do, beside so many of the baseline; `None` where no number does.
    #[must_use]
    pub fn requests_beside(&self, baseline: f64) -> Option<f64> {
        let of_baseline = self.variance(self.ratio);
        let mut most = 1.0_f64;
        for case in self.cases() {
            let of_candidate = self.variance(case.ratio);
            // The variance of the difference that both sides together may have, less the baseline's.
            let room = (of_candidate + of_baseline) / case.requests - of_baseline / baseline;
            most = most.max(if of_candidate + of_baseline > 0.0 {
                (room > 0.0).then(|| of_candidate / room)?
            } else {
                case.requests
            });
        }
        Some(most)
    }

    fn cases(&self) -> [Case; 2] {
        let questions = self.questions.max(1) as f64;
        let alpha = self.clustering.critical(self.alpha / questions);
        let miss = self.clustering.critical((1.0 - POWER_TO_PASS) / questions);
        let fail = self.clustering.critical(1.0 - POWER_TO_FAIL);
        let worse = (self.ratio - 2.0 * self.margin).max(0.0);
        [(self.ratio, miss), (worse, fail)]
            .map(|(ratio, power)| Case { ratio, requests: self.requests(ratio, alpha, power) })
    }

    /// Requests of each side to tell a candidate of this share from the margin.
    fn requests(&self, candidate: f64, alpha: f64, power: f64) -> f64 {
        let deviation = |one: f64, two: f64| (self.variance(one) + self.variance(two)).sqrt();
        let truth = deviation(candidate, self.ratio);
        let (one, two) = restricted(candidate, self.ratio, 1.0, -self.margin);
        let margin = deviation(one, two);
        let distance = (candidate - self.ratio + self.margin).abs();
        ((alpha * margin.max(truth) + power * truth) / distance).powi(2)
    }

    /// Of one request, at a share of successes.
    fn variance(&self, ratio: f64) -> f64 {
        ratio * (1.0 - ratio) * self.clustering.cautious().at(1.0 - ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(ratio: f64, margin: f64) -> Question {
        Question { ratio, margin, alpha: 0.025, questions: 1, clustering: Clustering::INDEPENDENT }
    }

    /// 2p(1-p)·10.507/m² = 1,678 and 41,946, and (p₁q₁ + p₂q₂)·7.849/m² = 4,349: what the formula of Wald comes to.
    #[test]
    fn walds_formula_is_the_least() {
        let [equal, worse] = question(0.998, 0.005).cases().map(|case| case.requests);
        assert!((1_677.0..2_600.0).contains(&equal), "{equal}");
        assert!((4_348.0..4_700.0).contains(&worse), "{worse}");
        let [equal, _] = question(0.998, 0.001).cases().map(|case| case.requests);
        assert!((41_945.0..46_000.0).contains(&equal), "{equal}");
    }

    #[test]
    fn bursts_cost_what_the_design_effect_says() {
        let plain = question(0.998, 0.001);
        let clustering =
            Clustering { design_effect: 7.0, failure_ratio: 0.1, ..Clustering::INDEPENDENT };
        let (one, other) =
            (plain.requests_per_side(), Question { clustering, ..plain }.requests_per_side());
        assert!((other / one - 7.0).abs() < 1e-9);
    }

    #[test]
    fn a_large_baseline_saves_requests_and_a_small_one_cannot_be_made_up_for() {
        let question = question(0.995, 0.005);
        let per_side = question.requests_per_side();
        let same = question.requests_beside(per_side).unwrap();
        assert!((same / per_side - 1.0).abs() < 1e-9, "{same} {per_side}");
        assert!(question.requests_beside(per_side * 50.0).unwrap() < per_side);
        assert_eq!(question.requests_beside(per_side / 20.0), None);
    }

    #[test]
    fn many_questions_cost_more() {
        let one = question(0.998, 0.005);
        let four = Question { questions: 4, ..one };
        assert!(four.requests_per_side() > 1.2 * one.requests_per_side());
    }
}
