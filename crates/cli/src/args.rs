//! What is typed.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_analysis::{GroupBy, IntendedRate, Slo};
use plimsoll_attack::doctor::Generator;
use plimsoll_attack::stub::Chain;
use plimsoll_model::{CodeSet, Nanos, Rate, Timestamp};

use crate::attack::{Attack, with_two_dashes};
use crate::compare::CompareArgs;
use crate::config::Set;
use crate::convert::TableArgs;
use crate::gate::GateArgs;
use crate::{stub, values};

pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 answered · 1 the answer is no · 2 could not answer (usage, unreadable input, I/O) ·
3 no verdict (damaged input without --allow-damaged, a measurement that cannot size a fleet or be compared) · 130 interrupted. A closed pipe is 0.";

/// Turns load-test results into a capacity decision
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Analyze(Box<Analyze>),
    Attack(Box<Attack>),
    Compare(Box<CompareArgs>),
    Convert(Convert),
    Demo(DemoArgs),
    Doctor(DoctorArgs),
    Gate(Box<GateArgs>),
    Plan(Box<PlanArgs>),
    Stub(StubArgs),
}

/// Success, latency and errors per chain, and an account of everything that was read
///
/// Reads what vegeta wrote, in gob, JSON or CSV, and native streams, also gzip or zstd: files, directories, patterns, and - for the
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

    /// Write the whole report into DIR as well: a page, Markdown, charts, the summary and the plan
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) count: CountArgs,

    /// Print credentials in URLs, names and error texts instead of masking them
    #[arg(long)]
    pub(crate) show_secrets: bool,

    /// Count records that are there twice as often as they are there
    #[arg(long)]
    pub(crate) keep_duplicates: bool,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// When to colour text
    #[arg(long, value_enum, default_value_t = Colour::Auto, alias = "colour")]
    pub(crate) color: Colour,
}

/// How inputs are read.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReadArgs {
    /// Exit with 0 although an input is damaged
    #[arg(long)]
    pub(crate) allow_damaged: bool,

    /// Configuration file; ./plimsoll.toml is read where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Worker threads, at most 64; 0 for one per core. The answer does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=64))]
    pub(crate) threads: u16,
}

/// How results are counted.
#[derive(Args, Clone, Debug)]
pub(crate) struct CountArgs {
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
}

/// Results in another format: gob, JSON, CSV and native streams, each to each, tables for notebooks, or a latency
/// distribution
///
/// Reads what `analyze` reads, and writes what vegeta reads: plimsoll convert --to gob results/ | vegeta report. Inputs
/// follow one another in the order of their names, and nothing is left out, duplicates neither. What a format cannot
/// hold is told on the standard error.
///
/// A table, with --to parquet, ipc or csv --table, counts as `analyze` does: duplicates once, credentials masked.
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

    /// Leave out the first SPAN of each run, a warm-up, as in 30s
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "0s")]
    pub(crate) skip: Nanos,

    /// Mask what may be a credential in URLs, names, error texts and headers. Bodies stay as they are. In tables it is
    /// masked in any case
    #[arg(long)]
    pub(crate) redact: bool,

    /// Whose latencies a distribution holds; success unless told otherwise
    #[arg(long, value_enum, value_name = "OUTCOME")]
    pub(crate) outcome: Option<LatencyOf>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// What `vegeta attack` writes
    Gob,
    /// vegeta's JSON lines
    Json,
    /// vegeta's CSV, 12 columns; with --table a table's own
    Csv,
    /// Plimsoll's own stream, the smallest
    Native,
    /// A table for notebooks, of windows unless --table says otherwise
    Parquet,
    /// The same as an Arrow IPC file (Feather)
    Ipc,
    /// `HdrHistogram`'s percentile distribution of the latencies, in milliseconds
    Hgrm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    /// A row per chain and window of time
    Windows,
    /// A row per request
    Records,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LatencyOf {
    All,
    #[default]
    Success,
    Failure,
}

/// The whole story on this machine in about a minute: a gateway of known capacity, an attack on it, and the report
///
/// Serves four chains on the loopback interface, one of which is too small and one of which answers with JSON-RPC errors;
/// sends them six rates, one after another; and writes what `analyze --report` makes of that.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct DemoArgs {
    /// Where to keep the results, the configuration and the report
    #[arg(value_name = "DIR", default_value = "plimsoll-demo")]
    pub(crate) directory: PathBuf,

    /// How long each rate is held
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "7s")]
    pub(crate) hold: Nanos,
}

