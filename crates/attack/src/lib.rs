//! What makes load and what stands it: the preflight of a host, and a gateway of known capacity to measure against.
//!
//! The only asynchronous crate. It knows neither file formats nor statistics.

pub mod doctor;
mod error;
pub mod stub;

pub use error::{Error, ErrorKind};
