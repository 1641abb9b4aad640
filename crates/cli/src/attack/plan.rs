//! Arguments and configuration to an attack.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;

use anyhow::Context as _;
use plimsoll_attack::schedule::{Arrivals, Frequency, Profile, Schedule};
use plimsoll_attack::{
    Chain, Http2, Options, Pace, Target, TargetDefaults, TargetFormat, TargetReader, Targets,
    TlsOptions, read_body,
};
use plimsoll_model::Nanos;

use super::args::{Attack, Format};
use super::values::{ChainRate, ChainSpec, RateSpec};
use super::{contradictions, shard};
use crate::config::{AttackedChain, Config};

/// About what a rate is divided into between the chains of a configuration.
const PARTS: f64 = 1e6;
/// Where random numbers begin unless told otherwise: an attack can be repeated.
const FIRST_SEED: u64 = 1;

pub(super) fn attack(args: &Attack) -> anyhow::Result<plimsoll_attack::Attack> {
    let share = shard::share(args.shard, |name| std::env::var(name).ok())?;
    let options = options(args)?;
    Ok(plimsoll_attack::Attack {
        chains: chains(args, &options)?,
        options,
        share,
        start_at: args.start_at,
    })
}

/// When the last request is due, if there is an end.
pub(super) fn end(attack: &plimsoll_attack::Attack) -> Option<Nanos> {
    let ends = attack.chains.iter().map(|chain| match &chain.pace {
        Pace::Schedule(schedule) => schedule.profile().end(),
        Pace::Steered { .. } => None,
        Pace::AsFastAsAnswersCome { span } => *span,
    });
    ends.collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn options(args: &Attack) -> anyhow::Result<Options> {
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    if args.max_workers == Some(0) {
        anyhow::bail!("-max-workers=0: expected how many requests may be in flight");
    }
    let unbounded = args.rate == Some(RateSpec::AsFastAsAnswersCome);
    anyhow::ensure!(
        !unbounded || args.max_workers.is_some() || !args.chain.is_empty(),
        "-rate=0 requires setting -max-workers"
    );
    Ok(Options {
        timeout: args.timeout,
        // vegeta's default is a number that no machine holds.
        max_in_flight: args.max_workers.filter(|most| *most < u64::MAX).map_or(0, size),
        max_lag: args.max_lag,
        threads: args.threads.map_or(0, usize::from),
        keep_alive: args.keepalive,
        idle_connections: size(args.connections),
        max_connections: size(args.max_connections),
        redirects: args.redirects.0,
        max_body: args.max_body.0,
        http2: match (args.h2c, args.http2) {
            (true, _) => Http2::PriorKnowledge,
            (false, true) => Http2::Negotiated,
            (false, false) => Http2::Off,
        },
        chunked: args.chunked,
        local_address: args.laddr.filter(|address| !address.is_unspecified()),
        unix_socket: args.unix_socket.clone(),
        connect_to: args.connect_to.clone(),
        dns_ttl: args.dns_ttl.0,
        tls: TlsOptions {
            insecure: args.insecure,
            roots: args.root_certs.clone(),
            certificate: args.cert.clone(),
            key: args.key.clone(),
            session_tickets: args.session_tickets,
        },
        ..Options::default()
    })
}

fn chains(args: &Attack, options: &Options) -> anyhow::Result<Vec<Chain>> {
    contradictions::refuse(args)?;
    let configured = if args.chain.is_empty() && args.url.is_none() && args.targets.is_none() {
        configured(args)?
    } else {
        args.chain.clone()
    };
    if configured.is_empty() {
        let targets = match (&args.url, &args.targets) {
            (Some(url), _) => url.clone(),
            (None, Some(path)) if path.as_os_str() != "stdin" => path.display().to_string(),
            _ => "-".to_owned(),
        };
        let pace = match profile(args)? {
            _ if args.find_capacity => {
                Pace::Steered { part: 1, whole: 1, arrivals: arrivals(args, 0) }
            }
            Some(profile) => Pace::Schedule(Schedule::new(profile, arrivals(args, 0))),
            None => Pace::AsFastAsAnswersCome { span: span(args) },
        };
        return Ok(vec![Chain {
            name: args.name.clone(),
            targets: read(args, options, &targets)?,
            pace,
        }]);
    }
    all_named_apart(&configured)?;
    let count = u32::try_from(configured.len()).unwrap_or(u32::MAX);
    let share = |spec: &ChainSpec| match spec.rate {
        ChainRate::Share { part, whole } => f64::from(part) / f64::from(whole),
        ChainRate::Frequency(_) => 0.0,
    };
    let shares: f64 = configured.iter().map(share).sum();
    anyhow::ensure!(shares < 1.000_001, "the chains' shares are {:.2}% in all", shares * 100.0);
    // A chain at its own rate goes on beside the steps of the others, no longer.
    let lasting = match &args.steps {
        Some(_) => profile(args)?.and_then(|steps| steps.end()),
        None => span(args),
    };
    let chain = |(spec, index): (&ChainSpec, u32)| {
        let name = spec.name.clone();
        if args.find_capacity {
            let ChainRate::Share { part, whole } = spec.rate else {
                anyhow::bail!(
                    "--chain {name}: --find-capacity decides on rates; say its share of them, as in {name}={}@40%",
                    spec.targets
                );
            };
            let pace = Pace::Steered { part, whole, arrivals: arrivals(args, index) };
            return Ok(Chain { name, targets: read(args, options, &spec.targets)?, pace });
        }
        let profile = match spec.rate {
            ChainRate::Frequency(rate) => Profile::constant(rate, lasting),
            ChainRate::Share { part, whole } => {
                let all =
                    profile(args)?.context("a chain's share needs a -rate to be a share of")?;
                all.share(part, whole).context("a chain's share of the rate is next to nothing")?
            }
        };
        let schedule = Schedule::new(profile, arrivals(args, index)).out_of_step(index, count);
        let targets = read(args, options, &spec.targets)?;
        Ok(Chain { name, targets, pace: Pace::Schedule(schedule) })
    };
    configured.iter().zip(0..).map(chain).collect()
}

/// In the results a chain is known by its name: of two with one name, nobody could tell whose requests are missing.
fn all_named_apart(chains: &[ChainSpec]) -> anyhow::Result<()> {
    let mut names = HashSet::new();
    for ChainSpec { name, .. } in chains {
        anyhow::ensure!(names.insert(name), "--chain {name}: there are two chains of this name");
    }
    Ok(())
}

/// The chains of the configuration that have targets: each at its own rate, or with its share of the rate that was typed.
fn configured(args: &Attack) -> anyhow::Result<Vec<ChainSpec>> {
    let chains = Config::load(args.config.as_deref(), args.output.as_deref())?.attacked()?;
    let is_typed =
        args.find_capacity || args.rate.is_some() || args.ramp.is_some() || args.steps.is_some();
    let rates = if !is_typed && chains.iter().any(|chain| chain.target_rps.is_some()) {
        own_rates(&chains)?
    } else {
        shares(&chains)?
    };
    let spec = |(chain, rate): (AttackedChain, _)| ChainSpec {
        name: chain.name,
        targets: chain.targets,
        rate,
    };
    Ok(chains.into_iter().zip(rates).map(spec).collect())
}

fn own_rates(chains: &[AttackedChain]) -> anyhow::Result<Vec<ChainRate>> {
    let rate = |chain: &AttackedChain| {
        let name = &chain.name;
        let rate = chain.target_rps.with_context(|| {
            format!("[chains.{name}] has no target_rps, as others have: a -rate is shared by all")
        })?;
        let rate = Frequency::from_per_second(rate);
        let rate = rate.with_context(|| format!("[chains.{name}]: target_rps is out of range"))?;
        Ok(ChainRate::Frequency(rate))
    };
    chains.iter().map(rate).collect()
}

/// By weight, or by `target_rps` where no chain has a weight and all have that. Together they are the whole.
fn shares(chains: &[AttackedChain]) -> anyhow::Result<Vec<ChainRate>> {
    let has_weights = chains.iter().any(|chain| chain.weight.is_some());
    let targets: Option<Vec<f64>> = chains.iter().map(|chain| chain.target_rps).collect();
    let weights = targets
        .filter(|_| !has_weights)
        .unwrap_or_else(|| chains.iter().map(|chain| chain.weight.unwrap_or(1.0)).collect());
    let sum: f64 = weights.iter().sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a million")]
    let parts = weights.iter().map(|weight| (weight / sum * PARTS).round() as u32);
    let parts: Vec<u32> = parts.collect();
    let whole = parts.iter().sum();
    for (chain, part) in chains.iter().zip(&parts) {
        anyhow::ensure!(*part > 0, "[chains.{}]: its share is next to nothing", chain.name);
    }
    Ok(parts.into_iter().map(|part| ChainRate::Share { part, whole }).collect())
}

fn span(args: &Attack) -> Option<Nanos> {
    Some(args.duration).filter(|span| *span > Nanos::ZERO)
}

/// `None` where the rate is that of the answers.
fn profile(args: &Attack) -> anyhow::Result<Option<Profile>> {
    if let Some(steps) = &args.steps {
        let profile = Profile::steps(&steps.0);
        return profile
            .context("--steps lead nowhere: from the first rate, the step never reaches the last")
            .map(Some);
    }
    if let Some((from, to)) = args.ramp {
        let span = span(args).context("--ramp needs a -duration")?;
        let frequency = Frequency::from_per_second;
        let ends = frequency(from).zip(frequency(to)).context("--ramp: a rate is out of range")?;
        return Ok(Some(Profile::ramp(ends.0, ends.1, span)));
    }
    let rate = match args.rate {
        Some(RateSpec::AsFastAsAnswersCome) => return Ok(None),
        Some(RateSpec::Frequency(rate)) => Some(rate),
        // vegeta's.
        None => Frequency::new(50, Nanos(1_000_000_000)),
    };
    Ok(rate.map(|rate| Profile::constant(rate, span(args))))
}

/// Chains are random each in its own way.
fn arrivals(args: &Attack, chain: u32) -> Arrivals {
    if args.poisson {
        let seed = args.seed.unwrap_or(FIRST_SEED);
        Arrivals::Poisson { seed: seed.wrapping_add(u64::from(chain) << 32) }
    } else {
        Arrivals::Uniform
    }
}

/// A URL, `-` for the standard input, or a file.
fn read(args: &Attack, options: &Options, targets: &str) -> anyhow::Result<Targets> {
    let body = match args.body.as_deref() {
        Some(path) => read_body(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => bytes::Bytes::new(),
    };
    let defaults = TargetDefaults { headers: args.header.clone(), body };
    if targets.contains("://") {
        let method = if defaults.body.is_empty() { "GET" } else { "POST" };
        let method = args.method.as_deref().unwrap_or(method).to_owned();
        let TargetDefaults { headers, body } = defaults;
        let target = Target { method, url: targets.to_owned(), headers, body };
        return Ok(Targets::one(target, options)?);
    }
    let (name, source): (&str, Box<dyn BufRead + Send>) = if targets == "-" {
        ("standard input", Box::new(BufReader::new(stdin())))
    } else {
        let file = File::open(Path::new(targets)).with_context(|| unreadable(args, targets))?;
        (targets, Box::new(BufReader::with_capacity(64 << 10, file)))
    };
    let format = match args.format {
        None | Some(Format::Http) => TargetFormat::Http,
        Some(Format::Json) => TargetFormat::Json,
    };
    let reader = TargetReader::new(name, source, format, defaults);
    if args.lazy {
        return Ok(Targets::streamed(reader));
    }
    Ok(Targets::read(reader, options)?)
}

fn unreadable(args: &Attack, targets: &str) -> String {
    // What is named as a URL, or has a port, is hardly a file.
    let is_meant_as_url = args.url.as_deref() == Some(targets) || targets.contains(':');
    if is_meant_as_url {
        format!(
            "cannot read {targets} as a file of targets, and as a URL it lacks its beginning: did you mean http://{targets}?"
        )
    } else {
        format!("cannot read {targets}")
    }
}
