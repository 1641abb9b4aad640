//! Which capacity each chain is planned with, and how that is known.

use std::path::{Path, PathBuf};

use plimsoll_analysis::plan::basis::Measured;
use plimsoll_analysis::plan::{Capacity, Demand, Pooling};
use plimsoll_model::Decimal;
use plimsoll_render::MeasuredChain;
use plimsoll_render::plan::{CapacityBasis, ChainBasis, Limit, Origin};

use super::measurements::{Measurements, One};
use super::refusals::{nothing, unfit};
use super::together::mix;
use super::{Refused, summaries};
use crate::args::PlanArgs;
use crate::config::{Config, PerRelay, PlannedChain};

/// What is known of the chains.
pub(super) struct Known {
    pub(super) demands: Vec<Demand>,
    pub(super) chains: Vec<ChainBasis>,
    pub(super) notes: Vec<String>,
}

/// What is known of the chains, but for what a request leads to.
pub(super) struct Capacities<'a> {
    chains: Vec<Found<'a>>,
    notes: Vec<String>,
}

struct Found<'a> {
    capacity: Capacity,
    basis: CapacityBasis,
    measured: Option<&'a MeasuredChain>,
}

/// Where a chain's capacity is to be looked for.
pub(super) enum Where {
    Written,
    Measured(usize),
}

pub(super) fn known<'a>(
    config: &Config,
    args: &PlanArgs,
    chains: &[PlannedChain],
    measured: &'a mut Measurements,
    pooling: Pooling,
) -> anyhow::Result<Capacities<'a>> {
    let mut places = Vec::new();
    for chain in chains {
        places.push(place(config, args, chain, chains.len() == 1, measured)?);
    }
    let measured = &*measured;
    if measured.is_empty() {
        summaries::check_nothing(config, args)?;
    }
    let mut found = Capacities { chains: Vec::new(), notes: Vec::new() };
    let of_mix = mix(args, chains, &places, measured, pooling)?;
    for (chain, place) in chains.iter().zip(&places) {
        found.chains.push(match place {
            Where::Written => written(config, chain, &mut found.notes)?,
            Where::Measured(place) => {
                let Some((one, own)) = own(measured, *place, &chain.name) else { continue };
                let (capacity, basis) = match of_mix {
                    Some((mix, capacity)) => (
                        capacity,
                        CapacityBasis::Measured {
                            found: mix.found,
                            from: one.from.clone(),
                            of_mix: true,
                            limited_by: mix.limited_by.clone(),
                        },
                    ),
                    None => fit(args, &chain.name, one, own)?,
                };
                let key = match (chain.capacity, &chain.capacity_from[..]) {
                    (Some(_), _) => Some("capacity_rps"),
                    (None, [_, ..]) if measured.is_named(*place) => Some("capacity_from"),
                    _ => None,
                };
                if let Some(key) = key {
                    found.notes.push(format!(
                        "chains.{}.{key} is left aside, as {} tells what an instance sustains",
                        chain.name,
                        one.source_of(own)
                    ));
                }
                found.notes.extend(doubt(&chain.name, own));
                if own.name != chain.name {
                    found.notes.push(format!(
                        "{} is planned with what was measured of {}, the only chain in {}",
                        chain.name, own.name, one.from
                    ));
                }
                Found { capacity, basis, measured: Some(own) }
            }
        });
    }
    found.notes.extend(measured.left_over(chains, &places));
    let weak = found.chains.iter().filter_map(|found| match &found.basis {
        CapacityBasis::Measured { found, .. } => Some(found),
        CapacityBasis::Written { .. } => None,
    });
    // They are here only where that was asked for.
    if weak.clone().any(Measured::is_of_generator) {
        found.notes.push(
            "by --allow-screening the fleet is sized by a measurement whose generator was the limit: an instance may sustain more, so that it takes at most that many"
                .to_owned(),
        );
    }
    if weak.clone().any(|found| found.screening) {
        found.notes.push(
            "by --allow-screening the fleet is sized by a screening, which rests on too little: it may be far too large or too small"
                .to_owned(),
        );
    }
    Ok(found)
}

