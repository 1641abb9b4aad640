//! `plimsoll.plan/1`: the schema is `schema/plimsoll.plan.schema.json`. Every key is always present; `null` means that there is
//! no such figure. Money is a decimal number to the cent, in the currency that `cost.currency` names.

use plimsoll_analysis::plan::basis::Measured;
use plimsoll_analysis::plan::cost::{Bill, Item};
use plimsoll_analysis::plan::growth::Ended;
use plimsoll_analysis::plan::sensitivity::{Answer, STEP};
use plimsoll_analysis::plan::{Outcome, Plan};
use plimsoll_model::{Decimal, Money, Nanos, Rate};
use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::headline;
use super::breaking::sentence;
use super::costs::words;
use super::explain::traces;
use super::queueing;
use super::words::pool_name;
use super::{CapacityBasis, Origin, PlanReport, TestPlan};
use crate::escape::ascii_hidden;
use crate::json::InOrder;

type Number = Box<RawValue>;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    plimsoll_version: &'a str,
    answer: Figures,
    inputs: &'a [String],
    goal: Option<&'a str>,
    chains: InOrder<'a, Chain<'a>>,
    pools: Vec<Pool<'a>>,
    interval: Interval,
    redundancy: Redundancy,
    breaks_first: Vec<Breaks<'a>>,
    growth: Option<Growth<'a>>,
    cost: Option<Cost<'a>>,
    sensitivity: Vec<Moved>,
    queueing: Vec<Queue<'a>>,
    test: Option<Test<'a>>,
    what_if: Option<WhatIf<'a>>,
    settings: Vec<Setting<'a>>,
    explain: Vec<Trace>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Figures {
    headline: String,
    instances: u64,
    at_most: bool,
    size_at: &'static str,
    target_rps: f64,
    cost_per_month: Option<Number>,
    worst_utilisation_ratio: f64,
    full_after_months: Option<f64>,
}

#[derive(Serialize)]
struct Chain<'a> {
    target_rps: f64,
    capacity_rps: Ends,
    busy_instances: Option<f64>,
    worst_utilisation_ratio: Option<f64>,
    basis: Basis<'a>,
    limit: Option<Limit<'a>>,
    db_queries_per_relay: Number,
    egress_bytes_per_relay: Number,
    egress_source: &'static str,
}

#[derive(Serialize)]
struct Ends {
    low: f64,
    point: f64,
    high: Option<f64>,
}

#[derive(Serialize)]
struct Basis<'a> {
    kind: &'static str,
    source: &'a str,
    of_mix: bool,
    limited_by: Option<&'a str>,
    bound_lower_rps: Option<f64>,
    bound_upper_rps: Option<f64>,
    interval_low_rps: Option<f64>,
    interval_high_rps: Option<f64>,
    censored: Option<&'static str>,
    binding: Option<&'static str>,
    screening: bool,
    generator_limited: bool,
    instances_under_test: Option<u32>,
}

#[derive(Serialize)]
struct Limit<'a> {
    verdict: &'a str,
    headline: &'a str,
    because: &'a [String],
}

#[derive(Serialize)]
struct Pool<'a> {
    chains: Vec<&'a str>,
    busy_instances: f64,
    base: u64,
    per_zone: u64,
    instances: u64,
    survivors: u64,
    utilisation_ratio: f64,
    worst_utilisation_ratio: f64,
    growth_until_full: f64,
}

#[derive(Serialize)]
struct Interval {
    low: Fleet,
    point: Fleet,
    high: Option<Fleet>,
}

#[derive(Serialize)]
struct Fleet {
    instances: u64,
    cost_per_month: Option<Number>,
}

#[derive(Serialize)]
struct Redundancy {
    base: u64,
    spare: u64,
    zones: u64,
    least: u64,
    cost_per_month: Option<Number>,
}

#[derive(Serialize)]
struct Breaks<'a> {
    what: &'static str,
    pool: Option<&'a str>,
    chain: Option<&'a str>,
    factor: f64,
    target_rps: f64,
    said: String,
}

#[derive(Serialize)]
struct Growth<'a> {
    per_month_ratio: Option<f64>,
    full_after_months: Option<f64>,
    full_in_month: Option<u32>,
    full_pool: Option<&'a str>,
    months: Vec<InMonth>,
    ended: Option<&'static str>,
}

#[derive(Serialize)]
struct InMonth {
    month: u32,
    target_rps: f64,
    instances: u64,
    cost_per_month: Option<Number>,
}

