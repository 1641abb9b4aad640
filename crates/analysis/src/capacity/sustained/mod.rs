//! Sustained capacity: the largest load that holds an SLO, from windows of stepped rates.
//!
//! Each rate is classified with its windows as trials ([`mlrsearch`](super::mlrsearch)); capacity lies in the closed bracket from
//! the relevant lower to the relevant upper bound. Whoever makes the windows has dropped warm-up and the last partial one.

mod together;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Nanos, Rate};

use super::backlog::{Backlog, backlog};
use super::mlrsearch::{
    Bounds, Classification, DurationSums, Goal, Load, Trial, classify_sums, conditional_throughput,
    relevant_bounds,
};
use super::random::Random;
use super::sample_quantile;
use super::student::{mean_and_deviation, t_quantile};
use super::window::{Objective, Reason, Rules, Window};
use together::{Chance, Together};

/// The fewest sweeps whose differences tell how runs vary.
const MIN_SWEEPS: usize = 3;

/// Of the resampled bounds, where the interval ends.
const RESAMPLED_TAIL: f64 = 0.05;

/// A rate that was held.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The rate that was offered. Steps of exactly the same rate are classified together.
    pub rate: Rate,
    /// Which pass over the rates it belongs to. Passes are independent runs.
    pub sweep: u32,
    /// How long its windows are; shorter ones are short trials.
    pub window: Nanos,
    /// Its windows, in order.
    pub windows: Vec<Window>,
}

/// What makes a load too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// Too many requests failed.
    Success,
    /// Too many requests took too long.
    Latency,
    /// A backlog grew, however few requests had broken the SLO yet.
    Backlog,
}

impl Binding {
    /// The name in JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Latency => "latency",
            Self::Backlog => "backlog",
        }
    }
}

/// Why a bracket is open at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Censored {
    /// It is not.
    None,
    /// No rate was too high: capacity is at least the lower bound.
    MaxLoad,
    /// No rate was too high, and above the lower bound the generator was the limit: at least the lower bound.
    Generator,
    /// Every rate was too high: capacity is less than the upper bound.
    BelowMinLoad,
}

impl Censored {
    /// The name in JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::MaxLoad => "max_load",
            Self::Generator => "generator",
            Self::BelowMinLoad => "below_min_load",
        }
    }
}

/// What was found of one rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The rate.
    pub rate: Rate,
    /// What it is; an upper bound too where a backlog grew, whatever `load` says.
    pub classification: Classification,
    /// The classification by the windows' losses alone, and what it follows from.
    pub load: Load,
    /// Windows that count.
    pub valid: usize,
    /// Windows that do not, by reason; a window may have several.
    pub reasons: BTreeMap<Reason, usize>,
    /// Windows that do not count.
    pub invalid: usize,
    /// What a backlog showed by, in most of the time.
    pub backlog: Option<Backlog>,
    /// What makes it too high, if it is.
    pub binding: Option<Binding>,
    /// Too few windows count: what follows from it is a screening.
    pub screening: bool,
}

/// The bracket of the capacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knee {
    /// The largest rate that holds, below all that do not.
    pub lower: Option<Rate>,
    /// The smallest rate that does not hold.
    pub upper: Option<Rate>,
    /// Good requests per second at the lower bound, at the quantile that the objective leaves.
    pub conditional: Option<Rate>,
    /// (upper - lower)/upper; above 0.1 more steps between them are called for.
    pub relative_width: Option<f64>,
    /// Why it is open at an end.
    pub censored: Censored,
    /// What makes the upper bound too high.
    pub binding: Option<Binding>,
    /// It rests on a rate with too few windows.
    pub screening: bool,
}

/// Rates, classified, and their bracket.
#[derive(Clone, Debug, PartialEq)]
pub struct Sustained {
    /// By rate, from the lowest.
    pub rates: Vec<Classified>,
    /// The bracket.
    pub knee: Knee,
}

/// An interval of the capacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its low end; `None` where it is below all rates that were tried.
    pub low: Option<Rate>,
    /// Its high end; `None` where it is above all rates that were tried.
    pub high: Option<Rate>,
}

impl Interval {
    fn width(&self) -> f64 {
        match (self.low, self.high) {
            (Some(low), Some(high)) => high.per_second() - low.per_second(),
            _ => f64::INFINITY,
        }
    }
}

