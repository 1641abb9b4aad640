//! When a chain's requests were started, and what the parts of each run come to.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{InputId, Nanos, Timestamp};

use super::judging::lag_limit;
use super::named;
use crate::cells::{Cell, Part};
use crate::counting::Counting;
use crate::generators::{Generator, Planned};
use crate::latencies::Latencies;
use crate::pace::{self, RunPace, Share};
use crate::runs::{Numbers, OVERFLOW};
use crate::spans::{Span, Starts, active};
use crate::streams::NO_ATTACK;
use crate::{Options, Proportion, RunFindings, Warning};

/// When a chain's requests were started, by run.
#[derive(Default)]
pub(super) struct Times {
    pub(super) by_root: BTreeMap<u32, RunPart>,
    /// Whether some are of runs that were not kept apart.
    pub(super) are_lost: bool,
}

/// A chain's requests in one run.
#[derive(Default)]
pub(super) struct RunPart {
    pub(super) starts: Starts,
    pub(super) requests: u64,
}

impl Times {
    pub(super) fn add(&mut self, root: u32, part: &Part) {
        if root == OVERFLOW {
            self.are_lost |= part.starts.count > 0;
        } else {
            let run = self.by_root.entry(root).or_default();
            run.starts.merge(part.starts);
            run.requests += part.requests;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.are_lost |= other.are_lost;
        for (&root, part) in &other.by_root {
            let run = self.by_root.entry(root).or_default();
            run.starts.merge(part.starts);
            run.requests += part.requests;
        }
    }

    /// How long the chain was under way: for each run from the chain's first request until one mean interval after its
    /// last. `None` where that is not known.
    pub(super) fn active(&self, runs: &RunTotals) -> Option<Nanos> {
        let span = |(&root, part): (&u32, &RunPart)| part.starts.span(runs.mean_interval(root));
        (!self.are_lost).then(|| active(self.by_root.iter().filter_map(span).collect()))
    }
}

/// What the parts of each run come to.
pub(super) struct RunTotals<'a> {
    pub(super) roots: Vec<u32>,
    pub(super) by_root: BTreeMap<u32, RunTotal<'a>>,
    /// Places of the given rates that are some run's.
    pub(super) used_rates: BTreeSet<usize>,
}

pub(super) struct RunTotal<'a> {
    pub(super) requests: u64,
    pub(super) successes: u64,
    pub(super) starts: Starts,
    pub(super) cells: Vec<&'a Cell>,
    /// Whether some of its records are in cells that are not its own.
    pub(super) is_folded: bool,
    pub(super) pace: RunPace,
    /// The rates that its generator was to keep, as it says.
    pub(super) plan: Vec<Planned>,
    /// Those that sent it, or others' shares of the same name in the same input.
    pub(super) generators: Vec<&'a Generator>,
    pub(super) missing: Option<u64>,
}