#[derive(Serialize)]
struct Cost<'a> {
    currency: &'a str,
    hours_per_month: Number,
    relays_per_month: Number,
    egress_gb: Number,
    items: Vec<CostItem<'a>>,
    compute: Number,
    total: Number,
    per_million: Number,
    marginal_per_million: Number,
    marginal_with_instances_per_million: Number,
}

#[derive(Serialize)]
struct CostItem<'a> {
    item: &'static str,
    quantity: Number,
    unit: &'static str,
    amount: Number,
    by_chain: InOrder<'a, Number>,
}

#[derive(Serialize)]
struct Moved {
    key: &'static str,
    step: f64,
    relative: bool,
    less: Option<Fleet>,
    more: Option<Fleet>,
}

#[derive(Serialize)]
struct Queue<'a> {
    pool: Option<&'a str>,
    offered: f64,
    waiting_all_up_ratio: Option<f64>,
    waiting_worst_ratio: Option<f64>,
}

#[derive(Serialize)]
struct Test<'a> {
    tool: &'static str,
    assumptions: &'a [String],
    untuned: Option<&'a str>,
    ways: Vec<Way<'a>>,
}

#[derive(Serialize)]
struct Way<'a> {
    kind: &'static str,
    hosts: u64,
    rate_rps: f64,
    rate_each_rps: f64,
    duration_s: f64,
    limits: Vec<HostLimit>,
    preparation: &'a [String],
    commands: &'a [Vec<String>],
}

#[derive(Serialize)]
struct HostLimit {
    limit: &'static str,
    rate_rps: f64,
}

#[derive(Serialize)]
struct WhatIf<'a> {
    changed: Vec<Changed<'a>>,
    base: Option<Fleet>,
    no_base: Option<&'a str>,
}

#[derive(Serialize)]
struct Changed<'a> {
    key: &'a str,
    from: Option<&'a str>,
    to: &'a str,
}

#[derive(Serialize)]
struct Setting<'a> {
    key: &'a str,
    value: &'a str,
    place: Option<&'a str>,
}

#[derive(Serialize)]
struct Trace {
    of: Option<String>,
    figure: &'static str,
    value: String,
    formula: Option<&'static str>,
    numbers: Option<String>,
    source: String,
}

/// The plan as JSON, with a line feed at its end.
///
/// # Panics
/// If memory runs out.
#[must_use]
pub fn render(report: &PlanReport<'_>) -> String {
    let report = whole(report);
    let mut json =
        serde_json::to_string_pretty(&report).expect("the structs hold nothing that JSON cannot");
    json.push('\n');
    ascii_hidden(json)
}

fn decimal(value: Decimal) -> Number {
    let text = value.normalize().to_string();
    RawValue::from_string(text).expect("digits and a point are JSON")
}

fn money(amount: Money) -> Number {
    RawValue::from_string(amount.to_string()).expect("digits and a point are JSON")
}

fn fleet(outcome: &Outcome) -> Fleet {
    Fleet { instances: outcome.instances, cost_per_month: total(outcome.bill.as_ref()) }
}

fn total(bill: Option<&Bill>) -> Option<Number> {
    bill.map(|bill| money(bill.total))
}

