use crate::doctor::words::mebibytes;
use crate::doctor::{Check, Host, Plan, Status};

/// What a generator takes at any rate.
const BASE: u64 = 128 << 20;
/// What a request in flight takes, with its buffers on both sides of the kernel: an estimate, on the safe side.
const IN_FLIGHT: u64 = 64 << 10;

/// Whether a stalled server's requests in flight fit.
pub(crate) fn check(host: &Host, plan: &Plan) -> Option<Check> {
    let limit = host.cgroup.and_then(|cgroup| cgroup.memory_left);
    let available = [host.memory_available, limit].into_iter().flatten().min()?;
    let needed = BASE.saturating_add(plan.in_flight(plan.timeout).saturating_mul(IN_FLIGHT));
    let enough = needed <= available;
    let within = if limit == Some(available) { " within memory.max" } else { "" };
    Some(Check {
        name: "memory",
        status: if enough { Status::Pass } else { Status::Warn },
        finding: format!(
            "about {} if the server stalls until the time-out; {} available{within}",
            mebibytes(needed),
            mebibytes(available)
        ),
        fix: (!enough).then(|| "bound what is in flight (-max-workers)".to_owned()),
    })
}
