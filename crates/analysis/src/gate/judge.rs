//! All rules together: one judgement.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Nanos;

use super::clustering::Clustering;
use super::comparable::{Refusal, Which, generator_limits, refusals};
use super::fisher::fisher_greater;
use super::history::{Change, Figure, changes, in_order};
use super::latency::{self, LatencyComparison, LatencyTerms, NoComparison, Runs};
use super::multiplicity::Correction;
use super::sample::{LatencyBlock, Measured, Sample};
use super::success::{self, Counts, NonInferiority, Terms};
use super::threshold::{Outcome, Threshold, quantile_of};
use super::two_proportions::{Ends, Share};
use crate::capacity::change_points::ChangePoints;
use crate::latencies::samples_needed_for;
use crate::taxonomy::Class;

/// What a build has to keep to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// How much lower than the baseline's the share of successes may be, ...
    pub margin: f64,
    /// ... of chains that have a margin of their own.
    pub margins: BTreeMap<String, f64>,
    /// The chance of a wrong claim, one-sided.
    pub alpha: f64,
    /// What becomes of that where several claims are made.
    pub correction: Correction,
    /// Whether bursts of failures are accounted for.
    pub use_design_effect: bool,
    /// How many runs of each side it takes to compare them as runs.
    pub min_runs: usize,
    /// The share of successes that is asked for in any case.
    pub success_min: Option<f64>,
    /// Quantiles of latencies that are compared.
    pub quantiles: Vec<f64>,
    /// How many times the baseline's they may be; `None` where they are only told.
    pub latency_max_ratio: Option<f64>,
    /// By how much they may be higher in any case.
    pub latency_min_effect: Nanos,
    /// How often blocks of time are drawn again.
    pub resamples: usize,
    /// What decides which.
    pub seed: u64,
    /// The share of a class of errors that the baseline does not have, from which on it fails; `None` where they are only told.
    pub new_error_max_ratio: Option<f64>,
    /// How far rates may be apart, as a share.
    pub rate_tolerance: f64,
    /// Whether what was measured otherwise is compared all the same: for people, who see why they should not.
    pub compares_anyway: bool,
    /// Absolute goals.
    pub thresholds: Vec<Threshold>,
    /// How changes of a history are looked for.
    pub change_points: ChangePoints,
    /// Whether a change for the worse that holds now fails.
    pub fail_on_change: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            margin: 0.005,
            margins: BTreeMap::new(),
            alpha: 0.025,
            correction: Correction::Holm,
            use_design_effect: true,
            min_runs: 5,
            success_min: None,
            quantiles: vec![0.99],
            latency_max_ratio: None,
            latency_min_effect: Nanos(1_000_000),
            resamples: 1_000,
            seed: 1,
            new_error_max_ratio: None,
            rate_tolerance: 0.1,
            compares_anyway: false,
            thresholds: Vec::new(),
            change_points: ChangePoints { min_magnitude: 0.05, ..ChangePoints::default() },
            fail_on_change: false,
        }
    }
}

/// What is said of a build, or of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// The rule is broken.
    Fail,
    /// Nobody knows.
    Inconclusive,
    /// The rule is kept.
    Pass,
}

impl Decision {
    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Pass => "pass",
        }
    }
}

/// A rule and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The chain; `None` for all together.
    pub chain: Option<String>,
    /// What became of it.
    pub decision: Decision,
    /// Whether the decision counts, or the rule is only told.
    pub gates: bool,
    /// What was found.
    pub found: Found,
    /// The p value of "it is not worse", corrected; `None` where there is none.
    pub p_not_worse: Option<f64>,
    /// The p value of "it is worse", corrected.
    pub p_worse: Option<f64>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The share of successes against the baseline's.
    Success(NonInferiority),
    /// The share of successes against a goal.
    Floor(Floor),
    /// A quantile of latency against the baseline's.
    Latency(LatencyComparison),
    /// The same, where it cannot be compared.
    NoLatency {
        /// The quantile.
        quantile: f64,
        /// Why.
        why: NoComparison,
    },
    /// A class of errors that the baseline does not have.
    NewErrors(NewErrors),
    /// An absolute goal.
    Threshold {
        /// The goal.
        threshold: Threshold,
        /// What became of it.
        outcome: Outcome,
    },
    /// A change of the history.
    Change(Change),
}

/// The share of successes against a goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// The share.
    pub share: Share,
    /// The goal.
    pub goal: f64,
    /// Wilson's interval, of as many requests as the bursts leave.
    pub interval: Ends,
    /// How failures gather.
    pub clustering: Clustering,
    /// Requests that would decide, were the share what it seems; `None` where it is the goal itself.
    pub needed: Option<f64>,
    p_not_worse: f64,
    p_worse: f64,
}

