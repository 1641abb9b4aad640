//! How the generator itself fares: what a result is worth depends on it.

mod departures;
mod files;
mod kernel;
mod monitor;
mod sock_diag;

pub(crate) use departures::Departures;
pub use files::raise_open_files;
pub use kernel::{Sockets, States, host_name};
pub use monitor::{Lag, Second};
pub(crate) use monitor::{Moment, Monitor};
