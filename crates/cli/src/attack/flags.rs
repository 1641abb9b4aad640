//! Flags with a single dash, as vegeta takes them.

use std::ffi::OsString;

use clap::CommandFactory as _;

use crate::args::Cli;

/// Flags of vegeta's that cannot be honoured, and why.
const REFUSED: [(&str, &str); 4] = [
    ("cpus", "-threads says how many threads send requests"),
    ("profile", "there is no profiling: a profiler such as perf sees this process like any other"),
    ("resolvers", "names are resolved as this machine does; -connect-to sends to another address"),
    ("proxy-header", "no proxy is used"),
];

/// `-rate=500` becomes `--rate=500`, where no value is expected: what is no flag is then told by its whole name, where a
/// single dash makes letters of it. In front of the verb these are vegeta's global flags.
pub(crate) fn with_two_dashes(
    args: impl Iterator<Item = OsString>,
) -> anyhow::Result<Vec<OsString>> {
    let mut args: Vec<OsString> = args.collect();
    for arg in args.iter_mut().skip(1) {
        let Some(name) = arg.to_str().and_then(long_name) else { break };
        refuse(name)?;
        double(arg);
    }
    if args.get(1).is_none_or(|verb| verb != "attack") {
        return Ok(args);
    }
    let command = Cli::command();
    let flags: Vec<(String, bool)> = command
        .find_subcommand("attack")
        .into_iter()
        .flat_map(clap::Command::get_arguments)
        .filter_map(|arg| {
            Some((
                arg.get_long()?.to_owned(),
                arg.is_require_equals_set() || !arg.get_action().takes_values(),
            ))
        })
        .collect();
    let mut is_value = false;
    for arg in args.iter_mut().skip(2) {
        if std::mem::take(&mut is_value) {
            continue;
        }
        let Some(text) = arg.to_str() else { continue };
        if text == "--" {
            break;
        }
        let Some(name) = long_name(text) else { continue };
        refuse(name)?;
        let flag = flags.iter().find(|(flag, _)| flag == name);
        is_value = flag.is_some_and(|(_, is_switch)| !is_switch) && !text.contains('=');
        double(arg);
    }
    Ok(args)
}

/// The name of a flag that has more than a letter.
fn long_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    // `-1` and `-0.5` are values.
    (name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(name)
}

fn double(arg: &mut OsString) {
    if let Some(text) = arg.to_str().filter(|text| !text.starts_with("--")) {
        *arg = format!("-{text}").into();
    }
}

fn refuse(name: &str) -> anyhow::Result<()> {
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, why)) => anyhow::bail!("-{name}: this flag of vegeta's cannot be honoured: {why}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(line: &str) -> String {
        let args = line.split(' ').map(OsString::from);
        let args = with_two_dashes(args).unwrap();
        args.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn single_dashes_are_doubled_where_a_flag_is_meant() {
        for (typed, meant) in [
            (
                "p attack -rate=5 -keepalive -lazy=false",
                "p attack --rate=5 --keepalive --lazy=false",
            ),
            ("p attack -rate 5 --name -body x", "p attack --rate 5 --name -body x"),
            ("p attack -redirects -1 -h2c -o x", "p attack --redirects -1 --h2c -o x"),
            ("p attack --poisson -name x -- -rate", "p attack --poisson --name x -- -rate"),
            ("p attack -unknown=1 -o x", "p attack --unknown=1 -o x"),
            ("p attack -h -redirects=-1 -", "p attack -h --redirects=-1 -"),
            ("p -version", "p --version"),
            ("p analyze -rate=5", "p analyze -rate=5"),
        ] {
            assert_eq!(translated(typed), meant);
        }
    }
}
