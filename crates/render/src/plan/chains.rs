//! The chains: what each is to carry, what an instance carries of it, and how that is known.

use plimsoll_analysis::capacity::sustained::{Binding, Censored};
use plimsoll_analysis::plan::basis::Measured;
use plimsoll_analysis::plan::{Capacity, Demand, Plan};
use plimsoll_model::Rate;

use super::answer::sized_at;
use super::parts::Part;
use super::words::{per_second, quantity, share, work};
use super::{CapacityBasis, ChainBasis, Origin, PlanReport};
use crate::document::{Cell, Column, Fit, Row, Table};
use crate::escape::shortened;
use crate::numbers::{NONE, count, counted, rate};
use crate::verdict::Sentence;

/// Characters of a foreign text that are shown.
const LONGEST: usize = 300;

/// Chains whose measurements are told.
const MOST: usize = 12;

const COLUMNS: [Column; 8] = [
    Column { title: "chain", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "target/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "an instance/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "low", fit: Fit::Number, worth: 5 },
    Column { title: "high", fit: Fit::Number, worth: 5 },
    Column { title: "busy", fit: Fit::Number, worth: 4 },
    Column { title: "of the work", fit: Fit::Number, worth: 1 },
    Column { title: "worst case", fit: Fit::Number, worth: 3 },
];

pub(super) fn parts<'a>(report: &'a PlanReport<'a>) -> Vec<Part<'a>> {
    let mut parts = vec![Part::Table(table(report.plan))];
    parts.push(Part::Title("what an instance sustains, and how that is known"));
    let points = report.plan.inputs.chains.iter().zip(&report.chains);
    if let Some((_, basis)) = points.clone().next()
        && let CapacityBasis::Measured { found, from, of_mix: true, limited_by } = &basis.capacity
    {
        let whose = Sentence::new("all chains together, in their mix: ");
        let said = measured(whose, found, from, report);
        parts.push(Part::Point(match limited_by {
            Some(first) => {
                said.own("; ").foreign(shortened(first, LONGEST)).own(" gives way first")
            }
            None => said,
        }));
    }
    for (chain, basis) in points.take(MOST) {
        let subject = || Sentence::default().foreign(shortened(&chain.name, LONGEST)).own(": ");
        match &basis.capacity {
            CapacityBasis::Written { place } => {
                let said = subject().own(written(chain, report.plan)).foreign(place);
                parts.push(Part::Point(said));
            }
            CapacityBasis::Measured { of_mix: true, .. } => {}
            CapacityBasis::Measured { found, from, .. } => {
                let said = measured(subject(), found, from, report);
                parts.push(Part::Point(match sized_apart(chain, report.plan) {
                    Some(sized) => said.own(format!("; {sized}")),
                    None => said,
                }));
            }
        }
        if let Some(limit) = &basis.limit {
            let said = subject().own(match &basis.capacity {
                CapacityBasis::Measured { found, .. } => bound(found),
                CapacityBasis::Written { .. } => String::new(),
            });
            parts.push(Part::Point(said.foreign(shortened(&limit.headline, LONGEST))));
        }
    }
    parts.extend(egress(report).take(MOST).map(Part::Point));
    if let Some(more @ 1..) = report.chains.len().checked_sub(MOST) {
        let more = counted(more as u64, "more chain", "more chains");
        parts.push(Part::Point(Sentence::new(format!("and {more}, which --format json tells of"))));
    }
    parts
}

fn table(plan: &Plan) -> Table<'_> {
    let at = sized_at(plan);
    let rows = plan.inputs.chains.iter().enumerate().map(|(place, chain)| {
        let pool = plan.chosen.pool_of(place);
        let own = pool.and_then(|pool| {
            let index = pool.chains.iter().position(|&other| other == place)?;
            pool.works.get(index).copied()
        });
        let all: f64 = plan.chosen.pools.iter().map(|pool| pool.sizing.work).sum();
        let cells = vec![
            Cell::foreign(&chain.name),
            Cell::new(rate(Some(chain.target))),
            Cell::new(rate(chain.capacity.at(at))),
            Cell::new(rate(Some(chain.capacity.low))),
            Cell::new(
                chain.capacity.high.map_or_else(|| "open".to_owned(), |high| rate(Some(high))),
            ),
            Cell::new(own.map_or_else(|| NONE.to_owned(), work)),
            Cell::new(own.map_or_else(|| NONE.to_owned(), |own| share(own / all))),
            Cell::new(
                pool.map_or_else(|| NONE.to_owned(), |pool| share(pool.sizing.worst_utilisation())),
            ),
        ];
        Row { cells, remarks: Vec::new() }
    });
    Table { columns: COLUMNS.to_vec(), rows: rows.collect(), rest: None }
}

