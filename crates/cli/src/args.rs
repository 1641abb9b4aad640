//! What is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_analysis::{GroupBy, IntendedRate, Slo};
use plimsoll_model::{CodeSet, Nanos, Timestamp};

use crate::values;

const EXIT_CODES: &str = "\
Exit codes: 0 answered · 1 the answer is no · 2 could not answer (usage, unreadable input, I/O) ·
3 no verdict (damaged input without --allow-damaged) · 130 interrupted. A closed pipe is 0.";

/// Turns load-test results into a capacity decision
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Analyze(Analyze),
    Convert(Convert),
}

/// Success, latency and errors per chain, and an account of everything that was read
///
/// Reads what vegeta wrote, in gob, JSON or CSV, also gzip or zstd: files, directories, patterns, and - for the
/// standard input. A format is recognised by its content, never by the name.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Analyze {
    /// Result files, directories, patterns, or - for the standard input (the default where it is a pipe)
    pub(crate) files: Vec<PathBuf>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Write the answer to FILE instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// What makes a chain: attack, host, path, path:N, url, file or method. Without it, the configuration's chains;
    /// without these, whatever splits the records sensibly
    #[arg(short, long, value_name = "WHAT", value_parser = values::group_by)]
    pub(crate) group_by: Option<GroupBy>,

    /// The service level: latency=500ms,success=99.5%
    #[arg(long, value_name = "GOALS", value_parser = values::slo)]
    pub(crate) slo: Option<Slo>,

    /// Status codes that count as success
    #[arg(long, value_name = "CODES", default_value_t)]
    pub(crate) success_codes: CodeSet,

    /// Leave out requests before this moment, as in 2026-11-23T08:35:32Z
    #[arg(long, value_name = "MOMENT", value_parser = values::moment)]
    pub(crate) from: Option<Timestamp>,

    /// Leave out requests at or after this moment
    #[arg(long, value_name = "MOMENT", value_parser = values::moment)]
    pub(crate) to: Option<Timestamp>,

    /// Leave out the first SPAN of each run, a warm-up, as in 30s
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "0s")]
    pub(crate) skip: Nanos,

    /// The rate that the attack was to keep, as in 500, 500/1s or 30000/1m, against which its sending is checked. With a
    /// glob in front (eth-*=500) it is that of attacks of such a name. Without it the rate is rebuilt from the records
    #[arg(long, value_name = "[ATTACK=]RATE", value_parser = values::intended_rate)]
    pub(crate) rate: Vec<IntendedRate>,

    /// Print credentials in URLs, names and error texts instead of masking them
    #[arg(long)]
    pub(crate) show_secrets: bool,

    /// Count records that are there twice as often as they are there
    #[arg(long)]
    pub(crate) keep_duplicates: bool,

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

/// Results in another format: vegeta's gob, JSON and CSV, each to each, or a latency distribution
///
/// Reads what `analyze` reads, and writes what vegeta reads: plimsoll convert --to gob results/ | vegeta report. Inputs
/// follow one another in the order of their names, and nothing is left out, duplicates neither. What a format cannot
/// hold is told on the standard error.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Convert {
    /// Result files, directories, patterns, or - for the standard input (the default where it is a pipe)
    pub(crate) files: Vec<PathBuf>,

    /// The format to write. (With other verbs, --to is the end of a time range: that is --to-time here)
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Target,

    /// Write to FILE instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Leave out requests before this moment, as in 2026-11-23T08:35:32Z
    #[arg(long, value_name = "MOMENT", value_parser = values::moment)]
    pub(crate) from_time: Option<Timestamp>,

    /// Leave out requests at or after this moment
    #[arg(long, value_name = "MOMENT", value_parser = values::moment)]
    pub(crate) to_time: Option<Timestamp>,

    /// Mask what may be a credential in URLs, names, error texts and headers. Bodies stay as they are
    #[arg(long)]
    pub(crate) redact: bool,

    /// Whose latencies a distribution holds; success unless told otherwise
    #[arg(long, value_enum, value_name = "OUTCOME")]
    pub(crate) outcome: Option<LatencyOf>,

    /// Exit with 0 although an input is damaged
    #[arg(long)]
    pub(crate) allow_damaged: bool,

    /// Configuration file, which says what a success is in a distribution; ./plimsoll.toml is read where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Worker threads, at most 64; 0 for one per core. The output does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=64))]
    pub(crate) threads: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// What `vegeta attack` writes
    Gob,
    /// vegeta's JSON lines
    Json,
    /// vegeta's CSV, 12 columns
    Csv,
    /// Plimsoll's own stream, the smallest
    Native,
    /// `HdrHistogram`'s percentile distribution of the latencies, in milliseconds
    Hgrm,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LatencyOf {
    All,
    #[default]
    Success,
    Failure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Text,
    /// plimsoll.summary/1
    Json,
    /// For a pull request or a document
    Markdown,
    /// What `vegeta report` prints
    Vegeta,
    /// What `vegeta report -type json` prints
    VegetaJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

/// Reads the command line.
pub(crate) fn parse() -> anyhow::Result<Cli> {
    Ok(Cli::try_parse()?)
}
