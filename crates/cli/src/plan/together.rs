//! Chains that were measured together: what they sustain holds for that mix.

use plimsoll_analysis::plan::mix::{NEARLY, distance};
use plimsoll_analysis::plan::{Capacity, Pooling};
use plimsoll_render::{MeasuredChain, Mix};

use super::Refused;
use super::basis::{Origins, Source};
use super::refusals::{nothing, unfit, verdicts};
use crate::args::PlanArgs;

/// The capacity of all chains together, where one of them was measured in a mix: `None` where each was measured alone.
pub(super) fn mix<'a>(
    args: &PlanArgs,
    sources: &[Source<'a>],
    pooling: Pooling,
) -> anyhow::Result<Option<(&'a Mix, Capacity)>> {
    let mixed = sources.iter().find_map(|&Source { chain, from }| {
        let Origins::Measured { place, one, own } = from else { return None };
        own.capacity.is_some_and(|found| found.mixed).then_some((place, one, chain))
    });
    let Some((place, one, first)) = mixed else { return Ok(None) };
    let alone = "measure each chain alone, or say what each sustains alone: capacity_rps";
    let from = &one.from;
    let owns: Vec<&MeasuredChain> = one.found.chains.iter().collect();
    let refuse = |why: String| {
        let limits = verdicts(&owns);
        Err(Refused(format!("{}: {why}; {alone}. {limits}", first.name)).into())
    };
    if pooling == Pooling::PerChain && sources.len() > 1 {
        return refuse(format!(
            "in {from} the chains were measured together, and what each sustains holds for that mix: pools of their own (fleet.pooling = \"per_chain\") have another"
        ));
    }
    let is_there = |other: &Source<'_>| matches!(other.from, Origins::Measured { place: other, .. } if other == place);
    if !sources.iter().all(is_there) {
        return refuse(format!(
            "it was measured in a mix with others in {from}, and not all chains that are planned for are from there"
        ));
    }
    let Some(mix) = &one.found.mix else {
        let without = one.found.chains.iter().find(|chain| chain.capacity.is_none());
        return match without {
            Some(without) => Err(Refused(nothing(&without.name, one, without)).into()),
            None => refuse(format!(
                "in {from} the chains were measured together, but in another mix at each rate"
            )),
        };
    };
    // What is not planned for is no part of the target's mix.
    let target = |name: &str| {
        let planned = sources.iter().find(|source| source.chain.name == name);
        planned.map_or(0.0, |source| source.chain.target.per_second())
    };
    let share = |name: &str| mix.shares.get(name).copied().unwrap_or(0.0);
    let names = one.found.chains.iter().map(|chain| chain.name.as_str());
    let parts: Vec<(f64, f64)> = names.map(|name| (target(name), share(name))).collect();
    let apart = distance(&parts);
    // It would be NaN without targets or shares.
    if apart.is_nan() || apart > NEARLY {
        let shares = |of: fn(&(f64, f64)) -> f64| {
            let sum: f64 = parts.iter().map(of).sum();
            let names = one.found.chains.iter().map(|chain| chain.name.as_str());
            let each = names
                .zip(&parts)
                .map(|(name, part)| format!("{name} {:.0} %", of(part) / sum * 100.0));
            each.collect::<Vec<_>>().join(", ")
        };
        return refuse(format!(
            "the chains were measured together in {from}, in another mix ({}) than that of the targets ({}), and {:.0} % of the requests would have to be of another chain, where {:.0} % are close enough",
            shares(|part| part.1),
            shares(|part| part.0),
            apart * 100.0,
            NEARLY * 100.0
        ));
    }
    let instances = one.found.chains.iter().filter_map(|chain| Some(chain.capacity?.instances));
    let instances: Vec<u32> = instances.collect();
    if instances.iter().any(|other| Some(other) != instances.first()) {
        return refuse(format!(
            "the chains were measured together in {from}, on different numbers of instances: instances_under_test has to be the same"
        ));
    }
    let names: Vec<&str> = sources.iter().map(|source| source.chain.name.as_str()).collect();
    let capacity = mix.found.capacity(args.allow_screening);
    let capacity = capacity.map_err(|why| Refused(unfit(&names.join(" + "), from, why, &owns)))?;
    Ok(Some((mix, capacity)))
}
