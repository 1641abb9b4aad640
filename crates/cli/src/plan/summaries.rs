//! Summaries: what they say was judged when they were written, and is not judged anew.

use plimsoll_analysis::Slo;
use plimsoll_model::{CodeSet, Nanos};
use plimsoll_render::{Measurement, goal};

use crate::args::{CountArgs, PlanArgs};
use crate::config::Config;

/// Whether a summary answers what is asked for: what was typed and changes nothing in it is refused, a goal of the
/// configuration that is another than its own is told.
pub(super) fn check(
    name: &str,
    found: &Measurement,
    config: &Config,
    args: &PlanArgs,
) -> anyhow::Result<Option<String>> {
    if let Some(typed) = typed(config, &args.count, |chain| found.has(chain)) {
        anyhow::bail!(
            "{typed}: {name} is a summary, in which it changes nothing: plan with the results, or analyze them anew with it"
        );
    }
    let wanted = config.slo(args.count.slo).map_err(|error| config.in_file(error))?;
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_same_goal(&found.slo)) else {
        return Ok(None);
    };
    let judged = words(&found.slo);
    let wanted = words(&wanted);
    if let Some(typed) = typed_goal(config, &args.count) {
        anyhow::bail!(
            "{typed}: {name} is a summary, and what it says holds for {judged}, not for {wanted}: plan with the results, or analyze them anew with that goal"
        );
    }
    let place = config.place("slo").unwrap_or_else(|| "[slo]".to_owned());
    // Without a goal of its own it has no capacity either, which is refused elsewhere.
    Ok((found.slo != Slo::default()).then(|| {
        format!(
            "{place}: [slo] asks for {wanted}, but {name} is a summary that was judged by {judged}: what an instance sustains holds for the latter. Analyze the results anew for the former"
        )
    }))
}

/// Refuses what was typed of judging where there is nothing to judge.
pub(super) fn check_nothing(config: &Config, args: &PlanArgs) -> anyhow::Result<()> {
    let typed = typed_goal(config, &args.count).or_else(|| typed(config, &args.count, |_| true));
    match typed {
        Some(typed) => anyhow::bail!(
            "{typed}: it changes nothing, as no results are read: all capacities are written down"
        ),
        None => Ok(()),
    }
}

fn words(slo: &Slo) -> String {
    match goal(slo) {
        words if words.is_empty() => "no service level".to_owned(),
        words => words,
    }
}

/// The goal that was typed.
fn typed_goal(config: &Config, count: &CountArgs) -> Option<String> {
    count.slo.map(|_| "--slo".to_owned()).or_else(|| config.set_place("slo"))
}

/// What else was typed that decides how results are read, counted and judged, `of` these chains.
fn typed(config: &Config, count: &CountArgs, of: impl Fn(&str) -> bool) -> Option<String> {
    let flags = [
        ("--group-by", count.group_by.is_some()),
        ("--success-codes", count.success_codes != CodeSet::default()),
        ("--from", count.from.is_some()),
        ("--to", count.to.is_some()),
        ("--skip", count.skip > Nanos::ZERO),
        ("--rate", !count.rate.is_empty()),
    ];
    let flag = flags.iter().find(|(_, is_typed)| *is_typed).map(|(flag, _)| (*flag).to_owned());
    let judges = |key: &str| match key.split_once('.') {
        Some(("measure", key)) => !key.starts_with("ports"),
        Some(("rpc", _)) => true,
        Some(("chains", key)) => ["match", "success_codes"].iter().any(|own| {
            let chain = key.split_once(&format!(".{own}")).map(|(chain, _)| chain);
            chain.is_some_and(&of)
        }),
        _ => key == "taxonomy",
    };
    flag.or_else(|| {
        let set = config.sets().iter().find(|set| judges(&set.key))?;
        Some(format!("--set {}", set.text))
    })
}
