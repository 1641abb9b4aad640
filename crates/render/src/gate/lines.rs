//! A row for each rule.

use plimsoll_analysis::gate::judge::{Check, Decision, Found};
use plimsoll_analysis::gate::latency::Basis;
use plimsoll_analysis::gate::threshold::Outcome;

use super::words::{change, ends, plain_points, points, rule, share, value};
use super::{GateReport, label};
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::escape::shortened;
use crate::numbers::{NONE, count, millis, percent};

/// Characters of a name that are shown.
const LONGEST: usize = 60;

/// What stands where no difference is shown.
const ALIKE: &str = "~";

/// The figures of a rule.
struct Figures {
    baseline: String,
    candidate: String,
    change: String,
    interval: String,
}

/// The rules as a table, at most so many, those that are not kept first; and whether any was told.
pub(super) fn table<'a>(report: &GateReport<'a>, most: usize) -> Table<'a> {
    let column = |title, fit, worth| Column { title, fit, worth };
    let mut columns = vec![
        column("chain", Fit::Name, Column::KEPT),
        column("rule", Fit::Name, Column::KEPT),
        column("baseline", Fit::Number, 3),
        column("candidate", Fit::Number, Column::KEPT),
        column("change", Fit::Number, 4),
        column("interval", Fit::Number, 2),
    ];
    if !report.compares {
        columns.push(column("decision", Fit::Word, Column::KEPT));
    }
    let mut checks: Vec<&Check> = report.judgement.checks.iter().collect();
    checks.sort_by_key(|check| (!check.gates, check.decision));
    if report.compares {
        checks = report.judgement.checks.iter().collect();
    }
    let rows = checks.iter().take(most).map(|check| row(check, report.compares)).collect();
    let left_out = checks.len().saturating_sub(most);
    Table { columns, rows, rest: rest(left_out, report.judgement.checks.iter().any(is_weaker)) }
}

/// What is remarked below.
fn rest(left_out: usize, are_weaker: bool) -> Option<String> {
    let left_out = (left_out > 0).then(|| format!("and {} more", count(left_out as u64)));
    let weaker = are_weaker.then(|| {
        "latencies are compared by blocks of one run a side, which is weaker: how runs differ is not in it"
            .to_owned()
    });
    let all: Vec<String> = left_out.into_iter().chain(weaker).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn is_weaker(check: &Check) -> bool {
    matches!(&check.found, Found::Latency(found) if found.basis == Basis::Blocks)
}

fn row<'a>(check: &Check, compares: bool) -> Row<'a> {
    let Figures { baseline, candidate, change, interval } = figures(check);
    let chain = match &check.chain {
        Some(chain) => Cell::foreign(shortened(chain, LONGEST).into_owned()),
        None => Cell::new("all"),
    };
    let mut cells = vec![
        chain,
        match &check.found {
            Found::Threshold { .. } => Cell::foreign(shortened(&rule(check), LONGEST).into_owned()),
            _ => Cell::new(rule(check)),
        },
        Cell::new(baseline),
        Cell::new(candidate),
        Cell::new(change),
        Cell::new(interval),
    ];
    if !compares {
        cells.push(decision(check));
    }
    Row { cells, remarks: Vec::new() }
}

fn decision<'a>(check: &Check) -> Cell<'a> {
    let tone = match check.decision {
        _ if !check.gates => Tone::Quiet,
        Decision::Pass => Tone::Plain,
        Decision::Fail => Tone::Bad,
        Decision::Inconclusive => Tone::Warning,
    };
    let told = if check.gates { label(check.decision) } else { "told only" };
    Cell::new(told).tone(tone)
}

fn figures(check: &Check) -> Figures {
    let none = || NONE.to_owned();
    match &check.found {
        Found::Success(found) => {
            let excludes_none = found.interval.low > 0.0 || found.interval.high < 0.0;
            Figures {
                baseline: share(found.pair.baseline),
                candidate: share(found.pair.candidate),
                change: if excludes_none { points(found.difference()) } else { ALIKE.to_owned() },
                interval: format!(
                    "{} to {}",
                    points(found.interval.low),
                    points(found.interval.high)
                ),
            }
        }
        Found::Floor(found) => Figures {
            baseline: none(),
            candidate: share(found.share),
            change: none(),
            interval: ends(found.interval),
        },
        Found::Latency(found) => {
            let excludes_one = found.interval.low > 1.0 || found.interval.high < 1.0;
            Figures {
                baseline: format!("{} ms", millis(found.baseline)),
                candidate: format!("{} ms", millis(found.candidate)),
                change: if excludes_one { change(found.ratio) } else { ALIKE.to_owned() },
                interval: format!(
                    "{} to {}",
                    change(found.interval.low),
                    change(found.interval.high)
                ),
            }
        }
        Found::NoLatency { .. } => Figures {
            baseline: none(),
            candidate: "n/a".to_owned(),
            change: none(),
            interval: none(),
        },
        Found::NewErrors(found) => Figures {
            baseline: "0".to_owned(),
            candidate: format!("{} ({})", count(found.count), percent(found.count, found.requests)),
            change: none(),
            interval: none(),
        },
        Found::Threshold { threshold, outcome } => Figures {
            baseline: none(),
            candidate: match outcome {
                Outcome::Found { value: found, .. } => value(threshold, *found),
                Outcome::NoData => "no data".to_owned(),
                Outcome::TooFew { values, .. } => format!("n/a (n={})", count(*values)),
            },
            change: none(),
            interval: none(),
        },
        Found::Change(found) => {
            let shown = |value: f64| match found.figure {
                plimsoll_analysis::gate::history::Figure::FailureRatio => {
                    format!("{} %", plain_points(value))
                }
                plimsoll_analysis::gate::history::Figure::LatencyMs(_) => format!("{value:.1} ms"),
            };
            Figures {
                baseline: shown(found.before),
                candidate: shown(found.after),
                change: if found.before > 0.0 {
                    change(found.after / found.before)
                } else {
                    none()
                },
                interval: none(),
            }
        }
    }
}
