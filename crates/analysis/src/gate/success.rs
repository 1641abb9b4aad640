//! Whether a candidate's share of successes is lower than the baseline's by more than a margin.

use super::clustering::Clustering;
use super::sample_size::Question;
use super::two_proportions::{Ends, Pair, Share, falling_root};

/// Successes and requests of one side, with the blocks of time that they were counted in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted answers.
    pub successes: u64,
    /// Requests.
    pub requests: u64,
    /// (successes, requests) of each block of time, in its order.
    pub blocks: Vec<(u64, u64)>,
    /// The same of each run, where there are several.
    pub runs: Vec<(u64, u64)>,
}

/// What is claimed, and how surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// How much lower the share of successes may be, inside 0..1.
    pub margin: f64,
    /// The chance of a wrong claim, one-sided.
    pub alpha: f64,
    /// How many claims share it.
    pub questions: usize,
    /// Whether bursts of failures are accounted for.
    pub use_design_effect: bool,
    /// How many runs of each side it takes to compare them as runs, at least 2.
    pub min_runs: usize,
}

/// What two samples say of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonInferiority {
    /// Both shares, as counted.
    pub pair: Pair,
    /// The margin.
    pub margin: f64,
    /// Differences, candidate less baseline, that are not excluded at alpha on either side.
    pub interval: Ends,
    /// How likely so good a candidate is if the truth is worse by the margin: small, and it is not.
    pub p_not_worse: f64,
    /// How likely so bad a candidate is if the truth is worse by the margin only: small, and it is worse.
    pub p_worse: f64,
    /// How failures gather.
    pub clustering: Clustering,
    /// Requests of each side that would decide.
    pub per_side: f64,
    /// Requests of the candidate that would, with the baseline as it is; `None` where it is too small for any number.
    pub beside_baseline: Option<f64>,
}

impl NonInferiority {
    /// By the score test of Farrington and Manning, with variances times the design effect, and Student's t with the degrees
    /// of freedom that this is known with. Sides without blocks count as independent requests.
    ///
    /// `None` where a side has no request.
    #[must_use]
    pub fn of(candidate: &Counts, baseline: &Counts, terms: &Terms) -> Option<Self> {
        let share = |counts: &Counts| Share::of(counts.successes, counts.requests);
        let pair = Pair { candidate: share(candidate)?, baseline: share(baseline)? };
        let clustering = if terms.use_design_effect {
            clustering(candidate, baseline, terms.min_runs)
        } else {
            Clustering::INDEPENDENT
        };
        let statistic =
            |difference: f64| pair.score(difference, |ratio| clustering.at(1.0 - ratio));
        let z = statistic(-terms.margin);
        let critical = clustering.critical(terms.alpha);
        let question = Question {
            ratio: planned_ratio(pair.baseline),
            margin: terms.margin,
            alpha: terms.alpha,
            questions: terms.questions,
            clustering,
        };
        Some(Self {
            pair,
            margin: terms.margin,
            interval: Ends {
                low: falling_root(statistic, critical),
                high: falling_root(statistic, -critical),
            },
            p_not_worse: clustering.probability_below(-z),
            p_worse: clustering.probability_below(z),
            clustering,
            per_side: question.requests_per_side(),
            beside_baseline: question.requests_beside(pair.baseline.trials),
        })
    }

    /// Candidate less baseline.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.pair.difference()
    }

    /// Whether both sides have as many requests as it takes to decide.
    #[must_use]
    pub fn suffices(&self) -> bool {
        self.beside_baseline.is_some_and(|needed| self.pair.candidate.trials >= needed)
    }
}

/// Of blocks, or of runs where these differ more than their blocks say.
pub(super) fn clustering(candidate: &Counts, baseline: &Counts, min_runs: usize) -> Clustering {
    let blocks = Clustering::of_samples(&[&candidate.blocks, &baseline.blocks]);
    let have_runs = candidate.runs.len().min(baseline.runs.len()) >= min_runs.max(2);
    let runs =
        have_runs.then(|| Clustering::of_samples(&[&candidate.runs, &baseline.runs])).flatten();
    let all = blocks.into_iter().chain(runs);
    all.max_by(|a, b| a.design_effect.total_cmp(&b.design_effect))
        .unwrap_or(Clustering::INDEPENDENT)
}

/// The share to plan with: the baseline's, with half a failure more than were seen, lest none at all looks like certainty.
fn planned_ratio(baseline: Share) -> f64 {
    (baseline.successes + 0.5).min(baseline.trials - 0.5).max(0.0) / baseline.trials
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms =
        Terms { margin: 0.005, alpha: 0.025, questions: 1, use_design_effect: true, min_runs: 5 };

    fn even(successes: u64, requests: u64) -> Counts {
        Counts {
            successes,
            requests,
            blocks: vec![(successes / 10, requests / 10); 10],
            runs: Vec::new(),
        }
    }

    #[test]
    fn decisions_go_with_the_interval() {
        let baseline = even(19_960, 20_000);
        for successes in (19_500..=20_000).step_by(10) {
            let found = NonInferiority::of(&even(successes, 20_000), &baseline, &TERMS).unwrap();
            let Ends { low, high } = found.interval;
            assert_eq!(found.p_not_worse <= 0.025, low >= -0.005, "{found:?}");
            assert_eq!(found.p_worse <= 0.025, high <= -0.005, "{found:?}");
            assert!(low <= found.difference() && found.difference() <= high);
        }
    }

    #[test]
    fn a_clean_pair_passes_where_it_is_large_enough() {
        let clean = even(6_000, 6_000);
        let found = NonInferiority::of(&clean, &clean, &TERMS).unwrap();
        assert!(found.p_not_worse < 0.025 && found.suffices(), "{found:?}");
        let short = even(300, 300);
        let found = NonInferiority::of(&short, &short, &TERMS).unwrap();
        assert!(found.p_not_worse > 0.025 && !found.suffices(), "{found:?}");
        assert_eq!(NonInferiority::of(&Counts::default(), &clean, &TERMS), None);
    }

    #[test]
    fn runs_that_differ_more_than_their_blocks_say_decide() {
        let mut candidate = even(49_500, 50_000);
        let calm = NonInferiority::of(&candidate, &even(49_500, 50_000), &TERMS).unwrap();
        candidate.runs = vec![
            (9_990, 10_000),
            (9_810, 10_000),
            (9_900, 10_000),
            (9_990, 10_000),
            (9_810, 10_000),
        ];
        let mut baseline = even(49_500, 50_000);
        baseline.runs = candidate.runs.clone();
        let wild = NonInferiority::of(&candidate, &baseline, &TERMS).unwrap();
        assert!(wild.clustering.design_effect > 10.0 * calm.clustering.design_effect);
        assert!(calm.p_not_worse < 0.025 && wild.p_not_worse > 0.025);
    }
}
