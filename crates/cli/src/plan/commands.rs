//! What to run on each host of a test.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::generators::Strategy;
use plimsoll_attack::doctor::{Generator, Host, Plan as Attack, sysctl};
use plimsoll_model::Rate;

use crate::config::{GeneratorHosts, PlannedChain};

/// What raises the limits of a host that sends `each`, beforehand.
pub(super) fn preparation(
    host: &Host,
    attack: &Attack,
    hosts: &GeneratorHosts,
    each: Rate,
) -> Vec<String> {
    let mut lines = Vec::new();
    if sysctl(host, attack).contains("\nnet.") {
        lines.push(format!(
            "plimsoll doctor --emit sysctl --rate {} --latency {}ms --generator {}{}{} | sudo tee /etc/sysctl.d/90-plimsoll.conf && sudo sysctl --system",
            number(attack.rate),
            attack.latency.as_millis_f64(),
            hosts.tool.name(),
            if hosts.keepalive { "" } else { " --keepalive=false" },
            if attack.source_ips > 1 {
                format!(" --source-ips {}", attack.source_ips)
            } else {
                String::new()
            },
        ));
    }
    // Generators raise the limit to the hard one themselves.
    let files = Attack { rate: each, ..*attack }.open_files();
    if files > hosts.open_files {
        lines.push(format!(
            "ulimit -n {files} # above the hard limit, {}: as root, or after raising that (limits.conf, LimitNOFILE=)",
            hosts.open_files
        ));
    }
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
    let files = file_names(chains);
    let targets = |chain: &PlannedChain, file: &str| {
        chain.targets.clone().unwrap_or_else(|| format!("{file}.txt"))
    };
    let rate = |chain: &PlannedChain| Rate(chain.target.per_second() * part);
    match hosts.tool {
        Generator::Plimsoll => {
            let each = chains.iter().zip(&files).map(|(chain, file)| {
                let targets = targets(chain, file);
                let spec = format!("{}={targets}@{}", chain.name, number(rate(chain)));
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
            .zip(&files)
            .map(|(chain, file)| {
                format!(
                    "vegeta attack -name {} -targets {} -rate {} -duration {seconds}s{keepalive} -output {} &",
                    quoted(&chain.name),
                    quoted(&targets(chain, file)),
                    vegetas(rate(chain), strategy.hosts),
                    quoted(&format!("{file}-{host}.gob"))
                )
            })
            .chain(["wait".to_owned()])
            .collect(),
    }
}

/// A name of a file for each chain, in the current directory and each another: what a directory or an option would be taken
/// for is replaced.
fn file_names(chains: &[PlannedChain]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for chain in chains {
        let safe = |c: char| if c == '/' || c == '\\' || c.is_control() { '_' } else { c };
        let plain: String = chain.name.chars().map(safe).collect();
        let plain = match plain.strip_prefix(['-', '.']) {
            Some(rest) => format!("_{rest}"),
            None => plain,
        };
        let is_taken = |name: &String| {
            let of_another = chains.iter().any(|other| other.name == *name);
            (*name != chain.name && of_another) || names.contains(name)
        };
        let mut name = plain.clone();
        for number in 2.. {
            if !is_taken(&name) {
                break;
            }
            name = format!("{plain}.{number}");
        }
        names.push(name);
    }
    names
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
    fn each_chain_has_a_file_of_its_own() {
        let chains =
            ["/eth", "_eth", "a/b", "a_b.2", "a_b", "-v", "kava"].map(|name| PlannedChain {
                name: name.to_owned(),
                target: Rate(1.0),
                capacity: None,
                capacity_from: Vec::new(),
                instances_under_test: None,
                db_queries: None,
                egress_bytes: None,
                targets: None,
            });
        let expected = ["_eth.2", "_eth", "a_b.3", "a_b.2", "a_b", "_v", "kava"];
        assert_eq!(file_names(&chains), expected);
    }

    #[test]
    fn a_shell_takes_words_as_they_are() {
        assert_eq!(quoted("eth=eth.txt@5"), "eth=eth.txt@5");
        assert_eq!(quoted("a b's"), "'a b'\\''s'");
    }
}
