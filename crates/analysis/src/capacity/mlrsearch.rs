//! Load classification after `MLRsearch`: is a load a lower or an upper bound of what is sustained?
//!
//! RFC 9971 (read as draft-ietf-bmwg-mlrsearch-15), appendices A and B, whose pseudocode is what counts: the tables of its
//! example search print "Lower Bound" for the goal "20% exceed" at points 5 and 6, where the pseudocode says upper bound.

use plimsoll_model::{Nanos, Rate};

/// Ratios and durations that differ by less than this share are the same: 1 - 0.9 is a little less than 0.1.
const ROUNDING: f64 = 1e-12;

/// What a load has to keep, "Search Goal" in the RFC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// A trial is of full length from this duration on.
    pub final_trial_duration: Nanos,
    /// How much trial time decides.
    pub duration_sum: Nanos,
    /// The largest loss ratio of a low-loss trial, 0..=1.
    pub loss_ratio: f64,
    /// The share of the time that may be high-loss, from 0 to less than 1. What is below counts as 0, no number as 0.
    pub exceed_ratio: f64,
}

impl Goal {
    fn exceed(&self) -> f64 {
        if self.exceed_ratio.is_nan() {
            return 0.0;
        }
        // The exceed coefficient of 1 is infinite.
        self.exceed_ratio.clamp(0.0, 1.0 - f64::EPSILON)
    }

    /// Whether a loss ratio is within the goal. NaN is not.
    #[must_use]
    pub fn is_low_loss(&self, loss_ratio: f64) -> bool {
        loss_ratio <= self.loss_ratio + ROUNDING
    }
}

/// One measurement at a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// How long it took.
    pub duration: Nanos,
    /// The share that was lost, 0..=1.
    pub loss_ratio: f64,
}

/// What a load is, to a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Classification {
    /// It is sustained, whatever the trials that are missing give.
    Lower,
    /// It is not sustained, whatever the trials that are missing give.
    Upper,
    /// It depends on the trials that are missing.
    Undecided,
}

impl Classification {
    /// The name in JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Undecided => "undecided",
        }
    }
}

/// The durations of trials at one load, by length and loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurationSums {
    /// Of full-length trials with low loss.
    pub full_length_low_loss: Nanos,
    /// Of full-length trials with high loss.
    pub full_length_high_loss: Nanos,
    /// Of shorter trials with low loss.
    pub short_low_loss: Nanos,
    /// Of shorter trials with high loss.
    pub short_high_loss: Nanos,
}

impl DurationSums {
    /// The sums of these trials.
    #[must_use]
    pub fn of(goal: &Goal, trials: &[Trial]) -> Self {
        let mut sums = Self::default();
        for trial in trials {
            sums.add(goal, trial.duration, goal.is_low_loss(trial.loss_ratio));
        }
        sums
    }

    /// Adds a trial that somebody else has judged, for goals on more than one ratio.
    pub fn add(&mut self, goal: &Goal, duration: Nanos, is_low_loss: bool) {
        let sum = match (duration >= goal.final_trial_duration, is_low_loss) {
            (true, true) => &mut self.full_length_low_loss,
            (true, false) => &mut self.full_length_high_loss,
            (false, true) => &mut self.short_low_loss,
            (false, false) => &mut self.short_high_loss,
        };
        sum.0 = sum.0.saturating_add(duration.0);
    }
}

/// A load's classification with everything that it follows from; all durations in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// What the load is.
    pub classification: Classification,
    /// The share of high-loss time if all that is missing turns out low-loss.
    pub optimistic_exceed_ratio: f64,
    /// The share of high-loss time if all that is missing turns out high-loss.
    pub pessimistic_exceed_ratio: f64,
    /// What was measured.
    pub sums: DurationSums,
    /// High-loss time of short trials that their low-loss time makes up for.
    pub balancing_s: f64,
    /// High-loss time of short trials beyond that.
    pub positive_excess_s: f64,
    /// High-loss time of full-length trials, and that excess.
    pub effective_high_loss_s: f64,
    /// Low-loss time of full-length trials, and all effective high-loss time.
    pub effective_full_s: f64,
    /// That, or the goal's duration sum where it is longer.
    pub effective_whole_s: f64,
    /// Time that is not low-loss of full-length trials.
    pub pessimistic_high_loss_s: f64,
}

