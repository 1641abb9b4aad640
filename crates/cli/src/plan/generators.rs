//! The hosts that a test at the target takes. What a host can send is the preflight's to say.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::generators::{Strategy, StrategyKind, hosts_for, strategies};
use plimsoll_attack::Options;
use plimsoll_attack::doctor::Plan as Attack;
use plimsoll_attack::doctor::{
    Binding, Generator, Host, NETWORK_SHARE, OpenFiles, PerRequest, improved, limits,
};
use plimsoll_model::{Nanos, Ports, Rate, ToPrimitive as _};
use plimsoll_render::plan::{TestPlan, TestWay, per_second};

use super::commands::{commands, preparation};
use super::measurements::Measurements;
use crate::config::{GeneratorHosts, PlannedChain};

/// How long an answer is taken to take where none was measured; as `doctor` has it.
const LATENCY: Nanos = Nanos(100_000_000);
/// After which a request is given up; as `attack` and vegeta have it.
const TIMEOUT: Nanos = Nanos(30_000_000_000);
/// Bytes of headers, of a request and of an answer, which no recording tells: an assumption.
const HEADERS: f64 = 500.0;
/// Hosts whose commands are written down, ...
const MOST_HOSTS: u64 = 256;
/// ... fewer of them where there are many chains.
const MOST_COMMANDS: u64 = 4_096;

/// `None` where no host could send anything.
pub(super) fn test(
    plan: &Plan,
    chains: &[PlannedChain],
    measured: &Measurements,
    hosts: &GeneratorHosts,
    ports: &Ports,
    most_cpu: f64,
) -> Option<TestPlan> {
    // What the fleet is sized for is what a test has to send.
    let peak = plan.inputs.peak();
    let (latency, latency_from) = latency(measured, hosts);
    let attack = Attack {
        rate: peak,
        duration: None,
        latency,
        timeout: TIMEOUT,
        keepalive: hosts.keepalive,
        connections: 10_000,
        max_workers: match hosts.tool {
            Generator::Plimsoll => Some(Options::MAX_IN_FLIGHT as u64),
            Generator::Vegeta => None,
        },
        destinations: 1,
        source_ips: ports.source_ips,
        generator: hosts.tool,
    };
    let stock = Host {
        port_range: Some((ports.low, ports.high)),
        timestamps: Some(1),
        cpus: Some(hosts.cpus),
        open_files: Some(OpenFiles { soft: 1_024, hard: hosts.open_files }),
        ..Host::default()
    };
    let (bytes, bytes_from) = bytes(plan, measured);
    // What Plimsoll's own requests cost says nothing of vegeta's.
    let measured_cpu = measured.cpu().filter(|_| hosts.tool == Generator::Plimsoll);
    let (cpu, cpu_from) = match (hosts.cpu_per_request, measured_cpu) {
        (Some(given), _) => (Some(given), "as given"),
        (None, Some(found)) => (Some(found.per_request()), "measured by the attack"),
        (None, None) => (None, "as the preflight assumes"),
    };
    let network = Some((bytes * 8.0, hosts.network));
    let request = PerRequest {
        cpu,
        cpu_share: most_cpu,
        port_share: ports.utilisation,
        port_hold: ports.hold,
        network,
    };
    let tuned = improved(&stock, &attack);
    let of = |host: &Host| limits(host, &attack, &request);
    let (of_stock, of_tuned) = (of(&stock), of(&tuned));
    let ways = strategies(peak, hosts.duration, of_stock.first()?.1, of_tuned.first()?.1)?;
    let mut assumptions = vec![
        format!(
            "a host has {} CPUs, {} of network, files up to {}, ports {}-{}; connections are {}",
            hosts.cpus,
            gigabits(hosts.network),
            hosts.open_files,
            ports.low,
            ports.high,
            if hosts.keepalive { "used again" } else { "not used again" },
        ),
        format!(
            "a request takes {:.1} ms ({latency_from}), {} of CPU ({}) and {:.0} bytes on the network ({bytes_from}): [generator] says otherwise",
            latency.as_millis_f64(),
            micros(&of_stock, hosts, most_cpu)
                .map_or_else(|| "no time".to_owned(), |micros| format!("{micros:.0} µs")),
            cpu_from,
            bytes,
        ),
        format!(
            "a host is to use at most {:.0} % of its ports, {:.0} % of its CPU time (measure.max_generator_cpu) and {:.0} % of its network: beyond, the generator may be what is measured",
            ports.utilisation * 100.0,
            most_cpu * 100.0,
            NETWORK_SHARE * 100.0
        ),
    ];
    if ports.hold != Ports::default().hold && !hosts.keepalive {
        assumptions.push(format!(
            "a port is taken for {} s after its connection (measure.ports.hold_s)",
            ports.hold.as_secs_f64()
        ));
    }
    if peak > plan.inputs.target() {
        assumptions.push(format!(
            "the test is at the peak, which the fleet is sized for: {}, of {} × {} (fleet.peak_factor)",
            per_second(peak),
            per_second(plan.inputs.target()),
            plan.inputs.fleet.peak_factor
        ));
    }
    let untuned = untuned(peak, &of_stock, &of_tuned, hosts);
    let most_hosts = (MOST_COMMANDS / chains.len().max(1) as u64).clamp(1, MOST_HOSTS);
    let way = |strategy: Strategy| TestWay {
        strategy,
        limits: names(match strategy.kind {
            StrategyKind::TunedHosts => &of_tuned,
            StrategyKind::ManyHosts | StrategyKind::OneHost => &of_stock,
        }),
        preparation: match strategy.kind {
            StrategyKind::TunedHosts if untuned.is_none() => {
                preparation(&stock, &attack, hosts, strategy.rate_each())
            }
            StrategyKind::TunedHosts | StrategyKind::ManyHosts | StrategyKind::OneHost => {
                Vec::new()
            }
        },
        commands: (1..=strategy.hosts.min(most_hosts))
            .map(|host| commands(plan, chains, hosts, &strategy, host))
            .collect(),
    };
    let ways = ways.map(way).to_vec();
    Some(TestPlan { tool: hosts.tool.name(), assumptions, untuned, ways })
}

