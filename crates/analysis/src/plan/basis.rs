//! Which measurement may size a fleet.

use plimsoll_model::Rate;

use super::growth::LEAST;
use super::inputs::Capacity;
use crate::capacity::sustained::{Binding, Censored};
use crate::{CapacityFindings, VerdictKind};

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
    /// By the verdict the generator was the limit: what broke at `upper` may be its doing.
    pub generator_limited: bool,
    /// It holds for the mix of chains that were measured together.
    pub mixed: bool,
    /// Instances that served in the test, at least 1.
    pub instances: u32,
}

impl Measured {
    /// The capacity that an analysis found, with its verdict on who set the limit.
    #[must_use]
    pub fn of(found: &CapacityFindings, verdict: VerdictKind, instances: u32) -> Self {
        Self {
            lower: found.lower,
            upper: found.upper,
            low: found.interval.low,
            high: found.interval.high,
            censored: found.censored,
            binding: found.binding,
            screening: found.screening,
            generator_limited: verdict == VerdictKind::GeneratorLimited,
            mixed: found.mixed,
            instances,
        }
    }

    /// Whether the generator was the limit, so that the server may carry more than was seen.
    #[must_use]
    pub fn is_of_generator(&self) -> bool {
        self.generator_limited || self.censored == Censored::Generator
    }

    /// What one instance sustains by it. What is asked for with `allow_screening` is taken although it rests on too little,
    /// or the generator ended it;
    /// its upper end is open then.
    ///
    /// # Errors
    /// Why it cannot size a fleet.
    pub fn capacity(&self, allow_screening: bool) -> Result<Capacity, Unfit> {
        let is_of_generator = self.is_of_generator();
        let Some(point) = self.lower else {
            return Err(if is_of_generator {
                Unfit::Generator { lower: None }
            } else {
                Unfit::BelowAllRates { upper: self.upper }
            });
        };
        if is_of_generator && !allow_screening {
            return Err(Unfit::Generator { lower: Some(point) });
        }
        if self.screening && !allow_screening {
            return Err(Unfit::Screening);
        }
        // That of a spread of sweeps may end at nothing.
        let low = self.low.filter(|low| *low >= LEAST);
        let low = low.ok_or(Unfit::PerhapsBelowAllRates { lower: point })?;
        // The lower bound is a closed end: chance alone does not make it larger.
        let low = if low < point { low } else { point };
        let each = |rate: Rate| Rate(rate.per_second() / f64::from(self.instances.max(1)));
        let is_closed = self.censored == Censored::None && !is_of_generator;
        let high = self.high.or(self.upper).filter(|_| is_closed);
        let high = high.map(|high| if high < point { point } else { high });
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
        /// The largest rate that held; `None` where none did, so that nothing is known of the server.
        lower: Option<Rate>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Measured = Measured {
        lower: Some(Rate(400.0)),
        upper: Some(Rate(450.0)),
        low: Some(Rate(380.0)),
        high: None,
        censored: Censored::None,
        binding: Some(Binding::Latency),
        screening: false,
        generator_limited: false,
        mixed: false,
        instances: 2,
    };

    #[test]
    fn a_closed_bracket_has_three_ends() {
        let expected = Capacity { low: Rate(190.0), point: Rate(200.0), high: Some(Rate(225.0)) };
        assert_eq!(CLOSED.capacity(false), Ok(expected));
    }

    /// Three sweeps that differ much have an interval that reaches down to nothing, or is beside the pooled bracket.
    #[test]
    fn a_spread_of_sweeps_may_be_beside_the_bracket() {
        let nothing = Measured { low: Some(Rate(0.0)), ..CLOSED };
        let refused = Err(Unfit::PerhapsBelowAllRates { lower: Rate(400.0) });
        assert_eq!(nothing.capacity(true), refused);
        let below = Measured { low: Some(Rate(300.0)), high: Some(Rate(390.0)), ..CLOSED };
        let expected = Capacity { low: Rate(150.0), point: Rate(200.0), high: Some(Rate(200.0)) };
        assert_eq!(below.capacity(false), Ok(expected));
    }

    /// What was too high for the generator says nothing of the server, whatever the bracket looks like.
    #[test]
    fn a_generator_gives_no_upper_end() {
        for limited in [
            Measured { generator_limited: true, screening: true, ..CLOSED },
            Measured { censored: Censored::Generator, upper: None, ..CLOSED },
        ] {
            let refused = Err(Unfit::Generator { lower: Some(Rate(400.0)) });
            assert_eq!(limited.capacity(false), refused);
            let allowed = limited.capacity(true).unwrap();
            assert_eq!((allowed.low, allowed.high), (Rate(190.0), None));
        }
        let nothing = Measured { generator_limited: true, lower: None, ..CLOSED };
        assert_eq!(nothing.capacity(true), Err(Unfit::Generator { lower: None }));
    }
}
