//! When each request is due: fixed before the first is sent, and nothing that happens later moves it.
//!
//! The n-th due time follows from n alone, so that nothing drifts, and so that hosts and threads that take every n-th
//! request each know their own part without a word to each other.

mod arrivals;
mod frequency;
mod profile;
mod share;

#[cfg(test)]
mod tests;

use plimsoll_model::Nanos;

use arrivals::Exponential;
pub use frequency::Frequency;
pub use profile::{Profile, Stage, Step, Steps};
pub use share::Share;

/// One request, in counts of 2⁻³² requests: the unit in which a schedule counts.
const ONE: u128 = 1 << 32;

/// How requests are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// At even distances.
    Uniform,
    /// At random, each independently of the others (a Poisson process). The same seed gives the same times.
    Poisson {
        /// Where the random numbers begin.
        seed: u64,
    },
}

/// The due times of one chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    profile: Profile,
    arrivals: Arrivals,
    /// How far into the first gap the first request is, so that chains do not fire in step.
    phase: u32,
}

/// A request's number in its chain's whole schedule, and when it is due after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub at: Nanos,
    /// Its number, from 0.
    pub seq: u64,
}

impl Schedule {
    /// A schedule of this profile.
    #[must_use]
    pub fn new(profile: Profile, arrivals: Arrivals) -> Self {
        Self { profile, arrivals, phase: 0 }
    }

    /// Moves even arrivals by a part of their distance: the `index`-th of `of` chains.
    #[must_use]
    pub fn out_of_step(mut self, index: u32, of: u32) -> Self {
        let phase = u64::from(index % of.max(1)) * (1 << 32) / u64::from(of.max(1));
        self.phase = u32::try_from(phase).unwrap_or(0);
        self
    }

    /// The rates over time.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// How requests are spread.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals {
        self.arrivals
    }

    /// The due times of one share, in order.
    #[must_use]
    pub fn due(&self, share: Share) -> DueTimes<'_> {
        DueTimes { schedule: self, cursor: self.cursor(share) }
    }

    pub(crate) fn cursor(&self, share: Share) -> Cursor {
        let random = match self.arrivals {
            Arrivals::Uniform => None,
            Arrivals::Poisson { seed } => Some(Exponential::new(seed)),
        };
        Cursor { share, next: share.index(), random, drawn: 0, sum: 0, stage: 0 }
    }

    /// Adds a stage behind the others. What was due before stays as it was.
    pub(crate) fn extend(&mut self, stage: Stage) {
        self.profile.extend(stage);
    }

    /// The number of requests in all, where it is known beforehand.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self.arrivals {
            Arrivals::Poisson { .. } => None,
            Arrivals::Uniform => {
                let end = self.profile.total()?.checked_sub(u128::from(self.phase));
                end.map_or(Some(0), |end| u64::try_from(end.div_ceil(ONE)).ok())
            }
        }
    }
}

/// The due times of one share of a schedule.
#[derive(Clone, Debug)]
pub struct DueTimes<'a> {
    schedule: &'a Schedule,
    cursor: Cursor,
}

/// A place in one share of a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    share: Share,
    next: u64,
    random: Option<Exponential>,
    /// Random arrivals drawn so far, and where the last of them is.
    drawn: u64,
    sum: u128,
    stage: usize,
}

impl Cursor {
    /// The next due time. `None` where the schedule ends, until it goes on.
    pub(crate) fn next(&mut self, schedule: &Schedule) -> Option<Due> {
        let seq = self.next;
        let position = self.position(seq, schedule.phase);
        let at = schedule.profile.time_of(position, &mut self.stage)?;
        self.next = seq.checked_add(self.share.step())?;
        Some(Due { at, seq })
    }

    /// How many requests the profile has had when the `seq`-th is due.
    fn position(&mut self, seq: u64, phase: u32) -> u128 {
        let Some(random) = &mut self.random else {
            return u128::from(seq) * ONE + u128::from(phase);
        };
        while self.drawn <= seq {
            self.sum += u128::from(random.draw());
            self.drawn += 1;
        }
        self.sum
    }
}

impl Iterator for DueTimes<'_> {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        self.cursor.next(self.schedule)
    }
}
