//! Each figure with its formula, its inputs and their source.

use plimsoll_analysis::plan::cost::Item;
use plimsoll_analysis::plan::{Plan, Pooling};
use plimsoll_model::{Decimal, Rate};

use super::answer::sized_at;
use super::costs::words;
use super::parts::Part;
use super::words::{currency, money, plain_money, pool_name, price, quantity, share, work};
use super::{CapacityBasis, ChainBasis, Origin, PlanReport};
use crate::numbers::count;
use crate::verdict::Sentence;

/// A figure and where it is from.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// Whose figure it is; empty where there is but one. Foreign.
    pub(super) of: String,
    /// What is told.
    pub(super) figure: &'static str,
    /// In symbols.
    pub(super) formula: &'static str,
    /// In numbers.
    pub(super) numbers: String,
    /// What comes out.
    pub(super) value: String,
    /// Where the numbers are from. Foreign.
    pub(super) source: String,
}

pub(super) fn parts<'a>(report: &'a PlanReport<'a>) -> Vec<Part<'a>> {
    if !report.explain {
        return Vec::new();
    }
    let mut parts = vec![Part::Title("how each figure comes about")];
    for trace in traces(report) {
        let of = if trace.of.is_empty() {
            Sentence::default()
        } else {
            Sentence::default().foreign(trace.of).own(": ")
        };
        let mut said = of.own(format!("{} = {}", trace.figure, trace.value));
        if !trace.formula.is_empty() {
            said = said.own(format!(" = {} = {}", trace.formula, trace.numbers));
        }
        parts.push(Part::Point(said.own(" [").foreign(trace.source).own("]")));
    }
    parts.push(Part::Title("what is taken for granted"));
    for setting in &report.settings {
        let said = Sentence::default().foreign(format!("{} = {}", setting.key, setting.value));
        parts.push(Part::Point(match &setting.place {
            Some(place) => said.own(" [").foreign(place).own("]"),
            None => said.own(" [default]"),
        }));
    }
    parts
}

/// All figures, in the order in which they follow from each other.
pub(super) fn traces(report: &PlanReport<'_>) -> Vec<Trace> {
    let plan = report.plan;
    let mut traces = Vec::new();
    for (chain, basis) in plan.inputs.chains.iter().zip(&report.chains) {
        let of = || chain.name.clone();
        traces.push(Trace {
            of: of(),
            figure: "target",
            value: number(chain.target),
            source: basis.target_place.clone(),
            ..Trace::default()
        });
        traces.push(capacity(plan, chain, basis));
        let at = chain.capacity.at(sized_at(plan)).unwrap_or(chain.capacity.point);
        traces.push(Trace {
            of: of(),
            figure: "busy",
            formula: "target × peak_factor / capacity",
            numbers: format!(
                "{} × {} / {}",
                number(chain.target),
                plan.inputs.fleet.peak_factor,
                number(at)
            ),
            value: work(
                chain.target.per_second() * plan.inputs.fleet.peak_factor / at.per_second(),
            ),
            source: key(report, &["fleet.peak_factor"]),
        });
    }
    for (place, _) in plan.chosen.pools.iter().enumerate() {
        pool(report, place, &mut traces);
    }
    if plan.inputs.fleet.pooling == Pooling::PerChain {
        let parts: Vec<String> =
            plan.chosen.pools.iter().map(|pool| count(pool.sizing.instances)).collect();
        traces.push(Trace {
            figure: "instances",
            formula: "the sum over the pools",
            numbers: parts.join(" + "),
            value: count(plan.chosen.instances),
            source: key(report, &["fleet.pooling"]),
            ..Trace::default()
        });
    }
    costs(report, &mut traces);
    full(report, &mut traces);
    traces
}

fn number(rate: Rate) -> String {
    // As many digits as there are, as the next line is to be followed.
    format!("{}/s", (rate.per_second() * 1e6).round() / 1e6)
}

/// The places of keys, or that they are defaults.
fn key(report: &PlanReport<'_>, keys: &[&str]) -> String {
    let place = |key: &&str| {
        let found = report.settings.iter().find(|setting| setting.key == **key);
        let place = found.and_then(|setting| setting.place.clone());
        format!("{key}: {}", place.unwrap_or_else(|| "default".to_owned()))
    };
    keys.iter().map(place).collect::<Vec<_>>().join(", ")
}