/// How sure the capacity is, in up to three ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertainty {
    /// The bracket itself.
    pub bracket: Interval,
    /// Windows resampled within their steps: the 5th percentile of the lower bounds to the 95th of the upper ones.
    pub resampled: Option<Interval>,
    /// t interval over the lower bounds of three sweeps and more; variation from run to run is in this one only.
    pub sweeps: Option<Interval>,
}

impl Uncertainty {
    /// The widest of the intervals. An end that is open is infinitely far; of equally wide ones the first counts.
    #[must_use]
    pub fn widest(&self) -> Interval {
        [self.resampled, self.sweeps].into_iter().flatten().fold(self.bracket, |widest, other| {
            if other.width() > widest.width() { other } else { widest }
        })
    }
}

/// Classifies the rates of steps and brackets the capacity; `None` without a step whose rate is above 0.
#[must_use]
pub fn sustained(steps: &[Step], objective: &Objective, rules: &Rules) -> Option<Sustained> {
    let groups = groups(steps, objective, rules);
    let rates: Vec<Classified> =
        groups.iter().map(|group| group.classified(steps, objective, rules)).collect();
    let bounds = relevant_bounds(
        &rates.iter().map(|rate| (rate.rate, rate.classification)).collect::<Vec<_>>(),
    );
    let at =
        |bound: Option<Rate>| bound.and_then(|bound| rates.iter().find(|rate| rate.rate == bound));
    let (lower, upper) = (at(bounds.lower), at(bounds.upper));
    let conditional = bounds.lower.and_then(|bound| {
        let group = groups.iter().find(|group| group.rate == bound)?;
        let trial = |judged: &Judged| {
            let Judged { window, .. } = judged;
            Trial { duration: window.duration, loss_ratio: window.loss_ratio() }
        };
        let trials: Vec<Trial> = group.trials().map(trial).collect();
        conditional_throughput(&group.goal, bound, &trials)
    });
    let is_above = |rate: &Classified| bounds.lower.is_none_or(|lower| rate.rate > lower);
    let is_generator_limited = rates
        .iter()
        .any(|rate| is_above(rate) && rate.reasons.keys().any(|reason| reason.is_generator()));
    let censored = match (bounds.lower, bounds.upper) {
        (Some(_), Some(_)) => Censored::None,
        (None, Some(_)) => Censored::BelowMinLoad,
        (_, None) if is_generator_limited => Censored::Generator,
        (_, None) => Censored::MaxLoad,
    };
    let knee = Knee {
        lower: bounds.lower,
        upper: bounds.upper,
        conditional,
        relative_width: bounds
            .lower
            .zip(bounds.upper)
            .map(|(lower, upper)| (upper.per_second() - lower.per_second()) / upper.per_second()),
        censored,
        binding: upper.and_then(|rate| rate.binding),
        screening: [lower, upper].into_iter().flatten().any(|rate| rate.screening),
    };
    (!rates.is_empty()).then_some(Sustained { rates, knee })
}

/// How sure the capacity is: `resamples` draws of windows (a stationary bootstrap inside each step, D. N. Politis and J. P.
/// Romano, JASA 89 (1994), mean block length n^⅓), and the spread of the sweeps at two-sided `confidence`.
///
/// What is drawn is whether a window holds the objective; whether a step has a backlog stays. The seed alone decides what is
/// drawn. `None` as for [`sustained()`].
#[must_use]
pub fn uncertainty(
    steps: &[Step],
    objective: &Objective,
    rules: &Rules,
    resamples: usize,
    seed: u64,
    confidence: f64,
) -> Option<Uncertainty> {
    let knee = sustained(steps, objective, rules)?.knee;
    let sweeps: BTreeSet<u32> = steps.iter().map(|step| step.sweep).collect();
    let lower_bounds: Option<Vec<Rate>> = sweeps
        .iter()
        .map(|&sweep| {
            let own: Vec<Step> = steps.iter().filter(|step| step.sweep == sweep).cloned().collect();
            sustained(&own, objective, rules)?.knee.lower
        })
        .collect();
    Some(Uncertainty {
        bracket: Interval { low: knee.lower, high: knee.upper },
        resampled: resampled(&groups(steps, objective, rules), objective, resamples, seed),
        sweeps: lower_bounds.and_then(|bounds| sweep_interval(&bounds, confidence)),
    })
}