/// A class of errors that the baseline does not have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewErrors {
    /// The class.
    pub class: Class,
    /// Requests that failed so.
    pub count: u64,
    /// Of how many.
    pub requests: u64,
    /// What share may, where that is said.
    pub max_ratio: Option<f64>,
    /// How likely chance gives all of them to the candidate: Fisher's test, of as many requests as the bursts leave.
    pub p_value: f64,
}

/// All that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// On everything.
    pub decision: Decision,
    /// Why nothing is compared with the baseline; empty where something is.
    pub refusals: Vec<Refusal>,
    /// All rules, in the order of their kinds and then of the chains.
    pub checks: Vec<Check>,
    /// Chains that the baseline does not have.
    pub new_chains: Vec<String>,
    /// How many claims share alpha.
    pub questions: usize,
}

impl Judgement {
    /// The rules that count and became so.
    pub fn of(&self, decision: Decision) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.gates && check.decision == decision)
    }
}

/// Holds a candidate against a baseline, if there is one, and against absolute goals. The history is that before the
/// candidate.
///
/// Non-inferiority in two directions: a rule passes where "worse by more than is tolerated" is excluded, and fails where "no
/// worse than that" is. The p values of each direction are corrected over all rules that can fail, then held against alpha.
/// Everything passes where all rules do, and fails where one does.
#[must_use]
pub fn judge(
    candidate: &[Measured],
    baseline: &[Measured],
    history: &[Measured],
    rules: &Rules,
) -> Judgement {
    let refusals = if baseline.is_empty() {
        generator_limits(candidate, Which::Candidate)
    } else {
        refusals(candidate, baseline, rules.rate_tolerance)
    };
    let chains: BTreeSet<&str> =
        candidate.iter().flat_map(|run| &run.chains).map(|chain| chain.chain.as_str()).collect();
    let old: BTreeSet<&str> =
        baseline.iter().flat_map(|run| &run.chains).map(|chain| chain.chain.as_str()).collect();
    let is_compared = (refusals.is_empty() || rules.compares_anyway) && !baseline.is_empty();
    let both: Vec<&str> = chains.intersection(&old).copied().filter(|_| is_compared).collect();
    let of_kinds = both.len() * (1 + rules.latency_max_ratio.map_or(0, |_| rules.quantiles.len()));
    let questions = of_kinds + rules.success_min.map_or(0, |_| chains.len());
    let questions = if rules.correction == Correction::None { 1 } else { questions.max(1) };

    let case = Case { candidate, baseline, rules, questions };
    let mut checks: Vec<Check> = Vec::new();
    checks.extend(both.iter().filter_map(|chain| case.success(chain)));
    if rules.success_min.is_some() {
        checks.extend(chains.iter().filter_map(|chain| case.floor(chain)));
    }
    for chain in &both {
        checks.extend(rules.quantiles.iter().map(|&quantile| case.latency(chain, quantile)));
    }
    decide(&mut checks, rules);
    checks.extend(both.iter().flat_map(|chain| case.new_errors(chain)));
    checks.extend(rules.thresholds.iter().filter_map(|threshold| case.threshold(threshold)));
    checks.extend(case.history(history));
    if refusals.iter().any(Refusal::spoils_candidate) && !rules.compares_anyway {
        // What was measured is the generator, and no rule is about that.
        checks.clear();
    }
    Judgement {
        decision: overall(&checks, &refusals),
        refusals,
        checks,
        new_chains: if baseline.is_empty() {
            Vec::new()
        } else {
            chains.difference(&old).map(|&chain| chain.to_owned()).collect()
        },
        questions,
    }
}

/// A generator at its limit spoils everything; what is not comparable still may miss an absolute goal.
fn overall(checks: &[Check], refusals: &[Refusal]) -> Decision {
    if refusals.iter().any(Refusal::spoils_candidate) {
        return Decision::Inconclusive;
    }
    let worst = checks.iter().filter(|check| check.gates).map(|check| check.decision).min();
    match worst {
        Some(Decision::Fail) => Decision::Fail,
        _ if !refusals.is_empty() => Decision::Inconclusive,
        Some(decision) => decision,
        None => Decision::Inconclusive,
    }
}

/// Corrects the p values of the rules that count, and decides.
fn decide(checks: &mut [Check], rules: &Rules) {
    let corrected = |checks: &[Check], of: fn(&Check) -> Option<f64>| {
        let counted = |check: &&Check| check.gates;
        let p: Vec<f64> = checks.iter().filter(counted).filter_map(of).collect();
        rules.correction.adjusted(&p).into_iter()
    };
    let mut not_worse = corrected(checks, |check| check.p_not_worse);
    let mut worse = corrected(checks, |check| check.p_worse);
    for check in checks {
        if check.gates && check.p_worse.is_some() {
            check.p_not_worse = not_worse.next();
            check.p_worse = worse.next();
        }
        let is_small = |p: Option<f64>| p.is_some_and(|p| p <= rules.alpha);
        check.decision = if is_small(check.p_worse) {
            Decision::Fail
        } else if is_small(check.p_not_worse) {
            Decision::Pass
        } else {
            Decision::Inconclusive
        };
    }
}

