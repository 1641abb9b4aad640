//! The first lines, which answer, and what follows in order.

use plimsoll_analysis::plan::fleet::Sizing;
use plimsoll_analysis::plan::growth::HORIZON;
use plimsoll_analysis::plan::{At, Outcome, Plan, SizeAt};

use super::parts::Part;
use super::words::{currency, instances, money, per_second, pool_name, room, share};
use super::{CapacityBasis, PlanReport};
use super::{
    breaking, chains, costs, explain, fleet, generators, growth, queueing, sensitivity, what_if,
};
use crate::document::{Cell, Tone};
use crate::numbers::{count, counted};
use crate::verdict::Sentence;

/// Months, or tenths of them, that are none but errors of floating point.
const LEAST: f64 = 1e-6;

/// All of it.
pub(crate) fn parts<'a>(report: &'a PlanReport<'a>) -> Vec<Part<'a>> {
    let plan = report.plan;
    let mut parts = vec![Part::Answer(headline(plan)), Part::Facts(sureness(report))];
    parts.push(Part::Facts(survival(plan)));
    parts.extend(report.notes.iter().map(|note| Part::Warning(Sentence::default().foreign(note))));
    parts.extend(what_if::parts(report));
    parts.extend(chains::parts(report));
    parts.extend(fleet::parts(plan));
    parts.extend(costs::parts(plan));
    parts.extend(growth::parts(plan));
    parts.extend(breaking::parts(report));
    parts.extend(sensitivity::parts(plan));
    parts.extend(queueing::parts(plan));
    parts.extend(generators::parts(report));
    parts.extend(explain::parts(report));
    parts
}

/// Whether capacities are open above, so that fewer instances may do.
pub(super) fn is_at_most(plan: &Plan) -> bool {
    plan.at_high.is_none()
}

/// `24 instances, 8 in each of 3 zones, carry 5,000/s of 4 chains, for 9,427.92 USD a month; full after 0.9 months of +8 %`.
pub(crate) fn headline(plan: &Plan) -> Sentence {
    let chosen = &plan.chosen;
    let at_most = if is_at_most(plan) { "at most " } else { "" };
    let zones = plan.inputs.fleet.zones;
    let spread = match (&chosen.pools[..], zones) {
        (_, 1) => String::new(),
        ([pool], zones) if pool.sizing.per_zone * zones == chosen.instances => {
            format!(", {} in each of {zones} zones,", count(pool.sizing.per_zone))
        }
        (_, zones) => format!(" over {zones} zones"),
    };
    let verb = if chosen.instances == 1 { "carries" } else { "carry" };
    let of = counted(plan.inputs.chains.len() as u64, "chain", "chains");
    let target = plan.inputs.target();
    let peak = plan.inputs.fleet.peak_factor;
    let peak = if (peak - 1.0).abs() < 1e-9 {
        String::new()
    } else {
        format!(" ({} at the peak)", per_second(plan.inputs.peak()))
    };
    let mut said = Sentence::new(format!(
        "{at_most}{}{spread} {verb} {}{peak} of {of}",
        instances(chosen.instances),
        per_second(target),
    ));
    said = match &chosen.bill {
        Some(bill) => said.own(format!(" for {} a month", money(bill.total, currency(plan)))),
        None => said.own("; what that costs takes a [cost] table"),
    };
    match plan.growing.as_ref().map(|growing| growing.full) {
        Some(Some(full)) => {
            let pace = plan.inputs.growth.map_or(0.0, |growth| growth.per_month);
            let said = said.own(format!("; {}", full_after(full.after_months)));
            match room(1.0 + pace) {
                _ if full.after_months < LEAST => said,
                nothing if nothing == "+0 %" => said.own(" of less than +0.1 %"),
                pace => said.own(format!(" of {pace}")),
            }
        }
        Some(None) => said.own("; it is never full, as nothing grows"),
        None => said,
    }
}

/// `full after 2.2 months`, `full after 12 days`, `full already`: rounded down.
pub(super) fn full_after(after: f64) -> String {
    let days = after * 365.0 / 12.0 + LEAST;
    match () {
        () if after < LEAST => "full already".to_owned(),
        () if days < 1.0 => "full within a day".to_owned(),
        () if days < 2.0 => "full after a day".to_owned(),
        () if after < 1.0 - LEAST => format!("full after {:.0} days", days.floor()),
        () if months(after) == "1.0" => "full after a month".to_owned(),
        () if after > f64::from(HORIZON) => {
            format!("not full within {} months", count(HORIZON.into()))
        }
        () => format!("full after {} months", months(after)),
    }
}

/// `0.9`, rounded down; `> 1,200`.
pub(super) fn months(after: f64) -> String {
    if after > f64::from(HORIZON) {
        return format!("> {}", count(HORIZON.into()));
    }
    format!("{:.1}", (after * 10.0 + LEAST).floor() / 10.0)
}

