use std::path::Path;

use super::root::Root;
use super::{Cgroup, Conntrack, FileTable, OpenFiles, Sockets, cpus, network};

/// What a host says of itself; `None` where it does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// `net.ipv4.ip_local_port_range`, first and last.
    pub port_range: Option<(u16, u16)>,
    /// `net.ipv4.ip_local_reserved_ports`, in ranges.
    pub reserved_ports: Vec<(u16, u16)>,
    /// TCP sockets of this network namespace now.
    pub sockets: Option<Sockets>,
    /// `net.ipv4.tcp_tw_reuse`.
    pub tw_reuse: Option<u64>,
    /// `net.ipv4.tcp_timestamps`, without which `TIME_WAIT` is never cut short.
    pub timestamps: Option<u64>,
    /// Of this process, and so of what the same shell starts.
    pub open_files: Option<OpenFiles>,
    /// Of all processes.
    pub file_table: Option<FileTable>,
    /// Where it is loaded.
    pub conntrack: Option<Conntrack>,
    /// CPUs that this process may run on.
    pub cpus: Option<u32>,
    /// The control groups around this process.
    pub cgroup: Option<Cgroup>,
    /// Bytes that can be had without swapping.
    pub memory_available: Option<u64>,
    /// Processes that ran or waited to run, over the last minute.
    pub load: Option<f64>,
    /// What the kernel reads time from.
    pub clock_source: Option<String>,
    /// Whether systemd-timesyncd has set the clock; unknown where another service does.
    pub clock_set: Option<bool>,
    /// `net.core.somaxconn`.
    pub somaxconn: Option<u64>,
}

impl Host {
    /// Reads `proc` and `sys` below `root`, which is `/` for the host itself.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let root = Root(root);
        Self {
            port_range: network::port_range(root),
            reserved_ports: network::reserved_ports(root),
            sockets: Sockets::read(root, "/proc"),
            tw_reuse: network::number(root, "tcp_tw_reuse"),
            timestamps: network::number(root, "tcp_timestamps"),
            open_files: OpenFiles::read(root, "/proc/self"),
            file_table: FileTable::read(root),
            conntrack: Conntrack::read(root),
            cpus: cpus::allowed(root),
            cgroup: Cgroup::read(root),
            memory_available: cpus::memory_available(root),
            load: cpus::load(root),
            clock_source: root
                .value("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            clock_set: root
                .exists("/run/systemd/timesync")
                .then(|| root.exists("/run/systemd/timesync/synchronized")),
            somaxconn: root.value("/proc/sys/net/core/somaxconn"),
        }
    }

    /// CPUs' worth of time that a generator can have here.
    #[must_use]
    pub fn cpu_time(&self) -> Option<f64> {
        cpu_time(self.cpus, self.cgroup)
    }

    /// Reserved ports inside the range.
    pub(super) fn reserved_in_range(&self) -> u64 {
        let Some((low, high)) = self.port_range else { return 0 };
        let inside = self.reserved_ports.iter().map(|(from, to)| {
            let (from, to) = (u64::from(*from.max(&low)), u64::from(*to.min(&high)));
            (to + 1).saturating_sub(from)
        });
        inside.sum()
    }
}

/// CPUs' worth of time that this process can have now.
pub(crate) fn cpu_time_now() -> Option<f64> {
    let root = Root(Path::new("/"));
    cpu_time(cpus::allowed(root), Cgroup::read(root))
}

fn cpu_time(allowed: Option<u32>, cgroup: Option<Cgroup>) -> Option<f64> {
    let cgroup = cgroup.unwrap_or_default();
    let cpus = [allowed, cgroup.cpus].into_iter().flatten().min().map(f64::from);
    [cpus, cgroup.cpu_quota].into_iter().flatten().min_by(f64::total_cmp)
}
