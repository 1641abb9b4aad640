//! Flags with a single dash, as vegeta takes them.

use std::ffi::OsString;

use clap::CommandFactory as _;

use crate::args::Cli;

/// `-rate=500` becomes `--rate=500`, where `attack` has such a flag and no value is expected.
pub(crate) fn with_two_dashes(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    if args.get(1).is_none_or(|verb| verb != "attack") {
        return args;
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
        let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or("");
        let (name, has_value) =
            name.split_once('=').map_or((name, false), |(name, _)| (name, true));
        let Some((_, is_switch)) = flags.iter().find(|(flag, _)| flag == name) else { continue };
        is_value = !has_value && !is_switch;
        if !text.starts_with("--") {
            *arg = format!("-{text}").into();
        }
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(line: &str) -> String {
        let args = line.split(' ').map(OsString::from);
        let args = with_two_dashes(args);
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
            ("p attack -unknown=1", "p attack -unknown=1"),
            ("p analyze -rate=5", "p analyze -rate=5"),
        ] {
            assert_eq!(translated(typed), meant);
        }
    }
}