/// What the point of the capacities is.
fn point(report: &PlanReport<'_>) -> &'static str {
    let is_written =
        |chain: &super::ChainBasis| matches!(chain.capacity, CapacityBasis::Written { .. });
    if report.chains.iter().all(is_written) {
        "at the point that was written down"
    } else if report.chains.iter().any(is_written) {
        "at what was seen to hold or written down"
    } else {
        "at what was seen to hold"
    }
}

/// How sure that is: the range that the capacities' uncertainty makes.
fn sureness<'a>(report: &'a PlanReport<'a>) -> Vec<Cell<'a>> {
    let plan = report.plan;
    let ends = [
        (Some(&plan.at_low), "if instances sustain the least that they may"),
        (Some(&plan.at_point), point(report)),
        (plan.at_high.as_ref(), "if they sustain the most"),
    ];
    let mut told: Vec<(&Outcome, String)> = Vec::new();
    for (place, (end, when)) in ends.into_iter().enumerate() {
        let Some(outcome) = end else { continue };
        match told.last_mut() {
            Some((before, words)) if before.instances == outcome.instances => {
                // What was seen says more than the least that is the same.
                *words = if place == 1 { when.to_owned() } else { format!("{words} and {when}") };
            }
            _ => told.push((outcome, when.to_owned())),
        }
    }
    let fleet = |(outcome, when): &(&Outcome, String)| match &outcome.bill {
        Some(bill) => {
            format!("{} ({}) {when}", count(outcome.instances), money(bill.total, currency(plan)))
        }
        None => format!("{} {when}", count(outcome.instances)),
    };
    let mut ranges: Vec<String> = told.iter().map(fleet).collect();
    if plan.inputs.is_exact() {
        ranges = vec!["not known, as the capacities are taken as exact".to_owned()];
    } else if plan.at_high.is_none() {
        ranges.push("fewer if they sustain more, which no test has found out".to_owned());
    } else if told.len() == 1 {
        ranges = vec!["the same number whatever the capacities are within their range".to_owned()];
    }
    let mut cells = vec![Cell::new(format!("how sure: {}", ranges.join(", ")))];
    cells.push(Cell::new(match plan.inputs.fleet.size_at {
        SizeAt::Low => "sized at the least",
        SizeAt::Point => "sized at the point",
    }));
    let written = report
        .chains
        .iter()
        .filter(|chain| matches!(chain.capacity, CapacityBasis::Written { .. }))
        .count();
    cells.push(match (written, report.chains.len()) {
        (0, _) => Cell::new(format!("capacities measured: {}", report.goal)),
        (written, all) if written == all => {
            Cell::new("capacities as written down, not measured").tone(Tone::Warning)
        }
        (written, all) => {
            Cell::new(format!("{} of {all} capacities as written down", count(written as u64)))
                .tone(Tone::Warning)
        }
    });
    cells
}

/// What it survives, and how loaded it is.
fn survival<'a>(plan: &Plan) -> Vec<Cell<'a>> {
    let fleet = &plan.inputs.fleet;
    let spare = instances(fleet.spare_instances);
    let lost = match (fleet.zone_failures, fleet.spare_instances) {
        (0, 0) => "nothing may fail".to_owned(),
        (0, _) => format!("with {spare} gone"),
        (zones, 0) => format!("with {} gone", counted(zones, "zone", "zones")),
        (zones, _) => format!("with {} and {spare} gone", counted(zones, "zone", "zones")),
    };
    let of = |value: fn(&Sizing) -> f64| {
        let all = plan.chosen.pools.iter().map(|pool| value(&pool.sizing));
        all.max_by(f64::total_cmp).unwrap_or_default()
    };
    let target = share(fleet.utilisation_target);
    let mut cells = vec![Cell::new(if fleet.zone_failures + fleet.spare_instances == 0 {
        format!("{} used (target {target}); {lost}", share(of(Sizing::worst_utilisation)))
    } else {
        format!(
            "{lost}, {} used (target {target}); with all up, {}",
            share(of(Sizing::worst_utilisation)),
            share(of(Sizing::utilisation))
        )
    })];
    if let Some(first) = plan.breaking.first() {
        let pool = pool_name(plan, first.pool);
        let whose = pool.map_or_else(String::new, |_| " (the first pool)".to_owned());
        cells.push(Cell::new(format!("room to grow: {}{whose}", room(first.factor))));
    }
    cells
}

/// The capacity that sizes the fleet.
pub(super) fn sized_at(plan: &Plan) -> At {
    plan.inputs.fleet.size_at.at()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 365/12 days are a month.
    #[test]
    fn a_full_fleet_is_told_in_days_where_months_are_few() {
        for (after, said) in [
            (0.0, "full already"),
            (0.02, "full within a day"),
            (0.05, "full after a day"),
            (0.4, "full after 12 days"),
            (0.999, "full after 30 days"),
            (1.0, "full after a month"),
            (2.279, "full after 2.2 months"),
            (1e299, "not full within 1,200 months"),
        ] {
            assert_eq!(full_after(after), said, "{after}");
        }
    }
}
