//! How the generator itself fares: what a result is worth depends on it.

mod files;
mod kernel;
mod monitor;

pub use files::raise_open_files;
pub use kernel::{Sockets, States, host_name};
pub(crate) use monitor::Monitor;
pub use monitor::{Lag, Second};