/// What was typed wins, then what was named on the command line, then what the configuration says.
fn place(
    config: &Config,
    args: &PlanArgs,
    chain: &PlannedChain,
    is_only: bool,
    measured: &mut Measurements,
) -> anyhow::Result<Where> {
    let name = &chain.name;
    let typed = |key: &str| config.set_place(&format!("chains.{name}.{key}"));
    if chain.capacity.is_some() && typed("capacity_rps").is_some() {
        return Ok(Where::Written);
    }
    let has_source = !chain.capacity_from.is_empty();
    if let Some(typed) = typed("capacity_from").filter(|_| has_source) {
        // As a shell completes it: from here.
        let patterns = chain.capacity_from.iter().map(PathBuf::from).collect();
        let place = measured.read_for(config, args, patterns);
        return place.map(Where::Measured).map_err(|error| anyhow::anyhow!("{typed}: {error:#}"));
    }
    match measured.of(name)[..] {
        [place] => return Ok(Where::Measured(place)),
        // One chain that is planned for, and one that was measured, whatever its attack was called.
        [] if is_only && measured.chains().count() == 1 => return Ok(Where::Measured(0)),
        [] => {}
        [first, second, ..] => {
            let from = |place: usize| measured.get(place).map_or("", |one| one.from.as_str());
            anyhow::bail!(
                "chain {name} is in {} and in {}: analyze their results together",
                from(first),
                from(second)
            );
        }
    }
    if has_source {
        let beside = config.path.parent().unwrap_or(Path::new(""));
        let patterns = chain.capacity_from.iter().map(|pattern| beside.join(pattern)).collect();
        let place = measured.read_for(config, args, patterns).map_err(|error| {
            config.in_file(anyhow::anyhow!("chains.{name}.capacity_from: {error:#}"))
        })?;
        return Ok(Where::Measured(place));
    }
    if chain.capacity.is_some() {
        return Ok(Where::Written);
    }
    let what = format!("[chains.{name}]: what an instance sustains is not known");
    let names: Vec<&str> = measured.chains().map(|chain| chain.name.as_str()).collect();
    Err(config.in_file(if measured.is_empty() {
        anyhow::anyhow!(
            "{what}: name result files or a summary (plimsoll plan steps/*.gob), or say it: capacity_rps = 450"
        )
    } else {
        anyhow::anyhow!(
            "{what}: the inputs have the chains {}; give a chain its name there, or a match that finds it, or say capacity_rps",
            names.join(", ")
        )
    }))
}

/// The chain of that name, or the only one.
pub(super) fn own<'a>(
    measured: &'a Measurements,
    place: usize,
    name: &str,
) -> Option<(&'a One, &'a MeasuredChain)> {
    let one = measured.get(place)?;
    let chains = &one.found.chains;
    let named = chains.iter().find(|chain| chain.name == name);
    let only = match &chains[..] {
        [only] => Some(only),
        _ => None,
    };
    Some((one, named.or(only)?))
}

fn written<'a>(
    config: &Config,
    chain: &PlannedChain,
    notes: &mut Vec<String>,
) -> anyhow::Result<Found<'a>> {
    let name = &chain.name;
    let key = format!("chains.{name}.capacity_rps");
    let Some(given) = chain.capacity else {
        anyhow::bail!("[chains.{name}]: what an instance sustains is not known");
    };
    if given.low.is_none() {
        notes.push(format!(
            "{key} has no low end: what an instance sustains is taken for known exactly, at {}/s",
            given.point.per_second()
        ));
    }
    if chain.instances_under_test.is_some_and(|instances| instances != 1) {
        notes.push(format!(
            "chains.{name}.instances_under_test changes nothing in its capacity_rps, which is that of one instance"
        ));
    }
    let capacity = Capacity {
        low: given.low.unwrap_or(given.point),
        point: given.point,
        high: Some(given.high.unwrap_or(given.point)),
    };
    let place = config.set_place(&key).or_else(|| config.place(&key)).unwrap_or(key);
    Ok(Found { capacity, basis: CapacityBasis::Written { place }, measured: None })
}