fn capacity(plan: &Plan, chain: &plimsoll_analysis::plan::Demand, basis: &ChainBasis) -> Trace {
    let at = sized_at(plan);
    let size_at = plan.inputs.fleet.size_at.name();
    let value = number(chain.capacity.at(at).unwrap_or(chain.capacity.point));
    let of = chain.name.clone();
    match &basis.capacity {
        CapacityBasis::Written { place } => Trace {
            of,
            figure: "capacity of an instance",
            value,
            source: format!("{place}, {size_at}"),
            ..Trace::default()
        },
        CapacityBasis::Measured { found, from, of_mix, .. } => {
            let bound = |rate: Option<Rate>| rate.map_or_else(|| "open".to_owned(), number);
            let used = match at {
                plimsoll_analysis::plan::At::Low => found.low.or(found.lower),
                _ => found.lower,
            };
            Trace {
                of,
                figure: "capacity of an instance",
                formula: if *of_mix {
                    "what all chains sustain together / instances_under_test"
                } else {
                    "what was sustained / instances_under_test"
                },
                numbers: format!("{} / {}", bound(used), found.instances),
                value,
                source: format!(
                    "{from}: bracket {} to {}, interval {} to {}, sized at {size_at}",
                    bound(found.lower),
                    bound(found.upper),
                    bound(found.low),
                    bound(found.high)
                ),
            }
        }
    }
}

fn pool(report: &PlanReport<'_>, place: usize, traces: &mut Vec<Trace>) {
    let plan = report.plan;
    let Some(pool) = plan.chosen.pools.get(place) else { return };
    let of = || pool_name(plan, place).unwrap_or_default().to_owned();
    let (fleet, sizing) = (&plan.inputs.fleet, &pool.sizing);
    let works: Vec<String> = pool.works.iter().map(|&own| work(own)).collect();
    let left = fleet.zones - fleet.zone_failures;
    traces.push(Trace {
        of: of(),
        figure: "busy of the pool",
        formula: "the sum over its chains",
        numbers: works.join(" + "),
        value: work(sizing.work),
        source: "above".to_owned(),
    });
    traces.push(Trace {
        of: of(),
        figure: "base",
        formula: "⌈busy / utilisation_target⌉",
        numbers: format!("⌈{} / {}⌉", work(sizing.work), fleet.utilisation_target),
        value: count(sizing.base),
        source: key(report, &["fleet.utilisation_target"]),
    });
    traces.push(Trace {
        of: of(),
        figure: "per zone",
        formula: "⌈(base + spare_instances) / (zones − zone_failures)⌉",
        numbers: format!(
            "⌈({} + {}) / ({} − {})⌉",
            sizing.base, fleet.spare_instances, fleet.zones, fleet.zone_failures
        ),
        value: count(sizing.per_zone),
        source: key(report, &["fleet.spare_instances", "fleet.zones", "fleet.zone_failures"]),
    });
    traces.push(Trace {
        of: of(),
        figure: "instances",
        formula: "max(zones × per zone, min_instances)",
        numbers: format!("max({} × {}, {})", fleet.zones, sizing.per_zone, fleet.min_instances),
        value: count(sizing.instances),
        source: key(report, &["fleet.min_instances"]),
    });
    traces.push(Trace {
        of: of(),
        figure: "worst case",
        formula: "busy / ((zones − zone_failures) × ⌊instances / zones⌋ − spare_instances)",
        numbers: format!(
            "{} / ({left} × ⌊{} / {}⌋ − {})",
            work(sizing.work),
            sizing.instances,
            fleet.zones,
            fleet.spare_instances
        ),
        value: share(sizing.worst_utilisation()),
        source: format!("{left} of {} zones left", fleet.zones),
    });
}

