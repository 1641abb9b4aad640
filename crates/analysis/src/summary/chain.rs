//! What is found of a chain, but its verdict.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{InputId, Nanos, Rate};

use super::ChainParts;
use super::judging::lag_limit;
use super::runs::{RunPart, RunTotal, RunTotals};
use crate::cells::Cell;
use crate::counting::Counting;
use crate::latencies::Latencies;
use crate::pace::{self, Share};
use crate::runs::OVERFLOW;
use crate::stages::{self, Part};
use crate::tally::Tally;
use crate::taxonomy::Side;
use crate::windows::{self, Window};
use crate::{ChainFindings, ErrorFinding, LatencyFindings, Options, Proportion};

/// The most attack names, and the most hosts, that are listed per chain.
const MAX_NAMES: usize = 100;

pub(super) fn merged(cells: &[&Cell]) -> Tally {
    let mut tally = Tally::default();
    for cell in cells {
        tally.merge(&cell.tally);
    }
    tally
}

/// What findings of chains are made with.
pub(super) struct Context<'a> {
    pub(super) counting: &'a Counting,
    pub(super) options: &'a Options,
    pub(super) runs: &'a RunTotals<'a>,
    /// Requests of each run by the index of the window.
    run_counts: BTreeMap<u32, Vec<(i64, u64)>>,
    /// The same of all together.
    everything: Vec<(i64, u64)>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        counting: &'a Counting,
        options: &'a Options,
        runs: &'a RunTotals<'a>,
    ) -> Self {
        let counts = |run: &RunTotal<'_>| {
            let of = |cell: &&Cell| counting.windows.of(cell.number);
            windows::counts(&run.cells.iter().map(of).collect::<Vec<_>>())
        };
        let run_counts = runs.by_root.iter().map(|(&root, run)| (root, counts(run))).collect();
        let cells = counting.cells.iter().map(|cell| counting.windows.of(cell.number));
        let everything = windows::counts(&cells.collect::<Vec<_>>());
        Self { counting, options, runs, run_counts, everything }
    }
}

impl Context<'_> {
    /// All of a chain's findings but its verdict. `groups` are its groups, `None` for everything.
    pub(super) fn chain(
        &self,
        name: &str,
        parts: &ChainParts<'_>,
        groups: Option<&BTreeSet<u32>>,
    ) -> ChainFindings {
        let Self { counting, options, runs, .. } = *self;
        let tally = merged(&parts.cells);
        let active = match groups {
            Some(_) => parts.times.active(runs),
            // A run goes on for one mean interval of all its requests, not of the rarest chain's.
            None => runs.active(),
        };
        let has_slo = options.slo.is_some_and(|slo| slo.latency.is_some());
        let proportion = |part, whole| Proportion::wilson(part, whole, options.confidence);
        let names_of = |ids: fn(&Cell) -> &[u32], name: &dyn Fn(u32) -> String| -> Vec<String> {
            let names: BTreeSet<String> =
                parts.cells.iter().flat_map(|cell| ids(cell)).map(|&id| name(id)).collect();
            names.into_iter().filter(|name| !name.is_empty()).take(MAX_NAMES).collect()
        };
        let attack = |id| options.secrets.in_text(counting.streams.attack(id)).into_owned();
        // Requests without timestamp are in no rate.
        let rate = |count| active.and_then(|active| Rate::over(count, active));
        let errors = tally.errors.findings(&counting.templates, |host| counting.host(host));
        let errors_by_side = by_side(&errors);
        let count_of = |side| errors_by_side.get(&side).copied().unwrap_or(0);
        let reached = tally.requests() - count_of(Side::Generator) - count_of(Side::Setup);
        let input = |cell: &&Cell| {
            let stream = counting.streams.runs().stream(cell.run)?;
            counting.streams.key(stream).map(|(input, _)| input)
        };
        let inputs: BTreeSet<InputId> = parts.cells.iter().filter_map(input).collect();
        let roots: Vec<&RunTotal> =
            parts.times.by_root.keys().filter_map(|root| runs.by_root.get(root)).collect();
        let intended = match roots[..] {
            [only] => only.pace.intended(),
            _ => None,
        };
        let sources = self.sources(parts);
        let found =
            stages::found(&sources, &self.everything, groups, counting.windows.width(), options);
        ChainFindings {
            name: name.to_owned(),
            inputs: inputs.into_iter().collect(),
            requests: tally.requests(),
            successes: tally.successes(),
            failures: tally.failure.count(),
            good: has_slo.then_some(tally.good),
            success: proportion(tally.successes(), tally.requests()),
            http_success: proportion(tally.http_successes(), tally.requests()),
            server_success: proportion(tally.successes(), reached),
            http_successes: tally.http_successes(),
            active: active.unwrap_or(Nanos::ZERO),
            offered: rate(tally.starts.count),
            throughput: rate(tally.successes() - tally.untimed_successes),
            goodput: if has_slo { rate(tally.good - tally.untimed_good) } else { None },
            bytes_in_total: tally.bytes_in,
            bytes_in_success: tally.bytes_in_success,
            bytes_out_total: tally.bytes_out,
            bytes_measured: tally.bytes_measured,
            bodies: tally.bodies,
            latency: latency(&tally),
            intended,
            pace: pace::merged(&self.shares(parts), groups, lag_limit(options), options.confidence),
            status_codes: tally.status_codes(),
            errors,
            errors_by_side,
            verdict: crate::Verdict::default(),
            windows: found.windows,
            latency_blocks: found.latency_blocks,
            stages: found.stages,
            capacity: found.capacity,
            earliest: tally.starts.earliest(),
            latest: tally.starts.latest(),
            end: tally.end(),
            attacks: names_of(|cell| &cell.attacks, &attack),
            hosts: names_of(|cell| &cell.hosts, &|id| counting.host(id).to_owned()),
        }
    }

    /// The windows of the chain's requests, by run.
    fn sources<'a>(&'a self, parts: &ChainParts<'_>) -> Vec<Part<'a>> {
        let mut by_root: BTreeMap<u32, Vec<&'a [Window]>> = BTreeMap::new();
        for cell in &parts.cells {
            let windows = self.counting.windows.of(cell.number);
            by_root.entry(self.runs.root(cell.run)).or_default().push(windows);
        }
        let source = |(root, cells): (u32, Vec<&'a [Window]>)| match self.runs.by_root.get(&root) {
            Some(run) if root != OVERFLOW => Part {
                cells,
                run: Cow::Borrowed(self.run_counts.get(&root).map_or(&[], Vec::as_slice)),
                pace: Some(&run.pace),
                plan: &run.plan,
                generators: &run.generators,
            },
            _ => Part {
                run: Cow::Owned(windows::counts(&cells)),
                cells,
                pace: None,
                plan: &[],
                generators: &[],
            },
        };
        by_root.into_iter().map(source).collect()
    }

    /// What each run has of the chain's requests.
    pub(super) fn shares(&self, parts: &ChainParts<'_>) -> Vec<Share<'_>> {
        let share = |(root, part): (&u32, &RunPart)| {
            let run = &self.runs.by_root.get(root)?.pace;
            Some(Share { run, requests: part.requests })
        };
        parts.times.by_root.iter().filter_map(share).collect()
    }
}

/// Failures by side.
fn by_side(errors: &[ErrorFinding]) -> BTreeMap<Side, u64> {
    let mut sides = BTreeMap::new();
    for error in errors {
        *sides.entry(error.class.side()).or_default() += error.count;
    }
    sides
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
