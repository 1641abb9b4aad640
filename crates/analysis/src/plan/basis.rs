//! Which measurement may size a fleet.

use plimsoll_model::Rate;

use super::inputs::Capacity;
use crate::CapacityFindings;
use crate::capacity::sustained::{Binding, Censored};

/// What was measured of a chain, or of a mix of chains, on `instances` of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The largest rate that held.
    pub lower: Option<Rate>,
    /// The smallest that did not.
    pub upper: Option<Rate>,
    /// The lower end of what it may be by chance; `None` where it may be below all rates.
    pub low: Option<Rate>,
    /// The upper end; `None` where it may be above all rates.
    pub high: Option<Rate>,
    /// Why it is open at an end.
    pub censored: Censored,
    /// What breaks at `upper`.
    pub binding: Option<Binding>,
    /// It rests on too little.
    pub screening: bool,
    /// It holds for the mix of chains that were measured together.
    pub mixed: bool,
    /// Instances that served in the test, at least 1.
    pub instances: u32,
}

impl Measured {
    /// The capacity that an analysis found.
    #[must_use]
    pub fn of(found: &CapacityFindings, instances: u32) -> Self {
        Self {
            lower: found.lower,
            upper: found.upper,
            low: found.interval.low,
            high: found.interval.high,
            censored: found.censored,
            binding: found.binding,
            screening: found.screening,
            mixed: found.mixed,
            instances,
        }
    }

    /// What one instance sustains by it. What is asked for with `allow_screening` is taken although it rests on too little,
    /// or the generator ended it.
    ///
    /// # Errors
    /// Why it cannot size a fleet.
    pub fn capacity(&self, allow_screening: bool) -> Result<Capacity, Unfit> {
        let point = self.lower.ok_or(Unfit::BelowAllRates { upper: self.upper })?;
        if self.screening && !allow_screening {
            return Err(Unfit::Screening);
        }
        if self.censored == Censored::Generator && !allow_screening {
            return Err(Unfit::Generator { lower: point });
        }
        let low = self.low.ok_or(Unfit::PerhapsBelowAllRates { lower: point })?;
        // The lower bound is a closed end: chance alone does not make it larger.
        let low = if low < point { low } else { point };
        let each = |rate: Rate| Rate(rate.per_second() / f64::from(self.instances.max(1)));
        let high = self.high.or(self.upper).filter(|_| self.censored == Censored::None);
        Ok(Capacity { low: each(low), point: each(point), high: high.map(each) })
    }
}

/// Why a measurement cannot size a fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfit {
    /// Every rate that was offered was too high.
    BelowAllRates {
        /// The lowest of them.
        upper: Option<Rate>,
    },
    /// By chance it may be less than all rates that were offered.
    PerhapsBelowAllRates {
        /// The largest rate that held.
        lower: Rate,
    },
    /// It rests on too few windows, or on a ramp.
    Screening,
    /// The generator was the limit, beyond what held.
    Generator {
        /// The largest rate that held.
        lower: Rate,
    },
}
