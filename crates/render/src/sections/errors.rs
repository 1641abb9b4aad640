//! What went wrong: errors and status codes.

use plimsoll_analysis::{ChainFindings, Class, ErrorFinding};
use plimsoll_model::Timestamp;

use super::LONGEST_TEXT;
use crate::Summary;
use crate::clock::Clock;
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::escape::shortened;
use crate::numbers::{NONE, count, counted, percent};

/// Kinds of error that are shown; a page is to be read, and JSON has them all.
const MOST_ERRORS: usize = 15;

const ERRORS: [Column; 6] = [
    Column { title: "failed", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "of all", fit: Fit::Number, worth: 3 },
    Column { title: "first – last (UTC)", fit: Fit::Word, worth: 1 },
    Column { title: "chain", fit: Fit::Name, worth: 2 },
    Column { title: "class", fit: Fit::Word, worth: 4 },
    Column { title: "error", fit: Fit::Prose, worth: Column::KEPT },
];

pub(super) fn by_kind<'a>(summary: &Summary<'a>) -> Option<Table<'a>> {
    let mut table = table(&summary.findings.total, &summary.findings.chains)?;
    if summary.findings.chains.len() < 2 {
        table.retain(|column| column.title != "chain");
    }
    Some(table)
}

/// The errors of one chain.
pub(crate) fn of_chain(chain: &ChainFindings) -> Option<Table<'_>> {
    let mut table = table(chain, &[])?;
    table.retain(|column| column.title != "chain");
    Some(table)
}

fn table<'a>(found: &'a ChainFindings, chains: &'a [ChainFindings]) -> Option<Table<'a>> {
    let clock = found.earliest.zip(found.latest).map(|(first, last)| Clock::within(first, last));
    let rows: Vec<Row<'a>> = found
        .errors
        .iter()
        .take(MOST_ERRORS)
        .map(|error| {
            let cells = vec![
                Cell::new(count(error.count)).tone(Tone::Bad),
                Cell::new(percent(error.count, found.requests)),
                Cell::new(seen(clock, error)),
                place(chains, error),
                Cell::new(error.class.to_string()).tone(class_tone(error.class)),
                Cell::foreign(shortened(&error.template, LONGEST_TEXT)),
            ];
            Row { cells, remarks: Vec::new() }
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let others: &[ErrorFinding] = found.errors.get(MOST_ERRORS..).unwrap_or_default();
    let rest = (!others.is_empty()).then(|| {
        format!(
            "and {} ({})",
            counted(others.len() as u64, "other error", "other errors"),
            counted(others.iter().map(|error| error.count).sum(), "request", "requests")
        )
    });
    Some(Table { columns: ERRORS.to_vec(), rows, rest })
}

fn seen(clock: Option<Clock>, error: &ErrorFinding) -> String {
    match (clock, error.first.and_then(Timestamp::known), error.last.and_then(Timestamp::known)) {
        (Some(clock), Some(first), Some(last)) => {
            let (first, last) = (clock.show(first), clock.show(last));
            if first == last { first } else { format!("{first} – {last}") }
        }
        _ => NONE.to_owned(),
    }
}

/// Where an error occurred: the chain's name, or in how many chains.
fn place<'a>(chains: &'a [ChainFindings], error: &ErrorFinding) -> Cell<'a> {
    let has = |chain: &&ChainFindings| {
        chain.errors.iter().any(|own| own.template == error.template && own.class == error.class)
    };
    let mut places = chains.iter().filter(has);
    match (places.next(), places.count()) {
        (None, _) => Cell::new(NONE),
        (Some(only), 0) => Cell::foreign(&only.name),
        (Some(_), others) if others + 1 == chains.len() => {
            Cell::new(format!("all {}", chains.len()))
        }
        (Some(_), others) => Cell::new(format!("{} of {}", others + 1, chains.len())),
    }
}

/// What no rule knows is to be seen.
fn class_tone(class: Class) -> Tone {
    if class == Class::Unclassified { Tone::Warning } else { Tone::Plain }
}

pub(super) fn status_codes<'a>(summary: &Summary<'a>) -> Vec<Cell<'a>> {
    let total = &summary.findings.total;
    let only_success = total.failures == 0 && total.status_codes.len() <= 1;
    if total.requests == 0 || only_success {
        return Vec::new();
    }
    let answered = total.status_codes.iter().filter(|(code, _)| **code != 0);
    let unanswered = total.status_codes.get(&0).map(|n| format!("no answer: {}", count(*n)));
    answered
        .map(|(code, n)| format!("{code}: {}", count(*n)))
        .chain(unanswered)
        .map(Cell::new)
        .collect()
}
