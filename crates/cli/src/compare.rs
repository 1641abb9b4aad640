//! `plimsoll compare`: the gate's mathematics for people.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_analysis::gate::judge;
use plimsoll_render::gate::{GateReport, comparisons, markdown, text};

use crate::args::{Colour, CountArgs, EXIT_CODES};
use crate::config::Config;
use crate::exit::Outcome;
use crate::gate::sides::Side;
use crate::output;

/// Bytes of Markdown.
const MOST: usize = 1 << 20;

/// Two runs or more side by side: success, latency and errors with intervals, `~` where no difference is shown
///
/// The first is what the others are held against. Nothing is failed: that is `gate`, which decides by the same intervals.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CompareArgs {
    /// What the others are held against: a summary (plimsoll.summary/1), a result file, a directory or a pattern
    pub(crate) baseline: PathBuf,

    /// What is held against it, each for itself
    #[arg(required = true)]
    pub(crate) candidates: Vec<PathBuf>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t = CompareFormat::Text)]
    pub(crate) format: CompareFormat,

    /// Write the answer to FILE instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) count: CountArgs,

    /// Exit with 0 although an input is damaged
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
pub(crate) enum CompareFormat {
    /// For people
    Text,
    /// For a pull request or a document
    Markdown,
    /// plimsoll.compare/1
    Json,
}

/// Answers.
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(args.config.as_deref(), args.output.as_deref())?;
    let mut rules = config.gate().map_err(|error| config.in_file(error))?.rules;
    rules.compares_anyway = true;
    rules.thresholds.clear();
    let to = args.output.as_deref();
    if let Some(path) = to {
        let named = args.candidates.iter().chain([&args.baseline]);
        output::refuse_input(path, &plimsoll_ingest::expand(named)?)?;
    }
    let side = |path: &PathBuf| {
        Side::read(&config, &args.count, args.threads, std::slice::from_ref(path), false)
    };
    let baseline = side(&args.baseline)?;
    let candidates = args.candidates.iter().map(side).collect::<anyhow::Result<Vec<_>>>()?;
    let judgements: Vec<_> = candidates
        .iter()
        .map(|candidate| judge(&candidate.runs, &baseline.runs, &[], &rules))
        .collect();
    let reports: Vec<GateReport<'_>> = candidates
        .iter()
        .zip(&judgements)
        .map(|(candidate, judgement)| GateReport {
            judgement,
            rules: &rules,
            candidate: candidate.names(),
            baseline: baseline.names(),
            history: 0,
            compares: true,
            accepts_inconclusive: false,
            notes: candidate.notes.iter().chain(&baseline.notes).cloned().collect(),
            version: env!("CARGO_PKG_VERSION"),
        })
        .collect();
    let each = |written: &dyn Fn(&GateReport<'_>) -> String| {
        reports.iter().map(written).collect::<Vec<_>>().join("\n")
    };
    let answer = match args.format {
        CompareFormat::Text => {
            let style = output::style(args.color, to);
            each(&|report| text(report, &style))
        }
        CompareFormat::Markdown => each(&|report| markdown(report, MOST)),
        CompareFormat::Json => comparisons(&reports),
    };
    output::answer(&answer, to)?;
    let mut sides = std::iter::once(&baseline).chain(&candidates);
    let all_sound = sides.all(|side| side.unsound(args.allow_damaged).is_none());
    Ok(if all_sound { Outcome::Answered } else { Outcome::NoVerdict })
}
