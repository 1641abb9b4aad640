//! How chains are called.

use std::collections::{BTreeMap, BTreeSet};

use crate::counting::Counting;
use crate::found::{self, Seen, UNMATCHED, UNNAMED};
use crate::groups::{Group, MAX_GROUPS};
use crate::{ChainsBy, Grouping, Options};

/// Records for whose group there was no room.
pub const OTHER: &str = "(other)";

/// The chain of each group, by the group's number.
pub(crate) fn chain_names(counting: &Counting, options: &Options) -> (Grouping, Vec<String>) {
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
                    *name = options.secrets.in_text(&chain).into_owned();
                    kept.insert(chain);
                }
            }
            Grouping::Found(by)
        }
    };
    (grouping, names)
}

/// What stands for leftovers comes after the chains.
pub(super) fn rank(name: &str) -> u8 {
    match name {
        UNNAMED => 1,
        UNMATCHED => 2,
        OTHER => 3,
        _ => 0,
    }
}