fn whole<'a>(report: &'a PlanReport<'a>) -> Report<'a> {
    let plan = report.plan;
    let full = plan.growing.as_ref().and_then(|growing| growing.full);
    let worst = plan.chosen.pools.iter().map(|pool| pool.sizing.worst_utilisation());
    Report {
        schema: "plimsoll.plan/1",
        plimsoll_version: report.version,
        answer: Figures {
            headline: headline(plan).raw(),
            instances: plan.chosen.instances,
            at_most: super::answer::is_at_most(plan),
            size_at: plan.inputs.fleet.size_at.name(),
            target_rps: plan.inputs.target().per_second(),
            cost_per_month: total(plan.chosen.bill.as_ref()),
            worst_utilisation_ratio: worst.max_by(f64::total_cmp).unwrap_or_default(),
            full_after_months: full.map(|full| full.after_months),
        },
        inputs: &report.inputs,
        goal: (!report.goal.is_empty()).then_some(report.goal.as_str()),
        chains: chains(report),
        pools: pools(plan),
        interval: Interval {
            low: fleet(&plan.at_low),
            point: fleet(&plan.at_point),
            high: plan.at_high.as_ref().map(fleet),
        },
        redundancy: Redundancy {
            base: plan.redundancy.base,
            spare: plan.redundancy.spare,
            zones: plan.redundancy.zones,
            least: plan.redundancy.least,
            cost_per_month: plan.redundancy.cost.map(money),
        },
        breaks_first: plan
            .breaking
            .iter()
            .map(|one| Breaks {
                what: one.what.name(),
                pool: pool_name(plan, one.pool),
                chain: plan.inputs.chains.get(one.chain).map(|chain| chain.name.as_str()),
                factor: one.factor,
                target_rps: plan.inputs.target().per_second() * one.factor,
                said: sentence(report, one).raw(),
            })
            .collect(),
        growth: plan.growing.as_ref().map(|growing| Growth {
            per_month_ratio: plan.inputs.growth.map(|growth| growth.per_month),
            full_after_months: full.map(|full| full.after_months),
            full_in_month: full.and_then(|full| full.month),
            full_pool: full.and_then(|full| pool_name(plan, full.pool)),
            months: growing
                .months
                .iter()
                .map(|month| InMonth {
                    month: month.number,
                    target_rps: month.target.per_second(),
                    instances: month.instances,
                    cost_per_month: total(month.bill.as_ref()),
                })
                .collect(),
            ended: growing.ended.map(Ended::name),
        }),
        cost: cost(plan),
        sensitivity: plan.sensitivity.iter().map(moved).collect(),
        queueing: queues(plan),
        test: report.test.as_ref().map(test),
        what_if: report.what_if.as_ref().map(|what_if| WhatIf {
            changed: what_if
                .changed
                .iter()
                .map(|(key, from, to)| Changed { key, from: from.as_deref(), to })
                .collect(),
            base: what_if.base.as_ref().ok().map(|base| fleet(&base.chosen)),
            no_base: what_if.base.as_ref().err().map(String::as_str),
        }),
        settings: report
            .settings
            .iter()
            .map(|setting| Setting {
                key: &setting.key,
                value: &setting.value,
                place: setting.place.as_deref(),
            })
            .collect(),
        explain: traces(report)
            .into_iter()
            .map(|trace| Trace {
                of: (!trace.of.is_empty()).then_some(trace.of),
                figure: trace.figure,
                value: trace.value,
                formula: (!trace.formula.is_empty()).then_some(trace.formula),
                numbers: (!trace.numbers.is_empty()).then_some(trace.numbers),
                source: trace.source,
            })
            .collect(),
        warnings: &report.notes,
    }
}

fn chains<'a>(report: &'a PlanReport<'a>) -> InOrder<'a, Chain<'a>> {
    let plan = report.plan;
    let all = plan.inputs.chains.iter().zip(&report.chains).enumerate();
    let chain = |(place, (chain, known)): (
        usize,
        (&'a plimsoll_analysis::plan::Demand, &'a super::ChainBasis),
    )| {
        let pool = plan.chosen.pool_of(place);
        let index = pool.and_then(|pool| pool.chains.iter().position(|&other| other == place));
        let busy = pool.zip(index).and_then(|(pool, index)| pool.works.get(index).copied());
        let found = Chain {
            target_rps: chain.target.per_second(),
            capacity_rps: Ends {
                low: chain.capacity.low.per_second(),
                point: chain.capacity.point.per_second(),
                high: chain.capacity.high.map(Rate::per_second),
            },
            busy_instances: busy,
            worst_utilisation_ratio: pool.map(|pool| pool.sizing.worst_utilisation()),
            basis: basis(&known.capacity),
            limit: known.limit.as_ref().map(|limit| Limit {
                verdict: &limit.verdict,
                headline: &limit.headline,
                because: &limit.because,
            }),
            db_queries_per_relay: decimal(chain.db_queries_per_relay),
            egress_bytes_per_relay: decimal(chain.egress_bytes_per_relay.round_dp(6)),
            egress_source: match known.egress {
                Origin::Given { .. } => "given",
                Origin::Measured { .. } => "measured",
                Origin::NotRecorded => "not_recorded",
                Origin::Unknown => "unknown",
            },
        };
        (chain.name.as_str(), found)
    };
    InOrder(all.map(chain).collect())
}

fn basis(capacity: &CapacityBasis) -> Basis<'_> {
    let (found, kind, source, of_mix): (Option<&Measured>, _, _, _) = match capacity {
        CapacityBasis::Written { place } => (None, "written", place, false),
        CapacityBasis::Measured { found, from, of_mix, .. } => {
            (Some(found), "measured", from, *of_mix)
        }
    };
    let rate = |of: fn(&Measured) -> Option<Rate>| found.and_then(of).map(Rate::per_second);
    Basis {
        kind,
        source,
        of_mix,
        limited_by: match capacity {
            CapacityBasis::Measured { limited_by, .. } => limited_by.as_deref(),
            CapacityBasis::Written { .. } => None,
        },
        bound_lower_rps: rate(|found| found.lower),
        bound_upper_rps: rate(|found| found.upper),
        interval_low_rps: rate(|found| found.low),
        interval_high_rps: rate(|found| found.high),
        censored: found.map(|found| found.censored.name()),
        binding: found
            .and_then(|found| found.binding)
            .map(plimsoll_analysis::capacity::sustained::Binding::name),
        screening: found.is_some_and(|found| found.screening),
        generator_limited: found.is_some_and(Measured::is_of_generator),
        instances_under_test: found.map(|found| found.instances),
    }
}

