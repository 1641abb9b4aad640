//! From cells to findings: everything here is an exact merge, or derived from one.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{InputId, Nanos, Rate, Timestamp, mask_text};

use crate::cells::Cell;
use crate::counting::Counting;
use crate::found::{self, Seen, UNMATCHED, UNNAMED};
use crate::groups::{Group, MAX_GROUPS};
use crate::latencies::Latencies;
use crate::runs::{MAX_RUNS, OVERFLOW};
use crate::spans::{Span, SpanList, Starts, active, union};
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
    let chain = |name: &str, cells: &[&Cell]| chain(name, cells, counting, options, &runs);
    let chains: Vec<ChainFindings> =
        cells_by_chain.iter().map(|((_, name), cells)| chain(name, cells)).collect();
    let all: Vec<&Cell> = cells_by_chain.into_values().flatten().collect();
    let mut total = chain(TOTAL, &all);
    // A run goes on for one mean interval of all its requests, not of the rarest chain's.
    set_active(&mut total, runs.active(counting), &merged(&all));
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
            for (group, chain) in found.into_iter().zip(chains) {
                if let Some(name) = names.get_mut(group as usize) {
                    *name = mask_text(&chain);
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
    runs: &RunTotals,
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
    let mut chain = ChainFindings {
        name: name.to_owned(),
        requests: tally.requests(),
        successes: tally.successes(),
        failures: tally.failure.count(),
        good: has_slo.then_some(tally.good),
        success: proportion(tally.successes()),
        http_success: proportion(tally.http_successes()),
        http_successes: tally.http_successes(),
        active: Nanos::ZERO,
        offered: None,
        throughput: None,
        goodput: None,
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
    };
    set_active(&mut chain, active(spans(cells, runs)), &tally);
    chain
}

/// Sets the active time and the rates over it. Requests without timestamp are in no rate.
fn set_active(chain: &mut ChainFindings, active: Nanos, tally: &Tally) {
    chain.active = active;
    chain.offered = Rate::over(tally.starts.count, active);
    chain.throughput = Rate::over(tally.successes() - tally.untimed_successes, active);
    chain.goodput = chain.good.and_then(|good| Rate::over(good - tally.untimed_good, active));
}

fn latency(tally: &Tally) -> LatencyFindings {
    LatencyFindings {
        all: all_latencies(tally).summary(),
        success: tally.success.summary(),
        failure: tally.failure.summary(),
        success_histogram: tally.success.histogram(),
        failure_histogram: tally.failure.histogram(),
    }
}

fn all_latencies(tally: &Tally) -> Latencies {
    let mut all = tally.success.clone();
    all.merge(&tally.failure);
    all
}

/// When a chain was under way: for each run from the chain's first request until one mean interval after its last.
fn spans(cells: &[&Cell], runs: &RunTotals) -> Vec<Span> {
    let mut by_run: BTreeMap<u32, Starts> = BTreeMap::new();
    let mut spans = Vec::new();
    for cell in cells {
        match &cell.spans {
            Some(list) => spans.extend(list.spans()),
            None => by_run.entry(runs.root(cell.run)).or_default().merge(cell.tally.starts),
        }
    }
    spans.extend(
        by_run.into_iter().filter_map(|(run, starts)| starts.span(runs.mean_interval(run))),
    );
    spans
}

/// What the cells of each run come to.
struct RunTotals {
    roots: Vec<u32>,
    by_root: BTreeMap<u32, RunTotal>,
}

#[derive(Default)]
struct RunTotal {
    tally: Tally,
    /// Records that are in no cell of the run's own.
    folded_requests: u64,
    folded_successes: u64,
    folded_starts: Starts,
}

impl RunTotal {
    fn starts(&self) -> Starts {
        let mut starts = self.tally.starts;
        starts.merge(self.folded_starts);
        starts
    }
}

impl RunTotals {
    fn of(counting: &Counting) -> Self {
        let mut totals = Self { roots: counting.streams.runs().joined(), by_root: BTreeMap::new() };
        for cell in
            counting.cells.iter().filter(|cell| cell.spans.is_none() && cell.tally.requests() > 0)
        {
            let root = totals.root(cell.run);
            totals.by_root.entry(root).or_default().tally.merge(&cell.tally);
        }
        for (run, folded) in counting.cells.folded() {
            let root = totals.root(run);
            let total = totals.by_root.entry(root).or_default();
            total.folded_requests += folded.requests;
            total.folded_successes += folded.successes;
            total.folded_starts.merge(folded.starts);
        }
        totals
    }

    fn root(&self, run: u32) -> u32 {
        self.roots.get(run as usize).copied().unwrap_or(run)
    }

    fn mean_interval(&self, root: u32) -> u64 {
        self.by_root.get(&root).map_or(0, |total| total.starts().mean_interval())
    }

    /// When any run was under way.
    fn active(&self, counting: &Counting) -> Nanos {
        let of_runs = self.by_root.iter().filter(|(root, _)| **root != OVERFLOW);
        let mut spans: Vec<Span> =
            of_runs.filter_map(|(_, total)| total.starts().span(0)).collect();
        if self.by_root.contains_key(&OVERFLOW) {
            spans.extend(shared_spans(counting));
        }
        active(spans)
    }

    fn findings(&self, counting: &Counting, options: &Options) -> Vec<RunFindings> {
        let mut runs: Vec<(&u32, &RunTotal)> = self.by_root.iter().collect();
        runs.sort_by_key(|(root, total)| (**root == OVERFLOW, total.starts().first, **root));
        runs.into_iter().map(|(&root, total)| finding(root, total, counting, options)).collect()
    }
}

fn finding(root: u32, total: &RunTotal, counting: &Counting, options: &Options) -> RunFindings {
    let streams = &counting.streams;
    let requests = total.tally.requests() + total.folded_requests;
    let successes = total.tally.successes() + total.folded_successes;
    let (attack, inputs, spans) = if root == OVERFLOW {
        let inputs: BTreeSet<InputId> = streams
            .runs()
            .overflowing()
            .filter_map(|stream| streams.key(stream))
            .map(|(input, _)| input)
            .collect();
        (String::new(), inputs.into_iter().collect(), union(shared_spans(counting).collect()))
    } else {
        let key = streams.runs().stream(root).and_then(|stream| streams.key(stream));
        let attack = key.map_or("", |(_, attack)| streams.attack(attack));
        let span = total.starts().span(0);
        (
            mask_text(attack),
            key.into_iter().map(|(input, _)| input).collect(),
            span.into_iter().collect(),
        )
    };
    RunFindings {
        attack,
        inputs,
        requests,
        active_spans: spans
            .into_iter()
            .map(|span| (Timestamp(span.start), Timestamp(span.end)))
            .collect(),
        success: Proportion::wilson(successes, requests, options.confidence),
        latency: (total.folded_requests == 0).then(|| all_latencies(&total.tally).summary()),
    }
}

fn shared_spans(counting: &Counting) -> impl Iterator<Item = Span> {
    counting.cells.iter().filter_map(|cell| cell.spans.as_ref()).flat_map(SpanList::spans)
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
    let folded_runs: BTreeSet<u32> = counting.cells.folded().map(|(run, _)| run).collect();
    if !folded_runs.is_empty() {
        let apart: BTreeSet<u32> =
            cells.iter().map(|cell| cell.run).filter(|run| !folded_runs.contains(run)).collect();
        let limit = if folded_runs.len() == 1 && folded_runs.contains(&OVERFLOW) {
            MAX_RUNS
        } else {
            apart.len()
        };
        warnings.push(Warning::RunsFolded { limit });
    }
    let names: BTreeSet<&str> =
        counting.groups.rules().iter().map(|rule| rule.name.as_str()).collect();
    let empty = names.into_iter().filter(|name| in_chain(name) == 0);
    warnings.extend(empty.map(|name| Warning::EmptyChain { name: name.to_owned() }));
    warnings
}