/// What is judged.
struct Case<'a> {
    candidate: &'a [Measured],
    baseline: &'a [Measured],
    rules: &'a Rules,
    questions: usize,
}

impl Case<'_> {
    fn success(&self, chain: &str) -> Option<Check> {
        let rules = self.rules;
        let terms = Terms {
            margin: rules.margins.get(chain).copied().unwrap_or(rules.margin),
            alpha: rules.alpha,
            questions: self.questions,
            use_design_effect: rules.use_design_effect,
            min_runs: rules.min_runs,
        };
        let found = NonInferiority::of(
            &counts(self.candidate, chain),
            &counts(self.baseline, chain),
            &terms,
        )?;
        Some(Check {
            chain: Some(chain.to_owned()),
            decision: Decision::Inconclusive,
            gates: true,
            p_not_worse: Some(found.p_not_worse),
            p_worse: Some(found.p_worse),
            found: Found::Success(found),
        })
    }

    fn floor(&self, chain: &str) -> Option<Check> {
        let goal = self.rules.success_min?;
        let counts = counts(self.candidate, chain);
        let floor = Floor::of(&counts, goal, self.rules)?;
        Some(Check {
            chain: Some(chain.to_owned()),
            decision: Decision::Inconclusive,
            gates: true,
            p_not_worse: Some(floor.p_not_worse),
            p_worse: Some(floor.p_worse),
            found: Found::Floor(floor),
        })
    }

    fn latency(&self, chain: &str, quantile: f64) -> Check {
        let rules = self.rules;
        let terms = LatencyTerms {
            quantile,
            max_ratio: rules.latency_max_ratio.unwrap_or(1.0),
            min_effect: rules.latency_min_effect,
            alpha: rules.alpha,
            min_runs: rules.min_runs,
            resamples: rules.resamples,
            seed: rules.seed,
        };
        let (candidate, baseline) =
            (runs(self.candidate, chain, quantile), runs(self.baseline, chain, quantile));
        let found = latency::compare(&candidate, &baseline, &terms);
        Check {
            chain: Some(chain.to_owned()),
            decision: Decision::Inconclusive,
            gates: rules.latency_max_ratio.is_some(),
            p_not_worse: found.as_ref().ok().map(|found| found.p_not_worse),
            p_worse: found.as_ref().ok().map(|found| found.p_worse),
            found: match found {
                Ok(found) => Found::Latency(found),
                Err(why) => Found::NoLatency { quantile, why },
            },
        }
    }

    fn new_errors(&self, chain: &str) -> Vec<Check> {
        let (new, old) = (errors(self.candidate, chain), errors(self.baseline, chain));
        let (candidate, baseline) = (counts(self.candidate, chain), counts(self.baseline, chain));
        let clustering = success::clustering(&candidate, &baseline, self.rules.min_runs);
        let max_ratio = self.rules.new_error_max_ratio;
        let is_new =
            |(class, _): &(Class, u64)| !old.contains_key(class) && *class != Class::Interrupted;
        let check = |(class, count): (Class, u64)| {
            // Of bursts, as many as there are.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "of counts"
            )]
            let effective = |count: u64| (count as f64 / clustering.design_effect).floor() as u64;
            let (failed, all) = (effective(count), effective(candidate.requests));
            let table = [[failed, all.saturating_sub(failed)], [0, effective(baseline.requests)]];
            let p_value = fisher_greater(table);
            let is_over =
                max_ratio.is_some_and(|max| count as f64 > max * candidate.requests as f64);
            let decision = match (is_over, p_value <= self.rules.alpha) {
                (true, true) => Decision::Fail,
                (true, false) => Decision::Inconclusive,
                (false, _) => Decision::Pass,
            };
            Check {
                chain: Some(chain.to_owned()),
                decision,
                gates: max_ratio.is_some(),
                found: Found::NewErrors(NewErrors {
                    class,
                    count,
                    requests: candidate.requests,
                    max_ratio,
                    p_value,
                }),
                p_not_worse: None,
                p_worse: None,
            }
        };
        new.into_iter().filter(is_new).map(check).collect()
    }

    /// One check per run of the candidate; of several, the worst.
    fn threshold(&self, threshold: &Threshold) -> Option<Check> {
        let outcomes = self.candidate.iter().map(|run| {
            let sample = match &threshold.chain {
                Some(chain) => run.chain(chain),
                None => Some(&run.total),
            };
            sample.map_or(Outcome::NoData, |sample| threshold.outcome(sample))
        });
        let decision = |outcome: &Outcome| match outcome {
            Outcome::Found { holds: true, .. } => Decision::Pass,
            Outcome::TooFew { .. } => Decision::Inconclusive,
            Outcome::Found { .. } | Outcome::NoData => Decision::Fail,
        };
        let worst = outcomes.min_by_key(decision)?;
        Some(Check {
            chain: threshold.chain.clone(),
            decision: decision(&worst),
            gates: true,
            found: Found::Threshold { threshold: threshold.clone(), outcome: worst },
            p_not_worse: None,
            p_worse: None,
        })
    }

    fn history(&self, history: &[Measured]) -> Vec<Check> {
        if history.is_empty() {
            return Vec::new();
        }
        // The build's own summary may be there already.
        let is_build = |run: &&Measured| {
            self.candidate.iter().any(|new| new.start == run.start && new.total == run.total)
        };
        let mut all: Vec<&Measured> = in_order(history);
        all.retain(|run| !is_build(run));
        all.extend(self.candidate);
        let found = changes(&all, &self.rules.quantiles, &self.rules.change_points);
        let check = |change: Change| {
            // A latency that rises by less than is tolerated in any case is no change.
            let rise = match change.figure {
                Figure::LatencyMs(_) => {
                    change.after - change.before > self.rules.latency_min_effect.as_millis_f64()
                }
                Figure::FailureRatio => true,
            };
            let is_bad = change.is_last && change.is_worse() && rise;
            Check {
                chain: Some(change.chain.clone()),
                decision: if is_bad { Decision::Fail } else { Decision::Pass },
                gates: self.rules.fail_on_change,
                found: Found::Change(change),
                p_not_worse: None,
                p_worse: None,
            }
        };
        found.into_iter().map(check).collect()
    }
}

