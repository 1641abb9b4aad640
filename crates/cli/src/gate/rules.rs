//! What a build has to keep to: the configuration, and what was typed on top.

use plimsoll_analysis::gate::judge::Rules;
use plimsoll_analysis::gate::sample::Measured;

use super::{GateArgs, Inconclusive};
use crate::config::{Config, Gate, nearest};

pub(super) fn gate(config: &Config, args: &GateArgs) -> anyhow::Result<Gate> {
    let in_file = |error: anyhow::Error| config.in_file(error);
    let mut gate = config.gate().map_err(in_file)?;
    let slo = config.slo(args.count.slo).map_err(in_file)?;
    let rules = &mut gate.rules;
    rules.success_min = slo.and_then(|slo| slo.success_min);
    rules.margin = args.margin.unwrap_or(rules.margin);
    rules.latency_max_ratio = args.latency_max_ratio.or(rules.latency_max_ratio);
    rules.fail_on_change |= args.fail_on_change;
    let measure = config.measure().map_err(in_file)?;
    (rules.resamples, rules.seed) = (measure.resamples, measure.seed);
    if let Some(inconclusive) = args.inconclusive {
        gate.accepts_inconclusive = inconclusive == Inconclusive::Pass;
    }
    Ok(gate)
}

/// Whether every chain that a rule names is one that is known.
pub(super) fn check_chains(
    config: &Config,
    args: &GateArgs,
    rules: &Rules,
    candidate: &[Measured],
    baseline: &[Measured],
) -> anyhow::Result<()> {
    let mut known: Vec<&str> = candidate
        .iter()
        .chain(baseline)
        .flat_map(|run| &run.chains)
        .map(|chain| chain.chain.as_str())
        .chain(config.chain_names())
        .collect();
    known.sort_unstable();
    known.dedup();
    let unknown = |name: &str| {
        let found = known.iter().take(20).copied().collect::<Vec<_>>().join(", ");
        let more = if known.len() > 20 { " and others" } else { "" };
        let meant = match nearest(name, &known.iter().copied()) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => String::new(),
        };
        format!("there is no chain `{name}`; there are {found}{more}{meant}")
    };
    let is_known = |name: &str| known.contains(&name);
    for threshold in &args.threshold {
        if let Some(chain) = threshold.chain.as_deref().filter(|chain| !is_known(chain)) {
            anyhow::bail!("--threshold '{}': {}", threshold.text, unknown(chain));
        }
    }
    for threshold in &rules.thresholds {
        if let Some(chain) = threshold.chain.as_deref().filter(|chain| !is_known(chain)) {
            let error =
                anyhow::anyhow!("gate.thresholds: \"{}\": {}", threshold.text, unknown(chain));
            return Err(config.in_file(error));
        }
    }
    if let Some(chain) = rules.margins.keys().find(|chain| !is_known(chain)) {
        return Err(config.in_file(anyhow::anyhow!("gate.margins.{chain}: {}", unknown(chain))));
    }
    Ok(())
}

/// Whether there is anything to judge by.
pub(super) fn check_asked(rules: &Rules, baseline: &[Measured]) -> anyhow::Result<()> {
    anyhow::ensure!(
        !baseline.is_empty()
            || rules.success_min.is_some()
            || !rules.thresholds.is_empty()
            || rules.fail_on_change,
        "there is nothing to judge by: name a baseline (--baseline summary.json), a service level (--slo success=99.5%) or a goal (--threshold 'success_ratio>=0.995')"
    );
    Ok(())
}

/// `0.5%` or `0.005`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => format!("{}e-2", percent.trim()),
        None => text.trim().to_owned(),
    };
    let share = number.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "expected a share above 0 and below 1, as in 0.5% or 0.005".to_owned())
}

/// `1.1`.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.trim().parse().ok().filter(|ratio: &f64| (1.0..=100.0).contains(ratio));
    ratio.ok_or_else(|| "expected from 1 to 100, as in 1.1 for a tenth more".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percent_or_ratios() {
        assert_eq!(share("0.5%"), share("0.005"));
        assert_eq!(share("0.5 %"), Ok(0.005));
        for text in ["", "0", "1", "100%", "half", "-1%", "nan"] {
            assert!(share(text).is_err(), "{text}");
        }
        assert_eq!(ratio("1.1"), Ok(1.1));
        assert!(ratio("0.9").is_err() && ratio("inf").is_err());
    }
}
