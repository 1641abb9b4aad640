//! What was measured: result files, analysed as `analyze` does, and summaries.

use anyhow::Context as _;
use plimsoll_analysis::GeneratorCpu;
use plimsoll_ingest::{Source, expand};
use plimsoll_model::Ledger;
use plimsoll_render::{MeasuredChain, Measurement};

use crate::analyze::ask;
use crate::args::PlanArgs;
use crate::config::Config;

/// Bytes of a summary that are read.
const MOST: u64 = 256 << 20;

/// Bytes by which a summary is known.
const HEAD: u64 = 64 << 10;

/// Inputs by what they are.
pub(super) struct Files {
    summaries: Vec<Source>,
    results: Vec<Source>,
}

impl Files {
    pub(super) fn of(mut sources: Vec<Source>) -> anyhow::Result<Self> {
        let mut files = Self { summaries: Vec::new(), results: Vec::new() };
        for source in &mut sources {
            // It is looked at before it is read.
            source.spool()?;
        }
        for source in sources {
            if Measurement::is_summary(&source.beginning(HEAD)?) {
                files.summaries.push(source);
            } else {
                files.results.push(source);
            }
        }
        Ok(files)
    }
}

/// All that was read.
#[derive(Default)]
pub(super) struct Measurements {
    all: Vec<One>,
    ledgers: Vec<Ledger>,
    notes: Vec<String>,
    cpu: Option<GeneratorCpu>,
}

/// What was found in some inputs together.
pub(super) struct One {
    pub(super) from: String,
    pub(super) found: Measurement,
    is_summary: bool,
}

impl Measurements {
    /// Reads what was named on the command line.
    pub(super) fn read(
        config: &Config,
        args: &PlanArgs,
        files: &mut Files,
    ) -> anyhow::Result<Self> {
        let mut measurements = Self::default();
        measurements.take(config, args, files)?;
        Ok(measurements)
    }

    /// Reads what a chain's `capacity_from` names, and gives its place.
    pub(super) fn read_for(
        &mut self,
        config: &Config,
        args: &PlanArgs,
        patterns: &[String],
    ) -> anyhow::Result<usize> {
        let beside = config.path.parent().unwrap_or(std::path::Path::new(""));
        let sources = expand(patterns.iter().map(|pattern| beside.join(pattern)))?;
        let before = self.all.len();
        self.take(config, args, &mut Files::of(sources)?)?;
        anyhow::ensure!(
            self.all.len() == before + 1,
            "several summaries, of which nobody knows which counts: name one, or result files"
        );
        Ok(before)
    }

    fn take(&mut self, config: &Config, args: &PlanArgs, files: &mut Files) -> anyhow::Result<()> {
        for source in &files.summaries {
            let name = source.name().to_owned();
            let text = String::from_utf8(source.beginning(MOST)?).with_context(|| name.clone())?;
            let mut found = Measurement::read(&text).with_context(|| name.clone())?;
            anyhow::ensure!(
                args.count.slo.is_none(),
                "--slo: {name} is a summary, and what it says holds for {}: analyze the results anew",
                found.goal
            );
            found.serve_by(&config.instances_under_test()?);
            if found.warnings > 0 {
                self.notes.push(format!(
                    "{name} was written with {} of its own: see there",
                    if found.warnings == 1 {
                        "a warning".to_owned()
                    } else {
                        format!("{} warnings", found.warnings)
                    }
                ));
            }
            self.all.push(One { from: name, found, is_summary: true });
        }
        let results = &mut files.results;
        if results.is_empty() {
            return Ok(());
        }
        let answered = ask(config, &args.count.question(args.threads.into()), results)?;
        let from = match &results[..] {
            [one] => one.name().to_owned(),
            [first, ..] => format!("{} and {} more", first.name(), results.len() - 1),
            [] => String::new(),
        };
        self.notes.extend(plimsoll_render::warnings(&answered.summary()));
        let found = Measurement::of(&answered.summary());
        self.all.push(One { from, found, is_summary: false });
        self.cpu = self.cpu.or(answered.findings.generator_cpu);
        self.ledgers.extend(answered.ledgers);
        Ok(())
    }

    pub(super) fn get(&self, place: usize) -> Option<&One> {
        self.all.get(place)
    }

    /// Whether anything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where a chain was measured: the places of all measurements of it.
    pub(super) fn of(&self, chain: &str) -> Vec<usize> {
        let has = |one: &One| one.found.chains.iter().any(|found| found.name == chain);
        (0..self.all.len()).filter(|&place| has(&self.all[place])).collect()
    }

    /// All chains that were measured.
    pub(super) fn chains(&self) -> impl Iterator<Item = &MeasuredChain> {
        self.all.iter().flat_map(|one| &one.found.chains)
    }

    pub(super) fn ledgers(&self) -> &[Ledger] {
        &self.ledgers
    }

    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// What a request cost its generator, where the attack's telemetry says it.
    pub(super) fn cpu(&self) -> Option<GeneratorCpu> {
        self.cpu
    }

    /// The inputs' names.
    pub(super) fn names(&self) -> Vec<String> {
        let results = self.ledgers.iter().map(|ledger| ledger.name.clone());
        let summaries = self.all.iter().filter(|one| one.is_summary);
        results.chain(summaries.map(|one| one.from.clone())).collect()
    }

    /// What a good answer was.
    pub(super) fn goal(&self) -> String {
        let mut goals: Vec<&str> = Vec::new();
        for one in &self.all {
            if !goals.contains(&one.found.goal.as_str()) {
                goals.push(&one.found.goal);
            }
        }
        goals.join("; elsewhere ")
    }

    /// Whether a summary is of damaged inputs. (Those of results stand in the ledgers.)
    pub(super) fn is_damaged_summary(&self) -> bool {
        self.all.iter().any(|one| one.is_summary && one.found.damaged)
    }
}
