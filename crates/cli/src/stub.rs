//! `plimsoll stub`: a gateway of known capacity, and what it saw.

mod capacities;
mod chain;
mod totals;

use std::time::Duration;

use anyhow::Context as _;
use plimsoll_attack::stub::{Stub, StubConfig};

use crate::args::StubArgs;
use crate::exit::Outcome;
use crate::interrupt::Interrupt;
use crate::output;

pub(crate) use chain::parse as parse_chain;

/// Serves until it is told to end, which is how it ends well.
pub(crate) fn run(args: &StubArgs) -> anyhow::Result<Outcome> {
    let mut config = StubConfig {
        listen: args.listen,
        tls: args.tls || args.certificate.is_some(),
        seed: args.seed,
        threads: args.threads,
        ..StubConfig::default()
    };
    if !args.chain.is_empty() {
        config.chains.clone_from(&args.chain);
    }
    let mut names: Vec<_> = config.chains.iter().map(|chain| &chain.name).collect();
    names.sort_unstable();
    names.dedup();
    anyhow::ensure!(names.len() == config.chains.len(), "a chain is given twice");
    // Before the address is told: whoever reads it may end the stub at once.
    let interrupt = Interrupt::install()?;
    let stub = Stub::start(&config)?;
    if let (Some(path), Some(certificate)) = (&args.certificate, stub.certificate()) {
        std::fs::write(path, certificate)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    output::answer(&format!("{}\n", stub.url()), None)?;
    output::tell(&capacities::table(&config.chains, args.slo));
    interrupt.wait(args.lasting.map(|span| Duration::from_nanos(span.0)));
    output::answer(&totals::json(&stub.stop())?, None)?;
    Ok(Outcome::Answered)
}
