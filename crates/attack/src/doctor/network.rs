use super::root::Root;

const IPV4: &str = "/proc/sys/net/ipv4";

/// The first and the last local port that the kernel gives out.
pub(super) fn port_range(root: Root<'_>) -> Option<(u16, u16)> {
    let text = root.text(&format!("{IPV4}/ip_local_port_range"))?;
    let mut ports = text.split_ascii_whitespace().map(str::parse);
    Some((ports.next()?.ok()?, ports.next()?.ok()?))
}

/// Ranges of ports that it does not give out.
pub(super) fn reserved_ports(root: Root<'_>) -> Vec<(u16, u16)> {
    let text = root.text(&format!("{IPV4}/ip_local_reserved_ports")).unwrap_or_default();
    let ranges = text.trim().split(',').filter_map(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        Some((low.parse().ok()?, high.parse().ok()?))
    });
    ranges.filter(|(low, high)| low <= high).collect()
}

pub(super) fn number(root: Root<'_>, name: &str) -> Option<u64> {
    root.value(&format!("{IPV4}/{name}"))
}
