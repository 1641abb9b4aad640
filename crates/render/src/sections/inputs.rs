//! What was read, lost and left out, by input.

use plimsoll_analysis::InputFindings;
use plimsoll_model::{Compression, Damage, Ledger};

use super::LONGEST_TEXT;
use crate::Summary;
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::escape::shortened;
use crate::numbers::{NONE, count, counted};

/// Inputs that are shown, those with something wrong first.
const MOST_INPUTS: usize = 10;

const INPUTS: [Column; 6] = [
    Column { title: "records", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "duplicates", fit: Fit::Number, worth: 4 },
    Column { title: "cut", fit: Fit::Number, worth: 1 },
    Column { title: "damaged", fit: Fit::Number, worth: 3 },
    Column { title: "format", fit: Fit::Word, worth: 2 },
    Column { title: "input", fit: Fit::Prose, worth: Column::KEPT },
];

pub(super) fn ledger<'a>(summary: &Summary<'a>) -> Option<Table<'a>> {
    if summary.ledgers.is_empty() {
        return None;
    }
    let default = InputFindings::default();
    let counts = |index: usize| summary.findings.inputs.get(index).unwrap_or(&default);
    let mut order: Vec<usize> = (0..summary.ledgers.len()).collect();
    if order.len() > MOST_INPUTS {
        order.sort_by_key(|&index| concern(&summary.ledgers[index], counts(index)));
    }
    let hidden = order.split_off(order.len().min(MOST_INPUTS));
    let rows =
        order.into_iter().map(|index| input_row(&summary.ledgers[index], counts(index))).collect();
    let rest = (!hidden.is_empty()).then(|| {
        let records = hidden.iter().map(|&index| summary.ledgers[index].records).sum();
        let inputs = counted(hidden.len() as u64, "other input", "other inputs");
        format!("and {inputs} ({})", counted(records, "record", "records"))
    });
    let mut table = Table { columns: INPUTS.to_vec(), rows, rest };
    let any =
        |of: fn(&InputFindings) -> u64| summary.findings.inputs.iter().any(|input| of(input) > 0);
    let damaged = summary.ledgers.iter().any(Ledger::is_damaged);
    table.retain(|column| match column.title {
        "duplicates" => any(|input| input.duplicates),
        "cut" => any(|input| input.cut),
        "damaged" => damaged,
        _ => true,
    });
    Some(table)
}

/// Whether a reader has to see it, the most urgent first: what spoils the figures, what is missing in them, what was made
/// up for.
fn concern(ledger: &Ledger, input: &InputFindings) -> u8 {
    match &ledger.refused {
        None if ledger.is_damaged() => 0,
        Some(_) if ledger.named => 1,
        _ if input.duplicates > 0 => 2,
        _ => 3,
    }
}

fn input_row<'a>(ledger: &'a Ledger, input: &InputFindings) -> Row<'a> {
    let some = |n: u64| Cell::new(if n == 0 { NONE.to_owned() } else { count(n) });
    let loud = |n: u64| some(n).tone(if n == 0 { Tone::Plain } else { Tone::Warning });
    // Where only bytes between records were lost, that is 0.
    let damaged = if ledger.is_damaged() {
        Cell::new(count(ledger.damaged_records)).tone(Tone::Warning)
    } else {
        some(0)
    };
    let cells = vec![
        Cell::new(count(ledger.records)),
        loud(input.duplicates),
        some(input.cut),
        damaged,
        Cell::new(format_name(ledger)),
        Cell::foreign(&ledger.name),
    ];
    Row { cells, remarks: remarks(ledger) }
}

fn format_name(ledger: &Ledger) -> String {
    if ledger.refused.is_some() {
        return "not read".to_owned();
    }
    let formats: Vec<&str> = ledger.formats.iter().map(|format| format.name()).collect();
    let formats = if formats.is_empty() { NONE.to_owned() } else { formats.join("+") };
    match ledger.compression {
        Compression::None => formats,
        compression => format!("{formats}, {compression}"),
    }
}

fn remarks(ledger: &Ledger) -> Vec<Cell<'_>> {
    const MOST_PLACES: usize = 3;
    let refusal = ledger.refused.iter().map(|reason| (format!("not read: {reason}"), Tone::Bad));
    let damage =
        ledger.damage.iter().take(MOST_PLACES).map(|damage| (damaged_at(damage), Tone::Warning));
    let more = match ledger.damage.len().saturating_sub(MOST_PLACES) as u64 {
        0 => None,
        // Beyond that many, places are not told one by one.
        _ if ledger.damage.len() >= Ledger::MAX_DAMAGE => Some("and at other places".to_owned()),
        more => Some(format!("and at {}", counted(more, "other place", "other places"))),
    };
    let more = more.map(|text| (text, Tone::Warning));
    // One record at each of the places that stand there says nothing new.
    let records = ledger.damaged_records > ledger.damage.len().min(MOST_PLACES) as u64;
    let records = records.then(|| counted(ledger.damaged_records, "record", "records"));
    let bytes = (ledger.lost_bytes > 0).then(|| counted(ledger.lost_bytes, "byte", "bytes"));
    let lost: Vec<String> = records.into_iter().chain(bytes).collect();
    let lost = (!lost.is_empty()).then(|| (format!("{} lost", lost.join(", ")), Tone::Warning));
    let notes = ledger.notes.iter().map(|note| (note.clone(), Tone::Quiet));
    refusal
        .chain(damage)
        .chain(more)
        .chain(lost)
        .chain(notes)
        .map(|(text, tone)| Cell::foreign(shortened(&text, LONGEST_TEXT).into_owned()).tone(tone))
        .collect()
}

fn damaged_at(damage: &Damage) -> String {
    format!(
        "damaged at record {}, byte {}: {}",
        count(damage.record),
        count(damage.byte),
        damage.what
    )
}
