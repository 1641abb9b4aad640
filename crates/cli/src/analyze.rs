//! `plimsoll analyze`: arguments and configuration to an analysis, its findings to an answer.

use plimsoll_analysis::{Analyzer, ChainsBy, Findings, GroupBy, IntendedRate, Options, Slo, Step};
use plimsoll_ingest::{Progress, ReadOptions, Source, expand, read};
use plimsoll_model::{CodeSet, Ledger, Nanos, Secrets, Timestamp};
use plimsoll_render::{EffectiveConfig, Summary, json, markdown, text, vegeta, visible, warnings};

use crate::args::{Analyze, CountArgs, Format};
use crate::config::{Config, ConfiguredChains};
use crate::exit::Outcome;
use crate::{inputs, output, progress, report};

/// What an analysis is asked, beside what the configuration says.
pub(crate) struct Question<'a> {
    pub(crate) group_by: Option<GroupBy>,
    pub(crate) slo: Option<Slo>,
    pub(crate) success_codes: CodeSet,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) skip: Nanos,
    pub(crate) rate: &'a [IntendedRate],
    pub(crate) keep_duplicates: bool,
    pub(crate) secrets: Secrets,
    pub(crate) threads: usize,
    pub(crate) sha256: bool,
}

impl CountArgs {
    /// That, of masked records without duplicates.
    pub(crate) fn question(&self, threads: usize) -> Question<'_> {
        Question {
            group_by: self.group_by,
            slo: self.slo,
            success_codes: self.success_codes.clone(),
            from: self.from,
            to: self.to,
            skip: self.skip,
            rate: &self.rate,
            keep_duplicates: false,
            secrets: Secrets::Masked,
            threads,
            sha256: false,
        }
    }
}

/// What was found, in what, and what had been asked.
pub(crate) struct Answered {
    pub(crate) findings: Findings,
    pub(crate) ledgers: Vec<Ledger>,
    pub(crate) config: EffectiveConfig,
}

