//! The pools, and what their instances are for.

use plimsoll_analysis::plan::{Plan, Pooling};

use super::parts::Part;
use super::words::{currency, instances, money, room, share, work};
use crate::document::{Cell, Column, Fit, Row, Table};
use crate::numbers::count;
use crate::verdict::Sentence;

const COLUMNS: [Column; 8] = [
    Column { title: "pool", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "busy", fit: Fit::Number, worth: 4 },
    Column { title: "base", fit: Fit::Number, worth: 5 },
    Column { title: "per zone", fit: Fit::Number, worth: 3 },
    Column { title: "instances", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "all up", fit: Fit::Number, worth: 1 },
    Column { title: "worst case", fit: Fit::Number, worth: 6 },
    Column { title: "room", fit: Fit::Number, worth: 2 },
];

pub(super) fn parts(plan: &Plan) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    if plan.inputs.fleet.pooling == Pooling::PerChain {
        parts.push(Part::Table(table(plan)));
    }
    parts.push(Part::Title("what the instances are for"));
    parts.push(Part::Point(purpose(plan)));
    if plan.inputs.costs.as_ref().is_some_and(|costs| costs.spot_instances > 0) {
        parts.push(Part::Point(Sentence::new(
            "spot instances come on top and carry nothing that has to survive: they may be taken away at any time",
        )));
    }
    let reserved = plan.inputs.costs.as_ref().map_or(0, |costs| costs.reserved_instances);
    if let Some(idle @ 1..) = reserved.checked_sub(plan.chosen.instances) {
        parts.push(Part::Point(Sentence::new(format!(
            "{} more are reserved than it takes, and paid all the same",
            instances(idle)
        ))));
    }
    parts
}

/// `14 carry the peak at 70 %, 1 stands in for …: 10 of 24 are redundancy, 1,241.00 USD a month`.
fn purpose(plan: &Plan) -> Sentence {
    let redundancy = &plan.redundancy;
    let target = share(plan.inputs.fleet.utilisation_target);
    let mut said = format!("{} carry the peak at {target}", count(redundancy.base));
    for (number, what) in [
        (redundancy.spare, "to spare"),
        (redundancy.zones, "for the zones that may be lost, and to fill zones up"),
        (redundancy.least, "for the least number of instances"),
    ] {
        if number > 0 {
            said = format!("{said}, {} {what}", count(number));
        }
    }
    let beyond = plan.chosen.instances - redundancy.base;
    if beyond == 0 {
        return Sentence::new(said);
    }
    let said = Sentence::new(format!(
        "{said}: {} of {} are redundancy",
        count(beyond),
        count(plan.chosen.instances)
    ));
    match (redundancy.cost, &plan.chosen.bill) {
        (Some(cost), Some(bill)) if bill.total.cents() > 0 => {
            let part = cost.cents() as f64 / bill.total.cents() as f64;
            let cost = money(cost, currency(plan));
            said.own(format!(", {cost} a month, {} of the costs", share(part)))
        }
        _ => said,
    }
}

fn table(plan: &Plan) -> Table<'_> {
    let rows = plan.chosen.pools.iter().map(|pool| {
        let sizing = &pool.sizing;
        let name = pool.chains.first().and_then(|&chain| plan.inputs.chains.get(chain));
        let cells = vec![
            Cell::foreign(name.map_or("", |chain| chain.name.as_str())),
            Cell::new(work(sizing.work)),
            Cell::new(count(sizing.base)),
            Cell::new(count(sizing.per_zone)),
            Cell::new(count(sizing.instances)),
            Cell::new(share(sizing.utilisation())),
            Cell::new(share(sizing.worst_utilisation())),
            Cell::new(room(sizing.growth_until(plan.inputs.fleet.utilisation_target))),
        ];
        Row { cells, remarks: Vec::new() }
    });
    Table { columns: COLUMNS.to_vec(), rows: rows.collect(), rest: None }
}
