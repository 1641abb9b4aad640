//! What breaks first.

use plimsoll_analysis::capacity::sustained::Binding;
use plimsoll_analysis::plan::breaking::{Breaking, Breaks};
use plimsoll_model::Rate;

use super::parts::Part;
use super::words::{per_second, pool_name, room, share};
use super::{CapacityBasis, PlanReport};
use crate::verdict::Sentence;

pub(super) fn parts<'a>(report: &'a PlanReport<'a>) -> Vec<Part<'a>> {
    let mut parts = vec![Part::Title("what breaks first as the load grows")];
    parts.extend(report.plan.breaking.iter().map(|one| Part::Point(sentence(report, one))));
    parts
}

/// `at 5,369/s (+7.3 %), with a zone and an instance gone the others are used to more than 70 %`.
pub(super) fn sentence(report: &PlanReport<'_>, one: &Breaking) -> Sentence {
    let plan = report.plan;
    let rate = Rate(plan.inputs.target().per_second() * one.factor);
    let mut said = Sentence::new(format!("at {} ({})", per_second(rate), room(one.factor)));
    if let Some(pool) = pool_name(plan, one.pool) {
        said = said.own(", in the pool of ").foreign(pool);
    }
    let fleet = &plan.inputs.fleet;
    let gone = if fleet.zone_failures + fleet.spare_instances == 0 {
        "its instances are"
    } else {
        "what is left after the failures that it is to survive is"
    };
    match one.what {
        Breaks::Target => said.own(format!(
            ", {gone} used to more than {}: from here on the plan no longer holds",
            share(fleet.utilisation_target)
        )),
        Breaks::Failure if fleet.zone_failures + fleet.spare_instances == 0 => {
            said.own(", all capacity is used")
        }
        Breaks::Failure => said.own(", such a failure takes the service below its goal"),
        Breaks::Sustained => {
            let said = said.own(", the service is below its goal with all up; ");
            let Some(chain) = plan.inputs.chains.get(one.chain) else { return said };
            let said = said.foreign(&chain.name).own(" has the largest part of the work");
            let binding = match report.chains.get(one.chain).map(|basis| &basis.capacity) {
                Some(CapacityBasis::Measured { found, .. }) if !found.is_of_generator() => {
                    found.binding
                }
                _ => None,
            };
            match binding {
                Some(Binding::Success) => said.own(": requests will fail"),
                Some(Binding::Latency) => said.own(": answers will be late"),
                Some(Binding::Backlog) => said.own(": a backlog will grow"),
                None => said,
            }
        }
    }
}
