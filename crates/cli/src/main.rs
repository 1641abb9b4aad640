//! The `plimsoll` command.

mod analyze;
mod args;
mod attack;
mod compare;
mod config;
mod convert;
mod demo;
mod doctor;
mod exit;
mod gate;
mod inputs;
mod interrupt;
mod output;
mod plan;
mod progress;
mod report;
mod stub;
mod values;

use std::process::ExitCode;

fn main() -> ExitCode {
    exit::report(args::parse().and_then(|args| match args.verb {
        args::Verb::Analyze(analyze) => analyze::run(&analyze),
        args::Verb::Attack(attack) => attack::run(&attack),
        args::Verb::Compare(compare) => compare::run(&compare),
        args::Verb::Convert(convert) => convert::run(&convert),
        args::Verb::Demo(demo) => demo::run(&demo),
        args::Verb::Doctor(doctor) => doctor::run(&doctor),
        args::Verb::Gate(gate) => gate::run(&gate),
        args::Verb::Plan(plan) => plan::run(&plan),
        args::Verb::Stub(stub) => stub::run(&stub),
    }))
}
