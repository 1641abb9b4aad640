//! Which assumption moves the answer most.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::sensitivity::Answer;
use plimsoll_model::Money;

use super::parts::Part;
use super::words::difference;
use crate::document::{Cell, Column, Fit, Row, Table};
use crate::numbers::{NONE, count, counted};

/// Assumptions that are shown.
const MOST: usize = 10;

const COLUMNS: [Column; 6] = [
    Column { title: "what moves the answer", fit: Fit::Word, worth: Column::KEPT },
    Column { title: "by", fit: Fit::Word, worth: 6 },
    Column { title: "less: cost", fit: Fit::Number, worth: 4 },
    Column { title: "instances", fit: Fit::Number, worth: 3 },
    Column { title: "more: cost", fit: Fit::Number, worth: 5 },
    Column { title: "instances", fit: Fit::Number, worth: 3 },
];

pub(super) fn parts(plan: &Plan) -> Vec<Part<'_>> {
    if plan.sensitivity.is_empty() {
        return Vec::new();
    }
    let now = plan.chosen.bill.as_ref().map(|bill| bill.total);
    let cost = |end: Option<Answer>| match (end, now) {
        (Some(Answer { cost: Some(cost), .. }), Some(now)) => difference(cost - now),
        _ => NONE.to_owned(),
    };
    let instances =
        |end: Option<Answer>| end.map_or_else(|| NONE.to_owned(), |end| count(end.instances));
    let rows = plan.sensitivity.iter().take(MOST).map(|moved| Row {
        cells: vec![
            Cell::foreign(moved.assumption.key()),
            Cell::new(if moved.assumption.is_count() { "±1" } else { "±10 %" }),
            Cell::new(cost(moved.less)),
            Cell::new(instances(moved.less)),
            Cell::new(cost(moved.more)),
            Cell::new(instances(moved.more)),
        ],
        remarks: Vec::new(),
    });
    let more = plan.sensitivity.len().saturating_sub(MOST);
    let mut table = Table {
        columns: COLUMNS.to_vec(),
        rows: rows.collect(),
        rest: (more > 0).then(|| {
            format!(
                "and {}",
                counted(more as u64, "assumption that moves less", "assumptions that move less")
            )
        }),
    };
    if now.is_none_or(|now| now == Money::ZERO) {
        table.retain(|column| !column.title.ends_with("cost"));
    }
    vec![Part::Table(table)]
}