fn pools(plan: &Plan) -> Vec<Pool<'_>> {
    let pool = |pool: &plimsoll_analysis::plan::fleet::Pool| {
        let names = pool.chains.iter().filter_map(|&chain| plan.inputs.chains.get(chain));
        let sizing = &pool.sizing;
        Pool {
            chains: names.map(|chain| chain.name.as_str()).collect(),
            busy_instances: sizing.work,
            base: sizing.base,
            per_zone: sizing.per_zone,
            instances: sizing.instances,
            survivors: sizing.survivors,
            utilisation_ratio: sizing.utilisation(),
            worst_utilisation_ratio: sizing.worst_utilisation(),
            growth_until_full: sizing.growth_until(plan.inputs.fleet.utilisation_target),
        }
    };
    plan.chosen.pools.iter().map(pool).collect()
}

fn cost(plan: &Plan) -> Option<Cost<'_>> {
    let (bill, costs) = plan.chosen.bill.as_ref().zip(plan.inputs.costs.as_ref())?;
    let names = || plan.inputs.chains.iter().map(|chain| chain.name.as_str());
    Some(Cost {
        currency: &costs.currency,
        hours_per_month: decimal(costs.hours_per_month.0),
        relays_per_month: decimal(bill.relays),
        egress_gb: decimal(bill.egress_gb.round_dp(6)),
        items: bill
            .items
            .iter()
            .map(|line| CostItem {
                item: line.item.name(),
                quantity: decimal(line.quantity.round_dp(6)),
                unit: match line.item {
                    Item::Fixed => "month",
                    item => words(item).1,
                },
                amount: money(line.amount),
                by_chain: InOrder(
                    names().zip(line.by_chain.iter().map(|part| money(*part))).collect(),
                ),
            })
            .collect(),
        compute: money(bill.compute()),
        total: money(bill.total),
        per_million: decimal(bill.per_million.round_dp(10)),
        marginal_per_million: decimal(bill.marginal_within.round_dp(10)),
        marginal_with_instances_per_million: decimal(bill.marginal_with_instances.round_dp(10)),
    })
}

fn moved(moved: &plimsoll_analysis::plan::sensitivity::Moved) -> Moved {
    let end = |end: Option<Answer>| {
        end.map(|end| Fleet { instances: end.instances, cost_per_month: end.cost.map(money) })
    };
    let is_count = moved.assumption.is_count();
    Moved {
        key: moved.assumption.key(),
        step: if is_count { 1.0 } else { STEP },
        relative: !is_count,
        less: end(moved.less),
        more: end(moved.more),
    }
}

fn queues(plan: &Plan) -> Vec<Queue<'_>> {
    let queue = |(place, pool): (usize, &plimsoll_analysis::plan::fleet::Pool)| {
        let waiting = |instances| queueing::at(pool, instances).map(|queue| queue.waiting);
        Queue {
            pool: pool_name(plan, place),
            offered: pool.sizing.work,
            waiting_all_up_ratio: waiting(pool.sizing.instances),
            waiting_worst_ratio: waiting(pool.sizing.survivors),
        }
    };
    plan.chosen.pools.iter().enumerate().map(queue).collect()
}

fn test(test: &TestPlan) -> Test<'_> {
    let ways = test.ways.iter().map(|way| Way {
        kind: way.strategy.kind.name(),
        hosts: way.strategy.hosts,
        rate_rps: way.strategy.rate.per_second(),
        rate_each_rps: way.strategy.rate_each().per_second(),
        duration_s: Nanos::as_secs_f64(way.strategy.duration),
        limits: way
            .limits
            .iter()
            .map(|&(limit, most)| HostLimit { limit, rate_rps: most.per_second() })
            .collect(),
        preparation: &way.preparation,
        commands: &way.commands,
    });
    Test {
        tool: test.tool,
        assumptions: &test.assumptions,
        untuned: test.untuned.as_deref(),
        ways: ways.collect(),
    }
}
