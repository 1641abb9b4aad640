//! What the reader of the findings has to know before believing them.

use std::collections::BTreeSet;

use super::grouping::OTHER;
use crate::cells::{Cell, MAX_PARTS, MAX_RUN_CELLS};
use crate::counting::Counting;
use crate::found::UNMATCHED;
use crate::groups::MAX_GROUPS;
use crate::runs::MAX_RUNS;
use crate::templates::MAX_TEMPLATES;
use crate::{ChainFindings, ChainsBy, RunFindings, Warning};

pub(super) fn warnings(
    counting: &Counting,
    chains: &[ChainFindings],
    cells: &[&Cell],
    runs: &[RunFindings],
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
    let folded: u64 = cells.iter().map(|cell| cell.tally.errors.folded()).sum();
    warn_of(folded, |records| Warning::ErrorsFolded { limit: MAX_TEMPLATES, records });
    let missing = runs.iter().filter_map(|run| run.missing).sum();
    warn_of(missing, |records| Warning::NumbersMissing { records });
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
