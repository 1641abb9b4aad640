use plimsoll_model::{Nanos, Ports, Rate};

use super::checks::{files, ports};
use super::{Binding, Host, Plan};

/// What a request takes of its generator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerRequest {
    /// CPU time, where it was measured; else what the preflight assumes.
    pub cpu: Option<Nanos>,
    /// The share of its CPU time that a host may use; beyond, an analysis takes it for the limit.
    pub cpu_share: f64,
    /// The share of its ports that a host may use.
    pub port_share: f64,
    /// How long a port is taken after its connection, where nothing lets it be used again earlier.
    pub port_hold: Nanos,
    /// Bits on the network, in the busier direction, and how many a host can move each second.
    pub network: Option<(f64, f64)>,
}

/// The share of what it can move that a host may put on the network, as of its ports.
pub const NETWORK_SHARE: f64 = 0.8;

impl Default for PerRequest {
    /// CPU time as the preflight assumes it, four fifths of it and of the ports; a network that is no limit.
    fn default() -> Self {
        let Ports { utilisation, hold, .. } = Ports::default();
        Self { cpu: None, cpu_share: 0.8, port_share: utilisation, port_hold: hold, network: None }
    }
}

/// The most that one such host sends without being the limit, by each thing that limits it; the tightest first. The plan's own
/// rate does not matter.
#[must_use]
pub fn limits(host: &Host, plan: &Plan, request: &PerRequest) -> Vec<(Binding, Rate)> {
    let each = match request.cpu {
        Some(cpu) if cpu > Nanos::ZERO => 1.0 / cpu.as_secs_f64(),
        _ => plan.generator.per_cpu(),
    };
    let network =
        |(bits, most): (f64, f64)| (bits > 0.0).then(|| Rate(most * NETWORK_SHARE / bits));
    let mut limits: Vec<(Binding, Rate)> = [
        (Binding::Ports, ports::most(host, plan, request.port_share, request.port_hold)),
        (Binding::OpenFiles, files::most(host, plan)),
        (Binding::Cpu, host.cpu_time().map(|cpus| Rate(cpus * request.cpu_share * each))),
        (Binding::Network, request.network.and_then(network)),
    ]
    .into_iter()
    .filter_map(|(binding, most)| Some((binding, most?)))
    .collect();
    limits.sort_by(|left, right| left.1.per_second().total_cmp(&right.1.per_second()));
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Generator, OpenFiles, examine, improved};

    fn plan(keepalive: bool, generator: Generator) -> Plan {
        Plan {
            rate: Rate(5_000.0),
            duration: None,
            latency: Nanos::ZERO,
            timeout: Nanos(30_000_000_000),
            keepalive,
            connections: 10_000,
            max_workers: None,
            destinations: 1,
            source_ips: 1,
            generator,
        }
    }

    fn linux() -> Host {
        Host {
            port_range: Some((32_768, 60_999)),
            timestamps: Some(1),
            cpus: Some(2),
            open_files: Some(OpenFiles { soft: 1_024, hard: 4_096 }),
            ..Host::default()
        }
    }

    /// 28,232 ports, of which four fifths for 60 s each: 376/s, where all of them would be 470.5/s.
    #[test]
    fn a_host_without_reuse_has_ports_for_so_much() {
        let plan = plan(false, Generator::Vegeta);
        let (binding, most) = limits(&linux(), &plan, &PerRequest::default())[0];
        assert_eq!(binding, Binding::Ports);
        assert!((most.per_second() - 28_232.0 * 0.8 / 60.0).abs() < 1e-9);
        // As many hosts as the preflight says.
        let hosts = (5_000.0 / most.per_second()).ceil();
        assert_eq!(format!("{hosts}"), examine(&linux(), &plan).hosts.needed.to_string());
        // vegeta gains from a wider range, and from nothing else.
        let (_, tuned) = limits(&improved(&linux(), &plan), &plan, &PerRequest::default())[0];
        assert!((tuned.per_second() - 64_512.0 * 0.8 / 60.0).abs() < 1e-9);
        // Half of the ports, for 30 s each; where they serve again after 1 s, that is what counts.
        let request = PerRequest {
            port_share: 0.5,
            port_hold: Nanos(30_000_000_000),
            ..PerRequest::default()
        };
        let (_, most) = limits(&linux(), &plan, &request)[0];
        assert!((most.per_second() - 28_232.0 * 0.5 / 30.0).abs() < 1e-9);
        let reused = Host { tw_reuse: Some(1), cpus: None, ..linux() };
        let own = Plan { generator: Generator::Plimsoll, ..plan };
        let (binding, most) = limits(&reused, &own, &request)[0];
        assert_eq!(binding, Binding::Ports);
        assert!((most.per_second() - 28_232.0 * 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_was_measured_goes_before_what_is_assumed() {
        let plan = Plan { latency: Nanos(100_000_000), ..plan(true, Generator::Plimsoll) };
        let request = PerRequest {
            cpu: Some(Nanos(50_000)),
            network: Some((80_000.0, 1e9)),
            ..PerRequest::default()
        };
        let found = limits(&linux(), &plan, &request);
        // Four fifths of 1 Gbit/s over 80 kbit and of 2 CPUs over 50 µs; 4,032 files over 0.1 s.
        let near = |(binding, rate): &(Binding, Rate), expected: (Binding, f64)| {
            *binding == expected.0 && (rate.per_second() - expected.1).abs() < 1e-6
        };
        assert!(near(&found[0], (Binding::Network, 10_000.0)), "{found:?}");
        assert!(near(&found[1], (Binding::Cpu, 32_000.0)), "{found:?}");
        assert!(near(&found[2], (Binding::OpenFiles, 40_320.0)), "{found:?}");
    }
}
