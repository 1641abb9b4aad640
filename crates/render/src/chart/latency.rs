//! Percentiles of the latency over time.

use plimsoll_analysis::WindowFindings;
use plimsoll_model::Nanos;

use super::Subject;
use super::axis::{Axis, short_time};
use super::canvas::Dash;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet, Tips};
use super::timeline::Timeline;
use crate::numbers::{count, millis};

type Value = fn(&WindowFindings) -> Option<Nanos>;

/// The lines from below, and how they are called.
const LINES: [(Ink, f64, &str, Value); 5] = [
    (Ink::Quiet, 1.0, "longest", |window| window.longest),
    (Ink::High, 1.4, "p99.9", |window| window.p999),
    (Ink::Highest, 2.2, "p99", |window| window.p99),
    (Ink::Middle, 1.4, "p90", |window| window.p90),
    (Ink::Low, 1.4, "p50", |window| window.p50),
];

pub(super) fn chart(subject: Subject<'_>) -> Option<Chart> {
    let chain = subject.chain;
    let time = Timeline::of(chain)?;
    let windows = time.windows();
    let limit = subject.config.slo_latency;
    let values =
        || windows.iter().flat_map(|window| LINES.iter().filter_map(|line| line.3(window)));
    let (least, most) = (values().min()?, values().max()?);
    let ends = |nanos: Nanos| nanos.as_millis_f64().max(1e-6);
    let low = limit.map_or(ends(least), |limit| ends(least).min(ends(limit)));
    let high = limit.map_or(ends(most), |limit| ends(most).max(ends(limit)));
    let mut panel = Panel::new(time.axis(), Axis::log(low, high, short_time, "latency"), 220.0);
    let shaded = time.shade(&mut panel);
    time.stages(&mut panel, &chain.stages);
    if let Some(limit) = limit {
        let at = ends(limit);
        panel.marks.push(Mark::Across { ink: Ink::Bad, dash: Dash::Dashed, at });
        panel.label(Ink::Bad, at, format!("SLO {}", short_time(at)));
    }
    for (ink, width, name, value) in LINES {
        let lines = time.steps(|window| value(window).map(ends));
        for points in lines {
            panel.marks.push(Mark::Line { ink, dash: Dash::Solid, width, points });
        }
        if let Some(last) = windows.iter().rev().find_map(value) {
            panel.label(ink, ends(last), name);
        }
    }
    let mut note =
        "Accepted answers by when they were due, from then on; a percentile only where a window has enough of them"
            .to_owned();
    if shaded {
        note += "; grey: windows that do not count";
    }
    let longest =
        windows.iter().filter_map(|window| Some((window.longest?, window.start))).max()?;
    let when = time.clock.show(longest.1);
    // A window's is coarse; where the schedule was kept, the exact one is known.
    let is_same = |max: &Nanos| max.0.abs_diff(longest.0.0) <= max.0 / 32;
    let longest = chain.latency.success.max.filter(is_same).unwrap_or(longest.0);
    let name = subject.name();
    let p99 = || windows.iter().filter_map(|window| window.p99);
    let slowest = format!("the longest took {} ms (at {when})", millis(longest));
    let title = match (p99().min(), p99().max()) {
        (Some(low), Some(high)) if low < high => format!(
            "{name}: 99 % within {} ms at best, {} ms at worst; {slowest}",
            millis(low),
            millis(high)
        ),
        _ => format!("{name}: {slowest}"),
    };
    let description = format!(
        "Line chart of latency percentiles over time on a logarithmic scale, {} windows, from {} to {} ms.",
        count(windows.len() as u64),
        millis(least),
        millis(most)
    );
    let tips = windows.iter().map(|window| {
        let shown = |value: Option<Nanos>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{} ms", millis(value)))
        };
        let values = LINES.iter().rev().map(|line| shown(line.3(window)));
        (time.ends(window).0, std::iter::once(time.moment(window)).chain(values).collect())
    });
    let heads = std::iter::once("").chain(LINES.iter().rev().map(|line| line.2));
    let sheet = Sheet {
        name: subject.file("latency"),
        title,
        note,
        description,
        tips: Some(Tips::new(heads, tips)),
        panels: vec![panel],
    };
    Some(sheet.draw())
}
