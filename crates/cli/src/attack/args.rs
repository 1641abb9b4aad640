//! What is typed after `plimsoll attack`: vegeta's flags, and our own.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_analysis::Slo;
use plimsoll_model::{Nanos, Timestamp};

use super::values::{
    self, ChainSpec, ConnectTo, DnsTtl, Header, MaxBody, RateSpec, Redirects, ShardSpec, StepsSpec,
};
use crate::values as common;

/// Sends requests at a rate, whatever the answers do, and writes what became of each
///
/// Takes vegeta's flags, with one dash or two. A request is due when the schedule says so; one that cannot be sent then,
/// since too many are in flight or the machine is too slow, is recorded as not sent.
#[derive(Args, Debug)]
// As with vegeta, of a flag that is there twice the last counts.
#[command(args_override_self = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Attack {
    /// A URL to send to, instead of -targets
    #[arg(value_name = "URL", conflicts_with_all = ["targets", "chain"])]
    pub(crate) url: Option<String>,

    /// The method for URL: without it GET, or POST where there is a -body
    #[arg(long, value_name = "METHOD", requires = "url", help_heading = "Targets")]
    pub(crate) method: Option<String>,

    /// File of targets [default: the standard input]
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub(crate) targets: Option<PathBuf>,

    /// How targets are written [default: http]
    #[arg(long, value_enum, help_heading = "Targets")]
    pub(crate) format: Option<Format>,

    /// Read targets while they are sent, each once
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "Targets")]
    pub(crate) lazy: bool,

    /// File with the body of targets that have none
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub(crate) body: Option<PathBuf>,

    /// Header of all targets, as in "Accept: application/json"
    #[arg(long, value_name = "HEADER", value_parser = values::header, allow_hyphen_values = true, help_heading = "Targets")]
    pub(crate) header: Vec<Header>,

    /// Send bodies chunk by chunk
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "Targets")]
    pub(crate) chunked: bool,

    /// A chain with targets of its own, as in eth=eth.txt@2000, or 40% for a share of -rate; may be repeated
    #[arg(long, value_name = "NAME=TARGETS@RATE", value_parser = values::chain, conflicts_with = "targets", help_heading = "Targets")]
    pub(crate) chain: Vec<ChainSpec>,

    /// The attack's name in the results
    #[arg(long, value_name = "NAME", default_value = "", help_heading = "Targets")]
    pub(crate) name: String,

    /// Requests per span, as in 500, 500/1s or 30000/1m; 0 for as fast as -max-workers requests are answered [default: 50/1s,
    /// or what the configuration's chains have for targets]
    #[arg(long, value_name = "RATE", value_parser = values::rate_spec, allow_hyphen_values = true, help_heading = "Schedule")]
    pub(crate) rate: Option<RateSpec>,

    /// How long, as in 30s or 33m; 0 for ever
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "0", allow_hyphen_values = true, help_heading = "Schedule")]
    pub(crate) duration: Nanos,

    /// From one rate to another over -duration, as in 100..2000
    #[arg(long, value_name = "FROM..TO", value_parser = values::ramp, conflicts_with_all = ["rate", "steps"], help_heading = "Schedule")]
    pub(crate) ramp: Option<(f64, f64)>,

    /// Rates one after another, as in 100..2000,ratio=1.25,hold=70s or 500..100,increment=50,hold=70s,drain=5s
    #[arg(long, value_name = "STEPS", value_parser = values::steps, conflicts_with_all = ["rate", "duration"], help_heading = "Schedule")]
    pub(crate) steps: Option<StepsSpec>,

    /// Search for the load that holds, by short trials, then longer ones; needs an --slo
    #[arg(long, conflicts_with_all = ["rate", "duration", "ramp", "steps", "shard"], help_heading = "Schedule")]
    pub(crate) find_capacity: bool,

    /// What a good answer is, as in latency=200ms,success=99%
    #[arg(long, value_name = "GOALS", value_parser = common::slo, help_heading = "Schedule")]
    pub(crate) slo: Option<Slo>,

    /// The rate that a search begins with, and the highest that it tries [default: 50..1000000]
    #[arg(long, value_name = "FROM..TO", value_parser = values::ramp, help_heading = "Schedule")]
    pub(crate) rates: Option<(f64, f64)>,

    /// How far apart the rate that holds and the one that does not may be in the end
    #[arg(long, value_name = "SHARE", value_parser = values::width, default_value = "10%", help_heading = "Schedule")]
    pub(crate) width: f64,

    /// The time within which a search ends
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "30m", help_heading = "Schedule")]
    pub(crate) budget: Nanos,

    /// Random arrivals, as of many independent users
    #[arg(long, help_heading = "Schedule")]
    pub(crate) poisson: bool,

    /// Where the random numbers of --poisson begin [default: 1]
    #[arg(long, value_name = "N", help_heading = "Schedule")]
    pub(crate) seed: Option<u64>,

    /// Send the I-th of N parts of the schedule, as in 1/4; auto or auto/4 takes I from the environment of Kubernetes,
    /// Slurm, AWS Batch, GitLab or Buildkite
    #[arg(long, value_name = "I/N", value_parser = values::shard, help_heading = "Schedule")]
    pub(crate) shard: Option<ShardSpec>,

    /// Start at this moment, as in 2026-11-23T08:35:32Z, so that several hosts start together
    #[arg(long, value_name = "MOMENT", value_parser = common::moment, help_heading = "Schedule")]
    pub(crate) start_at: Option<Timestamp>,

    /// How long a request may take; 0 for ever
    #[arg(long, value_name = "SPAN", value_parser = values::span, default_value = "30s", allow_hyphen_values = true, help_heading = "Limits")]
    pub(crate) timeout: Nanos,

    /// Requests in flight at most; one that is due beyond is recorded as not sent [default: 10000, or what the open files
    /// allow]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub(crate) max_workers: Option<u64>,

    /// Taken for vegeta's sake: nothing needs to be started beforehand
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub(crate) workers: Option<u64>,

    /// Idle connections kept per host
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Limits")]
    pub(crate) connections: u64,

    /// Connections per host at most, 0 for no bound: where all are in use, requests wait for one
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub(crate) max_connections: u64,

    /// Bytes kept of an answer's body, as in 4096, 10KB or 1MB; -1 for all
    #[arg(long, value_name = "SIZE", value_parser = values::max_body, default_value = "-1", allow_hyphen_values = true, help_heading = "Limits")]
    pub(crate) max_body: MaxBody,

    /// How late a request may be sent by this machine, at least 1ms; one that would be later is recorded as not sent
    #[arg(long, value_name = "SPAN", value_parser = values::max_lag, default_value = "200ms", help_heading = "Limits")]
    pub(crate) max_lag: Nanos,

    /// Threads [default: by the rate, at most one per core]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub(crate) threads: Option<u16>,

    /// Use connections again
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "HTTP")]
    pub(crate) keepalive: bool,

    /// Redirects to follow; -1 to take them as answers
    #[arg(long, value_name = "N", value_parser = values::redirects, default_value = "10", allow_hyphen_values = true, help_heading = "HTTP")]
    pub(crate) redirects: Redirects,

    /// Speak HTTP/2 where the server offers it over TLS
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "HTTP")]
    pub(crate) http2: bool,

    /// Speak HTTP/2 also without TLS
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "HTTP")]
    pub(crate) h2c: bool,

    /// Accept any certificate
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "TLS")]
    pub(crate) insecure: bool,

    /// Files of authorities to trust instead of the system's
    #[arg(long, value_name = "FILES", value_delimiter = ',', help_heading = "TLS")]
    pub(crate) root_certs: Vec<PathBuf>,

    /// The client's certificate
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(crate) cert: Option<PathBuf>,

    /// The key of the client's certificate
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub(crate) key: Option<PathBuf>,

    /// Resume TLS sessions
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false",
        value_parser = values::boolean, action = clap::ArgAction::Set, help_heading = "TLS")]
    pub(crate) session_tickets: bool,

    /// Address to send from [default: nothing is bound, so that a port serves several destinations]
    #[arg(long, value_name = "ADDRESS", help_heading = "Network")]
    pub(crate) laddr: Option<IpAddr>,

    /// Connect to a socket in the file system instead of the targets' hosts
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) unix_socket: Option<PathBuf>,

    /// For one address, connect to another: google.com:80:localhost:6060; several for one take turns
    #[arg(long, value_name = "HOST:PORT:HOST:PORT", value_parser = values::connect_to, help_heading = "Network")]
    pub(crate) connect_to: Vec<ConnectTo>,

    /// How long addresses of names are kept: 0 for ever, -1 not at all
    #[arg(long, value_name = "SPAN", value_parser = values::dns_ttl, default_value = "0", allow_hyphen_values = true, help_heading = "Network")]
    pub(crate) dns_ttl: DnsTtl,

    /// Cannot be honoured, but for the empty address
    #[arg(long, hide = true, value_parser = values::empty)]
    pub(crate) prometheus_addr: Option<String>,

    /// Where results go [default: the standard output]
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,

    /// How results are written [default: by the ending of -output, .bin, .gob, .json or .csv; else native]
    #[arg(long, value_enum, help_heading = "Output")]
    pub(crate) to: Option<To>,

    /// Configuration file, for its chains; ./plimsoll.toml is read where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How targets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A request line, headers, @ and the body's file
    Http,
    /// One JSON object per line
    Json,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum To {
    /// Plimsoll's own stream: also when requests were due, what latencies are made of, and how the generator fared
    Native,
    /// What vegeta attack writes
    Gob,
    /// vegeta's JSON, one object per line
    Json,
    /// vegeta's CSV, 12 columns
    Csv,
}
