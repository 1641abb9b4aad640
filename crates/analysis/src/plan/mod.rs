//! How many instances, at what cost: from what an instance sustains and what is asked for to a fleet.
//!
//! [`plan`] sizes pools of instances over zones ([`fleet`]), prices them ([`cost`]), lets them grow ([`growth`]), says what breaks
//! first ([`breaking`]) and which assumption matters most ([`sensitivity`]). [`basis`] says which measurement may size a fleet,
//! [`mix`] what chains sustain that were measured together. [`queueing`] explains headroom and sizes nothing. [`generators`] is
//! about the test that would show it.
//!
//! ```
//! use plimsoll_analysis::plan::{Capacity, Demand, Fleet, Inputs, SizeAt, plan};
//! use plimsoll_model::{Decimal, Rate};
//!
//! let chain = |name: &str, target: f64, capacity: f64| Demand {
//!     name: name.to_owned(),
//!     target: Rate(target),
//!     capacity: Capacity::known(Rate(capacity)),
//!     db_queries_per_relay: Decimal::ZERO,
//!     egress_bytes_per_relay: Decimal::ZERO,
//! };
//! let inputs = Inputs {
//!     chains: vec![chain("ethereum", 2_000.0, 450.0), chain("boba", 1_000.0, 600.0)],
//!     fleet: Fleet { zones: 3, zone_failures: 1, size_at: SizeAt::Point, ..Fleet::default() },
//!     growth: None,
//!     costs: None,
//! };
//! // (2000/450 + 1000/600)/0.7 = 8.73, so 9, and one to spare over two of three zones.
//! assert_eq!(plan(&inputs).unwrap().chosen.instances, 15);
//! ```

pub mod basis;
pub mod breaking;
pub mod cost;
mod error;
pub mod fleet;
pub mod generators;
pub mod growth;
mod inputs;
pub mod mix;
mod outcome;
pub mod queueing;
mod redundancy;
pub mod sensitivity;

pub use error::{Error, ErrorKind};
pub use inputs::{At, Capacity, Costs, Demand, Fleet, Growth, Inputs, Pooling, SizeAt};
pub use outcome::{Outcome, outcome};
pub use redundancy::Redundancy;

use breaking::Breaking;
use growth::Growing;
use sensitivity::Moved;

/// A fleet, and what there is to know before building it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What it follows from.
    pub inputs: Inputs,
    /// The fleet, at the capacity that sizes it.
    pub chosen: Outcome,
    /// The fleet if each capacity is the least that it may be, ...
    pub at_low: Outcome,
    /// ... what was measured, ...
    pub at_point: Outcome,
    /// ... or the most that it may be; `None` where a capacity is open above, so that the others are upper bounds.
    pub at_high: Option<Outcome>,
    /// What the instances are for.
    pub redundancy: Redundancy,
    /// What breaks first as the load grows, in order.
    pub breaking: Vec<Breaking>,
    /// Month by month, where growth is known.
    pub growing: Option<Growing>,
    /// Which assumption moves the answer most.
    pub sensitivity: Vec<Moved>,
}

/// Plans a fleet.
///
/// # Errors
/// Inputs out of range, a fleet of more than a billion instances, or costs beyond all sense.
pub fn plan(inputs: &Inputs) -> Result<Plan, Error> {
    let at = inputs.fleet.size_at.at();
    // Only the upper end may be open.
    let sized = |at| outcome(inputs, at)?.ok_or(Error(ErrorKind::OutOfRange("capacity")));
    let chosen = sized(at)?;
    Ok(Plan {
        at_low: sized(At::Low)?,
        at_point: sized(At::Point)?,
        at_high: outcome(inputs, At::High)?,
        redundancy: redundancy::redundancy(&inputs.fleet, inputs.costs.as_ref(), &chosen),
        breaking: breaking::breaking(inputs, &chosen),
        growing: inputs
            .growth
            .map(|growth| growth::growing(inputs, growth, &chosen))
            .transpose()?,
        sensitivity: sensitivity::moved(inputs, at)?,
        chosen,
        inputs: inputs.clone(),
    })
}
