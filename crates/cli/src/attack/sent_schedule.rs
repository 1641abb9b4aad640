//! The schedule that a stream is said to keep: that of all its chains together, and that of each.

use std::slice;

use plimsoll_attack::schedule::{Arrivals, Stage};
use plimsoll_attack::{Chain, Pace};
use plimsoll_ingest::{SentRate, SentSchedule};
use plimsoll_model::{Nanos, Timestamp};

/// `None` where there is none, or where chains change their rates at different times.
pub(super) fn sent_schedule(chains: &[Chain]) -> Option<SentSchedule> {
    let schedules = chains.iter().map(|chain| match &chain.pace {
        Pace::Schedule(schedule) => Some(schedule),
        Pace::Steered { .. } | Pace::AsFastAsAnswersCome { .. } => None,
    });
    let schedules = schedules.collect::<Option<Vec<_>>>()?;
    let stages = schedules.first()?.profile().stages();
    let alike = |other: &[Stage]| {
        other.len() == stages.len()
            && other.iter().zip(stages).all(|(a, b)| (a.start, a.span) == (b.start, b.span))
    };
    if !schedules.iter().all(|schedule| alike(schedule.profile().stages())) {
        return None;
    }
    let total = |place: usize| {
        let stages = schedules.iter().filter_map(|schedule| schedule.profile().stages().get(place));
        stages.fold((0.0, 0.0), |(from, to), stage| {
            (from + stage.from.per_second(), to + stage.to.per_second())
        })
    };
    if let [only] = stages {
        let (from_rps, to_rps) = total(0);
        let random = |arrivals| matches!(arrivals, Arrivals::Poisson { .. });
        return Some(match only.span {
            Some(duration) if only.from != only.to => {
                SentSchedule::Ramp { from_rps, to_rps, duration }
            }
            _ if schedules.iter().any(|schedule| random(schedule.arrivals())) => {
                SentSchedule::Poisson { rate_rps: from_rps }
            }
            _ => SentSchedule::Constant { rate_rps: from_rps },
        });
    }
    let mut steps = Vec::new();
    let mut end = Nanos::ZERO;
    for (place, stage) in stages.iter().enumerate() {
        if stage.start > end {
            // The pause between two rates.
            steps.push((0.0, Nanos(stage.start.0 - end.0)));
        }
        let span = stage.span?;
        steps.push((total(place).0, span));
        end = Nanos(stage.start.0.saturating_add(span.0));
    }
    Some(SentSchedule::Steps(steps))
}

/// A rate that was decided on while an attack ran, which began then.
pub(super) fn sent_rate(start: Timestamp, stage: &Stage) -> Option<SentRate> {
    Some(SentRate {
        start: start.saturating_add(stage.start),
        duration: stage.span?,
        rate_rps: stage.from.per_second(),
    })
}

/// The schedules of chains, of which there are several, by their names; without those that have none.
pub(super) fn sent_schedules(chains: &[Chain]) -> Vec<(String, SentSchedule)> {
    if chains.len() < 2 {
        return Vec::new();
    }
    let own = |chain: &Chain| Some((chain.name.clone(), sent_schedule(slice::from_ref(chain))?));
    chains.iter().filter_map(own).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_attack::Targets;
    use plimsoll_attack::schedule::{Frequency, Profile, Schedule, Step, Steps};

    use super::*;

    fn chain(profile: Profile) -> Chain {
        let pace = Pace::Schedule(Schedule::new(profile, Arrivals::Uniform));
        Chain { name: String::new(), targets: Targets::listed(Vec::new()), pace }
    }

    fn rate(rate: f64) -> Frequency {
        Frequency::from_per_second(rate).unwrap()
    }

    #[test]
    fn rates_of_chains_add_up() {
        let constant = |per_second| chain(Profile::constant(rate(per_second), None));
        assert_eq!(
            sent_schedule(&[constant(40.0), constant(60.0)]),
            Some(SentSchedule::Constant { rate_rps: 100.0 })
        );
        let duration = Nanos(1_000_000_000);
        let ramp = |from, to| chain(Profile::ramp(rate(from), rate(to), duration));
        assert_eq!(
            sent_schedule(&[ramp(1.0, 10.0), ramp(2.0, 20.0)]),
            Some(SentSchedule::Ramp { from_rps: 3.0, to_rps: 30.0, duration })
        );
        assert_eq!(sent_schedule(&[ramp(1.0, 10.0), constant(1.0)]), None);
    }

    #[test]
    fn pauses_between_steps_are_told() {
        let second = |seconds: u64| Nanos(seconds * 1_000_000_000);
        let step = Step::Increment(10.0);
        let steps = Steps { from: 10.0, to: 20.0, step, hold: second(5), drain: second(1) };
        let steps = chain(Profile::steps(&steps).unwrap());
        let expected = vec![(10.0, second(5)), (0.0, second(1)), (20.0, second(5))];
        assert_eq!(sent_schedule(&[steps]), Some(SentSchedule::Steps(expected)));
    }
}
