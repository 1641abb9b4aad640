//! Success, rates and latency by chain.

use plimsoll_analysis::{ChainFindings, LatencySummary, Pace};

use super::success_tone;
use crate::Summary;
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::numbers::{NONE, count, interval, millis, percent, percentile, rate};

const CHAINS: [Column; 10] = [
    Column { title: "chain", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "requests", fit: Fit::Number, worth: 8 },
    Column { title: "success", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "interval", fit: Fit::Number, worth: 3 },
    Column { title: "offered/s", fit: Fit::Number, worth: 5 },
    Column { title: "good/s", fit: Fit::Number, worth: 4 },
    Column { title: "p50 ms", fit: Fit::Number, worth: 6 },
    Column { title: "p95 ms", fit: Fit::Number, worth: 1 },
    Column { title: "p99 ms", fit: Fit::Number, worth: 7 },
    Column { title: "max ms", fit: Fit::Number, worth: 2 },
];

pub(super) fn by_chain<'a>(summary: &Summary<'a>) -> Option<Table<'a>> {
    let findings = summary.findings;
    if findings.total.requests == 0 && findings.chains.is_empty() {
        return None;
    }
    let mut rows: Vec<Row<'a>> = findings
        .chains
        .iter()
        .map(|chain| chain_row(summary, chain, Cell::foreign(&chain.name)))
        .collect();
    if findings.chains.len() != 1 {
        let mut row = chain_row(summary, &findings.total, Cell::new("total"));
        for cell in row.cells.iter_mut().filter(|cell| cell.tone == Tone::Plain) {
            cell.tone = Tone::Strong;
        }
        rows.push(row);
    }
    let mut table = Table { columns: CHAINS.to_vec(), rows, rest: None };
    if findings.total.goodput.is_none()
        && findings.chains.iter().all(|chain| chain.goodput.is_none())
    {
        table.retain(|column| column.title != "good/s");
    }
    Some(table)
}

fn chain_row<'a>(summary: &Summary<'a>, chain: &'a ChainFindings, name: Cell<'a>) -> Row<'a> {
    let latency = &chain.latency.all;
    let tone = match success_tone(summary, chain) {
        Tone::Strong => Tone::Plain,
        tone => tone,
    };
    let cells = vec![
        name,
        Cell::new(count(chain.requests)),
        Cell::new(percent(chain.successes, chain.requests)).tone(tone),
        Cell::new(
            chain
                .success
                .map_or_else(|| NONE.to_owned(), |success| interval(success.low, success.high)),
        ),
        Cell::new(rate(chain.offered)),
        Cell::new(rate(chain.goodput)),
        Cell::new(percentile(latency, 0.5)),
        Cell::new(percentile(latency, 0.95)),
        Cell::new(percentile(latency, 0.99)),
        Cell::new(maximum(latency)),
    ];
    Row { cells, remarks: Vec::new() }
}

fn maximum(latency: &LatencySummary) -> String {
    latency.max.map_or_else(|| NONE.to_owned(), millis)
}

const OUTCOMES: [Column; 7] = [
    Column { title: "chain", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "latency of", fit: Fit::Word, worth: Column::KEPT },
    Column { title: "requests", fit: Fit::Number, worth: 3 },
    Column { title: "p50 ms", fit: Fit::Number, worth: 5 },
    Column { title: "p95 ms", fit: Fit::Number, worth: 1 },
    Column { title: "p99 ms", fit: Fit::Number, worth: 4 },
    Column { title: "max ms", fit: Fit::Number, worth: 2 },
];

/// Failures that are quick, or slow, bend the percentiles of all: here they are apart.
pub(super) fn by_outcome<'a>(summary: &Summary<'a>) -> Option<Table<'a>> {
    let rows: Vec<Row<'a>> = summary.findings.chains.iter().flat_map(outcome_rows).collect();
    (!rows.is_empty()).then(|| Table { columns: OUTCOMES.to_vec(), rows, rest: None })
}

/// The same of one chain, which needs no name.
pub(crate) fn outcomes_of(chain: &ChainFindings) -> Option<Table<'_>> {
    let rows = outcome_rows(chain);
    let mut table = Table { columns: OUTCOMES.to_vec(), rows, rest: None };
    table.retain(|column| column.title != "chain");
    (!table.rows.is_empty()).then_some(table)
}

fn outcome_rows(chain: &ChainFindings) -> Vec<Row<'_>> {
    let mut kinds: Vec<(Cell<'_>, &LatencySummary)> = Vec::new();
    if chain.successes > 0 && chain.failures > 0 {
        kinds.push((Cell::new("successes"), &chain.latency.success));
        kinds.push((Cell::new("failures").tone(Tone::Bad), &chain.latency.failure));
    }
    if let Some(pace) = chain.pace.as_ref().ok().filter(|pace| differs(&chain.latency.all, pace)) {
        if kinds.is_empty() {
            kinds.push((Cell::new("all, as recorded"), &chain.latency.all));
        }
        kinds.push((Cell::new("all, from when due").tone(Tone::Warning), &pace.corrected));
    }
    let names = std::iter::once(Cell::foreign(&chain.name)).chain(std::iter::repeat(Cell::new("")));
    kinds
        .into_iter()
        .zip(names)
        .map(|((kind, latency), name)| outcome_row(name, kind, latency))
        .collect()
}

/// Whether late requests hide in the latencies: counted from when they were due, one is a tenth longer, and a millisecond.
fn differs(recorded: &LatencySummary, pace: &Pace) -> bool {
    let values = |latency: &LatencySummary| {
        latency.percentiles.iter().map(|percentile| percentile.value).collect::<Vec<_>>()
    };
    let pairs = values(recorded).into_iter().zip(values(&pace.corrected));
    pairs.filter_map(|(recorded, corrected)| recorded.zip(corrected)).any(
        |(recorded, corrected)| {
            corrected.0 > recorded.0 + recorded.0 / 10 && corrected.0 > recorded.0 + 1_000_000
        },
    )
}

fn outcome_row<'a>(name: Cell<'a>, outcome: Cell<'a>, latency: &LatencySummary) -> Row<'a> {
    let cells = vec![
        name,
        outcome,
        Cell::new(count(latency.count)),
        Cell::new(percentile(latency, 0.5)),
        Cell::new(percentile(latency, 0.95)),
        Cell::new(percentile(latency, 0.99)),
        Cell::new(maximum(latency)),
    ];
    Row { cells, remarks: Vec::new() }
}
