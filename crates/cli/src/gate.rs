//! `plimsoll gate`: may this build ship?

mod github;
mod rules;
pub(crate) mod sides;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_analysis::gate::comparable::{Refusal, Which};
use plimsoll_analysis::gate::judge;
use plimsoll_analysis::gate::judge::Decision;
use plimsoll_analysis::gate::threshold::Threshold;
use plimsoll_ingest::expand;
use plimsoll_render::gate::{GateReport, json, junit, markdown, text};

use crate::args::{Colour, CountArgs, EXIT_CODES};
use crate::config::{Config, threshold};
use crate::exit::Outcome;
use crate::{inputs, output};
use sides::{Side, history};

/// Bytes of a comment on a pull request: GitHub takes 65,536 characters.
const COMMENT: usize = 60_000;

/// Whether a build may ship: success, latency and errors against a baseline's, and against absolute goals
///
/// Fails what is worse by more than a margin, passes what is not, and says how many requests it takes where nobody knows. A
/// baseline is what `analyze --format json` wrote, or result files. How it decides, and all keys of `[gate]`: docs/gate.md; in
/// CI: docs/ci.md.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct GateArgs {
    /// The build's results: result files, directories, patterns, summaries (plimsoll.summary/1), or - for the standard
    /// input. Result files together are one run, each summary is one
    pub(crate) files: Vec<PathBuf>,

    /// What the build is held against, in the same way; may be repeated. Without it, absolute goals only
    #[arg(short, long, value_name = "FILE")]
    pub(crate) baseline: Vec<PathBuf>,

    /// Each argument is a run of its own, rather than all result files together
    #[arg(long)]
    pub(crate) each: bool,

    /// Earlier summaries, over which change points are looked for
    #[arg(long, value_name = "DIR")]
    pub(crate) history: Option<PathBuf>,

    /// An absolute goal, as in `success_ratio{chain:ethereum}>=0.995` or `latency_ms: p(99)<500 for 10s`; may be repeated
    #[arg(short, long, value_name = "GOAL", value_parser = threshold)]
    pub(crate) threshold: Vec<Threshold>,

    /// By how much success may be below the baseline's, as in 0.5% or 0.005
    #[arg(long, value_name = "SHARE", value_parser = rules::share)]
    pub(crate) margin: Option<f64>,

    /// How many times the baseline's a latency may be, as in 1.1: makes it count
    #[arg(long, value_name = "RATIO", value_parser = rules::ratio)]
    pub(crate) latency_max_ratio: Option<f64>,

    /// Fail where the history changed for the worse
    #[arg(long, requires = "history")]
    pub(crate) fail_on_change: bool,

    /// What an inconclusive judgement ends with: no-verdict (exit 3) or pass (exit 0)
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) inconclusive: Option<Inconclusive>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t = GateFormat::Text)]
    pub(crate) format: GateFormat,

    /// Write the answer to FILE instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write plimsoll.gate/1 to FILE, too
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write JUnit XML to FILE, too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Write Markdown for a pull request's comment to FILE, too
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) count: CountArgs,

    /// Judge although an input is damaged
    #[arg(long)]
    pub(crate) allow_damaged: bool,

    /// Configuration file; ./plimsoll.toml is read where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// When to colour text
    #[arg(long, value_enum, default_value_t = Colour::Auto, alias = "colour")]
    pub(crate) color: Colour,

    /// Worker threads, at most 64; 0 for one per core. The answer does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=64))]
    pub(crate) threads: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Inconclusive {
    /// Exit 3
    NoVerdict,
    /// Exit 0, with a warning
    Pass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateFormat {
    /// For people
    Text,
    /// For a pull request's comment
    Markdown,
    /// plimsoll.gate/1
    Json,
    /// JUnit XML
    Junit,
}

/// Answers, and says whether the build may ship.
pub(crate) fn run(args: &GateArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(args.config.as_deref(), None)?;
    // What is wrong with the rules is told before anything is read.
    let mut gate = rules::gate(&config, args)?;
    for to in [&args.output, &args.json, &args.junit, &args.markdown].into_iter().flatten() {
        output::refuse_config(to, &config.path)?;
        let named = inputs::named(&args.files)?;
        output::refuse_input(to, &expand(named.iter().chain(&args.baseline))?)?;
    }
    let candidate =
        Side::read(&config, &args.count, args.threads, &inputs::named(&args.files)?, args.each)?;
    let baseline = match &args.baseline[..] {
        [] => Side::default(),
        named => Side::read(&config, &args.count, args.threads, named, args.each)?,
    };
    let earlier = match &args.history {
        Some(directory) => history(directory)?,
        None => Vec::new(),
    };
    rules::check_chains(&config, args, &gate.rules, &candidate.runs, &baseline.runs)?;
    gate.rules.thresholds.extend(args.threshold.iter().cloned());
    rules::check_asked(&gate.rules, &baseline.runs)?;

    let mut judgement = judge(&candidate.runs, &baseline.runs, &earlier, &gate.rules);
    let sides = [(Which::Candidate, &candidate), (Which::Baseline, &baseline)];
    let unsound = |(which, side): (Which, &Side)| {
        side.unsound(args.allow_damaged).map(|run| Refusal::Damaged { which, run })
    };
    let damaged: Vec<Refusal> = sides.into_iter().filter_map(unsound).collect();
    if !damaged.is_empty() {
        judgement.decision = Decision::Inconclusive;
        judgement.refusals.splice(0..0, damaged);
        // What was read is not what was measured: that is let pass by --allow-damaged alone.
        gate.accepts_inconclusive = false;
    }
    let report = GateReport {
        judgement: &judgement,
        rules: &gate.rules,
        candidate: candidate.names(),
        baseline: baseline.names(),
        history: earlier.len(),
        compares: false,
        accepts_inconclusive: gate.accepts_inconclusive,
        notes: candidate.notes.iter().chain(&baseline.notes).cloned().collect(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let to = args.output.as_deref();
    let answer = match args.format {
        GateFormat::Text => text(&report, &output::style(args.color, to)),
        GateFormat::Markdown => markdown(&report, COMMENT),
        GateFormat::Json => json(&report),
        GateFormat::Junit => junit(&report),
    };
    output::answer(&answer, to)?;
    for (path, written) in [
        (&args.json, json as fn(&_) -> String),
        (&args.junit, junit),
        (&args.markdown, |report| markdown(report, COMMENT)),
    ] {
        if let Some(path) = path {
            output::answer(&written(&report), Some(path))?;
        }
    }
    github::tell(&report, args.format == GateFormat::Text && to.is_none())?;
    Ok(match judgement.decision {
        Decision::Pass => Outcome::Answered,
        Decision::Fail => Outcome::No,
        Decision::Inconclusive if gate.accepts_inconclusive => {
            output::complain(
                "warning: inconclusive, which is let pass (gate.inconclusive = \"pass\")",
            );
            Outcome::Answered
        }
        Decision::Inconclusive => Outcome::NoVerdict,
    })
}
