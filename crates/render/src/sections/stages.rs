//! What load holds: the stages of each chain, and the capacity that they show.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::Censored;
use plimsoll_analysis::{CapacityFindings, ChainFindings, StageFindings};
use plimsoll_model::Rate;

use crate::Summary;
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::numbers::{NONE, count, counted, millis, percent, rate};

/// Stages of a chain that are shown.
const MOST_STAGES: usize = 40;

/// Chains whose stages are shown.
const MOST_CHAINS: usize = 12;

const STAGES: [Column; 8] = [
    Column { title: "chain", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "offered/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "good/s", fit: Fit::Number, worth: 6 },
    Column { title: "success", fit: Fit::Number, worth: 5 },
    Column { title: "p50 ms", fit: Fit::Number, worth: 2 },
    Column { title: "p99 ms", fit: Fit::Number, worth: 4 },
    Column { title: "windows", fit: Fit::Number, worth: 3 },
    Column { title: "this load", fit: Fit::Prose, worth: Column::KEPT },
];

/// The stages of chains that have several.
pub(super) fn by_stage<'a>(summary: &Summary<'a>) -> Option<Table<'a>> {
    let stepped: Vec<&ChainFindings> =
        chains(summary).filter(|chain| chain.stages.len() > 1).collect();
    let mut rows = Vec::new();
    let mut left_out = 0;
    for (place, chain) in stepped.iter().enumerate() {
        let most = if place < MOST_CHAINS { MOST_STAGES } else { 0 };
        left_out += chain.stages.len().saturating_sub(most);
        let names =
            std::iter::once(Cell::foreign(&chain.name)).chain(std::iter::repeat(Cell::new("")));
        rows.extend(
            chain.stages.iter().take(most).zip(names).map(|(stage, name)| row(stage, name)),
        );
    }
    let rest = (left_out > 0)
        .then(|| format!("and {}", counted(left_out as u64, "more stage", "more stages")));
    let mut table = Table { columns: STAGES.to_vec(), rows, rest };
    if stepped.iter().all(|chain| chain.stages.iter().all(|stage| stage.goodput.is_none())) {
        table.retain(|column| column.title != "good/s");
    }
    if stepped.iter().all(|chain| chain.stages.iter().all(|stage| stage.classification.is_none())) {
        table.retain(|column| column.title != "this load");
    }
    (!table.rows.is_empty()).then_some(table)
}

fn chains<'a>(summary: &Summary<'a>) -> impl Iterator<Item = &'a ChainFindings> {
    summary.findings.chains.iter()
}

fn row<'a>(stage: &StageFindings, name: Cell<'a>) -> Row<'a> {
    let share = |of: plimsoll_analysis::Proportion| percent(of.successes, of.trials);
    let latency =
        |latency: Option<plimsoll_model::Nanos>| latency.map_or_else(|| NONE.to_owned(), millis);
    let windows = format!("{}/{}", stage.valid_windows, stage.windows);
    let cells = vec![
        name,
        Cell::new(rate(Some(stage.offered))),
        Cell::new(rate(stage.goodput)),
        Cell::new(stage.success.map_or_else(|| NONE.to_owned(), share)),
        Cell::new(latency(stage.p50)),
        Cell::new(latency(stage.p99)),
        Cell::new(windows),
        judgement(stage),
    ];
    Row { cells, remarks: Vec::new() }
}

fn judgement<'a>(stage: &StageFindings) -> Cell<'a> {
    let mut words: Vec<String> = Vec::new();
    let tone = match stage.classification {
        Some(Classification::Lower) => {
            words.push("holds".to_owned());
            Tone::Plain
        }
        Some(Classification::Upper) => {
            let by = stage.binding.map(|binding| format!(": {}", binding.name()));
            words.push(format!("too much{}", by.unwrap_or_default()));
            Tone::Bad
        }
        Some(Classification::Undecided) => {
            words.push("undecided".to_owned());
            Tone::Warning
        }
        None => Tone::Plain,
    };
    words.extend(
        stage
            .invalid
            .iter()
            .map(|(reason, &windows)| format!("{} × {}", count(windows as u64), reason.code())),
    );
    if stage.not_steady {
        words.push("not steady".to_owned());
    }
    if stage.is_ramp {
        words.push("ramp".to_owned());
    }
    Cell::new(words.join(", ")).tone(tone)
}

const CAPACITIES: [Column; 5] = [
    Column { title: "chain", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "sustains/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "too much/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "interval/s", fit: Fit::Number, worth: 2 },
    Column { title: "limit", fit: Fit::Word, worth: 3 },
];

