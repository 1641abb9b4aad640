use crate::{Nanos, Rate, Share, Timestamp};

/// What a generator tells of itself beside its results.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorNote {
    /// Which of an input's generators: the same number in all of its notes.
    pub generator: u64,
    /// The part of the attack that it sends.
    pub share: Share,
    /// What it tells.
    pub said: Said,
}

/// One thing that a generator tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// When it began.
    Start(Timestamp),
    /// How the requests of an attack are to be sent; of all its shares together. What is told later goes on behind that.
    Plan {
        /// The attack's name.
        attack: String,
        /// Rates in order of time, the pauses left out.
        rates: Vec<PlannedRate>,
    },
    /// How busy it was from the moment that it told of before, or from its start, until this one.
    Cpu {
        /// The end of that time.
        until: Timestamp,
        /// CPU time that it used, over time: 1 for one core.
        used: f64,
        /// The share of the CPU time that it could have that this was, 0..=1 but for what clocks make of it; `None` where it
        /// does not tell how much it could have.
        ratio: Option<f64>,
    },
}

/// A span of time in which a rate was to be kept, or to change evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedRate {
    /// Its beginning.
    pub start: Timestamp,
    /// Its length; `None` where that was not fixed beforehand.
    pub span: Option<Nanos>,
    /// The rate at its beginning.
    pub from: Rate,
    /// The rate at its end.
    pub to: Rate,
}
