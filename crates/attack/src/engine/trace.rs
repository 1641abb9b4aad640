use plimsoll_model::Nanos;

use super::clock::Clock;
use super::failure::Step;
use super::outcome::Phases;

/// What a request is about, and where its time went.
#[derive(Debug)]
pub(super) struct Trace {
    clock: Clock,
    start: Nanos,
    pub(super) step: Step,
    /// What others were doing that it waited for.
    pub(super) waited_for: Option<Step>,
    /// What is being connected to.
    pub(super) endpoint: String,
    /// Connections that did not take the request up.
    pub(super) refused: u32,
    /// Where redirects have led.
    pub(super) url: Option<String>,
    pub(super) phases: Phases,
}

impl Trace {
    pub(super) fn new(clock: Clock, start: Nanos) -> Self {
        Self {
            clock,
            start,
            step: Step::Waiting,
            waited_for: None,
            endpoint: String::new(),
            refused: 0,
            url: None,
            phases: Phases::default(),
        }
    }

    pub(super) fn now(&self) -> Nanos {
        self.clock.now()
    }

    pub(super) fn first_byte(&mut self) {
        if self.phases.first_byte.is_none() {
            self.phases.first_byte = Some(self.elapsed());
        }
    }

    /// Another redirect: its answer's first byte is the one that counts.
    pub(super) fn again(&mut self, url: String) {
        self.phases.first_byte = None;
        self.url = Some(url);
    }

    /// The step that a time-out is to be blamed on: one that others were at for long, rather than what was begun last.
    pub(super) fn blamed(&self) -> Step {
        match self.step {
            Step::Sending | Step::Reading => self.step,
            step => self.waited_for.unwrap_or(step),
        }
    }

    pub(super) fn since(&self, start: Nanos) -> Nanos {
        Nanos(self.now().0.saturating_sub(start.0))
    }

    /// The time since the request was taken up.
    pub(super) fn elapsed(&self) -> Nanos {
        self.since(self.start)
    }
}
