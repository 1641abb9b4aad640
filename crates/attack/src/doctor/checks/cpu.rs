use plimsoll_model::Rate;

use crate::doctor::words::{count, rate};
use crate::doctor::{Check, Host, Plan, Status};

/// Periods out of quota from which on the group is too tight.
const THROTTLED: f64 = 0.01;
/// The share of what the CPUs can send up to which an attack goes unnoticed between other work.
const SMALL: f64 = 0.1;
/// The share of the CPUs that others may keep busy.
const BUSY: f64 = 0.5;

/// Whether there is CPU time for the rate. What a request costs is known of plain ones only: this never fails.
pub(crate) fn time(host: &Host, plan: &Plan) -> Option<Check> {
    let cpus = host.cpu_time()?;
    let most = Rate(cpus * plan.generator.per_cpu());
    let enough = plan.rate.per_second() <= most.per_second();
    let quota = host.cgroup.and_then(|cgroup| cgroup.cpu_quota);
    let limit = quota.map_or_else(String::new, |quota| format!(" (cpu.max allows {quota})"));
    let name = plan.generator.name();
    Some(Check {
        name: "cpu",
        status: if enough { Status::Pass } else { Status::Warn },
        finding: format!(
            "{cpus} CPUs{limit}: about {} of plain requests by {name}, assuming {} for each CPU ({})",
            rate(most),
            rate(Rate(plan.generator.per_cpu())),
            plan.generator.assumed_from()
        ),
        fix: (!enough).then(|| "more CPUs, or more hosts".to_owned()),
    })
}

/// Hosts that CPU time makes it take.
pub(crate) fn hosts(host: &Host, plan: &Plan) -> Option<u64> {
    let each = host.cpu_time()? * plan.generator.per_cpu();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let hosts = (plan.rate.per_second() / each).ceil() as u64;
    Some(hosts.max(1))
}

/// Whether a quota has held this group back.
pub(crate) fn throttling(host: &Host) -> Option<Check> {
    let throttling = host.cgroup?.throttling?;
    let share = throttling.throttled as f64 / throttling.periods.max(1) as f64;
    let free = share < THROTTLED;
    Some(Check {
        name: "throttling",
        status: if free { Status::Pass } else { Status::Warn },
        finding: format!(
            "out of quota in {} of {} periods so far",
            count(throttling.throttled),
            count(throttling.periods)
        ),
        fix: (!free).then(|| {
            "a higher CPU limit: a generator that is held back sends in bursts. Before Go 1.25, set \
             GOMAXPROCS to it"
                .to_owned()
        }),
    })
}

/// Whether others keep the CPUs busy that the attack needs.
pub(crate) fn load(host: &Host, plan: &Plan) -> Option<Check> {
    let (load, cpus) = (host.load?, host.cpus?);
    let most = host.cpu_time().unwrap_or(f64::from(cpus)) * plan.generator.per_cpu();
    let quiet = load <= BUSY * f64::from(cpus) || plan.rate.per_second() < SMALL * most;
    Some(Check {
        name: "load",
        status: if quiet { Status::Pass } else { Status::Warn },
        finding: format!("{load} processes ran or waited over the last minute, on {cpus} CPUs"),
        fix: (!quiet).then(|| "let nothing else run beside the attack".to_owned()),
    })
}