/// Whether this host can make a planned load, and what it takes: ports, files, conntrack, CPU, memory, clock
///
/// Reads limits and arithmetic only, and changes nothing. With --watch it follows a generator that runs.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct DoctorArgs {
    /// Requests per second, of all hosts together, as in 5000 or 300000/1m
    #[arg(long, value_name = "RATE", value_parser = values::rate, required_unless_present = "watch")]
    pub(crate) rate: Option<Rate>,

    /// How long the attack goes on; without it, for ever
    #[arg(long, value_name = "SPAN", value_parser = values::span)]
    pub(crate) duration: Option<Nanos>,

    /// How long an answer takes if all is well
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "100ms")]
    pub(crate) latency: Nanos,

    /// After which a request is given up
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "30s")]
    pub(crate) timeout: Nanos,

    /// Whether connections are used again
    #[arg(
        long, value_name = "BOOL", default_value = "true", default_missing_value = "true", num_args = 0..=1,
        require_equals = true, action = clap::ArgAction::Set
    )]
    pub(crate) keepalive: bool,

    /// Idle connections that are kept for each destination
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) connections: u64,

    /// Requests in flight at most [default: 10000 for plimsoll, no bound for vegeta]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_workers: Option<u64>,

    /// A URL that is attacked; once for each
    #[arg(long, value_name = "URL")]
    pub(crate) target: Vec<String>,

    /// Targets in vegeta's HTTP or JSON format, to count destinations
    #[arg(long, value_name = "FILE")]
    pub(crate) targets: Option<PathBuf>,

    /// Addresses and ports that are attacked, where the targets are not at hand
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["target", "targets"])]
    pub(crate) destinations: Option<u32>,

    /// Addresses that each host attacks from
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) source_ips: u32,

    /// What attacks: vegeta, whose ports are one range for all destinations, or plimsoll
    #[arg(long, value_name = "NAME", value_parser = values::generator, default_value = "vegeta")]
    pub(crate) generator: Generator,

    /// What to print
    #[arg(short, long, value_enum, default_value_t = DoctorFormat::Text, conflicts_with = "emit")]
    pub(crate) format: DoctorFormat,

    /// Print a file of settings that help, instead: sysctl
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "watch")]
    pub(crate) emit: Option<Emit>,

    /// Follow ports, `TIME_WAIT` and open files, a line a second, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,

    /// The generator to follow, and its network namespace
    #[arg(long, value_name = "ID", requires = "watch")]
    pub(crate) pid: Option<u32>,

    /// The same by name; the newest process of that name
    #[arg(long, value_name = "NAME", requires = "watch", conflicts_with = "pid")]
    pub(crate) process: Option<String>,

    /// End following after SPAN, as in 30s
    #[arg(long = "for", value_name = "SPAN", value_parser = values::span, requires = "watch")]
    pub(crate) lasting: Option<Nanos>,

    /// Read proc and sys below DIR, as where a host's root is mounted into a container
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorFormat {
    /// For people
    Text,
    /// plimsoll.doctor/1; with --watch, an object a line
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// A drop-in file for /etc/sysctl.d
    Sysctl,
}

/// How many instances it takes, and what they cost: a fleet for the targets of plimsoll.toml
///
/// What an instance sustains is taken from result files, analysed as `analyze` does, from what `analyze --format json` wrote,
/// or from the configuration. All keys: docs/plan.md.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct PlanArgs {
    /// Result files, directories, patterns, summaries (plimsoll.summary/1), or - for the standard input. Without any, the
    /// configuration says what an instance sustains
    pub(crate) files: Vec<PathBuf>,

    /// Print a configuration to begin with, and nothing else: plimsoll plan --template > plimsoll.toml
    #[arg(long, exclusive = true)]
    pub(crate) template: bool,

    /// Change a key of the configuration and compare, as in `cost.on_demand_per_hour=0.12`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Set>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t = PlanFormat::Text)]
    pub(crate) format: PlanFormat,

    /// Write the answer to FILE instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Show for each figure its formula, its inputs and where they are from
    #[arg(long)]
    pub(crate) explain: bool,

    /// Plan with measurements that are screenings, or were ended by the generator
    #[arg(long)]
    pub(crate) allow_screening: bool,

    #[command(flatten)]
    pub(crate) count: CountArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// When to colour text
    #[arg(long, value_enum, default_value_t = Colour::Auto, alias = "colour")]
    pub(crate) color: Colour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Text,
    /// For a pull request or a document
    Markdown,
    /// plimsoll.plan/1
    Json,
}

/// A JSON-RPC gateway of known capacity to measure against
///
/// Prints its URL as the first line, what each chain carries to the standard error, and what it saw as JSON when it is
/// ended by Ctrl-C, SIGTERM or --for.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct StubArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8545")]
    pub(crate) listen: SocketAddr,

    /// A chain, served at /NAME; once for each. Without any: ethereum, boba, mantle and kava.
    /// KEYs: workers, service (10ms), spread (fixed, exponential, lognormal), cv, sigma, kappa, queue (a number, unbounded),
    /// full (503, 429, hang, reset), retry-after (1s), rpc-errors (1%), rpc-code
    #[arg(long, value_name = "NAME=KEY:VALUE,…", value_parser = stub::parse_chain)]
    pub(crate) chain: Vec<Chain>,

    /// Goals for which the load that they allow is printed: latency=100ms,success=99%
    #[arg(long, value_name = "GOALS", value_parser = values::slo)]
    pub(crate) slo: Option<Slo>,

    /// End after SPAN, as in 30s
    #[arg(long = "for", value_name = "SPAN", value_parser = values::span)]
    pub(crate) lasting: Option<Nanos>,

    /// Serve TLS with a certificate made for this run
    #[arg(long)]
    pub(crate) tls: bool,

    /// Write that certificate to FILE, in PEM, for clients to trust; implies --tls
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,

    /// Where random service times and errors begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Threads that read and answer requests, at most 64
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::threads)]
    pub(crate) threads: NonZeroUsize,
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
    Ok(Cli::try_parse_from(with_two_dashes(std::env::args_os())?)?)
}
