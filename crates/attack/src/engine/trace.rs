use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_model::Nanos;

use super::clock::Clock;
use super::failure::{Step, timed_out};
use super::outcome::Phases;

/// What a request is about, and where its time went.
#[derive(Debug)]
pub(super) struct Trace {
    clock: Clock,
    start: Nanos,
    pub(super) step: Step,
    /// Connections that did not take the request up.
    pub(super) refused: u32,
    /// Where redirects have led.
    pub(super) url: Option<String>,
    /// The dial that it waits for.
    dial: Option<Arc<Dialing>>,
    pub(super) phases: Phases,
}

impl Trace {
    pub(super) fn new(clock: Clock, start: Nanos) -> Self {
        Self {
            clock,
            start,
            step: Step::Waiting,
            refused: 0,
            url: None,
            dial: None,
            phases: Phases::default(),
        }
    }

    pub(super) fn first_byte(&mut self) {
        if self.phases.first_byte.is_none() {
            self.phases.first_byte = Some(self.since_start(self.clock.now()));
        }
    }

    /// Another redirect: its answer's first byte is the one that counts.
    pub(super) fn again(&mut self, url: String) {
        self.phases.first_byte = None;
        self.url = Some(url);
    }

    /// A dial that the request is to wait for.
    pub(super) fn new_dial(&mut self) -> Arc<Dialing> {
        let dialing = Arc::new(Dialing { clock: self.clock, progress: Mutex::default() });
        self.wait_for(&dialing);
        dialing
    }

    pub(super) fn wait_for(&mut self, dialing: &Arc<Dialing>) {
        self.dial = Some(Arc::clone(dialing));
    }

    /// It was not that dial that the request waited for.
    pub(super) fn wait_no_more(&mut self) {
        self.dial = None;
    }

    /// Takes over what a dial took, as far as that was while the request was there.
    pub(super) fn dialed(&mut self, dialing: &Dialing) {
        let mut progress = dialing.progress();
        let since = |at: Option<Nanos>| at.filter(|at| *at >= self.start);
        let since = |at: Option<Nanos>| since(at).map(|at| self.since_start(at));
        let phases = &self.phases;
        self.phases = Phases {
            dns: since(progress.resolved).or(phases.dns),
            connect: since(progress.connected).or(phases.connect),
            tls: since(progress.shaken_hands).or(phases.tls),
            // Whoever is first to have to do with a connection counts it.
            connections: phases.connections + u32::from(std::mem::take(&mut progress.is_new)),
            ..*phases
        };
    }

    /// What the request waited for came to nothing.
    pub(super) fn dial_failed(&mut self) {
        if let Some(dialing) = self.dial.take() {
            self.dialed(&dialing);
        }
    }

    /// The text of the time-out that ends the request here.
    pub(super) fn time_out(&mut self) -> String {
        let Some(dialing) = self.dial.take() else { return timed_out(self.step, "") };
        self.dialed(&dialing);
        let progress = dialing.progress();
        timed_out(progress.step, &progress.endpoint)
    }

    fn since_start(&self, now: Nanos) -> Nanos {
        Nanos(now.0.saturating_sub(self.start.0))
    }
}

/// A dial under way, which may outlast the request that it was begun for.
#[derive(Debug)]
pub(super) struct Dialing {
    clock: Clock,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    step: Step,
    /// What is being connected to.
    endpoint: String,
    resolved: Option<Nanos>,
    connected: Option<Nanos>,
    shaken_hands: Option<Nanos>,
    /// A connection was opened, and not counted yet.
    is_new: bool,
}

impl Dialing {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn begin(&self, step: Step) {
        self.progress().step = step;
    }

    pub(super) fn connect_to(&self, endpoint: String) {
        self.progress().endpoint = endpoint;
    }

    pub(super) fn endpoint(&self) -> String {
        self.progress().endpoint.clone()
    }

    pub(super) fn resolved(&self) {
        self.progress().resolved = Some(self.clock.now());
    }

    pub(super) fn connected(&self) {
        let mut progress = self.progress();
        progress.connected = Some(self.clock.now());
        progress.is_new = true;
    }

    pub(super) fn shaken_hands(&self) {
        self.progress().shaken_hands = Some(self.clock.now());
    }
}
