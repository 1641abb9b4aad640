//! `plimsoll demo`: a gateway of known capacity, an attack on it, and what the report says of both.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser as _;
use plimsoll_attack::stub::{Chain, Stub, StubConfig};
use plimsoll_model::Nanos;
use plimsoll_render::text;

use crate::analyze::ask;
use crate::args::{Cli, DemoArgs, Verb};
use crate::config::Config;
use crate::exit::Outcome;
use crate::{attack, inputs, output, report, stub};

/// What a chain of the gateway can carry, what is wrong with it, and what it is to carry.
struct Part {
    stub: &'static str,
    /// Its share of all requests, in per cent.
    share: u32,
    target_rps: u32,
    truth: &'static str,
}

/// Chains of which only one is at its end within the rates of the attack.
const PARTS: [Part; 4] = [
    Part {
        stub: "ethereum=workers:40,service:20ms,spread:exponential,queue:400",
        share: 40,
        target_rps: 600,
        truth: "carries 2,000/s: large enough",
    },
    Part {
        stub: "boba=workers:10,service:10ms,spread:lognormal,cv:0.5,queue:200",
        share: 20,
        target_rps: 300,
        truth: "carries 1,000/s: large enough",
    },
    Part {
        stub: "mantle=workers:20,service:20ms,spread:lognormal,cv:0.5,queue:200,rpc-errors:3%,rpc-code:-32000",
        share: 20,
        target_rps: 300,
        truth: "carries 1,000/s, but answers 3 % with a JSON-RPC error inside HTTP 200",
    },
    Part {
        stub: "kava=workers:5,service:20ms,queue:32,full:503",
        share: 20,
        target_rps: 300,
        truth: "carries 250/s: too small for 300/s",
    },
];

/// Rates of all chains together, one after another.
const STEPS: &str = "750..1500,increment=150";

/// How many there are.
const STAGES: u64 = 6;

/// Windows of a stage, the first of which is warm-up.
const WINDOWS: u64 = 7;

/// Runs the demo; its directory keeps all that was made.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<Outcome> {
    let directory = &args.directory;
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let chains: Vec<Chain> = PARTS
        .iter()
        .map(|part| stub::parse_chain(part.stub).map_err(anyhow::Error::msg))
        .collect::<anyhow::Result<_>>()?;
    let gateway = Stub::start(&StubConfig { chains, ..StubConfig::default() })?;
    output::tell(&format!("A gateway serves four chains at {}:\n", gateway.url()));
    for part in &PARTS {
        output::tell(&format!("  {:<9} {}\n", name(part), part.truth));
    }
    let files = Files::write(directory, &gateway.url(), args.hold)?;
    let seconds = (args.hold.0 * STAGES).div_ceil(1_000_000_000);
    output::tell(&format!(
        "It is attacked at six rates, 750/s to 1,500/s together, for {seconds} s in all:\n  {}\n",
        files.attack.join(" ")
    ));
    if let Outcome::Interrupted = attacked(&files.attack)? {
        return Ok(Outcome::Interrupted);
    }
    drop(gateway);
    output::tell(&format!("And analysed:\n  {}\n\n", files.analyze.join(" ")));
    answered(directory, &files.analyze)
}

fn name(part: &Part) -> &'static str {
    part.stub.split_once('=').map_or(part.stub, |(name, _)| name)
}

/// What the demo writes before it begins, and the commands that use it.
struct Files {
    attack: Vec<String>,
    analyze: Vec<String>,
}

impl Files {
    fn write(directory: &Path, url: &str, hold: Nanos) -> anyhow::Result<Self> {
        let put = |name: &str, content: &str| {
            let path = directory.join(name);
            output::answer(content, Some(&path)).map(|()| path.display().to_string())
        };
        let body = put(
            "request.json",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}",
        )?;
        let results = directory.join("results.plim").display().to_string();
        let mut attack: Vec<String> = ["plimsoll", "attack", "--body"].map(str::to_owned).to_vec();
        attack.push(body);
        for part in &PARTS {
            let name = name(part);
            let target = format!("POST {url}/{name}\nContent-Type: application/json\n");
            let path = put(&format!("{name}.txt"), &target)?;
            attack.extend(["--chain".to_owned(), format!("{name}={path}@{}%", part.share)]);
        }
        let hold_s = hold.as_secs_f64();
        attack.extend(["--steps".to_owned(), format!("{STEPS},hold={hold_s}s")]);
        let config = put("plimsoll.toml", &configuration(hold))?;
        attack.extend(["--config", &config, "-o", &results].map(str::to_owned));
        let report = directory.join("report").display().to_string();
        let analyze = ["plimsoll", "analyze", &results, "--config", &config, "--report", &report];
        Ok(Self { attack, analyze: analyze.map(str::to_owned).to_vec() })
    }
}

/// The service level, what each chain is to carry, and what a fleet costs.
fn configuration(hold: Nanos) -> String {
    let window = hold.as_secs_f64() / WINDOWS as f64;
    let mut text = format!(
        "# What `plimsoll demo` measures by: a copy to begin with.\n\
         [slo]\n\
         latency_ms = 200\n\
         good_ratio_min = 0.95\n\n\
         [measure]                 # a demo's: windows are to be ten seconds and more\n\
         window_s = {window:.3}\n\
         warmup_s = {window:.3}\n\
         min_windows = 3\n\
         max_send_lag_ratio = 0.25 # gateway and generator share this machine\n\n"
    );
    for part in &PARTS {
        write!(text, "[chains.{}]\ntarget_rps = {}\n\n", name(part), part.target_rps)
            .expect("writing to a string cannot fail");
    }
    text += "[fleet]\n\
             zones = 3\n\
             zone_failures = 1\n\n\
             [growth]\n\
             per_month = 0.05\n\
             months = 12\n\n\
             [cost]\n\
             currency = \"USD\"\n\
             on_demand_per_hour = 0.17\n\
             fixed_per_month = 120\n\
             egress_price_per_gb = 0.09\n";
    text
}

fn attacked(command: &[String]) -> anyhow::Result<Outcome> {
    match Cli::try_parse_from(command)?.verb {
        Verb::Attack(args) => attack::run(&args),
        _ => anyhow::bail!("the demo's attack is none"),
    }
}

/// Prints what was found and writes the report.
fn answered(directory: &Path, command: &[String]) -> anyhow::Result<Outcome> {
    let Verb::Analyze(args) = Cli::try_parse_from(command)?.verb else {
        anyhow::bail!("the demo's analysis is none")
    };
    let config = Config::load(args.read.config.as_deref(), None)?;
    let mut sources = plimsoll_ingest::expand(&args.files)?;
    let question = args.count.question(args.read.threads.into());
    let question = crate::analyze::Question { sha256: true, ..question };
    let answered = ask(&config, &question, &mut sources)?;
    let to: PathBuf = directory.join("report");
    let plan = report::write(&to, &answered, &config, &args, &command.join(" "))?;
    let mut told = text::brief(&answered.summary(), &output::style(args.color, None));
    if let Some(plan) = plan {
        write!(told, "\nplan: {plan}\n").expect("writing to a string cannot fail");
    }
    if answered.findings.chains.iter().any(|chain| chain.capacity.is_none()) {
        told += "\nThis machine was too busy to tell: end what else it does, and try again.\n";
    }
    write!(told, "\nThe report: {}\n", to.join("report.html").display())
        .expect("writing to a string cannot fail");
    output::answer(&told, None)?;
    Ok(inputs::outcome(&answered.ledgers, false, "see the report"))
}
