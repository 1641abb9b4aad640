//! What to run on each host of a test.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::generators::Strategy;
use plimsoll_attack::doctor::{Generator, Host, Plan as Attack, sysctl};
use plimsoll_model::Rate;

use crate::config::{GeneratorHosts, PlannedChain};

/// What raises a host's limits, beforehand.
pub(super) fn preparation(host: &Host, attack: &Attack, hosts: &GeneratorHosts) -> Vec<String> {
    let mut lines = Vec::new();
    if sysctl(host, attack).contains("\nnet.") {
        lines.push(format!(
            "plimsoll doctor --emit sysctl --rate {} --generator {}{} | sudo tee /etc/sysctl.d/90-plimsoll.conf && sudo sysctl --system",
            number(attack.rate),
            hosts.tool.name(),
            if hosts.keepalive { "" } else { " --keepalive=false" },
        ));
    }
    lines.push("ulimit -n 1048576".to_owned());
    lines
}

/// The commands of the host of this number, from 1.
pub(super) fn commands(
    plan: &Plan,
    chains: &[PlannedChain],
    hosts: &GeneratorHosts,
    strategy: &Strategy,
    host: u64,
) -> Vec<String> {
    let part = strategy.rate.per_second() / plan.inputs.target().per_second();
    let seconds = strategy.duration.as_secs_f64().ceil();
    let keepalive = if hosts.keepalive { "" } else { " -keepalive=false" };
    let targets = |chain: &PlannedChain| {
        chain.targets.clone().unwrap_or_else(|| format!("{}.txt", chain.name))
    };
    let rate = |chain: &PlannedChain| Rate(chain.target.per_second() * part);
    match hosts.tool {
        Generator::Plimsoll => {
            let each = chains.iter().map(|chain| {
                let spec = format!("{}={}@{}", chain.name, targets(chain), number(rate(chain)));
                format!(" --chain {}", quoted(&spec))
            });
            let shard = if strategy.hosts > 1 {
                format!(" --shard {host}/{}", strategy.hosts)
            } else {
                String::new()
            };
            vec![format!(
                "plimsoll attack{}{shard} -duration {seconds}s{keepalive} -o host-{host}.plim",
                each.collect::<String>()
            )]
        }
        Generator::Vegeta => chains
            .iter()
            .map(|chain| {
                format!(
                    "vegeta attack -name {} -targets {} -rate {} -duration {seconds}s{keepalive} -output {} &",
                    quoted(&chain.name),
                    quoted(&targets(chain)),
                    vegetas(rate(chain), strategy.hosts),
                    quoted(&format!("{}-{host}.gob", chain.name))
                )
            })
            .chain(["wait".to_owned()])
            .collect(),
    }
}

/// A host's part of a rate as vegeta takes it: a whole number of requests in a span. `2000/14s` is a fourteenth of 2,000/s.
fn vegetas(rate: Rate, hosts: u64) -> String {
    let whole = rate.per_second().round();
    if (whole - rate.per_second()).abs() < 1e-9 && whole >= 1.0 {
        return format!("{whole}/{hosts}s");
    }
    format!("{}/{}s", (rate.per_second() * 1_000.0).round().max(1.0), hosts * 1_000)
}

/// A rate to the thousandth.
fn number(rate: Rate) -> String {
    ((rate.per_second() * 1e3).floor().max(1.0) / 1e3).to_string()
}

/// A word of a shell's.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./=@:-+,%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_divided_exactly() {
        assert_eq!(vegetas(Rate(2_000.0), 14), "2000/14s");
        assert_eq!(vegetas(Rate(0.5), 1), "500/1000s");
        assert_eq!(number(Rate(333.333_333)), "333.333");
    }

    #[test]
    fn a_shell_takes_words_as_they_are() {
        assert_eq!(quoted("eth=eth.txt@5"), "eth=eth.txt@5");
        assert_eq!(quoted("a b's"), "'a b'\\''s'");
    }
}
