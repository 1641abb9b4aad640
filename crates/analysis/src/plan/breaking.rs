//! What breaks first as the load grows.

use super::inputs::Inputs;
use super::outcome::Outcome;

/// Something that no longer holds from some load on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaking {
    /// What.
    pub what: Breaks,
    /// The pool in which it does first, by its place.
    pub pool: usize,
    /// The load over today's target.
    pub factor: f64,
    /// The chain that has the largest part of that pool's work: whose limit it is.
    pub chain: usize,
}

/// What no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// With zones and spare instances gone, the others are loaded beyond the utilisation target.
    Target,
    /// With these gone, the others are loaded beyond what they sustain.
    Failure,
    /// With all up, they are loaded beyond what they sustain.
    Sustained,
}

impl Breaks {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "utilisation_target",
            Self::Failure => "failure",
            Self::Sustained => "sustained",
        }
    }
}

/// Each thing that breaks, in the order in which it does.
pub(super) fn breaking(inputs: &Inputs, outcome: &Outcome) -> Vec<Breaking> {
    let target = inputs.fleet.utilisation_target;
    let mut found: Vec<Breaking> = [Breaks::Target, Breaks::Failure, Breaks::Sustained]
        .into_iter()
        .filter_map(|what| {
            let factors = outcome.pools.iter().enumerate().map(|(place, pool)| {
                let sizing = &pool.sizing;
                let factor = match what {
                    Breaks::Target => sizing.growth_until(target),
                    Breaks::Failure => sizing.growth_until(1.0),
                    Breaks::Sustained => sizing.instances as f64 / sizing.work,
                };
                (place, pool, factor)
            });
            let (place, pool, factor) = factors.min_by(|left, right| left.2.total_cmp(&right.2))?;
            let parts = pool.chains.iter().zip(&pool.works);
            // Of equal ones the first.
            let (&chain, _) = parts.rev().max_by(|left, right| left.1.total_cmp(right.1))?;
            Some(Breaking { what, pool: place, factor, chain })
        })
        .collect();
    found.sort_by(|left, right| left.factor.total_cmp(&right.factor));
    found
}
