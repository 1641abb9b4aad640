use super::root::{Root, field, list_len};

/// What the control groups around this process leave it; of those of version 1, the quota alone is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cgroup {
    /// CPUs' worth of time, `cpu.max` or `cpu.cfs_quota_us`; the tightest of all groups.
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
    /// `None` where there are none of version 2, and no quota of version 1.
    pub(super) fn read(root: Root<'_>) -> Option<Self> {
        let groups = root.text("/proc/self/cgroup")?;
        if !root.exists(&format!("{MOUNT}/cgroup.controllers")) {
            let cpu_quota = quota_of_version_1(root, &groups);
            return cpu_quota.map(|_| Self { cpu_quota, ..Self::default() });
        }
        // A path that leads above the root is another namespace's.
        let path = field(&groups, "0::").filter(|path| !path.contains("..")).unwrap_or("/");
        let path = path.trim_matches('/');
        let mut found = Self::default();
        for directory in upwards(MOUNT, path) {
            found.tighten(root, &directory);
        }
        Some(found)
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

/// The directories of a group and of those around it, up to the outermost.
fn upwards(mount: &str, path: &str) -> Vec<String> {
    let inside = path.trim_matches('/').split('/').filter(|name| !name.is_empty());
    let mut directories = vec![mount.to_owned()];
    for name in inside {
        let next = directories.last().map(|directory| format!("{directory}/{name}"));
        directories.extend(next);
    }
    directories.reverse();
    directories
}

/// CPUs' worth of time by `cpu.cfs_quota_us`, which is -1 for no limit; the tightest of all groups.
fn quota_of_version_1(root: Root<'_>, groups: &str) -> Option<f64> {
    let path = groups.lines().find_map(|line| {
        let (_, group) = line.split_once(':')?;
        let (controllers, path) = group.split_once(':')?;
        controllers.split(',').any(|controller| controller == "cpu").then_some(path)
    })?;
    let quota = |directory: String| {
        let quota: f64 = root.value(&format!("{directory}/cpu.cfs_quota_us"))?;
        let period: f64 = root.value(&format!("{directory}/cpu.cfs_period_us"))?;
        (quota > 0.0 && period > 0.0).then(|| quota / period)
    };
    let groups = upwards(&format!("{MOUNT}/cpu"), path).into_iter();
    groups.filter_map(quota).min_by(f64::total_cmp)
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
