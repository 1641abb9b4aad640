//! Month by month, and when today's fleet is full; METHODS.md §3.3.

use plimsoll_model::Rate;

use super::cost::Bill;
use super::error::{Error, ErrorKind};
use super::fleet::ceiling;
use super::inputs::{Growth, Inputs};
use super::outcome::{Outcome, outcome};

/// How a fleet grows.
#[derive(Clone, Debug, PartialEq)]
pub struct Growing {
    /// Today, which is month 0, and the months after it.
    pub months: Vec<Month>,
    /// Why months at the end are left out, where some are.
    pub ended: Option<Ended>,
    /// When the first pool is full; `None` where nothing grows.
    pub full: Option<Full>,
}

/// Why further months are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// They would take more than a billion instances.
    TooLarge,
    /// They would cost more than money can tell.
    TooCostly,
    /// A chain would have less than [`LEAST`] to carry.
    NextToNothing,
}

impl Ended {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooCostly => "too_costly",
            Self::NextToNothing => "next_to_nothing",
        }
    }
}

/// Less than this, a request in eleven days, is nothing to plan for.
pub const LEAST: Rate = Rate(1e-6);

/// Months, a hundred years of them, after which nobody asks when a fleet is full.
pub const HORIZON: u32 = 1_200;

/// A month.
#[derive(Clone, Debug, PartialEq)]
pub struct Month {
    /// Months from today.
    pub number: u32,
    /// Requests per second of all chains together.
    pub target: Rate,
    /// Instances that it takes.
    pub instances: u64,
    /// What they cost.
    pub bill: Option<Bill>,
}

/// When today's fleet is full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Full {
    /// The pool that is, by its place.
    pub pool: usize,
    /// Months from today: `ln(N_surv * u / U)/ln(1 + g)`.
    pub after_months: f64,
    /// The first month for which it takes more instances; `None` beyond [`HORIZON`].
    pub month: Option<u32>,
}

/// The months, for a fleet that is sized as `today` is.
///
/// # Errors
/// Inputs out of range.
pub(super) fn growing(inputs: &Inputs, growth: Growth, today: &Outcome) -> Result<Growing, Error> {
    let factor = |month: u32| (1.0 + growth.per_month).powi(month.cast_signed());
    let mut months = Vec::new();
    let mut ended = None;
    for number in 0..=growth.months {
        let grown = grown(inputs, factor(number));
        if number > 0 && grown.chains.iter().any(|chain| chain.target < LEAST) {
            ended = Some(Ended::NextToNothing);
            break;
        }
        let needs = match outcome(&grown, inputs.fleet.size_at.at()) {
            Err(Error(ErrorKind::TooLarge)) => {
                ended = Some(Ended::TooLarge);
                break;
            }
            Err(Error(ErrorKind::TooCostly)) => {
                ended = Some(Ended::TooCostly);
                break;
            }
            needs => needs?,
        };
        months.extend(needs.map(|needs| Month {
            number,
            target: grown.target(),
            instances: needs.instances,
            bill: needs.bill,
        }));
    }
    Ok(Growing { months, ended, full: full(inputs, growth, today) })
}

fn full(inputs: &Inputs, growth: Growth, today: &Outcome) -> Option<Full> {
    if growth.per_month <= 0.0 {
        return None;
    }
    let after = |(pool, found): (usize, &super::fleet::Pool)| {
        let room = found.sizing.growth_until(inputs.fleet.utilisation_target);
        (pool, (room.ln() / growth.per_month.ln_1p()).max(0.0))
    };
    let all = today.pools.iter().enumerate().map(after);
    let (pool, after_months) = all.min_by(|left, right| left.1.total_cmp(&right.1))?;
    // A fleet that is full after exactly two months carries the second, and not the third: what floating point makes of that
    // is for the sizing to say.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let first = (after_months.floor() as u32).max(1);
    let sizing = &today.pools.get(pool)?.sizing;
    let carries = |month: u32| {
        let work = sizing.work * (1.0 + growth.per_month).powi(month.cast_signed());
        let needed = ceiling(work / inputs.fleet.utilisation_target);
        needed.is_some_and(|needed| needed <= sizing.survivors)
    };
    let month = (first..=HORIZON).find(|&month| !carries(month));
    Some(Full { pool, after_months, month })
}

/// The same with all targets times `factor`.
pub(super) fn grown(inputs: &Inputs, factor: f64) -> Inputs {
    let mut grown = inputs.clone();
    for chain in &mut grown.chains {
        chain.target = Rate(chain.target.per_second() * factor);
    }
    grown
}
