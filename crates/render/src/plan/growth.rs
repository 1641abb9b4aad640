//! Month by month.

use plimsoll_analysis::plan::Plan;

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
        let is_full = full.is_some_and(|full| full.month == month.number);
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
        parts.push(Part::Point(whose.own(format!(
            " are full {}: month {} takes more",
            full_after(full.after_months),
            count(full.month.into())
        ))));
    }
    parts
}

/// What the table leaves out.
fn rest(plan: &Plan, more: usize) -> Option<String> {
    if more > 0 {
        return Some(format!("and {}", counted(more as u64, "more month", "more months")));
    }
    let asked = plan.inputs.growth.map_or(0, |growth| growth.months as usize + 1);
    let told = plan.growing.as_ref().map_or(0, |growing| growing.months.len());
    (told < asked).then(|| "further months take more than 1,000,000,000 instances".to_owned())
}
