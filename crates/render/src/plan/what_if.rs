//! The plan beside what it would be without what was changed.

use std::cmp::Ordering;

use plimsoll_analysis::plan::Plan;
use plimsoll_model::{Decimal, Money, exact};

use super::PlanReport;
use super::answer::months;
use super::parts::Part;
use super::words::{difference, plain_money, price, share};
use crate::document::{Cell, Column, Fit, Row, Table};
use crate::numbers::{NONE, count, grouped, rate};
use crate::verdict::Sentence;

const COLUMNS: [Column; 4] = [
    Column { title: "what if", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "as configured", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "changed", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "difference", fit: Fit::Number, worth: 1 },
];

pub(super) fn parts<'a>(report: &'a PlanReport<'a>) -> Vec<Part<'a>> {
    let Some(what_if) = &report.what_if else { return Vec::new() };
    let row = |cells: [Cell<'a>; 4]| Row { cells: cells.to_vec(), remarks: Vec::new() };
    let mut rows: Vec<Row<'a>> = what_if
        .changed
        .iter()
        .map(|(key, from, to)| {
            let moved = apart(from.as_deref().and_then(|from| from.parse().ok()), to.parse().ok());
            let from = from.as_deref().unwrap_or(NONE);
            row([Cell::foreign(key), Cell::foreign(from), Cell::foreign(to), Cell::new(moved)])
        })
        .collect();
    let base = match &what_if.base {
        Ok(base) => *base,
        Err(why) => {
            let said = Sentence::new("without what was changed there is no plan to compare with: ");
            return vec![
                Part::Table(Table { columns: COLUMNS.to_vec(), rows, rest: None }),
                Part::Point(said.foreign(why)),
            ];
        }
    };
    let plan = report.plan;
    for Compared { figure, before, after, difference } in compared(base, plan) {
        rows.push(row([
            Cell::new(figure),
            Cell::new(before),
            Cell::new(after),
            Cell::new(difference),
        ]));
    }
    vec![Part::Table(Table { columns: COLUMNS.to_vec(), rows, rest: None })]
}

struct Compared {
    figure: &'static str,
    before: String,
    after: String,
    difference: String,
}

/// How far two numbers are apart: `+1,000`, `-0.05`.
fn apart(before: Option<Decimal>, after: Option<Decimal>) -> String {
    let moved = before.zip(after).and_then(|(before, after)| after.checked_sub(before));
    moved.map_or_else(
        || NONE.to_owned(),
        |moved| {
            let text = grouped(&moved.abs().normalize().to_string());
            match moved.cmp(&Decimal::ZERO) {
                Ordering::Greater => format!("+{text}"),
                Ordering::Less => format!("-{text}"),
                Ordering::Equal => text,
            }
        },
    )
}

fn compared(base: &Plan, plan: &Plan) -> Vec<Compared> {
    let total = |plan: &Plan| plan.chosen.bill.as_ref().map(|bill| bill.total);
    let none = || NONE.to_owned();
    let rounded = |value: f64, digits: i32| {
        let unit = 10_f64.powi(digits);
        exact((value * unit).round() / unit)
    };
    let moved = |of: &dyn Fn(&Plan) -> Option<f64>, digits: i32| {
        let number = |plan: &Plan| of(plan).and_then(|value| rounded(value, digits));
        apart(number(base), number(plan))
    };
    let mut rows = vec![
        Compared {
            figure: "target/s",
            before: rate(Some(base.inputs.target())),
            after: rate(Some(plan.inputs.target())),
            difference: moved(&|plan| Some(plan.inputs.target().per_second()), 1),
        },
        Compared {
            figure: "instances",
            before: count(base.chosen.instances),
            after: count(plan.chosen.instances),
            difference: apart(
                Some(Decimal::from(base.chosen.instances)),
                Some(Decimal::from(plan.chosen.instances)),
            ),
        },
    ];
    let costs = (total(base), total(plan));
    if costs != (None, None) {
        let moved = costs.0.zip(costs.1).map(|(before, after)| after - before);
        let shown = |money: Option<Money>| money.map_or_else(none, plain_money);
        rows.push(Compared {
            figure: "costs a month",
            before: shown(costs.0),
            after: shown(costs.1),
            difference: moved.map_or_else(none, difference),
        });
        let each = |plan: &Plan| plan.chosen.bill.as_ref().map(|bill| bill.per_million.round_dp(4));
        rows.push(Compared {
            figure: "per million requests",
            before: each(base).map_or_else(none, price),
            after: each(plan).map_or_else(none, price),
            difference: apart(each(base), each(plan)),
        });
    }
    let worst = |plan: &Plan| {
        let all = plan.chosen.pools.iter().map(|pool| pool.sizing.worst_utilisation());
        all.max_by(f64::total_cmp)
    };
    rows.push(Compared {
        figure: "worst case",
        before: worst(base).map_or_else(none, share),
        after: worst(plan).map_or_else(none, share),
        difference: format!("{} points", moved(&|plan| Some(worst(plan)? * 100.0), 1)),
    });
    let full = |plan: &Plan| plan.growing.as_ref().and_then(|growing| growing.full);
    if full(base).is_some() || full(plan).is_some() {
        let shown = |plan| full(plan).map_or_else(none, |full| months(full.after_months));
        rows.push(Compared {
            figure: "full after months",
            before: shown(base),
            after: shown(plan),
            difference: moved(&|plan| Some((full(plan)?.after_months * 10.0).floor() / 10.0), 1),
        });
    }
    rows
}
