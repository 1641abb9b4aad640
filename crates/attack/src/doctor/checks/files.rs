use plimsoll_model::Rate;

use crate::doctor::words::{count, plural};
use crate::doctor::{Check, Host, Plan, Status};

/// Files that a generator has open beside its connections: results, targets, epoll, libraries.
const BESIDE: u64 = 64;

/// Files that a generator has open if all is well.
pub(crate) fn needed(plan: &Plan) -> u64 {
    plan.in_flight(plan.latency) + BESIDE
}

/// Whether a process may have so many connections. `TIME_WAIT` takes none. Both generators raise the limit to the hard one.
pub(crate) fn per_process(host: &Host, plan: &Plan) -> Option<Check> {
    let limit = host.open_files?;
    let needed = needed(plan);
    let stalled = plan.in_flight(plan.timeout) + BESIDE;
    let finding = format!(
        "{} if all is well, {} if the server stalls until the time-out; the limit is {} (hard {})",
        plural(needed, "file"),
        count(stalled),
        shown(limit.soft),
        shown(limit.hard)
    );
    let status = match limit.hard {
        hard if needed > hard => Status::Fail,
        hard if stalled > hard => Status::Warn,
        _ => Status::Pass,
    };
    let fix = (status > Status::Pass).then(|| {
        format!(
            "raise the hard limit to {stalled} (LimitNOFILE=, limits.conf, --ulimit nofile), or bound \
             what is in flight"
        )
    });
    Some(Check { name: "open_files", status, finding, fix })
}

/// The most that the limit lets one host send.
pub(crate) fn most(host: &Host, plan: &Plan) -> Option<Rate> {
    let each = host.open_files?.hard.saturating_sub(BESIDE).max(1);
    Some(Rate(each as f64 / plan.latency.as_secs_f64().max(1e-9)))
}

/// Hosts that the limit makes it take.
pub(crate) fn hosts(host: &Host, plan: &Plan) -> Option<u64> {
    let each = host.open_files?.hard.saturating_sub(BESIDE).max(1);
    Some(plan.in_flight(plan.latency).div_ceil(each))
}

/// Whether the kernel has so many left.
pub(crate) fn of_all(host: &Host, plan: &Plan) -> Option<Check> {
    let table = host.file_table?;
    let left = table.max.saturating_sub(table.open);
    let enough = plan.in_flight(plan.timeout) + BESIDE <= left;
    Some(Check {
        name: "file_table",
        status: if enough { Status::Pass } else { Status::Warn },
        finding: format!(
            "{} of {} files of the system are open",
            count(table.open),
            shown(table.max)
        ),
        fix: (!enough).then(|| "raise fs.file-max".to_owned()),
    })
}

fn shown(limit: u64) -> String {
    // Kernels write this for no limit, too.
    if limit >= i64::MAX.cast_unsigned() { "unlimited".to_owned() } else { count(limit) }
}
