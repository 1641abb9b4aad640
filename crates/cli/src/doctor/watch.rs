//! `--watch`: a line a second.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use plimsoll_attack::doctor::{Sample, Watch, generators};
use serde::Serialize;

use crate::args::{DoctorArgs, DoctorFormat};
use crate::exit::Outcome;
use crate::interrupt::{Interrupt, Waited};
use crate::output;

const EVERY: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Line {
    at_utc: String,
    ports_in_use: u64,
    ports: Option<u64>,
    time_wait: u64,
    established: u64,
    open_files: Option<u64>,
    open_files_limit: Option<u64>,
}

/// Ends with the process, with `--for`, or with a signal, all of which are regular.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<Outcome> {
    let interrupt = Interrupt::install()?;
    let pid = match &args.process {
        Some(name) => {
            let newest = generators(&args.root, name).pop();
            Some(newest.with_context(|| format!("no process is called {name}"))?)
        }
        None => args.pid,
    };
    let watch = Watch::new(&args.root, pid);
    if !watch.knows_range() {
        output::complain(
            "warning: the range of local ports cannot be read, which takes root for another network namespace: ports are all that are in use",
        );
    }
    let start = Instant::now();
    let end = args.lasting.map(|span| start + Duration::from_nanos(span.0));
    let mut due = start;
    let mut seen = false;
    loop {
        let Some(sample) = watch.sample() else {
            anyhow::ensure!(seen, "there are no sockets to follow: is the process there?");
            return Ok(Outcome::Answered);
        };
        seen = true;
        output::answer(&line(sample, args.format)?, None)?;
        due += EVERY;
        let until = end.map_or(due, |end| end.min(due));
        let wait = until.saturating_duration_since(Instant::now());
        let interrupted = interrupt.wait(Some(wait)) == Waited::Interrupted;
        if interrupted || end.is_some_and(|end| end <= due) {
            return Ok(Outcome::Answered);
        }
    }
}

fn line(sample: Sample, format: DoctorFormat) -> anyhow::Result<String> {
    let now = Timestamp::now();
    if format == DoctorFormat::Json {
        let line = Line {
            at_utc: format!("{now:.3}"),
            ports_in_use: sample.ports_in_use,
            ports: sample.ports,
            time_wait: sample.time_wait,
            established: sample.established,
            open_files: sample.open_files,
            open_files_limit: sample.open_files_limit,
        };
        return Ok(serde_json::to_string(&line)? + "\n");
    }
    let of = |used: u64, all: Option<u64>| match all {
        Some(all) if all > 0 && all < u64::MAX => {
            format!("{used:>6} of {all} ({:>3.0} %)", 100.0 * used as f64 / all as f64)
        }
        _ => format!("{used:>6}"),
    };
    let files = sample.open_files.map_or_else(String::new, |files| {
        format!("  open files {}", of(files, sample.open_files_limit))
    });
    Ok(format!(
        "{}  ports {}  established {:>6}  TIME_WAIT {:>6}{files}\n",
        now.strftime("%H:%M:%S"),
        of(sample.ports_in_use, sample.ports),
        sample.established,
        sample.time_wait
    ))
}
