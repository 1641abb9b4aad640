use super::root::Root;

/// The kernel's table of connections, where it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conntrack {
    /// Entries now.
    pub count: u64,
    /// Entries at most.
    pub max: u64,
    /// Seconds for which it keeps an entry of a connection in `TIME_WAIT`.
    pub time_wait_s: u64,
}

impl Conntrack {
    pub(super) fn read(root: Root<'_>) -> Option<Self> {
        let value =
            |name: &str| root.value(&format!("/proc/sys/net/netfilter/nf_conntrack_{name}"));
        Some(Self {
            count: value("count")?,
            max: value("max")?,
            time_wait_s: value("tcp_timeout_time_wait").unwrap_or(120),
        })
    }
}