/// The capacity of each chain, where an SLO says what a capacity is.
pub(super) fn by_capacity<'a>(summary: &Summary<'a>) -> Option<Table<'a>> {
    let rows: Vec<Row<'a>> = chains(summary)
        .filter_map(|chain| Some(capacity_row(chain, chain.capacity.as_ref()?)))
        .collect();
    (!rows.is_empty()).then(|| Table { columns: CAPACITIES.to_vec(), rows, rest: None })
}

fn capacity_row<'a>(chain: &'a ChainFindings, found: &CapacityFindings) -> Row<'a> {
    let at_least = found.censored == Censored::MaxLoad || found.censored == Censored::Generator;
    let lower = match found.lower {
        Some(lower) if at_least => format!("≥ {}", rate(Some(lower))),
        lower => rate(lower),
    };
    let end =
        |end: Option<Rate>, open: &str| end.map_or_else(|| open.to_owned(), |end| rate(Some(end)));
    let interval = format!("[{}, {}]", end(found.interval.low, "0"), end(found.interval.high, "?"));
    let limit = found.binding.map_or(NONE, |binding| binding.name());
    let cells = vec![
        Cell::foreign(&chain.name),
        Cell::new(lower).tone(Tone::Strong),
        Cell::new(rate(found.upper)),
        Cell::new(interval),
        Cell::new(limit),
    ];
    // One rate is no search for a capacity: nobody asked.
    let is_search = chain.stages.len() > 1;
    let remarks =
        remarks(found, is_search).into_iter().map(|text| Cell::new(text).tone(Tone::Quiet));
    Row { cells, remarks: remarks.collect() }
}

fn remarks(found: &CapacityFindings, is_search: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    match found.censored {
        Censored::None => {}
        Censored::MaxLoad => {
            remarks.push("at least: no rate that was offered was too much".to_owned());
        }
        Censored::Generator => remarks.push(
            "at least: above it the generator was the limit, and the server was not measured"
                .to_owned(),
        ),
        Censored::BelowMinLoad => {
            remarks.push("less than the lowest rate that was offered".to_owned());
        }
    }
    if found.screening {
        remarks
            .push("a screening: too few windows, or a ramp; hold steps to confirm it".to_owned());
    }
    if found.mixed {
        remarks.push("measured beside other chains: it holds for this mix only".to_owned());
    }
    if is_search {
        remarks.extend(opinions(found));
        remarks.extend(next(&found.next_rates));
    }
    remarks
}

/// Second opinions, and where they disagree.
fn opinions(found: &CapacityFindings) -> Option<String> {
    let opinions = &found.second_opinions;
    let mut words = Vec::new();
    if let Some(Ok(fit)) = &opinions.usl {
        words.push(match fit.peak() {
            Some(peak) => format!("USL peak at {}/s", rate(Some(peak.throughput))),
            None => "USL without a peak".to_owned(),
        });
    }
    words.extend(opinions.kneedle.map(|at| format!("Kneedle {}/s", rate(Some(at)))));
    words.extend(
        opinions.segmented.map(|at| format!("achieved follows offered up to {}/s", rate(Some(at)))),
    );
    if words.is_empty() {
        return None;
    }
    let is_beside = |at: Rate| {
        found.lower.is_some_and(|lower| at.per_second() < lower.per_second() * 0.9)
            || found.upper.is_some_and(|upper| at.per_second() > upper.per_second() * 1.1)
    };
    let peak = opinions.usl.as_ref().and_then(|fit| fit.as_ref().ok()?.peak());
    let all = [peak.map(|peak| peak.throughput), opinions.kneedle, opinions.segmented];
    let disagree = all.into_iter().flatten().any(is_beside);
    let beside =
        if disagree { "; they disagree with the bracket, which is what counts" } else { "" };
    Some(format!("second opinions: {}{beside}", words.join(", ")))
}

/// What to attack with next.
fn next(rates: &[Rate]) -> Option<String> {
    let (first, last) = (rates.first()?.per_second(), rates.last()?.per_second());
    Some(if rates.len() == 1 {
        format!("next: plimsoll attack -rate={first} -duration=70s …")
    } else {
        let steps = (rates.len() - 1) as f64;
        let ratio = (last / first).powf(1.0 / steps);
        format!("next: plimsoll attack --steps {first}..{last},ratio={ratio:.3},hold=70s …")
    })
}
