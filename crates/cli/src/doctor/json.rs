//! `plimsoll.doctor/1`.

use plimsoll_attack::doctor::{Plan, Report};
use plimsoll_model::Nanos;
use serde::Serialize;

#[derive(Serialize)]
struct Doctor<'a> {
    schema: &'static str,
    plimsoll_version: &'static str,
    plan: Planned,
    status: &'static str,
    headline: &'a str,
    hosts: Hosts,
    ports: Option<Ports>,
    checks: Vec<Check<'a>>,
}

#[derive(Serialize)]
struct Planned {
    generator: &'static str,
    rate_rps: f64,
    duration_s: Option<f64>,
    latency_ms: f64,
    timeout_ms: f64,
    keepalive: bool,
    connections: u64,
    max_workers: Option<u64>,
    destinations: u32,
    source_ips: u32,
}

#[derive(Serialize)]
struct Hosts {
    needed: u64,
    rate_rps: f64,
    binding: Option<&'static str>,
}

#[derive(Serialize)]
struct Ports {
    needed: u64,
    available: u64,
    utilisation_ratio: f64,
    rate_rps: f64,
    lasting_ms: f64,
    hold_ms: f64,
    hosts: u64,
}

#[derive(Serialize)]
struct Check<'a> {
    name: &'static str,
    status: &'static str,
    finding: &'a str,
    fix: Option<&'a str>,
}

pub(super) fn render(report: &Report, plan: &Plan) -> anyhow::Result<String> {
    let doctor = Doctor {
        schema: "plimsoll.doctor/1",
        plimsoll_version: env!("CARGO_PKG_VERSION"),
        plan: Planned {
            generator: plan.generator.name(),
            rate_rps: plan.rate.per_second(),
            duration_s: plan.duration.map(Nanos::as_secs_f64),
            latency_ms: plan.latency.as_millis_f64(),
            timeout_ms: plan.timeout.as_millis_f64(),
            keepalive: plan.keepalive,
            connections: plan.connections,
            max_workers: plan.max_workers,
            destinations: plan.destinations,
            source_ips: plan.source_ips,
        },
        status: report.status().name(),
        headline: &report.headline,
        hosts: Hosts {
            needed: report.hosts.needed,
            rate_rps: report.hosts.rate_each.per_second(),
            binding: report.hosts.binding.name(),
        },
        ports: report.ports.map(|budget| Ports {
            needed: budget.needed,
            available: budget.available,
            utilisation_ratio: budget.utilisation,
            rate_rps: budget.rate.per_second(),
            lasting_ms: budget.lasting.as_millis_f64(),
            hold_ms: budget.hold.as_millis_f64(),
            hosts: budget.hosts,
        }),
        checks: report
            .checks
            .iter()
            .map(|check| Check {
                name: check.name,
                status: check.status.name(),
                finding: &check.finding,
                fix: check.fix.as_deref(),
            })
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&doctor)? + "\n")
}
