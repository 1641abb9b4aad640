//! What a host offers an attack, before it runs and while it does.
//!
//! [`Host::read`] reads `/proc` and `/sys` below any root, [`examine`] holds it against a [`Plan`], [`sysctl`] writes down
//! the settings that help, and [`Watch`] follows a generator that runs. Nothing is changed.

mod cgroup;
mod checks;
mod conntrack;
mod cpus;
mod destinations;
mod examine;
mod files;
mod host;
mod limits;
mod network;
mod plan;
mod report;
mod root;
mod sockets;
mod sysctl;
mod watch;
mod words;

pub use cgroup::{Cgroup, Throttling};
pub use conntrack::Conntrack;
pub use destinations::destinations;
pub use examine::examine;
pub use files::{FileTable, OpenFiles};
pub use host::Host;
pub(crate) use host::cpu_time_now;
pub use limits::{NETWORK_SHARE, PerRequest, limits};
pub use plan::{Generator, Plan};
pub use report::{Binding, Check, Hosts, Report, Status};
pub use sockets::Sockets;
pub use sysctl::{improved, sysctl};
pub use watch::{Sample, Watch, generators};