/// `400/s: the knee of tests/…, between 400/s and 450/s`.
fn measured(subject: Sentence, found: &Measured, from: &str, report: &PlanReport<'_>) -> Sentence {
    let bound = |rate: Option<Rate>| rate.map_or_else(|| NONE.to_owned(), per_second);
    let goal = &report.goal;
    let said = match found.censored {
        _ if found.is_of_generator() => format!(
            "sustains at least {} ({goal}), as the generator was the limit beyond, by ",
            bound(found.lower)
        ),
        Censored::None => {
            format!("sustains {}, and not {} ({goal}) by ", bound(found.lower), bound(found.upper))
        }
        Censored::MaxLoad | Censored::Generator => format!(
            "sustains at least {} ({goal}), as no rate was too high, by ",
            bound(found.lower)
        ),
        Censored::BelowMinLoad => format!("sustains less than {} ({goal}) by ", bound(found.upper)),
    };
    let mut said = subject.own(said).foreign(shortened(from, LONGEST));
    let is_by_chance = found.low != found.lower || found.high != found.upper;
    if is_by_chance && !found.is_of_generator() {
        let open =
            |rate: Option<Rate>| rate.map_or_else(|| "above all rates".to_owned(), per_second);
        said = said.own(format!(
            "; by chance anything from {} to {}",
            bound(found.low),
            open(found.high)
        ));
    }
    if found.instances > 1 {
        said = said.own(format!(
            "; {} instances together, so each {}",
            count(found.instances.into()),
            bound(found.lower.map(|rate| Rate(rate.per_second() / f64::from(found.instances))))
        ));
    }
    if found.screening {
        said = said.own("; a screening only");
    }
    said
}

/// `between 170/s and 210/s, 190/s at the point; the fleet is sized at 170/s, the low end; as written down in `.
fn written(chain: &Demand, plan: &Plan) -> String {
    let Capacity { low, point, high } = chain.capacity;
    let high = high.unwrap_or(point);
    let range = if low < point || point < high {
        format!(" (between {} and {})", per_second(low), per_second(high))
    } else {
        String::new()
    };
    let sized = sized_apart(chain, plan).map_or_else(String::new, |sized| format!("; {sized}"));
    format!("{}{range}{sized}; as written down in ", per_second(point))
}

/// What sizes the fleet, where that is not the point.
fn sized_apart(chain: &Demand, plan: &Plan) -> Option<String> {
    let sized = chain.capacity.at(sized_at(plan)).filter(|sized| *sized < chain.capacity.point)?;
    Some(format!("the fleet is sized at the low end, {}", per_second(sized)))
}

/// What breaks at the knee, in front of who broke it.
fn bound(found: &Measured) -> String {
    match found.binding {
        _ if found.is_of_generator() => "what set the limit: ".to_owned(),
        Some(Binding::Success) => "what breaks is success: ".to_owned(),
        Some(Binding::Latency) => "what breaks is latency: ".to_owned(),
        Some(Binding::Backlog) => "what breaks is that a backlog grows: ".to_owned(),
        None => "nothing broke: ".to_owned(),
    }
}

/// Where the bytes of answers are from, if they matter.
fn egress<'a>(report: &'a PlanReport<'a>) -> impl Iterator<Item = Sentence> + 'a {
    let priced = report
        .plan
        .inputs
        .costs
        .as_ref()
        .is_some_and(|costs| costs.egress_per_gb > plimsoll_model::Price::default());
    let chains = report.plan.inputs.chains.iter().zip(&report.chains);
    chains.filter(move |_| priced).filter_map(|(chain, ChainBasis { egress, .. })| {
        let subject = Sentence::default().foreign(shortened(&chain.name, LONGEST));
        match egress {
            Origin::Given { .. } | Origin::NotRecorded | Origin::Unknown => None,
            Origin::Measured { bytes, answers } => Some(subject.own(format!(
                ": {} bytes an answer, {} in {} successes: bodies, as headers are not recorded",
                quantity(chain.egress_bytes_per_relay),
                count(*bytes),
                count(*answers)
            ))),
        }
    })
}
