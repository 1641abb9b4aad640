//! Which capacity each chain is planned with, and how that is known.

use std::path::{Path, PathBuf};

use plimsoll_analysis::plan::basis::Measured;
use plimsoll_analysis::plan::{Capacity, Demand, Pooling};
use plimsoll_analysis::{OTHER, UNMATCHED, VerdictKind};
use plimsoll_model::Decimal;
use plimsoll_render::MeasuredChain;
use plimsoll_render::plan::{CapacityBasis, ChainBasis, Limit, Origin};

use super::measurements::{Measurements, One};
use super::refusals::{nothing, unfit};
use super::together::mix;
use super::{Refused, summaries};
use crate::args::PlanArgs;
use crate::config::{Config, Given, PerRelay, PlannedChain};

/// Chains whose names are told where another is missing.
const MOST_NAMES: usize = 20;

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

/// What is known of a chain.
struct Found<'a> {
    chain: &'a PlannedChain,
    capacity: Capacity,
    basis: CapacityBasis,
    measured: Option<&'a MeasuredChain>,
}

/// Where a chain's capacity is to be looked for.
enum Where {
    Written(Given),
    Measured(usize),
}

/// Where a chain's capacity is from.
pub(super) struct Source<'a> {
    pub(super) chain: &'a PlannedChain,
    pub(super) from: Origins<'a>,
}

/// Somebody wrote it down, or it was measured.
#[derive(Clone, Copy)]
pub(super) enum Origins<'a> {
    Written(Given),
    Measured { place: usize, one: &'a One, own: &'a MeasuredChain },
}

pub(super) fn known<'a>(
    config: &Config,
    args: &PlanArgs,
    chains: &'a [PlannedChain],
    measured: &'a mut Measurements,
    pooling: Pooling,
) -> anyhow::Result<Capacities<'a>> {
    let mut places = Vec::new();
    for chain in chains {
        places.push((chain, place(config, args, chain, chains.len() == 1, measured)?));
    }
    let measured = &*measured;
    let source = |(chain, place): &(&'a PlannedChain, Where)| {
        let from = match *place {
            Where::Written(given) => Origins::Written(given),
            Where::Measured(place) => measured_at(config, chains, chain, measured, place)?,
        };
        anyhow::Ok(Source { chain, from })
    };
    let sources = places.iter().map(source).collect::<anyhow::Result<Vec<_>>>()?;
    if measured.is_empty() {
        summaries::check_nothing(config, args)?;
    }
    let mut found = Capacities { chains: Vec::new(), notes: Vec::new() };
    let of_mix = mix(args, &sources, pooling)?;
    for &Source { chain, from } in &sources {
        found.chains.push(match from {
            Origins::Written(given) => written(config, chain, given, &mut found.notes),
            Origins::Measured { place, one, own } => {
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
                    (None, [_, ..]) if measured.is_named(place) => Some("capacity_from"),
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
                Found { chain, capacity, basis, measured: Some(own) }
            }
        });
    }
    found.notes.extend(measured.left_over(&sources));
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
    let written = chain.capacity.map(Where::Written);
    if let Some(written) = chain.capacity.filter(|_| typed("capacity_rps").is_some()) {
        return Ok(Where::Written(written));
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
        [] => {
            if let Some(place) = nobodys(config, measured).filter(|_| is_only) {
                return Ok(Where::Measured(place));
            }
        }
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
    if let Some(written) = written {
        return Ok(written);
    }
    let what = format!("[chains.{name}]: what an instance sustains is not known");
    Err(config.in_file(if measured.is_empty() {
        anyhow::anyhow!(
            "{what}: name result files or a summary (plimsoll plan steps/*.gob), or say it: capacity_rps = 450"
        )
    } else {
        absent(&what, "the inputs have", measured.chains())
    }))
}

/// That a chain is none of those that were measured.
fn absent<'a>(
    what: &str,
    from: &str,
    found: impl Iterator<Item = &'a MeasuredChain>,
) -> anyhow::Error {
    let mut names: Vec<&str> = found.map(|chain| chain.name.as_str()).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let has = match names.len() {
        0 => "no chain".to_owned(),
        1 => format!("the chain {}", names[0]),
        _ => format!("the chains {}", names.join(", ")),
    };
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    anyhow::anyhow!(
        "{what}: {from} {has}{more}; give a chain its name there, or a match that finds it, or say capacity_rps"
    )
}

/// Where one chain was measured alone that is neither what is left of others nor another that the configuration knows.
fn nobodys(config: &Config, measured: &Measurements) -> Option<usize> {
    let (place, only) = measured.only()?;
    let is_known = is_rest(&only.name) || config.chain_names().contains(&only.name.as_str());
    (!is_known).then_some(place)
}

/// Whether a group is what is left when the others have taken theirs, whatever that is.
fn is_rest(name: &str) -> bool {
    [UNMATCHED, OTHER].contains(&name)
}

/// The chain of that name in some inputs, or the only one there.
fn measured_at<'a>(
    config: &Config,
    chains: &[PlannedChain],
    chain: &PlannedChain,
    measured: &'a Measurements,
    place: usize,
) -> anyhow::Result<Origins<'a>> {
    let name = &chain.name;
    let one = measured.get(place);
    let all = one.map_or(&[][..], |one| &one.found.chains);
    let own = all.iter().find(|own| own.name == *name).or(match all {
        // Who names the same inputs for it as for another chain means all of them.
        [only] if !is_rest(&only.name) => {
            let is_its = |other: &PlannedChain| {
                other.name == only.name && other.capacity_from == chain.capacity_from
            };
            (!chains.iter().any(is_its)).then_some(only)
        }
        _ => None,
    });
    if let (Some(one), Some(own)) = (one, own) {
        return Ok(Origins::Measured { place, one, own });
    }
    let (what, from) = if measured.is_named(place) {
        (
            format!("[chains.{name}]: what an instance sustains is not known"),
            "the inputs have".to_owned(),
        )
    } else {
        let from = one.map_or("", |one| one.from.as_str());
        (format!("chains.{name}.capacity_from: {name} is not there"), format!("{from} has"))
    };
    Err(config.in_file(absent(&what, &from, all.iter())))
}

fn written<'a>(
    config: &Config,
    chain: &'a PlannedChain,
    given: Given,
    notes: &mut Vec<String>,
) -> Found<'a> {
    let name = &chain.name;
    let key = format!("chains.{name}.capacity_rps");
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
    Found { chain, capacity, basis: CapacityBasis::Written { place }, measured: None }
}

/// Whether what broke may not have been the server, by the verdict.
fn doubt(name: &str, own: &MeasuredChain) -> Option<String> {
    use VerdictKind::{InsufficientData, Mixed, PathFailure, SetupError};

    own.capacity?.upper?;
    let of_others = [Mixed, PathFailure, SetupError, InsufficientData];
    of_others.iter().any(|kind| kind.name() == own.verdict).then(|| {
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
        default: PerRelay,
        prices_egress: bool,
    ) -> Known {
        let Self { chains: found, mut notes } = self;
        let mut known = Known { demands: Vec::new(), chains: Vec::new(), notes: Vec::new() };
        for found in found {
            let chain = found.chain;
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
