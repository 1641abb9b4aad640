//! Asks what comes next, on behalf of chains whose rate is decided while they run.

use plimsoll_model::Nanos;

use super::pacer::Lane;
use super::{Sink, clock::Clock, course::Course, sink_failed};
use crate::schedule::{Frequency, Stage};
use crate::{Error, ErrorKind};

/// A rate that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// That of all steered chains together.
    pub rate: Frequency,
    /// How long; without a span, only the pause counts.
    pub span: Nanos,
    /// How long nothing is sent then, so that answers can come.
    pub pause: Nanos,
}

/// By this much, a rate begins later than it is decided: threads look for it every few milliseconds.
const AHEAD: Nanos = Nanos(20_000_000);

pub(super) struct Steering<'a> {
    /// Their places in the attack, and what part of the rate they have.
    chains: Vec<(usize, &'a Course, (u32, u32))>,
    /// When to ask.
    due: Option<Nanos>,
}

impl<'a> Steering<'a> {
    /// Decides what comes first.
    pub(super) fn begin(lanes: &'a [Lane], sink: &mut dyn Sink) -> Result<Self, Error> {
        let steered = |(place, lane): (usize, &'a Lane)| {
            lane.course.as_ref().zip(lane.steered).map(|(course, part)| (place, course, part))
        };
        let chains: Vec<_> = lanes.iter().enumerate().filter_map(steered).collect();
        let mut steering = Self { due: None, chains };
        if !steering.chains.is_empty() {
            steering.decide(|| Nanos::ZERO, sink)?;
        }
        Ok(steering)
    }

    /// When it has to be called again.
    pub(super) fn due(&self) -> Option<Nanos> {
        self.due
    }

    /// Decides what comes next, if it is time.
    pub(super) fn at(
        &mut self,
        now: Nanos,
        clock: &Clock,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        match self.due {
            Some(due) if now >= due => self.decide(|| Nanos(clock.now().0 + AHEAD.0), sink),
            _ => Ok(()),
        }
    }

    /// `start` is asked for behind the decision, which may take its time.
    fn decide(&mut self, start: impl Fn() -> Nanos, sink: &mut dyn Sink) -> Result<(), Error> {
        let Some(Hold { rate, span, pause }) = sink.next_hold() else {
            self.chains.iter().for_each(|(_, course, _)| course.close());
            self.due = None;
            return Ok(());
        };
        let start = start();
        let chains: &[_] = if span > Nanos::ZERO { &self.chains } else { &[] };
        for (place, course, (part, whole)) in chains {
            let rate = rate.share(*part, *whole).ok_or_else(|| {
                let text = format!("a chain's share of {rate} is next to nothing");
                Error::new(ErrorKind::Options, text)
            })?;
            let stage = Stage { start, span: Some(span), from: rate, to: rate };
            course.extend(stage);
            sink.stage(*place, &stage).map_err(sink_failed)?;
        }
        self.due = Some(Nanos(start.0.saturating_add(span.0).saturating_add(pause.0)));
        Ok(())
    }
}
