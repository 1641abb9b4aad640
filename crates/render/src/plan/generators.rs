//! How the load of a test would be made.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::generators::{Strategy, StrategyKind};
use plimsoll_model::Rate;

use super::parts::Part;
use super::words::{instances, per_second};
use super::{PlanReport, TestWay};
use crate::document::{Cell, Column, Fit, Row, Table};
use crate::numbers::{NONE, count, span};
use crate::verdict::Sentence;

/// Hosts whose commands are shown; of more, these and the last.
const MOST: usize = 2;

const TITLE: &str = "a test at the target";
const COLUMNS: [Column; 5] = [
    Column { title: TITLE, fit: Fit::Word, worth: Column::KEPT },
    Column { title: "hosts", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "each", fit: Fit::Number, worth: 4 },
    Column { title: "lasts", fit: Fit::Number, worth: 3 },
    Column { title: "a host can send", fit: Fit::Prose, worth: 2 },
];

pub(super) fn parts<'a>(report: &'a PlanReport<'a>) -> Vec<Part<'a>> {
    let Some(test) = &report.test else { return Vec::new() };
    let rows = test.ways.iter().map(|way| {
        let Strategy { kind, hosts, duration, .. } = way.strategy;
        let limit = way.limits.first();
        let limit = limit.map_or_else(
            || NONE.to_owned(),
            |(name, most)| format!("{}, by {}", per_second(*most), name.replace('_', " ")),
        );
        let cells = vec![
            Cell::new(words(kind)),
            Cell::new(count(hosts)),
            Cell::new(per_second(way.strategy.rate_each())),
            Cell::new(span(duration)),
            Cell::new(limit),
        ];
        Row { cells, remarks: Vec::new() }
    });
    let mut columns = COLUMNS.to_vec();
    if report.plan.inputs.peak() > report.plan.inputs.target() {
        for column in columns.iter_mut().filter(|column| column.title == TITLE) {
            column.title = "a test at the peak";
        }
    }
    let mut parts = vec![Part::Table(Table { columns, rows: rows.collect(), rest: None })];
    parts.extend(test.assumptions.iter().map(|said| Part::Point(Sentence::new(said.as_str()))));
    if let Some(alone) = test.ways.iter().find(|way| way.strategy.kind == StrategyKind::OneHost)
        && alone.strategy.rate < report.plan.inputs.peak()
    {
        parts.push(Part::Point(Sentence::new(shown_by_one(report.plan, alone.strategy.rate))));
    }
    parts.extend(test.untuned.iter().map(|why| Part::Point(Sentence::new(why.as_str()))));
    let mut told: Vec<&[Vec<String>]> = Vec::new();
    for way in &test.ways {
        if told.contains(&&way.commands[..]) {
            continue;
        }
        told.push(&way.commands);
        parts.push(Part::Title(title(way)));
        parts.push(Part::Lines(lines(way)));
    }
    parts
}

/// What a test at a part of the target shows.
fn shown_by_one(plan: &Plan, rate: Rate) -> String {
    let work: f64 = plan.chosen.pools.iter().map(|pool| pool.sizing.work).sum();
    // Of the targets' mix.
    let each = plan.inputs.peak().per_second() / work;
    let filled = (rate.per_second() / each + 1e-9).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let filled = filled as u64;
    if filled == 0 {
        return format!(
            "one host does not fill even one instance, which sustains {} of this mix: it does not show what an instance sustains",
            per_second(Rate(each))
        );
    }
    format!(
        "one host fills up to {}: it shows what an instance sustains, and not that the whole fleet carries all of it",
        instances(filled)
    )
}

pub(super) fn words(kind: StrategyKind) -> &'static str {
    match kind {
        StrategyKind::ManyHosts => "as many hosts as it takes",
        StrategyKind::OneHost => "one host, for longer",
        StrategyKind::TunedHosts => "few tuned hosts",
    }
}

fn title(way: &TestWay) -> &'static str {
    match way.strategy.kind {
        StrategyKind::ManyHosts if way.strategy.hosts == 1 => "the test's command line",
        StrategyKind::ManyHosts => "the test from as many hosts as it takes",
        StrategyKind::OneHost => "the test from one host, for longer",
        StrategyKind::TunedHosts => "the test from few tuned hosts",
    }
}

fn lines(way: &TestWay) -> Vec<String> {
    let hosts = way.commands.len();
    let total = usize::try_from(way.strategy.hosts).unwrap_or(usize::MAX);
    let mut lines = way.preparation.clone();
    for (place, commands) in way.commands.iter().enumerate() {
        let is_shown = place < MOST || place + 1 == hosts;
        if hosts > 1 && is_shown {
            lines.push(format!("# host {} of {}", place + 1, count(way.strategy.hosts)));
        }
        if is_shown {
            lines.extend(commands.iter().cloned());
        } else if place == MOST {
            lines.push(format!(
                "# … the same on {} more, --format json has all of them",
                hosts - MOST - 1
            ));
        }
    }
    if total > hosts {
        lines.push(format!("# … and so on, up to host {}", count(way.strategy.hosts)));
    }
    lines
}