/// Classifies a load by the trials at it.
#[must_use]
pub fn classify(goal: &Goal, trials: &[Trial]) -> Load {
    classify_sums(goal, DurationSums::of(goal, trials))
}

/// Classifies a load by the durations of the trials at it: appendix A of the RFC.
///
/// Without any trial, and to a goal of no duration, a load is undecided.
#[must_use]
pub fn classify_sums(goal: &Goal, sums: DurationSums) -> Load {
    let exceed = goal.exceed();
    let full_low = sums.full_length_low_loss.as_secs_f64();
    let balancing_s = sums.short_low_loss.as_secs_f64() * (exceed / (1.0 - exceed));
    let positive_excess_s = (sums.short_high_loss.as_secs_f64() - balancing_s).max(0.0);
    let effective_high_loss_s = sums.full_length_high_loss.as_secs_f64() + positive_excess_s;
    let effective_full_s = full_low + effective_high_loss_s;
    let effective_whole_s = effective_full_s.max(goal.duration_sum.as_secs_f64());
    let pessimistic_high_loss_s = effective_whole_s - full_low;
    let tolerated = effective_whole_s * (exceed + ROUNDING * exceed);
    let classification =
        match (effective_high_loss_s <= tolerated, pessimistic_high_loss_s <= tolerated) {
            _ if effective_whole_s <= 0.0 => Classification::Undecided,
            (true, true) => Classification::Lower,
            (false, false) => Classification::Upper,
            _ => Classification::Undecided,
        };
    let share =
        |seconds: f64| if effective_whole_s > 0.0 { seconds / effective_whole_s } else { 0.0 };
    Load {
        classification,
        optimistic_exceed_ratio: share(effective_high_loss_s),
        pessimistic_exceed_ratio: share(pessimistic_high_loss_s),
        sums,
        balancing_s,
        positive_excess_s,
        effective_high_loss_s,
        effective_full_s,
        effective_whole_s,
        pessimistic_high_loss_s,
    }
}

/// What gets through at a load, as a rate: (1 - loss ratio at the quantile 1 - exceed ratio of the full-length trials' time)
/// times the load; appendix B of the RFC. Time that is missing in the duration sum counts as all lost.
///
/// It has a meaning at the relevant lower bound. `None` without trials.
#[must_use]
pub fn conditional_throughput(goal: &Goal, load: Rate, trials: &[Trial]) -> Option<Rate> {
    if trials.is_empty() {
        return None;
    }
    let mut full: Vec<&Trial> =
        trials.iter().filter(|trial| trial.duration >= goal.final_trial_duration).collect();
    full.sort_by(|a, b| a.loss_ratio.total_cmp(&b.loss_ratio));
    let measured: f64 = full.iter().map(|trial| trial.duration.as_secs_f64()).sum();
    let whole = measured.max(goal.duration_sum.as_secs_f64());
    let mut remaining = whole * (1.0 - goal.exceed());
    let mut loss_ratio = None;
    for trial in full {
        if loss_ratio.is_some() && remaining <= whole * ROUNDING {
            break;
        }
        loss_ratio = Some(trial.loss_ratio);
        remaining -= trial.duration.as_secs_f64();
    }
    let loss_ratio = loss_ratio.filter(|loss| remaining <= whole * ROUNDING && !loss.is_nan());
    Some(Rate(load.per_second() * (1.0 - loss_ratio.unwrap_or(1.0))))
}

/// The loads between which the capacity lies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The relevant lower bound: the largest lower bound below `upper`.
    pub lower: Option<Rate>,
    /// The relevant upper bound: the smallest upper bound.
    pub upper: Option<Rate>,
}

