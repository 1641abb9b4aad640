//! Flags that would be without effect beside others: whoever types them means something that would not happen.

use super::args::Attack;
use super::values::{ChainRate, ChainSpec, RateSpec};
use crate::output;

/// Refuses them by name.
pub(super) fn refuse(args: &Attack) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.seed.is_none() || args.poisson,
        "--seed is that of random arrivals: it needs --poisson"
    );
    anyhow::ensure!(
        !args.h2c || args.http2,
        "-h2c speaks HTTP/2, which -http2=false rules out: leave one of them out"
    );
    let search = [("--slo", args.slo.is_some()), ("--rates", args.rates.is_some())];
    for (flag, is_typed) in search {
        anyhow::ensure!(
            !is_typed || args.find_capacity,
            "{flag} is for a search: it needs --find-capacity"
        );
    }
    anyhow::ensure!(
        !args.poisson || args.rate != Some(RateSpec::AsFastAsAnswersCome),
        "--poisson arrivals have a mean rate, and with -rate=0 requests are sent as answers come: give a -rate"
    );
    anyhow::ensure!(
        args.method.is_none() || args.targets.is_none(),
        "-method is that of a URL: -targets have a method each"
    );
    refuse_format_of_urls(args)?;
    refuse_lazy_urls(args)?;
    refuse_rates(args)
}

/// Tells those that vegeta takes.
pub(super) fn warn(args: &Attack) {
    if let (Some(address), Some(_)) = (args.laddr, &args.unix_socket)
        && !address.is_unspecified()
    {
        output::complain("warning: -laddr is without effect: a -unix-socket has no address");
    }
}

/// A URL is written in no format.
fn refuse_format_of_urls(args: &Attack) -> anyhow::Result<()> {
    let is_url = |targets: &str| targets.contains("://");
    let are_urls = match &args.url {
        Some(url) => is_url(url),
        None => !args.chain.is_empty() && args.chain.iter().all(|chain| is_url(&chain.targets)),
    };
    anyhow::ensure!(
        args.format.is_none() || !are_urls,
        "-format is that of -targets: there are none but a URL"
    );
    Ok(())
}

/// A URL is all there is of a chain's targets: each once would be one request.
fn refuse_lazy_urls(args: &Attack) -> anyhow::Result<()> {
    let mut targets = args.url.iter().chain(args.chain.iter().map(|chain| &chain.targets));
    let url = targets.find(|targets| args.lazy && targets.contains("://"));
    match url {
        Some(url) => {
            anyhow::bail!("-lazy reads targets from a file as they are sent: {url} is a single URL")
        }
        None => Ok(()),
    }
}

/// A chain's share needs a rate, and a rate needs somebody who takes a share of it.
fn refuse_rates(args: &Attack) -> anyhow::Result<()> {
    let total = [
        ("-rate", args.rate.is_some()),
        ("--ramp", args.ramp.is_some()),
        ("--steps", args.steps.is_some()),
        ("--find-capacity", args.find_capacity),
    ];
    let total = total.into_iter().find_map(|(flag, is_typed)| is_typed.then_some(flag));
    let has_share = |chain: &&ChainSpec| matches!(chain.rate, ChainRate::Share { .. });
    match (total, args.chain.iter().find(has_share), args.chain.first()) {
        (None, Some(ChainSpec { name, .. }), _) => anyhow::bail!(
            "--chain {name} has a share of a rate that is not given: -rate, --ramp or --steps gives it"
        ),
        (Some(flag), None, Some(_)) => anyhow::bail!(
            "{flag} is shared among chains, and each --chain has a rate of its own: give shares, as in 40%, or leave {flag} out"
        ),
        _ => Ok(()),
    }
}
