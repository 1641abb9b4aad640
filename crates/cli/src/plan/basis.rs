//! Which capacity each chain is planned with, and how that is known.

use plimsoll_analysis::plan::basis::{Measured, Unfit};
use plimsoll_analysis::plan::mix::{NEARLY, distance};
use plimsoll_analysis::plan::{Capacity, Demand, Pooling};
use plimsoll_model::{Decimal, Rate};
use plimsoll_render::MeasuredChain;
use plimsoll_render::plan::{CapacityBasis, ChainBasis, Limit, Origin};

use super::Refused;
use super::measurements::{Measurements, One};
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
enum Where {
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
    let mut found = Capacities { chains: Vec::new(), notes: Vec::new() };
    let of_mix = mix(args, chains, &places, measured, pooling)?;
    for (chain, place) in chains.iter().zip(&places) {
        found.chains.push(match place {
            Where::Written => written(config, chain, &mut found.notes)?,
            Where::Measured(place) => {
                let Some((one, own)) = own(measured, *place, &chain.name) else { continue };
                let (capacity, used) = match of_mix {
                    Some((mix, capacity)) => (capacity, mix),
                    None => fit(args, &chain.name, one, own)?,
                };
                if chain.capacity.is_some() {
                    found.notes.push(format!(
                        "chains.{}.capacity_rps is left aside, as {} tells what an instance sustains",
                        chain.name, one.from
                    ));
                }
                if own.name != chain.name {
                    found.notes.push(format!(
                        "{} is planned with what was measured of {}, the only chain in {}",
                        chain.name, own.name, one.from
                    ));
                }
                let basis = CapacityBasis::Measured {
                    found: used,
                    from: one.from.clone(),
                    of_mix: of_mix.is_some(),
                };
                Found { capacity, basis, measured: Some(own) }
            }
        });
    }
    if args.allow_screening {
        let weak = |found: &Found<'_>| match &found.basis {
            CapacityBasis::Measured { found, .. } => {
                found.screening
                    || found.censored == plimsoll_analysis::capacity::sustained::Censored::Generator
            }
            CapacityBasis::Written { .. } => false,
        };
        if found.chains.iter().any(weak) {
            found.notes.push(
                "by --allow-screening the fleet is sized by measurements that would else be refused: it may be far too large or too small"
                    .to_owned(),
            );
        }
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
    if chain.capacity.is_some()
        && config.set_place(&format!("chains.{name}.capacity_rps")).is_some()
    {
        return Ok(Where::Written);
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
    if !chain.capacity_from.is_empty() {
        let place = measured.read_for(config, args, &chain.capacity_from).map_err(|error| {
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
fn own<'a>(
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
    let capacity = Capacity {
        low: given.low.unwrap_or(given.point),
        point: given.point,
        high: Some(given.high.unwrap_or(given.point)),
    };
    let place = config.set_place(&key).or_else(|| config.place(&key)).unwrap_or(key);
    Ok(Found { capacity, basis: CapacityBasis::Written { place }, measured: None })
}

/// What a chain sustains by itself.
fn fit(
    args: &PlanArgs,
    name: &str,
    one: &One,
    own: &MeasuredChain,
) -> anyhow::Result<(Capacity, Measured)> {
    let Some(measured) = own.capacity else {
        anyhow::bail!(Refused(nothing(name, one, own)));
    };
    let capacity = measured.capacity(args.allow_screening);
    let capacity = capacity.map_err(|unfit| Refused(refused(name, &one.from, unfit)))?;
    Ok((capacity, measured))
}

/// Why nothing was found to hold.
fn nothing(name: &str, one: &One, own: &MeasuredChain) -> String {
    let from = &one.from;
    if one.found.goal.is_empty() {
        return format!(
            "{name}: what load holds in {from} is a question of what is good enough: --slo latency=500ms,success=99.5%, or [slo] in plimsoll.toml"
        );
    }
    format!(
        "{name}: what an instance sustains does not follow from {from}. Its verdict is {}: {}. A capacity takes rates that are held, some of them too high: plimsoll attack --steps, or --find-capacity",
        own.verdict.replace('_', " "),
        own.headline
    )
}

fn refused(name: &str, from: &str, unfit: Unfit) -> String {
    let shown = |rate: Rate| format!("{}/s", rate.per_second());
    match unfit {
        Unfit::BelowAllRates { upper } => format!(
            "{name}: every rate in {from} was too high: an instance sustains less than {}. Offer lower rates",
            upper.map_or_else(|| "all of them".to_owned(), shown)
        ),
        Unfit::PerhapsBelowAllRates { lower } => format!(
            "{name}: {from} has {} hold, but by chance an instance may sustain less than all rates that were offered. Offer lower rates or hold them for longer; --set fleet.size_at=point does not help, as there is no low end to show",
            shown(lower)
        ),
        Unfit::Screening => format!(
            "{name}: what {from} shows is a screening, from a ramp or from too few windows, and reads too high: hold rates next to it for longer (plimsoll analyze says which). --allow-screening plans with it all the same"
        ),
        Unfit::Generator { lower } => format!(
            "{name}: in {from} the generator was the limit: {} were held, and what the server carries beyond was not measured. Use more generator hosts (plimsoll doctor). --allow-screening plans with it all the same, as at least that much",
            shown(lower)
        ),
    }
}

/// The capacity of all chains together, where one of them was measured in a mix: `None` where each was measured alone.
fn mix(
    args: &PlanArgs,
    chains: &[PlannedChain],
    places: &[Where],
    measured: &Measurements,
    pooling: Pooling,
) -> anyhow::Result<Option<(Measured, Capacity)>> {
    let mixed = chains.iter().zip(places).find_map(|(chain, place)| {
        let Where::Measured(place) = place else { return None };
        let (one, own) = own(measured, *place, &chain.name)?;
        own.capacity.is_some_and(|found| found.mixed).then_some((*place, one, chain))
    });
    let Some((place, one, first)) = mixed else { return Ok(None) };
    let alone = "measure each chain alone, or say what each sustains alone: capacity_rps";
    let from = &one.from;
    let refuse = |why: String| Err(Refused(format!("{}: {why}; {alone}", first.name)).into());
    if pooling == Pooling::PerChain && chains.len() > 1 {
        return refuse(format!(
            "in {from} the chains were measured together, and what each sustains holds for that mix: pools of their own (fleet.pooling = \"per_chain\") have another"
        ));
    }
    if !places.iter().all(|other| matches!(other, Where::Measured(other) if *other == place)) {
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
        let planned = chains.iter().find(|chain| chain.name == name);
        planned.map_or(0.0, |chain| chain.target.per_second())
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
    let names: Vec<&str> = chains.iter().map(|chain| chain.name.as_str()).collect();
    let capacity = mix.found.capacity(args.allow_screening);
    let capacity = capacity.map_err(|unfit| Refused(refused(&names.join(" + "), from, unfit)))?;
    Ok(Some((mix.found, capacity)))
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
