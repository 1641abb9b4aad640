//! From cells to findings: everything here is an exact merge, or derived from one.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{InputId, Nanos, Rate, Timestamp, mask_text};

use crate::cells::{Cell, MAX_PARTS, MAX_RUN_CELLS, Part};
use crate::counting::Counting;
use crate::found::{self, Seen, UNMATCHED, UNNAMED};
use crate::groups::{Group, MAX_GROUPS};
use crate::latencies::Latencies;
use crate::runs::{MAX_RUNS, OVERFLOW};
use crate::spans::{Span, Starts, active};
use crate::tally::Tally;
use crate::templates::{MAX_TEMPLATES, OTHER_ID};
use crate::{
    ChainFindings, ChainsBy, Findings, Grouping, LatencyFindings, Options, Proportion, RunFindings,
    Warning,
};

/// Records for whose group there was no room.
const OTHER: &str = "(other)";

/// The name of all records together.
const TOTAL: &str = "total";

/// The most attack names that are listed per chain.
const MAX_ATTACKS: usize = 100;

pub(crate) fn findings(counting: &Counting, options: &Options, unchecked: u64) -> Findings {
    let runs = RunTotals::of(counting);
    let (grouping, names) = chain_names(counting);
    let mut cells_by_chain: BTreeMap<(u8, &str), Vec<&Cell>> = BTreeMap::new();
    for cell in counting.cells.iter().filter(|cell| cell.tally.requests() > 0) {
        let name = names.get(cell.group as usize).map_or(OTHER, String::as_str);
        cells_by_chain.entry((rank(name), name)).or_default().push(cell);
    }
    let mut times_by_chain: BTreeMap<&str, Times> = BTreeMap::new();
    for part in counting.cells.parts() {
        let name = names.get(part.group as usize).map_or(OTHER, String::as_str);
        times_by_chain.entry(name).or_default().add(runs.root(part.run), &part);
    }
    let chains: Vec<ChainFindings> = cells_by_chain
        .iter()
        .map(|((_, name), cells)| {
            let active = times_by_chain.get(name).and_then(|times| times.active(&runs));
            chain(name, cells, counting, options, active)
        })
        .collect();
    let all: Vec<&Cell> = cells_by_chain.into_values().flatten().collect();
    // A run goes on for one mean interval of all its requests, not of the rarest chain's.
    let total = chain(TOTAL, &all, counting, options, runs.active());
    Findings {
        inputs: counting.inputs.clone(),
        runs: runs.findings(counting, options),
        warnings: warnings(counting, &chains, &all, unchecked),
        total,
        chains,
        grouping,
    }
}

/// The chain of each group, by the group's number.
fn chain_names(counting: &Counting) -> (Grouping, Vec<String>) {
    let groups = &counting.groups;
    let mut records: BTreeMap<u32, u64> = BTreeMap::new();
    for cell in counting.cells.iter() {
        *records.entry(cell.group).or_default() += cell.tally.requests();
    }
    let count = records.keys().last().map_or(0, |&last| last + 1);
    let mut names: Vec<String> = (0..count)
        .map(|group| match groups.get(group) {
            Group::Named(name) => name.to_string(),
            Group::Rule(rule) => {
                groups.rules().get(*rule).map_or(OTHER, |rule| &rule.name).to_owned()
            }
            Group::Unmatched => UNMATCHED.to_owned(),
            Group::Other | Group::Found { .. } => OTHER.to_owned(),
        })
        .collect();
    let grouping = match groups.by() {
        ChainsBy::Configured(_) => Grouping::Configured,
        ChainsBy::Asked(by) => Grouping::Asked(*by),
        ChainsBy::Found => {
            let mut found = Vec::new();
            let mut seen = Vec::new();
            for (&group, &records) in records.iter().filter(|&(_, &records)| records > 0) {
                if let Group::Found { attack, host, segment } = *groups.get(group) {
                    found.push(group);
                    seen.push(Seen { attack: groups.attack(attack), host, segment, records });
                }
            }
            let (by, chains) = found::split(&seen, |id| groups.host(id), |id| groups.segment(id));
            // Chains beyond the limit stay in `(other)`.
            let mut kept: BTreeSet<String> = BTreeSet::new();
            for (group, chain) in found.into_iter().zip(chains) {
                if let Some(name) = names.get_mut(group as usize)
                    && (kept.len() < MAX_GROUPS || kept.contains(&chain))
                {
                    *name = mask_text(&chain);
                    kept.insert(chain);
                }
            }
            Grouping::Found(by)
        }
    };
    (grouping, names)
}

