//! `plimsoll doctor`: a host held against a plan, or a generator that is followed.

mod json;
mod text;
mod watch;

use std::fs;

use anyhow::Context as _;
use plimsoll_attack::Options;
use plimsoll_attack::doctor::{Generator, Host, Plan, Status, destinations, examine, sysctl};
use plimsoll_model::Rate;

use crate::args::{DoctorArgs, DoctorFormat, Emit};
use crate::exit::Outcome;
use crate::output;

pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<Outcome> {
    if args.watch {
        return watch::run(args);
    }
    let rate = args.rate.context("--rate is missing")?;
    let plan = plan(args, rate)?;
    let host = Host::read(&args.root);
    anyhow::ensure!(
        host.port_range.is_some(),
        "there is no proc below {}: doctor knows Linux only",
        args.root.display()
    );
    if args.emit == Some(Emit::Sysctl) {
        output::answer(&sysctl(&host, &plan), None)?;
        return Ok(Outcome::Answered);
    }
    let report = examine(&host, &plan);
    let answer = match args.format {
        DoctorFormat::Text => text::render(&report),
        DoctorFormat::Json => json::render(&report, &plan)?,
    };
    output::answer(&answer, None)?;
    Ok(if report.status() == Status::Fail { Outcome::No } else { Outcome::Answered })
}

fn plan(args: &DoctorArgs, rate: Rate) -> anyhow::Result<Plan> {
    let mut targets = match &args.targets {
        Some(path) => {
            let bytes =
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            // Hosts are counted, whatever else is in there.
            String::from_utf8_lossy(&bytes).into_owned()
        }
        None => String::new(),
    };
    for url in &args.target {
        targets.extend(["\nGET ", url]);
    }
    let destinations = destinations(&targets);
    anyhow::ensure!(
        destinations > 0 || (args.target.is_empty() && args.targets.is_none()),
        "there is no URL among the targets"
    );
    let own_bound = || match args.generator {
        Generator::Plimsoll => Some(Options::MAX_IN_FLIGHT as u64),
        Generator::Vegeta => None,
    };
    Ok(Plan {
        rate,
        duration: args.duration,
        latency: args.latency,
        timeout: args.timeout,
        keepalive: args.keepalive,
        connections: args.connections,
        max_workers: args.max_workers.or_else(own_bound),
        destinations: args.destinations.unwrap_or(destinations).max(1),
        source_ips: args.source_ips,
        generator: args.generator,
    })
}
