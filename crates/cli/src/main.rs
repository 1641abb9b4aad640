//! The `plimsoll` command.

mod analyze;
mod args;
mod config;
mod exit;
mod output;
mod progress;
mod values;

use std::process::ExitCode;

fn main() -> ExitCode {
    exit::report(args::parse().and_then(|args| match args.verb {
        args::Verb::Analyze(analyze) => analyze::run(&analyze),
    }))
}
