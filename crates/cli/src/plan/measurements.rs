//! What was measured: result files, analysed as `analyze` does, and summaries.

use std::path::PathBuf;

use anyhow::Context as _;
use plimsoll_analysis::GeneratorCpu;
use plimsoll_ingest::{Source, expand};
use plimsoll_model::Ledger;
use plimsoll_render::{MeasuredChain, Measurement};

use super::basis::{Origins, Source as Used};
use super::summaries;
use crate::analyze::{Answered, ask};
use crate::args::PlanArgs;
use crate::config::Config;
use crate::output;

/// Bytes of a summary that are read.
const MOST: u64 = 256 << 20;

/// Chains whose names are told.
const MOST_NAMES: usize = 5;

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
        let is_only = sources.len() == 1;
        for source in sources {
            let beginning = source.beginning(HEAD)?;
            // Beside others it may be anything: the ledger tells it.
            let is_no_result = is_only && Measurement::is_no_result(&beginning);
            if is_no_result || Measurement::is_summary(&beginning) {
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
    /// What `capacity_from` named, and where that is.
    asked: Vec<(Vec<PathBuf>, usize)>,
}

/// What was found in some inputs together.
pub(super) struct One {
    pub(super) from: String,
    pub(super) found: Measurement,
    pub(super) is_summary: bool,
}

impl One {
    /// The inputs that a chain's capacity is from.
    pub(super) fn source_of(&self, own: &MeasuredChain) -> String {
        if own.inputs.is_empty() {
            return self.from.clone();
        }
        named(&own.inputs.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Some inputs in short.
fn named(inputs: &[&str]) -> String {
    match inputs {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first} and {second}"),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
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

    /// What was found already.
    pub(super) fn found(answered: &Answered) -> Self {
        let inputs: Vec<&str> =
            answered.ledgers.iter().map(|ledger| ledger.name.as_str()).collect();
        let from = named(&inputs);
        let found = Measurement::of(&answered.summary());
        Self {
            all: vec![One { from, found, is_summary: false }],
            ledgers: answered.ledgers.clone(),
            notes: Vec::new(),
            cpu: answered.findings.generator_cpu,
            asked: Vec::new(),
        }
    }

    /// Reads what a chain's `capacity_from` names, and gives its place.
    pub(super) fn read_for(
        &mut self,
        config: &Config,
        args: &PlanArgs,
        patterns: Vec<PathBuf>,
    ) -> anyhow::Result<usize> {
        // What several chains name is one measurement of them together.
        if let Some((_, place)) = self.asked.iter().find(|(asked, _)| *asked == patterns) {
            return Ok(*place);
        }
        let sources = expand(&patterns)?;
        if let Some(to) = &args.output {
            output::refuse_input(to, &sources)?;
        }
        let before = self.all.len();
        self.take(config, args, &mut Files::of(sources)?)?;
        anyhow::ensure!(
            self.all.len() == before + 1,
            "several summaries, of which nobody knows which counts: name one, or result files"
        );
        self.asked.push((patterns, before));
        Ok(before)
    }

    fn take(&mut self, config: &Config, args: &PlanArgs, files: &mut Files) -> anyhow::Result<()> {
        for source in &files.summaries {
            let name = source.name().to_owned();
            let text = String::from_utf8(source.beginning(MOST)?).with_context(|| name.clone())?;
            let mut found = Measurement::read(&text).with_context(|| name.clone())?;
            self.notes.extend(summaries::check(&name, &found, config, args)?);
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
            self.cpu = self.cpu.or(found.generator_cpu);
            self.all.push(One { from: name, found, is_summary: true });
        }
        let results = &mut files.results;
        if results.is_empty() {
            return Ok(());
        }
        let answered = ask(config, &args.count.question(args.read.threads.into()), results)?;
        let from = named(&results.iter().map(Source::name).collect::<Vec<_>>());
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

    /// Chains that were measured in what was named on the command line, and that nothing is planned with.
    pub(super) fn left_over(&self, used: &[Used<'_>]) -> Option<String> {
        let is_used = |at: usize, name: &str| {
            used.iter().any(|used| {
                matches!(used.from, Origins::Measured { place, own, .. } if place == at && own.name == name)
            })
        };
        let mut idle: Vec<&str> = Vec::new();
        for (place, One { found, .. }) in self.all.iter().enumerate() {
            let names = found.chains.iter().map(|chain| chain.name.as_str());
            idle.extend(names.filter(|name| self.is_named(place) && !is_used(place, name)));
        }
        idle.sort_unstable();
        idle.dedup();
        let more = idle.len().saturating_sub(MOST_NAMES);
        let shown = idle[..idle.len() - more].join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!idle.is_empty())
            .then(|| format!("the inputs have chains that nothing is planned with: {shown}{more}"))
    }

    /// Whether it was named on the command line, rather than by a chain.
    pub(super) fn is_named(&self, place: usize) -> bool {
        self.asked.iter().all(|(_, asked)| *asked != place)
    }

    /// Whether anything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where a chain was measured in what was named on the command line: the places of all measurements of it there.
    pub(super) fn of(&self, chain: &str) -> Vec<usize> {
        let has = |&place: &usize| self.is_named(place) && self.all[place].found.has(chain);
        (0..self.all.len()).filter(has).collect()
    }

    /// All chains that were measured.
    pub(super) fn chains(&self) -> impl Iterator<Item = &MeasuredChain> {
        self.all.iter().flat_map(|one| &one.found.chains)
    }

    /// The only chain that was measured, and where, if it is.
    pub(super) fn only(&self) -> Option<(usize, &MeasuredChain)> {
        if self.chains().count() != 1 {
            return None;
        }
        let all = self.all.iter().enumerate();
        all.flat_map(|(place, one)| one.found.chains.iter().map(move |only| (place, only))).next()
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