fn costs(report: &PlanReport<'_>, traces: &mut Vec<Trace>) {
    let plan = report.plan;
    let (Some(bill), Some(costs)) = (&plan.chosen.bill, &plan.inputs.costs) else { return };
    let name = currency(plan);
    traces.push(Trace {
        figure: "requests a month",
        formula: "target × load_factor × 3600 × hours_per_month",
        numbers: format!(
            "{} × {} × 3600 × {}",
            number(plan.inputs.target()),
            plan.inputs.fleet.load_factor,
            costs.hours_per_month.0.normalize()
        ),
        value: quantity(bill.relays),
        source: key(report, &["fleet.load_factor", "cost.hours_per_month"]),
        ..Trace::default()
    });
    for line in bill.items.iter().filter(|line| line.amount.cents() != 0) {
        let (figure, unit) = words(line.item);
        let (each, place): (_, &[&str]) = match line.item {
            Item::OnDemand => (costs.on_demand.amount(), &["cost.on_demand_per_hour"]),
            Item::Reserved => {
                (costs.reserved.amount(), &["cost.reserved_per_hour", "cost.reserved_instances"])
            }
            Item::Spot => (
                costs.spot.amount(),
                &["cost.spot_per_hour", "cost.spot_instances", "cost.spot_interruption_overhead"],
            ),
            Item::Queries => (
                costs.db_per_million.amount(),
                &["cost.db_price_per_million", "cost.db_queries_per_relay"],
            ),
            Item::Egress => {
                (costs.egress_per_gb.amount(), &["cost.egress_price_per_gb", "cost.egress_free_gb"])
            }
            Item::Fixed => (costs.fixed.amount(), &["cost.fixed_per_month"]),
        };
        let formula = match line.item {
            Item::OnDemand => "max(0, instances − reserved_instances) × hours × price",
            Item::Reserved => "reserved_instances × hours × price",
            Item::Spot => "spot_instances × (1 + overhead) × hours × price",
            Item::Queries => "requests × queries / 10⁶ × price",
            Item::Egress => "max(0, requests × bytes / 10⁹ − free) × price",
            Item::Fixed => "as given",
        };
        let numbers = match line.item {
            Item::Fixed => plain_money(line.amount),
            _ => format!("{} {unit} × {}", quantity(line.quantity), each.normalize()),
        };
        let value = money(line.amount, name);
        let mut source = key(report, place);
        if line.item == Item::Queries {
            for chain in &plan.inputs.chains {
                let each = quantity(chain.db_queries_per_relay);
                source = format!("{source}, {each} for {}", chain.name);
            }
        }
        if line.item == Item::Egress {
            for (chain, basis) in plan.inputs.chains.iter().zip(&report.chains) {
                let bytes = quantity(chain.egress_bytes_per_relay);
                let origin = match &basis.egress {
                    Origin::Given { place } => place.clone(),
                    Origin::Measured { bytes, answers } => {
                        format!("measured: {} bytes in {} answers", count(*bytes), count(*answers))
                    }
                    Origin::NotRecorded => "not recorded".to_owned(),
                    Origin::Unknown => "not said".to_owned(),
                };
                source = format!("{source}, {bytes} bytes for {} ({origin})", chain.name);
            }
        }
        traces.push(Trace { of: String::new(), figure, formula, numbers, value, source });
    }
    let parts: Vec<String> = bill
        .items
        .iter()
        .filter(|line| line.amount.cents() != 0)
        .map(|line| plain_money(line.amount))
        .collect();
    traces.push(Trace {
        figure: "total",
        formula: "the sum of the items",
        numbers: parts.join(" + "),
        value: money(bill.total, name),
        source: "above".to_owned(),
        ..Trace::default()
    });
    traces.push(Trace {
        figure: "per million requests",
        formula: "total / (requests / 10⁶)",
        numbers: format!("{} / ({} / 10⁶)", plain_money(bill.total), quantity(bill.relays)),
        value: price(bill.per_million),
        source: "above".to_owned(),
        ..Trace::default()
    });
    let millions = format!("({} / 10⁶)", quantity(bill.relays));
    traces.push(Trace {
        figure: "a million more while the instances suffice",
        formula: "(queries × price + GB × price) / (requests / 10⁶), GB if any are paid",
        numbers: format!(
            "({} million × {} + {} GB × {}) / {millions}",
            quantity(bill.queries / Decimal::from(1_000_000)),
            costs.db_per_million.amount().normalize(),
            quantity(if bill.of(Item::Egress).cents() == 0 {
                Decimal::ZERO
            } else {
                bill.egress_gb
            }),
            costs.egress_per_gb.amount().normalize()
        ),
        value: price(bill.marginal_within),
        source: key(report, &["cost.db_price_per_million", "cost.egress_price_per_gb"]),
        ..Trace::default()
    });
    let fleet = &plan.inputs.fleet;
    let busy: f64 = plan.chosen.pools.iter().map(|pool| pool.sizing.work).sum();
    traces.push(Trace {
        figure: "a million more with the instances that it takes",
        formula: "busy / utilisation_target × zones / (zones − zone_failures) × hours × on-demand price / (requests / 10⁶) + the former",
        numbers: format!(
            "{} / {} × {} / ({} − {}) × {} × {} / {millions} + {}",
            work(busy),
            fleet.utilisation_target,
            fleet.zones,
            fleet.zones,
            fleet.zone_failures,
            costs.hours_per_month.0.normalize(),
            costs.on_demand.amount().normalize(),
            price(bill.marginal_within)
        ),
        value: price(bill.marginal_with_instances),
        source: key(report, &["cost.on_demand_per_hour", "cost.hours_per_month"]),
        ..Trace::default()
    });
}

fn full(report: &PlanReport<'_>, traces: &mut Vec<Trace>) {
    let plan = report.plan;
    let Some(full) = plan.growing.as_ref().and_then(|growing| growing.full) else { return };
    let (Some(pool), Some(growth)) = (plan.chosen.pools.get(full.pool), plan.inputs.growth) else {
        return;
    };
    traces.push(Trace {
        of: pool_name(plan, full.pool).unwrap_or_default().to_owned(),
        figure: "full after months",
        formula: "ln(survivors × utilisation_target / busy) / ln(1 + per_month)",
        numbers: format!(
            "ln({} × {} / {}) / ln(1 + {})",
            pool.sizing.survivors,
            plan.inputs.fleet.utilisation_target,
            work(pool.sizing.work),
            growth.per_month
        ),
        // Not rounded as in the first lines, as it is to be followed.
        value: match full.month {
            Some(_) => format!("{:.3}", full.after_months),
            None => format!("{:.3e}", full.after_months),
        },
        source: key(report, &["growth.per_month"]),
    });
}
