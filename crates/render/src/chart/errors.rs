//! Failures over time by side, and when each class of them was seen.

use std::collections::BTreeMap;

use plimsoll_analysis::{Class, Side, WindowFindings};
use plimsoll_model::{Rate, Timestamp};

use super::Subject;
use super::axis::Axis;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet, Tips};
use super::timeline::Timeline;
use crate::numbers::{count, counted, percent, rate};

/// Classes that have a row.
const MOST_CLASSES: usize = 8;

pub(super) fn chart(subject: Subject<'_>) -> Option<Chart> {
    let chain = subject.chain;
    if chain.failures == 0 {
        return None;
    }
    let time = Timeline::of(chain)?;
    let windows = time.windows();
    let failing = |window: &WindowFindings| rate_of(window, window.by_side.values().sum());
    let most = windows.iter().map(failing).fold(0.0, f64::max);
    let mut panel = Panel::new(time.axis(), Axis::from_zero(most, 4, "failures per second"), 170.0);
    time.stages(&mut panel, &chain.stages);
    for (place, side) in Side::ALL.into_iter().enumerate() {
        let below = move |window: &WindowFindings| {
            let under = Side::ALL[..place].iter().filter_map(|side| window.by_side.get(side));
            let low: u64 = under.sum();
            let own = window.by_side.get(&side).copied().unwrap_or(0);
            (rate_of(window, low), rate_of(window, low + own))
        };
        let areas = time.layer(below);
        if areas.is_empty() {
            continue;
        }
        let ink = Ink::of_side(side);
        panel.marks.extend(areas.into_iter().map(|corners| Mark::Area { ink, corners }));
        let tallest = windows.iter().map(below).max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
        let (low, high) = tallest.unwrap_or_default();
        let share = percent(chain.errors_by_side.get(&side).copied().unwrap_or(0), chain.failures);
        panel.label(ink, f64::midpoint(low, high), format!("{} {share}", side.name()));
    }
    let classes = classes(subject);
    let rows: Vec<&Seen> = classes.iter().take(MOST_CLASSES).collect();
    panel.has_x = rows.is_empty();
    let mut panels = vec![panel];
    if !rows.is_empty() {
        let names = rows.iter().rev().map(|seen| seen.class.to_string());
        let height = 20.0 * rows.len() as f64;
        let mut when = Panel::new(time.axis(), Axis::names(names), height);
        for (row, seen) in rows.iter().rev().enumerate() {
            let ink = Ink::of_side(seen.class.side());
            let (from, to) = (time.at(seen.first), time.at(seen.last));
            // A moment is to be seen, too.
            let to = to.max(from + when.x.high * 0.004);
            let middle = row as f64 + 0.5;
            when.marks.push(Mark::Bar { ink, from: (from, middle - 0.3), to: (to, middle + 0.3) });
            when.label(ink, middle, count(seen.count));
        }
        panels.push(when);
    }
    let told: Vec<String> = classes
        .iter()
        .take(2)
        .map(|seen| format!("{} {}", percent(seen.count, chain.failures), seen.class))
        .collect();
    let name = subject.name();
    let more = classes.len().saturating_sub(MOST_CLASSES) as u64;
    let mut note = "Failures by when their requests were due, stacked by side; below, from the first to the last of each class"
        .to_owned();
    if more > 0 {
        note = format!("{note} ({} not shown)", counted(more, "rarer class", "rarer classes"));
    }
    let listed: Vec<String> =
        rows.iter().map(|seen| format!("{} {}", count(seen.count), seen.class)).collect();
    let tips = windows.iter().map(|window| {
        let shown = |side: &Side| {
            let failed = window.by_side.get(side).copied().unwrap_or(0);
            format!("{}/s", rate(Some(Rate(rate_of(window, failed)))))
        };
        let values = chain.errors_by_side.keys().map(shown);
        (time.ends(window).0, std::iter::once(time.moment(window)).chain(values).collect())
    });
    let heads = std::iter::once("").chain(chain.errors_by_side.keys().map(|side| side.name()));
    let sheet = Sheet {
        name: subject.file("errors"),
        title: format!(
            "{name}: {} of {} requests failed; of these {}",
            count(chain.failures),
            count(chain.requests),
            told.join(", ")
        ),
        note,
        description: format!(
            "Failures per second over time by side, and by class: {}.",
            listed.join(", ")
        ),
        tips: Some(Tips::new(heads, tips)),
        panels,
    };
    Some(sheet.draw())
}

fn rate_of(window: &WindowFindings, count: u64) -> f64 {
    Rate::over(count, window.span).map_or(0.0, Rate::per_second)
}

/// A class of failure, and when its requests were sent.
struct Seen {
    class: Class,
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

/// The most frequent first.
fn classes(subject: Subject<'_>) -> Vec<Seen> {
    let mut found: BTreeMap<Class, Seen> = BTreeMap::new();
    for error in &subject.chain.errors {
        let Some((first, last)) = error.first.zip(error.last) else { continue };
        let seen =
            found.entry(error.class).or_insert(Seen { class: error.class, count: 0, first, last });
        seen.count += error.count;
        seen.first = seen.first.min(first);
        seen.last = seen.last.max(last);
    }
    let mut classes: Vec<Seen> = found.into_values().collect();
    classes.sort_by_key(|seen| std::cmp::Reverse(seen.count));
    classes
}
