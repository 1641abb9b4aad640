//! From cells to findings: everything here is an exact merge, or derived from one.

mod chain;
mod grouping;
mod judging;
mod named;
mod runs;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use crate::cells::Cell;
use crate::counting::Counting;
use crate::{ChainFindings, Findings, Options, stages};
use chain::Context;
pub use grouping::OTHER;
pub(crate) use grouping::chain_names;
use grouping::rank;
use judging::runs_out_of_ports;
use runs::{RunTotals, Times};
use warnings::warnings;

/// The name of all records together.
const TOTAL: &str = "total";

pub(crate) fn findings(
    counting: &Counting,
    options: &Options,
    inputs: &[String],
    unchecked: u64,
) -> Findings {
    let runs = RunTotals::of(counting, options, inputs);
    let (grouping, names) = chain_names(counting, options);
    let mut parts: BTreeMap<(u8, &str), ChainParts> = BTreeMap::new();
    for cell in counting.cells.iter().filter(|cell| cell.tally.requests() > 0) {
        let name = names.get(cell.group as usize).map_or(OTHER, String::as_str);
        parts.entry((rank(name), name)).or_default().cells.push(cell);
    }
    for part in counting.cells.parts() {
        let name = names.get(part.group as usize).map_or(OTHER, String::as_str);
        let chain = parts.entry((rank(name), name)).or_default();
        chain.groups.insert(part.group);
        chain.times.add(runs.root(part.run), &part);
    }
    let context = Context::new(counting, options, &runs);
    let mut chains: Vec<ChainFindings> = parts
        .iter()
        .map(|((_, name), parts)| context.chain(name, parts, Some(&parts.groups)))
        .collect();
    // Those that had no port share the ports there are.
    let mut exhausted = Times::default();
    for (chain, parts) in chains.iter_mut().zip(parts.values()) {
        context.judge(chain, parts, &parts.times, &[]);
        if runs_out_of_ports(chain) {
            exhausted.merge(&parts.times);
        }
    }
    let mut all = ChainParts::default();
    for parts in parts.values() {
        all.cells.extend(&parts.cells);
        all.times.merge(&parts.times);
    }
    let mut total = context.chain(TOTAL, &all, None);
    stages::judge_together(&mut total, &chains);
    context.judge(&mut total, &all, &exhausted, &chains);
    let runs_found = runs.findings(counting, options);
    Findings {
        inputs: counting.inputs.clone(),
        warnings: {
            let mut warnings = warnings(counting, &chains, &all.cells, &runs_found, unchecked);
            warnings.extend(runs.rate_warnings(counting, options));
            warnings
        },
        runs: runs_found,
        total,
        chains,
        grouping,
        generator_cpu: counting.generators.cpu_time(),
    }
}

/// What a chain's findings are merged of.
#[derive(Default)]
struct ChainParts<'a> {
    cells: Vec<&'a Cell>,
    groups: BTreeSet<u32>,
    times: Times,
}
