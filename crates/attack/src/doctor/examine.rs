use plimsoll_model::Rate;

use super::checks::{clock, conntrack, cpu, files, memory, ports};
use super::{Binding, Check, Host, Hosts, Plan, Report, Status, words};

/// Holds a host against a plan.
#[must_use]
pub fn examine(host: &Host, plan: &Plan) -> Report {
    let (planned, budget) = ports::planned(host, plan);
    let checks = [
        Some(planned),
        ports::kept(plan),
        ports::stalled(host, plan),
        ports::free(host, budget),
        ports::reuse(host, plan),
        files::per_process(host, plan),
        files::of_all(host, plan),
        Some(conntrack::check(host, plan)),
        cpu::time(host, plan),
        cpu::throttling(host),
        cpu::load(host, plan),
        memory::check(host, plan),
        clock::source(host),
        Some(clock::set(host)),
        somaxconn(host),
    ];
    let needs = [
        (Binding::Ports, budget.map(|budget| budget.hosts)),
        (Binding::Conntrack, conntrack::hosts(host, plan)),
        (Binding::OpenFiles, files::hosts(host, plan)),
        (Binding::Cpu, cpu::hosts(host, plan)),
    ];
    let mut hosts = Hosts { needed: 1, rate_each: plan.rate, binding: Binding::Nothing };
    for (binding, needed) in needs {
        if let Some(needed) = needed.filter(|needed| *needed > hosts.needed) {
            let rate_each = Rate(plan.rate.per_second() / needed as f64);
            hosts = Hosts { needed, rate_each, binding };
        }
    }
    let headline = headline(plan, hosts);
    Report { headline, checks: checks.into_iter().flatten().collect(), ports: budget, hosts }
}

fn headline(plan: &Plan, hosts: Hosts) -> String {
    let rate = words::rate(plan.rate);
    let limit = match hosts.binding {
        Binding::Nothing => return format!("{rate} takes one host such as this"),
        Binding::Ports => "local ports set",
        Binding::Cpu => "CPU time sets",
        Binding::OpenFiles => "open files set",
        Binding::Conntrack => "conntrack's table sets",
        Binding::Network => "the network sets",
    };
    let (needed, each) = (words::count(hosts.needed), words::rate(hosts.rate_each));
    format!("{rate} takes {needed} hosts such as this, {each} each: {limit} the limit")
}

/// Tuning guides have it for generators.
fn somaxconn(host: &Host) -> Option<Check> {
    let value = host.somaxconn?;
    let finding =
        format!("somaxconn = {value}: bounds what a server accepts; no matter to a generator");
    Some(Check { name: "somaxconn", status: Status::Note, finding, fix: None })
}