/// Why raising limits saves no host; `None` where it does.
fn untuned(
    peak: Rate,
    stock: &[(Binding, Rate)],
    tuned: &[(Binding, Rate)],
    hosts: &GeneratorHosts,
) -> Option<String> {
    let (&(_, before), &(limit, after)) = (stock.first()?, tuned.first()?);
    let needed = |each: Rate| hosts_for(peak, each);
    if needed(before)? <= 1 {
        return Some("one host is enough as it comes: raising its limits gains nothing".to_owned());
    }
    if needed(after)? < needed(before)? {
        return None;
    }
    let times = peak.per_second() / after.per_second();
    let larger = match limit {
        Binding::Cpu => {
            format!(
                ": a host of {:.0} CPUs would have time for it",
                (times * f64::from(hosts.cpus)).ceil()
            )
        }
        Binding::Network => {
            format!(
                ": a host with {} would have room for it",
                gigabits((times * hosts.network / 1e8).ceil() * 1e8)
            )
        }
        _ => String::new(),
    };
    let name = limit.name().unwrap_or_default().replace('_', " ");
    Some(if after > before {
        format!(
            "raised limits let a host send {} instead of {} ({name} is the next limit), and it takes as many hosts all the same{larger}",
            per_second(after),
            per_second(before)
        )
    } else {
        format!(
            "raising limits gains nothing, as what limits a host is its {name}, which no setting raises{larger}"
        )
    })
}

fn names(limits: &[(Binding, Rate)]) -> Vec<(&'static str, Rate)> {
    limits.iter().filter_map(|(binding, most)| Some((binding.name()?, *most))).collect()
}

/// Microseconds of a CPU for a request.
fn micros(limits: &[(Binding, Rate)], hosts: &GeneratorHosts, most_cpu: f64) -> Option<f64> {
    let (_, most) = limits.iter().find(|(binding, _)| *binding == Binding::Cpu)?;
    Some(f64::from(hosts.cpus) * most_cpu * 1e6 / most.per_second())
}

fn gigabits(bits: f64) -> String {
    format!("{} Gbit/s", bits / 1e9)
}

/// How long a request is in flight: as given, or as the slowest chain's mean was.
fn latency(measured: &Measurements, hosts: &GeneratorHosts) -> (Nanos, &'static str) {
    let slowest = measured.chains().filter_map(|chain| chain.latency).max();
    match (hosts.latency, slowest) {
        (Some(given), _) => (given, "as given"),
        (None, Some(slowest)) => (slowest, "the mean of the slowest chain in the test"),
        (None, None) => (LATENCY, "assumed"),
    }
}

/// Bytes of a request in the busier direction.
fn bytes(plan: &Plan, measured: &Measurements) -> (f64, &'static str) {
    let (mut into, mut out, mut answers, mut requests) = (0, 0, 0, 0);
    for chain in measured.chains() {
        into += chain.bytes_in_success;
        out += chain.bytes_out;
        answers += chain.successes;
        requests += chain.requests;
    }
    let mean = |bytes: u64, of: u64| bytes as f64 / of.max(1) as f64;
    if into > 0 || out > 0 {
        return (
            mean(into, answers).max(mean(out, requests)) + HEADERS,
            "bodies as measured, and 500 for headers",
        );
    }
    let given = plan.inputs.chains.iter().filter_map(|chain| chain.egress_bytes_per_relay.to_f64());
    (given.fold(0.0, f64::max) + HEADERS, "the largest egress_bytes_per_relay, and 500 for headers")
}