/// What stands for leftovers comes after the chains.
fn rank(name: &str) -> u8 {
    match name {
        UNNAMED => 1,
        UNMATCHED => 2,
        OTHER => 3,
        _ => 0,
    }
}

fn merged(cells: &[&Cell]) -> Tally {
    let mut tally = Tally::default();
    for cell in cells {
        tally.merge(&cell.tally);
    }
    tally
}

fn chain(
    name: &str,
    cells: &[&Cell],
    counting: &Counting,
    options: &Options,
    active: Option<Nanos>,
) -> ChainFindings {
    let tally = merged(cells);
    let has_slo = options.slo.is_some_and(|slo| slo.latency.is_some());
    let proportion = |part| Proportion::wilson(part, tally.requests(), options.confidence);
    let attacks: BTreeSet<&str> = cells
        .iter()
        .flat_map(|cell| &cell.attacks)
        .map(|&attack| counting.streams.attack(attack))
        .filter(|attack| !attack.is_empty())
        .collect();
    // Requests without timestamp are in no rate.
    let rate = |count| active.and_then(|active| Rate::over(count, active));
    ChainFindings {
        name: name.to_owned(),
        requests: tally.requests(),
        successes: tally.successes(),
        failures: tally.failure.count(),
        good: has_slo.then_some(tally.good),
        success: proportion(tally.successes()),
        http_success: proportion(tally.http_successes()),
        http_successes: tally.http_successes(),
        active: active.unwrap_or(Nanos::ZERO),
        offered: rate(tally.starts.count),
        throughput: rate(tally.successes() - tally.untimed_successes),
        goodput: if has_slo { rate(tally.good - tally.untimed_good) } else { None },
        bytes_in_total: tally.bytes_in,
        bytes_out_total: tally.bytes_out,
        bytes_measured: tally.bytes_measured,
        latency: latency(&tally),
        status_codes: tally.status_codes(),
        errors: tally.errors.findings(&counting.templates),
        earliest: tally.starts.earliest(),
        latest: tally.starts.latest(),
        end: tally.end(),
        attacks: attacks.into_iter().take(MAX_ATTACKS).map(mask_text).collect(),
    }
}

fn latency(tally: &Tally) -> LatencyFindings {
    LatencyFindings {
        all: all_latencies(tally).summary(),
        success: tally.success.summary(),
        failure: tally.failure.summary(),
        success_histogram: tally.success.distribution(),
        failure_histogram: tally.failure.distribution(),
    }
}

fn all_latencies(tally: &Tally) -> Latencies {
    let mut all = tally.success.clone();
    all.merge(&tally.failure);
    all
}

/// When a chain's requests were started, by run.
#[derive(Default)]
struct Times {
    by_root: BTreeMap<u32, Starts>,
    /// Whether some are of runs that were not kept apart.
    are_lost: bool,
}

impl Times {
    fn add(&mut self, root: u32, part: &Part) {
        if root == OVERFLOW {
            self.are_lost |= part.starts.count > 0;
        } else {
            self.by_root.entry(root).or_default().merge(part.starts);
        }
    }

    /// How long the chain was under way: for each run from the chain's first request until one mean interval after its
    /// last. `None` where that is not known.
    fn active(&self, runs: &RunTotals) -> Option<Nanos> {
        let span = |(&root, starts): (&u32, &Starts)| starts.span(runs.mean_interval(root));
        (!self.are_lost).then(|| active(self.by_root.iter().filter_map(span).collect()))
    }
}

/// What the parts of each run come to.
struct RunTotals<'a> {
    roots: Vec<u32>,
    by_root: BTreeMap<u32, RunTotal<'a>>,
}

#[derive(Default)]
struct RunTotal<'a> {
    requests: u64,
    successes: u64,
    starts: Starts,
    cells: Vec<&'a Cell>,
    /// Whether some of its records are in cells that are not its own.
    is_folded: bool,
}

impl<'a> RunTotals<'a> {
    fn of(counting: &'a Counting) -> Self {
        let mut totals = Self { roots: counting.streams.runs().joined(), by_root: BTreeMap::new() };
        for part in counting.cells.parts() {
            let root = totals.root(part.run);
            let total = totals.by_root.entry(root).or_default();
            total.requests += part.requests;
            total.successes += part.successes;
            total.starts.merge(part.starts);
            total.is_folded |= !part.has_cell;
        }
        for cell in counting.cells.iter() {
            let root = totals.root(cell.run);
            if let Some(total) = totals.by_root.get_mut(&root) {
                total.cells.push(cell);
            }
        }
        totals
    }