/// Whether what broke may not have been the server, by the verdict.
fn doubt(name: &str, own: &MeasuredChain) -> Option<String> {
    own.capacity?.upper?;
    let of_others = ["mixed", "path_failure", "setup_error", "insufficient_data"];
    of_others.contains(&own.verdict.as_str()).then(|| {
        format!(
            "{name}: what was too high there may not have been so for the server, as the verdict is {}: {}",
            own.verdict.replace('_', " "),
            own.headline
        )
    })
}

/// What a chain sustains by itself.
fn fit(
    args: &PlanArgs,
    name: &str,
    one: &One,
    own: &MeasuredChain,
) -> anyhow::Result<(Capacity, CapacityBasis)> {
    let Some(found) = own.capacity else {
        anyhow::bail!(Refused(nothing(name, one, own)));
    };
    let from = one.source_of(own);
    let capacity = found.capacity(args.allow_screening);
    let capacity = capacity.map_err(|why| Refused(unfit(name, &from, why, &[own])))?;
    Ok((capacity, CapacityBasis::Measured { found, from, of_mix: false, limited_by: None }))
}

impl Capacities<'_> {
    /// With what a request leads to.
    pub(super) fn with_volumes(
        self,
        config: &Config,
        chains: &[PlannedChain],
        default: PerRelay,
        prices_egress: bool,
    ) -> Known {
        let Self { chains: found, mut notes } = self;
        let mut known = Known { demands: Vec::new(), chains: Vec::new(), notes: Vec::new() };
        for (chain, found) in chains.iter().zip(found) {
            let name = &chain.name;
            let (bytes, egress) = egress(config, chain, default, found.measured);
            if prices_egress && matches!(egress, Origin::NotRecorded | Origin::Unknown) {
                let why = match egress {
                    Origin::NotRecorded => "the recording has no bytes of answers",
                    _ => "nobody says how large answers are",
                };
                notes.push(format!(
                    "{name}: {why}, so its egress is counted as nothing: [chains.{name}] egress_bytes_per_relay says it"
                ));
            }
            known.demands.push(Demand {
                name: name.clone(),
                target: chain.target,
                capacity: found.capacity,
                db_queries_per_relay: chain.db_queries.or(default.db_queries).unwrap_or_default(),
                egress_bytes_per_relay: bytes,
            });
            let target = format!("chains.{name}.target_rps");
            known.chains.push(ChainBasis {
                capacity: found.basis,
                egress,
                target_place: config.place(&target).unwrap_or(target),
                limit: found.measured.map(|own| Limit {
                    verdict: own.verdict.clone(),
                    headline: own.headline.clone(),
                    because: own.because.clone(),
                }),
            });
        }
        known.notes = notes;
        known
    }
}

/// Bytes of an answer: those that are given, or that were measured.
fn egress(
    config: &Config,
    chain: &PlannedChain,
    default: PerRelay,
    measured: Option<&MeasuredChain>,
) -> (Decimal, Origin) {
    let own = format!("chains.{}.egress_bytes_per_relay", chain.name);
    let shared = "cost.egress_bytes_per_relay";
    let given = |key: &str| Origin::Given { place: config.place(key).unwrap_or(key.to_owned()) };
    if let Some(bytes) = chain.egress_bytes {
        return (bytes, given(&own));
    }
    if let Some(bytes) = default.egress_bytes {
        return (bytes, given(shared));
    }
    let Some(measured) = measured else { return (Decimal::ZERO, Origin::Unknown) };
    let (bytes, answers) = (measured.bytes_in_success, measured.successes);
    match Decimal::from(bytes).checked_div(Decimal::from(answers)) {
        Some(each) if bytes > 0 => (each, Origin::Measured { bytes, answers }),
        _ => (Decimal::ZERO, Origin::NotRecorded),
    }
}
