//! `[generator]`: the hosts that a test would be made from.

use plimsoll_attack::doctor::Generator;
use plimsoll_model::Nanos;
use serde::Deserialize;

use super::Config;
use super::numbers::{count, number, positive, word};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GeneratorTable {
    tool: Option<String>,
    keepalive: Option<bool>,
    cpus: Option<u32>,
    cpu_us_per_request: Option<f64>,
    open_files: Option<u64>,
    network_gbps: Option<f64>,
    latency_ms: Option<f64>,
    duration_s: Option<f64>,
}

/// The hosts that a test would be made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GeneratorHosts {
    pub(crate) tool: Generator,
    pub(crate) keepalive: bool,
    pub(crate) cpus: u32,
    /// `None`: what the preflight assumes, or what was measured.
    pub(crate) cpu_per_request: Option<Nanos>,
    /// The hard limit of open files, before it is raised.
    pub(crate) open_files: u64,
    /// Bits per second.
    pub(crate) network: f64,
    /// `None`: what was measured.
    pub(crate) latency: Option<Nanos>,
    pub(crate) duration: Nanos,
}

impl Config {
    /// The hosts that a test is made from.
    pub(crate) fn generator_hosts(&self) -> anyhow::Result<GeneratorHosts> {
        self.generator.hosts()
    }
}

impl GeneratorTable {
    fn hosts(&self) -> anyhow::Result<GeneratorHosts> {
        let tools = [Generator::Plimsoll, Generator::Vegeta].map(|tool| (tool.name(), tool));
        let span = |key: &str, value: Option<f64>, unit: f64, expected: &str| {
            // A nanosecond at least.
            let range = 1e-9 / unit..=1e9;
            let value = value.map(|value| number(key, Some(value), value, range, expected));
            let value = value.transpose()?;
            Ok::<_, anyhow::Error>(
                value.map(|value| Nanos::from(std::time::Duration::from_secs_f64(value * unit))),
            )
        };
        let network = positive(
            "generator.network_gbps",
            self.network_gbps,
            1.0,
            "gigabits per second, such as 10",
        )?;
        let cpus = self.cpus.unwrap_or(2);
        anyhow::ensure!(
            (1..=4_096).contains(&cpus),
            "generator.cpus = {cpus}: expected a number from 1 to 4096"
        );
        let duration = span("generator.duration_s", self.duration_s, 1.0, "seconds above 0")?;
        Ok(GeneratorHosts {
            tool: word("generator.tool", self.tool.as_deref(), Generator::Plimsoll, &tools)?,
            keepalive: self.keepalive.unwrap_or(true),
            cpus,
            cpu_per_request: span(
                "generator.cpu_us_per_request",
                self.cpu_us_per_request,
                1e-6,
                "microseconds above 0",
            )?,
            // What Docker and systemd give to services.
            open_files: count("generator.open_files", self.open_files, 65_536, 256)?,
            network: network * 1e9,
            latency: span(
                "generator.latency_ms",
                self.latency_ms,
                1e-3,
                "milliseconds above 0 until an answer",
            )?,
            duration: duration.unwrap_or(Nanos(70_000_000_000)),
        })
    }
}
