//! A line that says how the attack goes, while somebody watches, and a warning where the generator is the limit.

use std::io::IsTerminal as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_attack::Block;
use plimsoll_attack::telemetry::Second;
use plimsoll_model::{Nanos, Timestamp};

use crate::output;

/// The longest latency that is told.
const LONGEST: u64 = 3_600_000_000_000;
/// Above these, the generator is the limit rather than the server.
const LATE: Nanos = Nanos(10_000_000);
const BUSY: f64 = 0.8;

pub(super) struct Live {
    line: Line,
    end: Option<Nanos>,
    start: Timestamp,
    /// Of the second that runs.
    now: Counts,
    total: Totals,
    latencies: Option<Histogram<u32>>,
    warned: bool,
}

/// The line itself, while somebody watches.
#[derive(Clone)]
pub(super) struct Line(Option<ProgressBar>);

impl Line {
    /// Says something above the line.
    pub(super) fn complain(&self, text: &str) {
        match &self.0 {
            Some(bar) => bar.suspend(|| output::complain(text)),
            None => output::complain(text),
        }
    }
}

/// What became of requests.
#[derive(Clone, Copy, Default)]
struct Counts {
    done: u64,
    good: u64,
    unsent: u64,
}

#[derive(Clone, Copy, Default)]
struct Totals {
    taken_up: u64,
    unsent: u64,
}

/// What keeps the attack from its schedule, if it is not kept.
fn limit(second: &Second, total: Totals) -> Option<String> {
    const GENERATOR: &str = "the generator is the limit";
    let lag = second.lag.map_or(Nanos::ZERO, |lag| lag.p99);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = second.cpu.as_secs_f64() / second.span.as_secs_f64().max(0.001) / cores as f64;
    let late = format!("requests are sent late: p99 {:.0} ms", lag.as_millis_f64());
    if total.unsent > 0 {
        let Totals { taken_up, unsent } = total;
        Some(format!("{GENERATOR}: {unsent} of {taken_up} requests were not sent"))
    } else if lag > LATE && second.late_targets > 0 {
        Some(format!("targets come too late: {late}"))
    } else if lag > LATE {
        Some(format!("{GENERATOR}: {late}"))
    } else if load > BUSY && second.span.as_secs_f64() > 0.5 {
        Some(format!("{GENERATOR}: it takes {:.0}% of this machine's CPU", load * 100.0))
    } else {
        None
    }
}

/// What is sent, which is not what is answered.
fn offered(second: &Second, span: f64) -> String {
    if second.draining && second.taken_up == 0 {
        "draining".to_owned()
    } else {
        format!("{:.0}/s offered", second.taken_up as f64 / span)
    }
}

impl Live {
    pub(super) fn new(end: Option<Nanos>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            let bar = ProgressBar::new_spinner();
            // The template is valid.
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self {
            line: Line(bar),
            end,
            start: Timestamp::UNKNOWN,
            now: Counts::default(),
            total: Totals::default(),
            latencies: Histogram::new_with_bounds(1_000, LONGEST, 2).ok(),
            warned: false,
        }
    }

    pub(super) fn line(&self) -> Line {
        self.line.clone()
    }

    pub(super) fn start(&mut self, start: Timestamp) {
        self.start = start;
    }

    pub(super) fn outcomes(&mut self, block: &Block) {
        for outcome in block.iter() {
            self.now.done += 1;
            self.now.unsent += u64::from(outcome.unsent);
            self.now.good += u64::from((200..400).contains(&outcome.code));
            if let (Some(latencies), Some(_), false) =
                (&mut self.latencies, &self.line.0, outcome.unsent)
            {
                // From the moment it was due, as everything else that is told.
                let lag = outcome.sent.since(outcome.intended);
                latencies.saturating_record((lag.0 + outcome.latency.0).clamp(1_000, LONGEST));
            }
        }
    }

    pub(super) fn second(&mut self, second: &Second) {
        let counts = std::mem::take(&mut self.now);
        self.total.taken_up += second.taken_up;
        self.total.unsent += counts.unsent;
        self.warn(second);
        let Some(bar) = &self.line.0 else { return };
        let span = second.span.as_secs_f64().max(0.001);
        let elapsed = second.at.since(self.start).as_secs_f64();
        let of = self.end.map_or(String::new(), |end| format!(" of {:.0}", end.as_secs_f64()));
        let p99 = self.latencies.as_ref().filter(|latencies| !latencies.is_empty()).map_or_else(
            || "-".to_owned(),
            |latencies| format!("{:.1} ms", latencies.value_at_quantile(0.99) as f64 / 1e6),
        );
        bar.set_message(format!(
            "{elapsed:.0}{of} s · {}, {:.0} good, {:.0} failing · p99 {p99} · {} in flight",
            offered(second, span),
            counts.good as f64 / span,
            (counts.done - counts.good) as f64 / span,
            second.in_flight,
        ));
        if let Some(latencies) = &mut self.latencies {
            latencies.reset();
        }
    }

    /// Says once, at once, that the server is not asked what it was to be asked.
    fn warn(&mut self, second: &Second) {
        if self.warned {
            return;
        }
        if let Some(why) = limit(second, self.total) {
            self.warned = true;
            self.line.complain(&format!("warning: {why}"));
        }
    }

    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.line.0.take() {
            bar.finish_and_clear();
        }
    }

    /// What is said at the end, where there is something to say.
    pub(super) fn summary(&self) -> Vec<String> {
        let Totals { taken_up, unsent } = self.total;
        if unsent == 0 {
            return Vec::new();
        }
        vec![format!(
            "warning: {unsent} of {taken_up} requests were not sent, since the generator was at its limits: they are in the results as generator.overload"
        )]
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_attack::telemetry::{Lag, Sockets};

    use super::*;

    fn second(taken_up: u64, draining: bool) -> Second {
        Second {
            at: Timestamp(1_000_000_000),
            span: Nanos(1_000_000_000),
            cpu: Nanos::ZERO,
            cpus: None,
            run_queue_delay: Nanos::ZERO,
            open_files: 0,
            sockets: Sockets::default(),
            states: None,
            in_flight: 0,
            taken_up,
            late_targets: 0,
            lag: None,
            draining,
        }
    }

    #[test]
    fn what_is_sent_is_told_until_all_is() {
        assert_eq!(offered(&second(50, false), 2.0), "25/s offered");
        assert_eq!(offered(&second(0, false), 1.0), "0/s offered");
        // The second in which the last is sent.
        assert_eq!(offered(&second(20, true), 1.0), "20/s offered");
        assert_eq!(offered(&second(0, true), 1.0), "draining");
    }

    #[test]
    fn late_targets_are_not_the_machines_limit() {
        let total = Totals { taken_up: 50, unsent: 0 };
        let says = |late_targets, lag| {
            let lag = Some(Lag { p50: Nanos(lag), p99: Nanos(lag), max: Nanos(lag) });
            limit(&Second { late_targets, lag, ..second(50, false) }, total)
        };
        assert_eq!(says(1, 1_000_000), None);
        let late = |why| Some(format!("{why}: requests are sent late: p99 50 ms"));
        assert_eq!(says(0, 50_000_000), late("the generator is the limit"));
        assert_eq!(says(1, 50_000_000), late("targets come too late"));
    }
}