/// The t interval of the mean of capacities that independent sweeps gave; `None` for fewer than three of them, for numbers
/// that are none, and for a confidence outside 0..1.
#[must_use]
pub fn sweep_interval(capacities: &[Rate], confidence: f64) -> Option<Interval> {
    let values: Vec<f64> = capacities.iter().map(|rate| rate.per_second()).collect();
    if values.len() < MIN_SWEEPS
        || values.iter().any(|value| !value.is_finite())
        || !(confidence > 0.0 && confidence < 1.0)
    {
        return None;
    }
    let (mean, deviation) = mean_and_deviation(&values)?;
    let count = values.len() as f64;
    let half = t_quantile(f64::midpoint(1.0, confidence), count - 1.0)? * deviation / count.sqrt();
    Some(Interval { low: Some(Rate((mean - half).max(0.0))), high: Some(Rate(mean + half)) })
}

/// A window that counts.
#[derive(Clone, Copy, Debug)]
struct Judged {
    window: Window,
    is_low_loss: bool,
}

/// The steps of one rate.
struct Group {
    rate: Rate,
    goal: Goal,
    /// Of each step its place and the windows that count.
    steps: Vec<(usize, Vec<Judged>)>,
    /// What a backlog showed by, if one grew in more of the time than may miss the objective.
    backlog: Option<Backlog>,
    chance: Chance,
}

fn groups(steps: &[Step], objective: &Objective, rules: &Rules) -> Vec<Group> {
    let is_rate = |step: &Step| step.rate.per_second() > 0.0 && step.rate.per_second().is_finite();
    let mut order: Vec<usize> = (0..steps.len()).filter(|&i| is_rate(&steps[i])).collect();
    order.sort_by(|&a, &b| steps[a].rate.per_second().total_cmp(&steps[b].rate.per_second()));
    order
        .chunk_by(|&a, &b| steps[a].rate == steps[b].rate)
        .map(|places| Group::of(steps, places, objective, rules))
        .collect()
}

impl Group {
    fn of(steps: &[Step], places: &[usize], objective: &Objective, rules: &Rules) -> Self {
        let window = places.iter().map(|&place| steps[place].window).max().unwrap_or_default();
        let goal = objective.goal(window);
        let (mut total, mut backlogged) = (0.0, 0.0);
        let mut shown_by = None;
        let judged: Vec<(usize, Vec<Judged>)> = places
            .iter()
            .map(|&place| {
                let valid: Vec<Window> = steps[place]
                    .windows
                    .iter()
                    .filter(|window| rules.reasons(window).is_empty())
                    .copied()
                    .collect();
                let seconds: f64 = valid.iter().map(|window| window.duration.as_secs_f64()).sum();
                total += seconds;
                if let Some(found) = backlog(&valid, objective.latency) {
                    backlogged += seconds;
                    shown_by = shown_by.or(Some(found));
                }
                let judge = |window: &Window| Judged {
                    window: *window,
                    is_low_loss: objective.is_low_loss(window),
                };
                (place, valid.iter().map(judge).collect())
            })
            .collect();
        let has_backlog = backlogged > total * objective.exceed_ratio.max(0.0);
        let count = judged.iter().map(|(_, windows)| windows.len()).sum();
        Self {
            rate: steps[places[0]].rate,
            goal,
            steps: judged,
            backlog: shown_by.filter(|_| has_backlog),
            chance: Chance::of(count, objective),
        }
    }

    fn trials(&self) -> impl Iterator<Item = &Judged> + Clone {
        self.steps.iter().flat_map(|step| &step.1)
    }

