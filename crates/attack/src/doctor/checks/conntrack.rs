use crate::doctor::words::{count, plural};
use crate::doctor::{Check, Host, Plan, Status};

/// The share of the table that may be full.
const SHARE: f64 = 0.8;

/// Entries that the attack makes: of open connections, and of closed ones for as long as conntrack remembers them.
pub(crate) fn needed(host: &Host, plan: &Plan) -> Option<u64> {
    let conntrack = host.conntrack?;
    let mut remembered = if plan.keepalive { 0.0 } else { conntrack.time_wait_s as f64 };
    if let Some(duration) = plan.duration {
        remembered = remembered.min(duration.as_secs_f64());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let closed = (plan.rate.per_second() * remembered).ceil() as u64;
    Some(plan.in_flight(plan.latency).saturating_add(closed))
}

pub(crate) fn check(host: &Host, plan: &Plan) -> Check {
    let name = "conntrack";
    let (Some(conntrack), Some(needed)) = (host.conntrack, needed(host, plan)) else {
        let finding = "not loaded: connections are not tracked".to_owned();
        return Check { name, status: Status::Pass, finding, fix: None };
    };
    let full = conntrack.count.saturating_add(needed);
    let mut status = match full {
        full if full > conntrack.max => Status::Fail,
        full if full as f64 > conntrack.max as f64 * SHARE => Status::Warn,
        _ => Status::Pass,
    };
    let mut finding = format!(
        "{} (it remembers TIME_WAIT for {} s) beside {} now; the table holds {}",
        plural(needed, "connection"),
        conntrack.time_wait_s,
        count(conntrack.count),
        count(conntrack.max)
    );
    if conntrack.count == 0 {
        // Loaded, and used by no rule, as far as can be seen.
        status = status.min(Status::Warn);
        finding.push_str("; it is empty, so that perhaps nothing is tracked");
    }
    let fix = (status > Status::Pass).then(|| {
        "raise net.netfilter.nf_conntrack_max, or do not track the attack (notrack)".to_owned()
    });
    Check { name, status, finding, fix }
}

/// Hosts that the table makes it take.
pub(crate) fn hosts(host: &Host, plan: &Plan) -> Option<u64> {
    let conntrack = host.conntrack?;
    if check(host, plan).status != Status::Fail {
        return Some(1);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u64")]
    let each = ((conntrack.max as f64 * SHARE) as u64).saturating_sub(conntrack.count).max(1);
    Some(needed(host, plan)?.div_ceil(each))
}