    fn root(&self, run: u32) -> u32 {
        self.roots.get(run as usize).copied().unwrap_or(run)
    }

    fn mean_interval(&self, root: u32) -> u64 {
        self.by_root.get(&root).map_or(0, |total| total.starts.mean_interval())
    }

    /// How long any run was under way; `None` where that is not known.
    fn active(&self) -> Option<Nanos> {
        let is_lost = self.by_root.get(&OVERFLOW).is_some_and(|total| total.starts.count > 0);
        let spans = || self.by_root.values().filter_map(|total| total.starts.span(0)).collect();
        (!is_lost).then(|| active(spans()))
    }

    fn findings(&self, counting: &Counting, options: &Options) -> Vec<RunFindings> {
        let mut runs: Vec<(&u32, &RunTotal)> = self.by_root.iter().collect();
        runs.sort_by_key(|(root, total)| (**root == OVERFLOW, total.starts.first, **root));
        runs.into_iter().map(|(&root, total)| finding(root, total, counting, options)).collect()
    }
}

fn finding(root: u32, total: &RunTotal, counting: &Counting, options: &Options) -> RunFindings {
    let streams = &counting.streams;
    let (attack, inputs, span) = if root == OVERFLOW {
        let inputs: BTreeSet<InputId> = streams
            .runs()
            .overflowing()
            .filter_map(|stream| streams.key(stream))
            .map(|(input, _)| input)
            .collect();
        (String::new(), inputs.into_iter().collect(), None::<Span>)
    } else {
        let key = streams.runs().stream(root).and_then(|stream| streams.key(stream));
        let attack = key.map_or("", |(_, attack)| streams.attack(attack));
        let inputs = key.into_iter().map(|(input, _)| input).collect();
        (mask_text(attack), inputs, total.starts.span(0))
    };
    RunFindings {
        attack,
        inputs,
        requests: total.requests,
        active_spans: span
            .into_iter()
            .map(|span| (Timestamp(span.start), Timestamp(span.end)))
            .collect(),
        success: Proportion::wilson(total.successes, total.requests, options.confidence),
        latency: (!total.is_folded).then(|| {
            let mut all = Latencies::default();
            for cell in &total.cells {
                all.merge(&cell.tally.success);
                all.merge(&cell.tally.failure);
            }
            all.summary()
        }),
    }
}

fn warnings(
    counting: &Counting,
    chains: &[ChainFindings],
    cells: &[&Cell],
    unchecked: u64,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn_of = |records: u64, warning: fn(u64) -> Warning| {
        if records > 0 {
            warnings.push(warning(records));
        }
    };
    let sum = |of: fn(&crate::InputFindings) -> u64| counting.inputs.iter().map(of).sum::<u64>();
    let in_chain = |name: &str| {
        chains.iter().find(|chain| chain.name == name).map_or(0, |chain| chain.requests)
    };
    let is_configured = matches!(counting.groups.by(), ChainsBy::Configured(_));
    warn_of(sum(|input| input.duplicates), |records| Warning::Duplicates { records });
    warn_of(unchecked, |records| Warning::DuplicatesUnchecked { records });
    warn_of(in_chain(OTHER), |records| Warning::GroupsFolded { limit: MAX_GROUPS, records });
    let folded: u64 = cells.iter().map(|cell| cell.tally.errors.count(OTHER_ID)).sum();
    warn_of(folded, |records| Warning::ErrorsFolded { limit: MAX_TEMPLATES, records });
    warn_of(sum(|input| input.without_timestamp), |records| Warning::WithoutTimestamp { records });
    if is_configured {
        warn_of(in_chain(UNMATCHED), |records| Warning::Unmatched { records });
    }
    let limit = if counting.streams.runs().overflows() {
        Some(MAX_RUNS)
    } else if counting.cells.has_lost_parts() {
        Some(MAX_PARTS)
    } else {
        counting.cells.parts().any(|part| !part.has_cell).then_some(MAX_RUN_CELLS)
    };
    warnings.extend(limit.map(|limit| Warning::RunsFolded { limit }));
    let names: BTreeSet<&str> =
        counting.groups.rules().iter().map(|rule| rule.name.as_str()).collect();
    let empty = names.into_iter().filter(|name| in_chain(name) == 0);
    warnings.extend(empty.map(|name| Warning::EmptyChain { name: name.to_owned() }));
    warnings
}
