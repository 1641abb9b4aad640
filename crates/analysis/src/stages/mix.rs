//! What load all chains hold together, in the mix in which they were measured (METHODS.md §2.2.9).
//!
//! A rate of all of them holds if it holds for each: the chain that gives way first is the limit, however few of the
//! requests are its own. Two rates can be compared only where the mix is the same at both.

use plimsoll_model::{Nanos, Rate};

use super::capacity::{SAME_COUNTED, next_rates, width};
use super::stage::roundest;
use super::{CapacityFindings, MixShare, StageFindings};
use crate::ChainFindings;
use crate::capacity::mlrsearch::Classification;
use crate::capacity::sustained::{Censored, Interval};

/// Of all requests, the share below which a chain has no say.
const NEGLIGIBLE: f64 = 0.01;

/// By this part of it, a chain's share may differ from stage to stage, ...
const SAME_SHARE: f64 = 0.1;

/// ... or by as many times the chance error of its count.
const BY_CHANCE: f64 = 3.0;

/// Rates are no more exact than this, as a share of them.
const ROUNDING: f64 = 1e-9;

/// Says of the stages of all requests what those of the chains say, and of their capacity what these hold together.
pub(crate) fn judge(total: &mut ChainFindings, chains: &[ChainFindings]) {
    if chains.len() < 2 {
        return;
    }
    let least = NEGLIGIBLE * total.requests as f64;
    let chains: Vec<&ChainFindings> =
        chains.iter().filter(|chain| chain.requests as f64 >= least).collect();
    for stage in &mut total.stages {
        let parts = chains.iter().filter_map(|chain| at_the_same_time(chain, stage));
        let weakest = parts.min_by_key(|part| rank(part.classification));
        stage.classification = weakest.and_then(|part| part.classification);
        stage.binding = weakest.and_then(|part| part.binding);
        stage.backlog = weakest.and_then(|part| part.backlog);
    }
    let opinions = total.capacity.take().map(|pooled| pooled.second_opinions);
    total.capacity = shares(&total.stages, &chains)
        .and_then(|shares| together(&total.stages, &chains, &shares))
        .map(|found| CapacityFindings { second_opinions: opinions.unwrap_or_default(), ..found });
}

/// What does not hold comes first.
fn rank(classification: Option<Classification>) -> u8 {
    match classification {
        Some(Classification::Upper) => 0,
        None => 1,
        Some(Classification::Undecided) => 2,
        Some(Classification::Lower) => 3,
    }
}

/// The chain's stage in the middle of this one.
fn at_the_same_time<'a>(
    chain: &'a ChainFindings,
    stage: &StageFindings,
) -> Option<&'a StageFindings> {
    let middle = stage.start.saturating_add(Nanos(stage.end.since(stage.start).0 / 2));
    chain.stages.iter().find(|part| part.start <= middle && middle < part.end)
}

/// The chains' shares of the rate of all; `None` where they were not measured together, or not always in one mix.
fn shares(stages: &[StageFindings], chains: &[&ChainFindings]) -> Option<Vec<f64>> {
    if stages.is_empty() || !chains.iter().any(|chain| has_mixed_capacity(chain)) {
        return None;
    }
    let sum: f64 = stages.iter().map(|stage| stage.offered.per_second()).sum();
    let share = |chain: &&ChainFindings| {
        let parts: Vec<&StageFindings> =
            stages.iter().map(|stage| at_the_same_time(chain, stage)).collect::<Option<_>>()?;
        let own: f64 = parts.iter().map(|part| part.offered.per_second()).sum();
        let share = own / sum;
        let is_same = |(stage, part): (&StageFindings, &&StageFindings)| {
            let here = part.offered.per_second() / stage.offered.per_second();
            let chance = BY_CHANCE / (part.requests.max(1) as f64).sqrt();
            (here - share).abs() <= share * SAME_SHARE.max(chance)
        };
        (share > 0.0 && stages.iter().zip(&parts).all(is_same)).then_some(share)
    };
    chains.iter().map(share).collect()
}

fn has_mixed_capacity(chain: &ChainFindings) -> bool {
    chain.capacity.as_ref().is_some_and(|capacity| capacity.mixed)
}

/// The capacity of all chains together, which have these shares.
fn together(
    stages: &[StageFindings],
    chains: &[&ChainFindings],
    shares: &[f64],
) -> Option<CapacityFindings> {
    let known = chains.iter().zip(shares).map(|(chain, share)| (chain.capacity.as_ref(), share));
    let of_all = |share: f64, rate: Rate| Rate(roundest(rate.per_second() / share, ROUNDING));
    // What every chain holds, and what some chain does not.
    let all = |bound: &dyn Fn(&CapacityFindings) -> Option<Rate>| {
        let rates: Option<Vec<Rate>> = known
            .clone()
            .map(|(capacity, &share)| Some(of_all(share, bound(capacity?)?)))
            .collect();
        rates.and_then(|rates| rates.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)))
    };
    let any = |bound: &dyn Fn(&CapacityFindings) -> Option<Rate>| {
        let rates = known.clone().enumerate().filter_map(|(place, (capacity, &share))| {
            Some((of_all(share, bound(capacity?)?), place))
        });
        rates.min_by(|a, b| a.0.0.total_cmp(&b.0.0))
    };
    let lower = all(&|capacity| capacity.lower);
    let first = any(&|capacity| capacity.upper);
    let upper = first.map(|(rate, _)| rate);
    let capacities: Vec<&CapacityFindings> = known.clone().filter_map(|(found, _)| found).collect();
    let is_generator = capacities.iter().any(|found| found.censored == Censored::Generator);
    let censored = match (lower, upper) {
        (Some(_), Some(_)) => Censored::None,
        (Some(_), None) if is_generator => Censored::Generator,
        (Some(_), None) => Censored::MaxLoad,
        (None, Some(_)) => Censored::BelowMinLoad,
        (None, None) => return None,
    };
    let limiting = first.and_then(|(_, place)| chains.get(place));
    let name_and_share = |(chain, &share): (&&ChainFindings, &f64)| MixShare {
        chain: chain.name.clone(),
        share: roundest(share, ROUNDING),
    };
    Some(CapacityFindings {
        lower,
        upper,
        conditional: lower.and_then(|rate| goodput(stages, rate)),
        interval: Interval {
            low: all(&|capacity| capacity.interval.low),
            high: any(&|capacity| capacity.interval.high).map(|(rate, _)| rate),
        },
        relative_width: width(lower, upper),
        censored,
        binding: limiting.and_then(|chain| chain.capacity.as_ref()?.binding),
        screening: capacities.iter().any(|found| found.screening),
        mixed: true,
        mix: chains.iter().zip(shares).map(name_and_share).collect(),
        limited_by: limiting.map(|chain| chain.name.clone()),
        window: capacities.iter().map(|found| found.window).min().unwrap_or(Nanos::ZERO),
        second_opinions: super::SecondOpinions::default(),
        next_rates: next_rates(lower, upper, censored),
        hold: capacities.iter().map(|found| found.hold).max().unwrap_or(Nanos::ZERO),
    })
}

/// Good requests per second of all chains at the rate of all of them, in the stage nearest to it.
fn goodput(stages: &[StageFindings], rate: Rate) -> Option<Rate> {
    let distance =
        |stage: &StageFindings| (stage.offered.per_second() / rate.per_second() - 1.0).abs();
    let nearest = stages.iter().min_by(|left, right| distance(left).total_cmp(&distance(right)))?;
    nearest.goodput.filter(|_| distance(nearest) <= SAME_COUNTED)
}
