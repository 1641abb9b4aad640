//! Month by month.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::growth::Ended;

use super::answer::full_after;
use super::parts::Part;
use super::words::{plain_money, pool_name};
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::numbers::{count, counted, rate};
use crate::verdict::Sentence;

/// Months that are shown.
const MOST: usize = 24;

const COLUMNS: [Column; 4] = [
    Column { title: "month", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "target/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "instances", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "costs a month", fit: Fit::Number, worth: Column::KEPT },
];

pub(super) fn parts(plan: &Plan) -> Vec<Part<'_>> {
    let Some(growing) = &plan.growing else { return Vec::new() };
    let full = growing.full;
    let row = |month: &plimsoll_analysis::plan::growth::Month| {
        let is_full = full.is_some_and(|full| full.month == Some(month.number));
        let tone = if is_full { Tone::Warning } else { Tone::Plain };
        let cells = vec![
            Cell::new(count(month.number.into())),
            Cell::new(rate(Some(month.target))),
            Cell::new(count(month.instances)).tone(tone),
            Cell::new(month.bill.as_ref().map_or_else(String::new, |bill| plain_money(bill.total))),
        ];
        Row { cells, remarks: Vec::new() }
    };
    let more = growing.months.len().saturating_sub(MOST);
    let mut table = Table {
        columns: COLUMNS.to_vec(),
        rows: growing.months.iter().take(MOST).map(row).collect(),
        rest: rest(plan, more),
    };
    if plan.inputs.costs.is_none() {
        table.retain(|column| column.title != "costs a month");
    }
    let mut parts = vec![Part::Table(table)];
    if let Some(full) = full {
        let whose = match pool_name(plan, full.pool) {
            Some(pool) => Sentence::new("today's instances of ").foreign(pool),
            None => Sentence::new(format!("today's {} instances", count(plan.chosen.instances))),
        };
        let said = whose.own(format!(" are {}", full_after(full.after_months)));
        parts.push(Part::Point(match full.month {
            Some(month) => said.own(format!(": month {} takes more", count(month.into()))),
            None => said,
        }));
    }
    parts
}

/// What the table leaves out.
fn rest(plan: &Plan, more: usize) -> Option<String> {
    let more =
        (more > 0).then(|| format!("and {}", counted(more as u64, "more month", "more months")));
    let ended = plan.growing.as_ref().and_then(|growing| growing.ended).map(|ended| match ended {
        Ended::TooLarge => "further months take more than 1,000,000,000 instances",
        Ended::TooCostly => "further months cost more than 92,000,000,000,000,000",
        Ended::NextToNothing => "in further months a chain has next to nothing to carry",
    });
    let said: Vec<String> = more.into_iter().chain(ended.map(str::to_owned)).collect();
    (!said.is_empty()).then(|| said.join("; "))
}