impl Floor {
    fn of(counts: &Counts, goal: f64, rules: &Rules) -> Option<Self> {
        let share = Share::of(counts.successes, counts.requests)?;
        let clustering = Some(rules.use_design_effect)
            .filter(|is_used| *is_used)
            .and_then(|_| Clustering::of_samples(&[&counts.blocks]))
            .unwrap_or(Clustering::INDEPENDENT);
        let effective = share.effective(clustering.at(1.0 - goal));
        let z = effective.score_z(goal);
        let critical = clustering.critical(rules.alpha);
        // Where the distance to the goal is the critical number of standard errors.
        let ratio = share.ratio();
        let distance = (ratio - goal).abs();
        let needed = (critical / distance).powi(2)
            * (goal * (1.0 - goal)).max(ratio * (1.0 - ratio))
            * clustering.cautious().at(1.0 - goal);
        Some(Self {
            share,
            goal,
            interval: effective.wilson(critical),
            clustering,
            needed: Some(needed).filter(|needed| needed.is_finite()),
            p_not_worse: clustering.probability_below(-z),
            p_worse: clustering.probability_below(z),
        })
    }
}

/// A chain's samples of all runs that have it.
fn samples<'a>(runs: &'a [Measured], chain: &str) -> Vec<&'a Sample> {
    runs.iter().filter_map(|run| run.chain(chain)).collect()
}

/// A chain's requests of all runs.
fn counts(runs: &[Measured], chain: &str) -> Counts {
    let samples = samples(runs, chain);
    Counts {
        successes: samples.iter().map(|sample| sample.successes).sum(),
        requests: samples.iter().map(|sample| sample.requests).sum(),
        blocks: samples.iter().flat_map(|sample| sample.blocks()).collect(),
        runs: samples.iter().map(|sample| (sample.successes, sample.requests)).collect(),
    }
}

fn errors(runs: &[Measured], chain: &str) -> BTreeMap<Class, u64> {
    let mut errors = BTreeMap::new();
    for (class, count) in samples(runs, chain).iter().flat_map(|sample| &sample.errors) {
        *errors.entry(*class).or_default() += count;
    }
    errors
}

fn runs<'a>(runs: &'a [Measured], chain: &str, quantile: f64) -> Runs<'a> {
    let samples = samples(runs, chain);
    let answers = |blocks: &[LatencyBlock]| -> u64 {
        blocks.iter().flat_map(|block| &block.counts).map(|count| count.1).sum()
    };
    Runs {
        quantiles: samples
            .iter()
            .filter(|sample| answers(&sample.latency_blocks) >= samples_needed_for(quantile))
            .filter_map(|sample| quantile_of(&sample.latency_blocks, quantile))
            .collect(),
        blocks: samples.iter().flat_map(|sample| &sample.latency_blocks).collect(),
    }
}

#[cfg(test)]
mod tests;