impl Answered {
    pub(crate) fn summary(&self) -> Summary<'_> {
        Summary {
            findings: &self.findings,
            ledgers: &self.ledgers,
            config: self.config.clone(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Answers, and says whether the inputs were sound enough for a verdict.
pub(crate) fn run(args: &Analyze) -> anyhow::Result<Outcome> {
    let config = Config::load(args.read.config.as_deref(), args.output.as_deref())?;
    let mut sources = expand(inputs::named(&args.files)?)?;
    let to = args.output.as_deref();
    if let Some(path) = to {
        output::refuse_input(path, &sources)?;
    }
    if let Some(directory) = &args.report {
        report::refuse_input(directory, &sources)?;
    }
    let question = Question {
        keep_duplicates: args.keep_duplicates,
        secrets: if args.show_secrets { Secrets::Shown } else { Secrets::Masked },
        sha256: args.format == Format::Json || args.report.is_some(),
        ..args.count.question(args.read.threads.into())
    };
    let answered = ask(&config, &question, &mut sources)?;
    let summary = answered.summary();
    let answer = match args.format {
        Format::Text => text::render(&summary, &output::style(args.color, to)),
        Format::Json => json::render(&summary),
        Format::Markdown => markdown::render(&summary),
        Format::Vegeta => vegeta::text(&summary),
        Format::VegetaJson => vegeta::json(&summary),
    };
    if let Some(directory) = &args.report {
        report::write(directory, &answered, &config, args, &report::command())?;
    }
    output::answer(&answer, to)?;
    // Where nobody looks at an answer that tells them itself.
    if to.is_some() || matches!(args.format, Format::Vegeta | Format::VegetaJson) {
        for warning in warnings(&summary) {
            output::complain(&format!("warning: {warning}"));
        }
    }
    Ok(inputs::outcome(&answered.ledgers, args.read.allow_damaged, "see the ledger"))
}

/// How records are read and counted, and what is told of that.
pub(crate) struct Settings {
    pub(crate) reading: ReadOptions,
    pub(crate) options: Options,
    pub(crate) effective: EffectiveConfig,
}

impl Question<'_> {
    /// What the configuration and the question say together.
    pub(crate) fn settings(&self, config: &Config) -> anyhow::Result<Settings> {
        let in_file = |error: anyhow::Error| config.in_file(error);
        let chains = match self.group_by {
            Some(group_by) => ConfiguredChains {
                by: ChainsBy::Asked(group_by),
                chains: Vec::new(),
                headers: Vec::new(),
            },
            None => config.chains().map_err(in_file)?,
        };
        let judging = config.judging(self.slo).map_err(in_file)?;
        let effective = EffectiveConfig {
            slo_latency: judging.slo.and_then(|slo| slo.latency),
            slo_success_min: judging.slo.and_then(|slo| slo.success_min),
            slo_good_ratio_min: judging.slo.and_then(|slo| slo.good_ratio_min),
            success_codes: self.success_codes.to_string(),
            from: self.from,
            to: self.to,
            skip: self.skip,
            matched_by_header: !chains.headers.is_empty(),
            chains: chains.chains,
            window: judging.measure.window,
            instances_under_test: config.instances_under_test().map_err(in_file)?,
        };
        let options = Options {
            chains: chains.by,
            success_codes: self.success_codes.clone(),
            from: self.from,
            to: self.to,
            skip: self.skip,
            keep_duplicates: self.keep_duplicates,
            secrets: self.secrets,
            intended: config.intended(self.rate).map_err(in_file)?,
            ..judging
        };
        let reading = ReadOptions {
            threads: self.threads,
            headers: chains.headers,
            accepted_rpc_codes: config.rpc_codes().map_err(in_file)?.success,
            sha256: self.sha256,
            ..ReadOptions::default()
        };
        Ok(Settings { reading, options, effective })
    }
}

/// Analyses the sources as the configuration and the question say.
pub(crate) fn ask(
    config: &Config,
    question: &Question<'_>,
    sources: &mut [Source],
) -> anyhow::Result<Answered> {
    let Settings { reading, options, effective } = question.settings(config)?;
    if question.skip > Nanos::ZERO {
        // What a run's start is shows only when all of it has been read.
        for source in &mut *sources {
            source.spool()?;
        }
    }
    let (ledgers, findings) = count(sources, &reading, options, Analyzer::finish)?;
    let read: u64 = ledgers.iter().map(|ledger| ledger.records).sum();
    if findings.total.requests == 0 {
        for ledger in ledgers.iter().filter(|ledger| ledger.records == 0) {
            output::complain(&visible(&inputs::nothing_read(ledger)));
        }
        anyhow::ensure!(read > 0, "there is no record to analyze");
        anyhow::bail!("all {read} records were left out by --from, --to or --skip");
    }
    Ok(Answered { findings: *findings, ledgers, config: effective })
}

/// Reads the sources as often as the analysis asks for, until `finish` has an answer.
pub(crate) fn count<T>(
    sources: &[Source],
    reading: &ReadOptions,
    options: Options,
    finish: impl Fn(Analyzer, bool) -> Step<T>,
) -> anyhow::Result<(Vec<Ledger>, T)> {
    let names = sources.iter().map(|source| source.name().to_owned()).collect();
    let can_reread = sources.iter().all(Source::is_rereadable);
    let mut reading = reading.clone();
    let mut analyzer = Box::new(Analyzer::new(options, names));
    let mut first = None;
    loop {
        let seen = Progress::default();
        let ledgers = progress::watch(sources, &seen, || {
            read(sources, &reading, &seen, &mut |batch| analyzer.add(batch))
        })?;
        // The account of the first reading stands, with its hashes; the others read the same.
        let ledgers = first.take().unwrap_or(ledgers);
        match finish(*analyzer, can_reread) {
            Step::Done(found) => return Ok((ledgers, found)),
            Step::ReadAgain(again) => analyzer = again,
        }
        first = Some(ledgers);
        reading.sha256 = false;
    }
}
