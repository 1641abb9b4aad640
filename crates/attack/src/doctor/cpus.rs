use super::root::{Root, field, list_len};

/// CPUs that this process may run on.
pub(super) fn allowed(root: Root<'_>) -> Option<u32> {
    let status = root.text("/proc/self/status");
    let allowed = status.and_then(|status| list_len(field(&status, "Cpus_allowed_list:")?));
    let online = || list_len(&root.text("/sys/devices/system/cpu/online")?);
    match (allowed, online()) {
        (Some(allowed), Some(online)) => Some(allowed.min(online)),
        (allowed, online) => allowed.or(online),
    }
    .filter(|cpus| *cpus > 0)
}

/// Processes that ran or waited to run, averaged over the last minute.
pub(super) fn load(root: Root<'_>) -> Option<f64> {
    root.text("/proc/loadavg")?.split_ascii_whitespace().next()?.parse().ok()
}

/// Bytes that can be had without swapping.
pub(super) fn memory_available(root: Root<'_>) -> Option<u64> {
    let text = root.text("/proc/meminfo")?;
    let kibibytes: u64 = field(&text, "MemAvailable:")?.strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}
