//! Rates that stand in the names of attacks and files: `eth-500` and `eth-1000`, `step-500.csv` and `step-1000.csv`.
//!
//! A run whose schedule shows in nothing else, as its requests came at random, is one stage if its name differs from
//! another's in a number that is its rate. One that is not, as a generator could not keep it, is told nothing by its name.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Nanos, Rate};

use super::runs::RunTotal;
use crate::found::{numbers, shape};
use crate::generators::Planned;
use crate::windows::{self, Window, Windows};

/// Fewer requests than this tell no rate.
const LEAST: u64 = 200;

/// A run's rate may differ from its name's by this share of it, ...
const SAME: f64 = 0.02;

/// ... or by as many times the chance error of its count.
const BY_CHANCE: f64 = 3.0;

/// Makes plans of the rates that runs have in their names. `named` are the runs with their names, of an attack or of a file.
pub(super) fn plan(
    by_root: &mut BTreeMap<u32, RunTotal<'_>>,
    named: &[(u32, &str)],
    windows: &Windows,
) {
    let mut by_shape: BTreeMap<String, Vec<(u32, &str)>> = BTreeMap::new();
    for &(root, name) in
        named.iter().filter(|(_, name)| name.contains(|c: char| c.is_ascii_digit()))
    {
        by_shape.entry(shape(name)).or_default().push((root, name));
    }
    for alike in by_shape.into_values() {
        let mut seen: Vec<BTreeSet<&str>> = Vec::new();
        for &(_, name) in &alike {
            let numbers = numbers(name);
            seen.resize_with(numbers.len(), BTreeSet::new);
            for (place, number) in numbers.into_iter().enumerate() {
                seen[place].insert(number);
            }
        }
        for (root, name) in alike {
            let Some(run) = by_root.get_mut(&root) else { continue };
            let vary = numbers(name).into_iter().zip(&seen).filter(|(_, seen)| seen.len() > 1);
            let rates = vary.filter_map(|(number, _)| number.parse().ok());
            let rate = rates.map(Rate).find(|rate| is_rate_of(run, *rate) && is_even(run, windows));
            if let Some(rate) = rate
                && run.plan.is_empty()
                && run.pace.constant().is_none()
            {
                run.plan = vec![Planned::constant(run.starts.first, rate)];
            }
        }
    }
}

fn is_rate_of(run: &RunTotal<'_>, rate: Rate) -> bool {
    let count = run.starts.count.saturating_sub(1);
    let span = Nanos(run.starts.last.abs_diff(run.starts.first));
    let Some(measured) = Rate::over(count, span).filter(|_| count >= LEAST) else { return false };
    is_same(measured.per_second() / rate.per_second(), count)
}

/// Whether a ratio to what so many requests make is 1.
fn is_same(ratio: f64, count: u64) -> bool {
    (ratio - 1.0).abs() <= SAME.max(BY_CHANCE / (count as f64).sqrt())
}

/// Whether the run had as many requests in each quarter of its time: steps may have the rate that a name says on average.
fn is_even(run: &RunTotal<'_>, windows: &Windows) -> bool {
    let cells: Vec<&[Window]> = run.cells.iter().map(|cell| windows.of(cell.number)).collect();
    let counts = windows::counts(&cells);
    let (Some(first), Some(last)) = (counts.first(), counts.last()) else { return false };
    // Requests begin and end somewhere within a window.
    let length = (last.0 - first.0 - 1) / 4;
    let quarter = |number: i64| -> u64 {
        let from = first.0 + 1 + number * length;
        let inside = counts.iter().filter(|(index, _)| (from..from + length).contains(index));
        inside.map(|(_, count)| count).sum()
    };
    let quarters = [0, 1, 2, 3].map(quarter);
    let mean = quarters.iter().sum::<u64>() as f64 / 4.0;
    !run.is_folded && quarters.iter().all(|&count| is_same(count as f64 / mean, count))
}
