//! `plimsoll analyze`: arguments and configuration to an analysis, its findings to an answer.

use plimsoll_analysis::{Analyzer, ChainsBy, Findings, GroupBy, IntendedRate, Options, Slo, Step};
use plimsoll_ingest::{Progress, ReadOptions, Source, expand, read};
use plimsoll_model::{CodeSet, Ledger, Nanos, Secrets, Timestamp};
use plimsoll_render::{EffectiveConfig, Summary, json, markdown, text, vegeta, visible, warnings};

use crate::args::{Analyze, Format};
use crate::config::{Config, ConfiguredChains};
use crate::exit::Outcome;
use crate::{inputs, output, progress};

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
    let config = Config::load(args.config.as_deref())?;
    let mut sources = expand(inputs::named(&args.files)?)?;
    let to = args.output.as_deref();
    if let Some(path) = to {
        output::refuse_input(path, &sources)?;
    }
    let question = Question {
        group_by: args.group_by,
        slo: args.slo,
        success_codes: args.success_codes.clone(),
        from: args.from,
        to: args.to,
        skip: args.skip,
        rate: &args.rate,
        keep_duplicates: args.keep_duplicates,
        secrets: if args.show_secrets { Secrets::Shown } else { Secrets::Masked },
        threads: args.threads.into(),
        sha256: args.format == Format::Json,
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
    output::answer(&answer, to)?;
    // Where nobody looks at an answer that tells them itself.
    if to.is_some() || matches!(args.format, Format::Vegeta | Format::VegetaJson) {
        for warning in warnings(&summary) {
            output::complain(&format!("warning: {warning}"));
        }
    }
    Ok(inputs::outcome(&answered.ledgers, args.allow_damaged, "see the ledger"))
}

/// Analyses the sources as the configuration and the question say.
pub(crate) fn ask(
    config: &Config,
    question: &Question<'_>,
    sources: &mut [Source],
) -> anyhow::Result<Answered> {
    let in_file = |error: anyhow::Error| config.in_file(error);
    let chains = match question.group_by {
        Some(group_by) => ConfiguredChains {
            by: ChainsBy::Asked(group_by),
            chains: Vec::new(),
            headers: Vec::new(),
        },
        None => config.chains().map_err(in_file)?,
    };
    let judging = config.judging(question.slo).map_err(in_file)?;
    if question.skip > Nanos::ZERO {
        // What a run's start is shows only when all of it has been read.
        for source in &mut *sources {
            source.spool()?;
        }
    }
    let (slo, measure) = (judging.slo, judging.measure);
    let options = Options {
        chains: chains.by,
        success_codes: question.success_codes.clone(),
        from: question.from,
        to: question.to,
        skip: question.skip,
        keep_duplicates: question.keep_duplicates,
        secrets: question.secrets,
        intended: config.intended(question.rate).map_err(in_file)?,
        ..judging
    };
    let matched_by_header = !chains.headers.is_empty();
    let reading = ReadOptions {
        threads: question.threads,
        headers: chains.headers,
        accepted_rpc_codes: config.rpc_codes().map_err(in_file)?.success,
        sha256: question.sha256,
        ..ReadOptions::default()
    };
    let instances_under_test = config.instances_under_test().map_err(in_file)?;
    let (ledgers, findings) = analyze(sources, reading, options)?;
    let read: u64 = ledgers.iter().map(|ledger| ledger.records).sum();
    if findings.total.requests == 0 {
        for ledger in ledgers.iter().filter(|ledger| ledger.records == 0) {
            output::complain(&visible(&inputs::nothing_read(ledger)));
        }
        anyhow::ensure!(read > 0, "there is no record to analyze");
        anyhow::bail!("all {read} records were left out by --from, --to or --skip");
    }
    let effective = EffectiveConfig {
        slo_latency: slo.and_then(|slo| slo.latency),
        slo_success_min: slo.and_then(|slo| slo.success_min),
        slo_good_ratio_min: slo.and_then(|slo| slo.good_ratio_min),
        success_codes: question.success_codes.to_string(),
        from: question.from,
        to: question.to,
        skip: question.skip,
        matched_by_header,
        chains: chains.chains,
        window: measure.window,
        instances_under_test,
    };
    Ok(Answered { findings, ledgers, config: effective })
}

/// Reads the sources as often as the analysis asks for.
pub(crate) fn analyze(
    sources: &[Source],
    mut reading: ReadOptions,
    options: Options,
) -> anyhow::Result<(Vec<Ledger>, Findings)> {
    let names = sources.iter().map(|source| source.name().to_owned()).collect();
    let can_reread = sources.iter().all(Source::is_rereadable);
    let mut analyzer = Box::new(Analyzer::new(options, names));
    let mut first = None;
    loop {
        let seen = Progress::default();
        let ledgers = progress::watch(sources, &seen, || {
            read(sources, &reading, &seen, &mut |batch| analyzer.add(batch))
        })?;
        // The account of the first reading stands, with its hashes; the others read the same.
        let ledgers = first.take().unwrap_or(ledgers);
        match analyzer.finish(can_reread) {
            Step::Done(findings) => return Ok((ledgers, *findings)),
            Step::ReadAgain(again) => analyzer = again,
        }
        first = Some(ledgers);
        reading.sha256 = false;
    }
}
