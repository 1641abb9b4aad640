//! The open-loop HTTP load generator, its preflight, and a stub gateway of known capacity.
//!
//! [`Attack::run`] sends requests when they are due, whatever becomes of those before, and tells a [`Sink`] what became of
//! each. It knows neither formats of results nor statistics.

pub mod doctor;
mod engine;
mod error;
pub mod schedule;
pub mod stub;
mod targets;
pub mod telemetry;

pub use engine::{
    Attack, Block, Chain, Hold, Http2, Options, Outcome, Pace, Phases, Sink, Stop, Targets,
    TlsOptions,
};
pub use error::{Error, ErrorKind};
pub use targets::{
    Endpoint, InvalidUrl, Scheme, Target, TargetDefaults, TargetFormat, TargetReader, Url,
    read_body,
};
