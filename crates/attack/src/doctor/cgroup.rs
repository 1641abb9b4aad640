use super::root::{Root, field, list_len};

/// What the control groups (version 2) around this process leave it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cgroup {
    /// CPUs' worth of time, `cpu.max`; the tightest of all groups.
    pub cpu_quota: Option<f64>,
    /// CPUs to run on, `cpuset.cpus.effective`.
    pub cpus: Option<u32>,
    /// How often it was held back, if it has a quota.
    pub throttling: Option<Throttling>,
    /// Bytes that are left, `memory.max` less `memory.current`; the tightest of all groups.
    pub memory_left: Option<u64>,
}

/// From `cpu.stat`, since the group was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// Periods in which the group ran.
    pub periods: u64,
    /// Periods in which it was out of quota.
    pub throttled: u64,
}

const MOUNT: &str = "/sys/fs/cgroup";

impl Cgroup {
    /// `None` where there are no control groups of version 2.
    pub(super) fn read(root: Root<'_>) -> Option<Self> {
        if !root.exists(&format!("{MOUNT}/cgroup.controllers")) {
            return None;
        }
        let groups = root.text("/proc/self/cgroup")?;
        // A path that leads above the root is another namespace's.
        let path = field(&groups, "0::").filter(|path| !path.contains("..")).unwrap_or("/");
        let path = path.trim_matches('/');
        let mut found = Self::default();
        let mut group = format!("{MOUNT}/{path}");
        loop {
            let directory = group.trim_end_matches('/');
            found.tighten(root, directory);
            if directory.len() <= MOUNT.len() {
                return Some(found);
            }
            group.truncate(directory.rfind('/').unwrap_or(0));
        }
    }

    /// Takes in a group around those before.
    fn tighten(&mut self, root: Root<'_>, directory: &str) {
        let text = |name: &str| root.text(&format!("{directory}/{name}"));
        let cpus = || list_len(&text("cpuset.cpus.effective")?).filter(|cpus| *cpus > 0);
        self.cpus = self.cpus.or_else(cpus);
        if let Some(quota) = text("cpu.max").and_then(|text| quota(&text)) {
            self.cpu_quota = Some(self.cpu_quota.map_or(quota, |other| other.min(quota)));
            let throttling = || throttling(&text("cpu.stat")?);
            self.throttling = self.throttling.or_else(throttling);
        }
        let left = || {
            let max: u64 = root.value(&format!("{directory}/memory.max"))?;
            let current: u64 = root.value(&format!("{directory}/memory.current"))?;
            Some(max.saturating_sub(current))
        };
        self.memory_left = match (self.memory_left, left()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// `200000 100000` is two CPUs; `max 100000` is no limit.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0.0 && quota > 0.0).then(|| quota / period)
}

fn throttling(stat: &str) -> Option<Throttling> {
    Some(Throttling {
        periods: field(stat, "nr_periods ")?.parse().ok()?,
        throttled: field(stat, "nr_throttled ")?.parse().ok()?,
    })
}
