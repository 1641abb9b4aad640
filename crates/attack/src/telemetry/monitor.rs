use plimsoll_model::{Nanos, Timestamp};

use super::Departures;
use super::kernel::{Sockets, States, cpu_time, open_files, own_cpu_time, run_queue_delay};
use crate::doctor::cpu_time_now;

/// How the generator fared in about a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Second {
    /// Its end.
    pub at: Timestamp,
    /// How long it was.
    pub span: Nanos,
    /// The CPU time of this process.
    pub cpu: Nanos,
    /// How many cores' time it could have had: those that it may run on, or its control groups' quota; `None` where that is
    /// not known.
    pub cpus: Option<f64>,
    /// The time that its threads were ready to run and waited for a core.
    pub run_queue_delay: Nanos,
    /// Files open at its end.
    pub open_files: u64,
    /// Sockets at its end.
    pub sockets: Sockets,
    /// The same by state, if it does not take long to count them.
    pub states: Option<States>,
    /// Requests in flight at its end.
    pub in_flight: u64,
    /// Requests taken up in it: sent, or recorded as not sent.
    pub taken_up: u64,
    /// Those of them whose targets were read too late for them to be sent in time.
    pub late_targets: u64,
    /// How late all were; `None` where there were none.
    pub lag: Option<Lag>,
    /// Whether the schedule is through, and only answers are waited for.
    pub draining: bool,
}

/// How late requests were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Half of them at most.
    pub p50: Nanos,
    /// 99 of 100 at most.
    pub p99: Nanos,
    /// The last.
    pub max: Nanos,
}

/// How the attack stands when a second ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    /// Since the attack's start.
    pub(crate) elapsed: Nanos,
    pub(crate) in_flight: u64,
    pub(crate) draining: bool,
}

/// When sockets are counted by state, which takes the kernel the longer the more there are.
#[derive(Debug, Default)]
struct Counting {
    /// Seconds to leave out.
    rest: u64,
}

impl Counting {
    /// What a count may take of each second.
    const SHARE: Nanos = Nanos(20_000_000);

    /// Whether sockets are counted in this second.
    fn is_due(&mut self) -> bool {
        let is_due = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        is_due
    }

    /// A count took so much CPU time.
    fn took(&mut self, time: Nanos) {
        self.rest = time.0.div_ceil(Self::SHARE.0).saturating_sub(1);
    }

    fn count(&mut self, sockets: Sockets) -> Option<States> {
        if !self.is_due() {
            return None;
        }
        let before = own_cpu_time();
        let states = States::now(sockets);
        self.took(Nanos(own_cpu_time().0.saturating_sub(before.0)));
        states
    }
}

/// Gathers what a [`Second`] is made of.
pub(crate) struct Monitor {
    counting: Counting,
    before: Nanos,
    ran: Nanos,
    waited: Nanos,
}

impl Monitor {
    pub(crate) fn new() -> Self {
        let (ran, waited) = (cpu_time(), run_queue_delay());
        Self { counting: Counting::default(), before: Nanos::ZERO, ran, waited }
    }

    /// Ends a second.
    pub(crate) fn second(&mut self, moment: Moment, departures: &Departures) -> Second {
        let Moment { at, elapsed, in_flight, draining } = moment;
        let (ran, waited) = (cpu_time(), run_queue_delay());
        let past = |now: Nanos, before: Nanos| Nanos(now.0.saturating_sub(before.0));
        let departed = departures.take();
        let sockets = Sockets::now();
        let states = self.counting.count(sockets);
        let second = Second {
            at,
            span: past(elapsed, self.before),
            cpu: past(ran, self.ran),
            cpus: cpu_time_now(),
            run_queue_delay: past(waited, self.waited),
            open_files: open_files(),
            sockets,
            states,
            in_flight,
            taken_up: departed.count,
            late_targets: departed.late_targets,
            lag: departed.lag,
            draining,
        };
        (self.before, self.ran, self.waited) = (elapsed, ran, waited);
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_takes_a_small_share_of_the_time() {
        let mut counting = Counting::default();
        let mut seconds = |time| {
            let from_one_to_the_next = (1..100).find(|_| counting.is_due());
            counting.took(Nanos(time));
            from_one_to_the_next
        };
        assert_eq!(seconds(0), Some(1));
        assert_eq!(seconds(20_000_000), Some(1));
        assert_eq!(seconds(20_000_001), Some(1));
        assert_eq!(seconds(100_000_000), Some(2));
        assert_eq!(seconds(0), Some(5));
    }
}