impl<'a> RunTotals<'a> {
    pub(super) fn of(counting: &'a Counting, options: &Options, inputs: &[String]) -> Self {
        let runs = counting.streams.runs();
        let mut totals =
            Self { roots: runs.joined(), by_root: BTreeMap::new(), used_rates: BTreeSet::new() };
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (run, &root) in (0..).zip(&totals.roots) {
            members.entry(root).or_default().push(run);
        }
        for part in counting.cells.parts() {
            let root = totals.root(part.run);
            let members = members.get(&root).map_or(&[][..], Vec::as_slice);
            let total = totals.by_root.entry(root).or_insert_with(|| {
                let key = runs.stream(root).and_then(|stream| counting.streams.key(stream));
                let attack = key.map_or("", |(_, attack)| counting.streams.attack(attack));
                let input = key.map(|(input, _)| input);
                let given = pace::given_rate(&options.intended, attack, input, inputs);
                if let Some(place) = given {
                    totals.used_rates.insert(place);
                }
                let given = given.and_then(|place| options.intended.get(place));
                let sampled = counting.samples.of(members.iter().copied());
                let step = |numbers: Numbers| numbers.step(sampled.samples.len() as u64);
                let step = runs.numbers(members).map_or(1, step);
                let place = runs.stream(root).and_then(|stream| counting.streams.share(stream));
                let place = input.zip(place);
                let told = &counting.generators;
                let plan = place.filter(|_| key.is_some_and(|(_, attack)| attack != NO_ATTACK));
                RunTotal {
                    plan: plan
                        .map_or_else(Vec::new, |(input, share)| told.plan(input, share, attack)),
                    generators: place
                        .map_or_else(Vec::new, |(input, share)| told.of(input, share).collect()),
                    requests: 0,
                    successes: 0,
                    starts: Starts::default(),
                    cells: Vec::new(),
                    is_folded: false,
                    pace: RunPace::of(sampled, given.map(|given| given.rate), step),
                    missing: None,
                }
            });
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
        for (root, total) in &mut totals.by_root {
            let members = members.get(root).map_or(&[][..], Vec::as_slice);
            total.missing = missing(counting, members, total.requests);
        }
        let roots: Vec<u32> =
            totals.by_root.keys().copied().filter(|root| *root != OVERFLOW).collect();
        let key = |root: u32| runs.stream(root).and_then(|stream| counting.streams.key(stream));
        let of_attacks: Vec<(u32, &str)> = roots
            .iter()
            .filter_map(|&root| Some((root, counting.streams.attack(key(root)?.1))))
            .collect();
        let of_files: Vec<(u32, &str)> = roots
            .iter()
            .filter_map(|&root| Some((root, file_name(inputs.get(key(root)?.0.0 as usize)?))))
            .collect();
        for named in [of_attacks, of_files] {
            named::plan(&mut totals.by_root, &named, &counting.windows);
        }
        totals
    }

    pub(super) fn root(&self, run: u32) -> u32 {
        self.roots.get(run as usize).copied().unwrap_or(run)
    }

    pub(super) fn mean_interval(&self, root: u32) -> u64 {
        self.by_root.get(&root).map_or(0, |total| total.starts.mean_interval())
    }

    /// How long any run was under way; `None` where that is not known.
    pub(super) fn active(&self) -> Option<Nanos> {
        let is_lost = self.by_root.get(&OVERFLOW).is_some_and(|total| total.starts.count > 0);
        let spans = || self.by_root.values().filter_map(|total| total.starts.span(0)).collect();
        (!is_lost).then(|| active(spans()))
    }

    /// Given rates that are no run's, or not that of the run that they were given for.
    pub(super) fn rate_warnings(&self, counting: &Counting, options: &Options) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (&root, total) in &self.by_root {
            if let Some(given) = total.pace.refused() {
                let runs = counting.streams.runs();
                let key = runs.stream(root).and_then(|stream| counting.streams.key(stream));
                let attack = key.map_or("", |(_, attack)| counting.streams.attack(attack));
                let attack = options.secrets.in_text(attack).into_owned();
                warnings.push(Warning::RateExceeded { attack, given });
            }
        }
        let unused =
            (0..).zip(&options.intended).filter(|(place, _)| !self.used_rates.contains(place));
        warnings.extend(unused.filter_map(|(_, rate)| {
            Some(Warning::UnmatchedRate { attacks: rate.pattern.clone()? })
        }));
        warnings
    }

    pub(super) fn findings(&self, counting: &Counting, options: &Options) -> Vec<RunFindings> {
        let mut runs: Vec<(&u32, &RunTotal)> = self.by_root.iter().collect();
        runs.sort_by_key(|(root, total)| (**root == OVERFLOW, total.starts.first, **root));
        runs.into_iter().map(|(&root, total)| finding(root, total, counting, options)).collect()
    }
}

/// Numbers between the first and the last of a run that none of its `requests` has. Of records that were cut, or left out
/// because they had come before, it cannot be told whose number is missing.
fn missing(counting: &Counting, members: &[u32], requests: u64) -> Option<u64> {
    let runs = counting.streams.runs();
    for &run in members {
        let (input, _) = runs.stream(run).and_then(|stream| counting.streams.key(stream))?;
        let input = counting.inputs.get(input.0 as usize)?;
        if input.cut > 0 || input.duplicates > 0 {
            return None;
        }
    }
    runs.numbers(members)?.missing(requests)
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
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
        (options.secrets.in_text(attack).into_owned(), inputs, total.starts.span(0))
    };
    let share = [Share { run: &total.pace, requests: total.requests }];
    RunFindings {
        attack,
        inputs,
        intended: total.pace.intended(),
        pace: pace::merged(&share, None, lag_limit(options), options.confidence).ok(),
        missing: total.missing,
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