    fn load<'a>(&self, trials: impl Iterator<Item = &'a Judged>) -> Load {
        let mut sums = DurationSums::default();
        for judged in trials {
            sums.add(&self.goal, judged.window.duration, judged.is_low_loss);
        }
        classify_sums(&self.goal, sums)
    }

    /// The classification by these windows, and what they miss together though most of them hold.
    fn classification<'a>(
        &self,
        windows: impl Iterator<Item = &'a Judged> + Clone,
        objective: &Objective,
    ) -> (Load, Classification, Option<Binding>) {
        let load = self.load(windows.clone());
        if self.backlog.is_some() {
            return (load, Classification::Upper, None);
        }
        let windows = windows.map(|judged| judged.window);
        let together = Together::of(&windows, objective, &self.chance);
        let (classification, missed) = match (load.classification, together) {
            (Classification::Lower, Together { is_sure: true, what, .. }) => {
                (Classification::Upper, Some(what))
            }
            (Classification::Lower, Together { is_missed, is_near, what, .. })
                if is_missed || is_near =>
            {
                (Classification::Undecided, Some(what))
            }
            (Classification::Upper, Together { is_missed: true, is_near: true, what, .. }) => {
                (Classification::Undecided, Some(what))
            }
            (other, _) => (other, None),
        };
        (load, classification, missed)
    }

    fn classified(&self, steps: &[Step], objective: &Objective, rules: &Rules) -> Classified {
        let (load, classification, missed) = self.classification(self.trials(), objective);
        let valid = self.trials().count();
        let windows = || self.steps.iter().flat_map(|(place, _)| &steps[*place].windows);
        let mut reasons = BTreeMap::new();
        for reason in windows().flat_map(|window| rules.reasons(window)) {
            *reasons.entry(reason).or_insert(0) += 1;
        }
        let counted = windows().filter(|window| rules.reasons(window).is_empty());
        let binding = match (load.classification, self.backlog) {
            (Classification::Upper, _) if classification == Classification::Upper => {
                Some(binding(counted, objective))
            }
            (_, Some(_)) => Some(Binding::Backlog),
            _ => missed,
        };
        Classified {
            rate: self.rate,
            classification,
            load,
            valid,
            reasons,
            invalid: windows().count() - valid,
            backlog: self.backlog,
            binding,
            screening: (valid as u64) < u64::from(objective.min_windows),
        }
    }
}

/// What most high-loss windows' time missed: success where the good ratio held or more requests failed than were slow.
fn binding<'a>(windows: impl Iterator<Item = &'a Window>, objective: &Objective) -> Binding {
    let (mut failed, mut slow) = (0_u128, 0_u128);
    for window in windows.filter(|window| !objective.is_low_loss(window)) {
        let failures = window.judged().saturating_sub(window.successes);
        let late = window.successes.saturating_sub(window.good);
        let is_failure = objective.is_good_held(window) || failures >= late;
        *(if is_failure { &mut failed } else { &mut slow }) += u128::from(window.duration.0);
    }
    if failed >= slow { Binding::Success } else { Binding::Latency }
}

fn resampled(
    groups: &[Group],
    objective: &Objective,
    resamples: usize,
    seed: u64,
) -> Option<Interval> {
    let mut random = Random::new(seed);
    let (mut lowers, mut uppers) = (Vec::new(), Vec::new());
    for _ in 0..resamples {
        let loads: Vec<(Rate, Classification)> = groups
            .iter()
            .map(|group| {
                let drawn: Vec<&Judged> =
                    group.steps.iter().flat_map(|step| draw(&step.1, &mut random)).collect();
                (group.rate, group.classification(drawn.iter().copied(), objective).1)
            })
            .collect();
        let Bounds { lower, upper } = relevant_bounds(&loads);
        lowers.push(lower.map_or(f64::NEG_INFINITY, Rate::per_second));
        uppers.push(upper.map_or(f64::INFINITY, Rate::per_second));
    }
    let bound = |value: f64| value.is_finite().then_some(Rate(value));
    Some(Interval {
        low: bound(sample_quantile(&mut lowers, RESAMPLED_TAIL)?),
        high: bound(sample_quantile(&mut uppers, 1.0 - RESAMPLED_TAIL)?),
    })
}

/// As many items as there are, in blocks of random length that begin anywhere and go on from the start behind the end.
fn draw<'a>(items: &'a [Judged], random: &mut Random) -> Vec<&'a Judged> {
    let end_of_block = 1.0 / (items.len() as f64).cbrt().max(1.0);
    let mut at = 0;
    (0..items.len())
        .map(|index| {
            let goes_on = index > 0 && random.unit() >= end_of_block;
            at = if goes_on { (at + 1) % items.len() } else { random.below(items.len()) };
            &items[at]
        })
        .collect()
}

#[cfg(test)]
mod tests;
