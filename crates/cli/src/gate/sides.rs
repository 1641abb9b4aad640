//! What is held against each other: result files, analysed as `analyze` does, and summaries of them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_analysis::gate::sample::Measured;
use plimsoll_ingest::{Source, expand};
use plimsoll_model::Ledger;
use plimsoll_render::Measurement;
use plimsoll_render::gate::{measured, read_measured};

use crate::analyze::ask;
use crate::args::CountArgs;
use crate::config::Config;
use crate::exit::Outcome;
use crate::inputs;

/// Bytes of a summary that are read.
const MOST: u64 = 256 << 20;

/// Bytes by which a summary is known.
const HEAD: u64 = 64 << 10;

/// The most summaries of a history that are read.
const MOST_EARLIER: usize = 10_000;

/// One side: its runs.
#[derive(Default)]
pub(crate) struct Side {
    pub(crate) runs: Vec<Measured>,
    pub(crate) notes: Vec<String>,
    ledgers: Vec<Ledger>,
}

impl Side {
    /// Each summary is a run; result files together are one, or `each` argument is.
    pub(crate) fn read(
        config: &Config,
        count: &CountArgs,
        threads: u16,
        named: &[PathBuf],
        each: bool,
    ) -> anyhow::Result<Self> {
        let mut side = Self::default();
        if each {
            for name in named {
                side.take(config, count, threads, expand([name])?)?;
            }
        } else {
            side.take(config, count, threads, expand(named)?)?;
        }
        Ok(side)
    }

    fn take(
        &mut self,
        config: &Config,
        count: &CountArgs,
        threads: u16,
        sources: Vec<Source>,
    ) -> anyhow::Result<()> {
        let mut results = Vec::new();
        for mut source in sources {
            // It is looked at before it is read.
            source.spool()?;
            if Measurement::is_summary(&source.beginning(HEAD)?) {
                let name = source.name().to_owned();
                anyhow::ensure!(
                    count.slo.and_then(|slo| slo.latency).is_none(),
                    "--slo latency: {name} is a summary, and what it counted as good stands: analyze the results anew"
                );
                self.runs.push(summary(&source)?);
            } else {
                results.push(source);
            }
        }
        if results.is_empty() {
            return Ok(());
        }
        let name = match &results[..] {
            [one] => one.name().to_owned(),
            [first, others @ ..] => format!("{} and {} more", first.name(), others.len()),
            [] => String::new(),
        };
        let answered = ask(config, &count.question(threads.into()), &mut results)?;
        let summary = answered.summary();
        self.notes.extend(plimsoll_render::warnings(&summary));
        self.runs.push(measured(&summary, name));
        self.ledgers.extend(answered.ledgers);
        Ok(())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.name.clone()).collect()
    }

    /// The run of which something was not read or damaged, unless that is accepted.
    pub(crate) fn unsound(&self, allow_damaged: bool) -> Option<String> {
        let told = "figures are over what could be read";
        let is_sound = inputs::outcome(&self.ledgers, allow_damaged, told) == Outcome::Answered;
        let damaged = self.runs.iter().find(|run| run.damaged && !allow_damaged);
        let run = damaged.or(self.runs.first().filter(|_| !is_sound))?;
        Some(run.name.clone())
    }
}

/// The summaries of a directory.
pub(super) fn history(directory: &Path) -> anyhow::Result<Vec<Measured>> {
    anyhow::ensure!(directory.is_dir(), "--history {}: expected a directory", directory.display());
    let mut sources = expand([directory])?;
    anyhow::ensure!(
        sources.len() <= MOST_EARLIER,
        "--history {}: {} files, expected at most {MOST_EARLIER}",
        directory.display(),
        sources.len()
    );
    let mut earlier = Vec::new();
    for source in &mut sources {
        source.spool()?;
        if Measurement::is_summary(&source.beginning(HEAD)?) {
            earlier.push(summary(source)?);
        }
    }
    anyhow::ensure!(
        !earlier.is_empty(),
        "--history {}: there is no summary (plimsoll.summary/1) in it",
        directory.display()
    );
    Ok(earlier)
}

fn summary(source: &Source) -> anyhow::Result<Measured> {
    let name = source.name().to_owned();
    let text = String::from_utf8(source.beginning(MOST)?).with_context(|| name.clone())?;
    read_measured(&text, name.clone()).with_context(|| name)
}