/// The relevant bounds. A lower bound above an upper one (loss inversion: 1,500/s fails and 2,000/s passes) is none that
/// counts.
#[must_use]
pub fn relevant_bounds(loads: &[(Rate, Classification)]) -> Bounds {
    let of = |wanted: Classification| {
        loads.iter().filter_map(move |&(rate, found)| {
            (found == wanted && rate.per_second().is_finite()).then_some(rate.per_second())
        })
    };
    let upper = of(Classification::Upper).min_by(f64::total_cmp);
    let lower = of(Classification::Lower)
        .filter(|lower| upper.is_none_or(|upper| *lower < upper))
        .max_by(f64::total_cmp);
    Bounds { lower: lower.map(Rate), upper: upper.map(Rate) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn goal(final_s: u64, sum_s: u64, loss_ratio: f64, exceed_ratio: f64) -> Goal {
        Goal {
            final_trial_duration: Nanos(final_s * 1_000_000_000),
            duration_sum: Nanos(sum_s * 1_000_000_000),
            loss_ratio,
            exceed_ratio,
        }
    }

    fn trials(groups: &[(usize, u64, f64)]) -> Vec<Trial> {
        let group = |&(count, seconds, loss_ratio): &(usize, u64, f64)| {
            vec![Trial { duration: Nanos(seconds * 1_000_000_000), loss_ratio }; count]
        };
        groups.iter().flat_map(group).collect()
    }

    /// Points 4 to 6 of the RFC's example search, by its pseudocode.
    #[test]
    fn the_later_points_of_the_example_search() {
        use Classification::{Lower, Undecided, Upper};
        let goals = [
            goal(60, 60, 0.0, 0.0),
            goal(60, 120, 0.0, 0.5),
            goal(1, 120, 0.005, 0.5),
            goal(60, 60, 0.005, 0.2),
        ];
        let shorts = [(60, 1, 0.0), (60, 1, 0.01)];
        let point5 = [&shorts[..], &[(1, 60, 0.001)]].concat();
        let point6 = [&point5[..], &[(1, 60, 0.0)]].concat();
        for (point, expected, ratio) in [
            (&shorts[..], [Upper, Undecided, Lower, Upper], 0.75),
            (&point5, [Upper, Undecided, Lower, Upper], 45.0 / 105.0),
            (&point6, [Upper, Lower, Lower, Upper], 45.0 / 165.0),
        ] {
            let found = goals.map(|goal| classify(&goal, &trials(point)));
            assert_eq!(found.map(|load| load.classification), expected);
            assert!((found[3].optimistic_exceed_ratio - ratio).abs() < 1e-12);
        }
        let load = Rate(1_000_000.0);
        let at = |goal| conditional_throughput(&goal, load, &trials(&point6)).unwrap().per_second();
        let found = [at(goals[1]), at(goals[2]), at(goals[3])];
        for (found, expected) in found.iter().zip([1e6, 1e6, 999e3]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn an_inverted_load_is_no_bound() {
        use Classification::{Lower, Undecided, Upper};
        let loads = [(1000.0, Lower), (1500.0, Upper), (2000.0, Lower), (1200.0, Undecided)];
        let found = relevant_bounds(&loads.map(|(rate, found)| (Rate(rate), found)));
        assert_eq!(found, Bounds { lower: Some(Rate(1000.0)), upper: Some(Rate(1500.0)) });
        let none = relevant_bounds(&[(Rate(900.0), Upper), (Rate(f64::NAN), Lower)]);
        assert_eq!(none, Bounds { lower: None, upper: Some(Rate(900.0)) });
    }

    #[test]
    fn numbers_that_are_none_end_in_no_panic() {
        let odd = goal(0, 0, f64::NAN, f64::NAN);
        assert_eq!(classify(&odd, &[]).classification, Classification::Undecided);
        assert_eq!(conditional_throughput(&odd, Rate(1.0), &[]), None);
        let lost = trials(&[(3, 1, f64::NAN)]);
        let strict = goal(1, 3, 0.01, f64::INFINITY);
        assert!(!strict.is_low_loss(f64::NAN));
        assert_eq!(classify(&goal(1, 3, 0.01, 0.5), &lost).classification, Classification::Upper);
        assert_eq!(conditional_throughput(&strict, Rate(5.0), &lost), Some(Rate(0.0)));
    }

    proptest! {
        /// Whatever is measured next, a bound stays one until the duration sum is full, if all trials are of full length.
        #[test]
        fn a_bound_stays_one(losses in prop::collection::vec(prop::bool::ANY, 12), exceed in 0.0..0.9_f64, known in 0_usize..12) {
            let goal = goal(1, 12, 0.01, exceed);
            let trials: Vec<Trial> = losses
                .iter()
                .map(|&lossy| Trial { duration: Nanos(1_000_000_000), loss_ratio: if lossy { 0.5 } else { 0.0 } })
                .collect();
            let early = classify(&goal, &trials[..known]).classification;
            let late = classify(&goal, &trials).classification;
            prop_assert_ne!(late, Classification::Undecided);
            prop_assert!(early == Classification::Undecided || early == late);
        }
    }
}
