use plimsoll_model::{Nanos, PortBudget, Ports, Rate};

use crate::doctor::words::{count, plural, rate, seconds};
use crate::doctor::{Check, Generator, Host, Plan, Status};

/// `TIME_WAIT`, compiled into Linux.
const TIME_WAIT: Nanos = Nanos(60_000_000_000);
/// After which `tcp_tw_reuse` takes a port in `TIME_WAIT` for a connection to the same destination.
const REUSED_AFTER: Nanos = Nanos(1_000_000_000);

/// The budget if each request takes `lasting`; `closing` says whether connections end with it.
pub(crate) fn budget(
    host: &Host,
    plan: &Plan,
    lasting: Nanos,
    closing: bool,
) -> Option<PortBudget> {
    let (low, high) = host.port_range?;
    // Reserved ports are missing wherever they lie.
    let reserved = u16::try_from(host.reserved_in_range()).unwrap_or(u16::MAX);
    let tuples = if plan.generator == Generator::Vegeta { 1 } else { plan.destinations.max(1) };
    let lasting = plan.duration.map_or(lasting, |duration| lasting.min(duration));
    let mut hold = if closing { hold(host, plan) } else { Nanos::ZERO };
    if let Some(duration) = plan.duration {
        // No more ports than the attack has requests.
        hold = hold.min(Nanos(duration.0 - lasting.0));
    }
    let ports = Ports {
        low,
        high: high.saturating_sub(reserved),
        hold,
        source_ips: plan.source_ips.max(1).saturating_mul(tuples),
        ..Ports::default()
    };
    Some(ports.budget(plan.rate_if(lasting), lasting))
}

/// The most that the ports let one host send, where `share` of them may be in use and each is held for `hold` after its
/// connection.
pub(crate) fn most(host: &Host, plan: &Plan, share: f64, hold: Nanos) -> Option<Rate> {
    let budget = budget(host, plan, plan.latency, !plan.keepalive)?;
    let hold = if budget.hold == TIME_WAIT { hold } else { budget.hold.min(hold) };
    let seconds = budget.lasting.as_secs_f64() + hold.as_secs_f64();
    Some(Rate(budget.available as f64 * share / seconds.max(1e-9)))
}

/// How long a port is taken after its connection.
fn hold(host: &Host, plan: &Plan) -> Nanos {
    let reused = plan.generator == Generator::Plimsoll
        && host.tw_reuse == Some(1)
        && host.timestamps.is_some_and(|timestamps| timestamps > 0);
    if reused { REUSED_AFTER } else { TIME_WAIT }
}

/// Whether there are ports for the attack if all is well.
pub(crate) fn planned(host: &Host, plan: &Plan) -> (Check, Option<PortBudget>) {
    let name = "ports";
    let Some(budget) = budget(host, plan, plan.latency, !plan.keepalive) else {
        let finding = "the range of local ports cannot be read".to_owned();
        return (Check { name, status: Status::Note, finding, fix: None }, None);
    };
    let status = status(&budget);
    let fix = (status > Status::Pass).then(|| {
        let (reuse, tuning) = match (plan.keepalive, plan.generator) {
            (true, _) => ("", ""),
            (false, Generator::Vegeta) => (
                "reuse connections (-keepalive=true); or ",
                "; tcp_tw_reuse is no help to what binds before it connects, as vegeta does",
            ),
            (false, Generator::Plimsoll) => (
                "reuse connections (--keepalive=true); or ",
                "; tcp_tw_reuse=1 helps, as nothing is bound",
            ),
        };
        let more = match plan.generator {
            Generator::Vegeta => "a wider ip_local_port_range or more source addresses make",
            Generator::Plimsoll => {
                "a wider ip_local_port_range, more source addresses, or more addresses to attack, \
                 each of which every port serves, make"
            }
        };
        let spread = plural(budget.hosts, "host");
        format!("{reuse}spread the rate over {spread}; {more} it fewer{tuning}")
    });
    (Check { name, status, finding: arithmetic(&budget, plan), fix }, Some(budget))
}

/// Whether there still are if the server stalls, so that all requests take until their time-out.
pub(crate) fn stalled(host: &Host, plan: &Plan) -> Option<Check> {
    // A request that times out takes its connection along.
    let budget = budget(host, plan, plan.timeout, true)?;
    let status = status(&budget).min(Status::Warn);
    let finding = format!("if the server stalls: {}", arithmetic(&budget, plan));
    let fix = (status > Status::Pass).then(|| {
        "a time-out no longer than an answer is worth, and a bound on requests in flight \
         (-max-workers), past which requests wait and the report has to say so"
            .to_owned()
    });
    Some(Check { name: "ports_if_stalled", status, finding, fix })
}

fn status(budget: &PortBudget) -> Status {
    let usable = budget.available as f64 * budget.utilisation;
    if budget.needed > budget.available {
        Status::Fail
    } else if budget.needed as f64 > usable {
        Status::Warn
    } else {
        Status::Pass
    }
}

fn arithmetic(budget: &PortBudget, plan: &Plan) -> String {
    let held = if budget.hold > Nanos::ZERO {
        format!(
            "({} open + {} in TIME_WAIT, where the generator closes first)",
            seconds(budget.lasting),
            seconds(budget.hold)
        )
    } else {
        format!("{} open, then used again", seconds(budget.lasting))
    };
    let over = match (plan.generator, plan.destinations) {
        (Generator::Plimsoll, 2..) => format!(" over {} destinations", plan.destinations),
        _ => String::new(),
    };
    let from = if plan.source_ips > 1 {
        format!(" from {} addresses", plan.source_ips)
    } else {
        String::new()
    };
    format!(
        "{} × {held} = {}; this host has {}{from}{over}, of which {} % may be in use: {}",
        rate(budget.rate),
        plural(budget.needed, "port"),
        count(budget.available),
        (budget.utilisation * 100.0).round(),
        plural(budget.hosts, "host"),
    )
}

/// Whether enough are free now.
pub(crate) fn free(host: &Host, budget: Option<PortBudget>) -> Option<Check> {
    let (low, high) = host.port_range?;
    let sockets = host.sockets.as_ref()?;
    let range = (u64::from(high) + 1).saturating_sub(low.into());
    let taken = sockets.taken(low, high) + host.reserved_in_range();
    let free = range.saturating_sub(taken);
    // What one host of so many would take, of each address.
    let share = budget.map_or(0, |budget| {
        let times = (budget.available / range.max(1)).max(1);
        budget.needed.div_ceil(budget.hosts.max(1)).div_ceil(times)
    });
    let status = if free < share { Status::Warn } else { Status::Pass };
    let finding = format!(
        "{} of {} ports ({low}-{high}) are free now; {} connections open, {} in TIME_WAIT",
        count(free),
        count(range),
        count(sockets.established),
        count(sockets.time_wait)
    );
    let fix = (status == Status::Warn).then(|| {
        "wait a minute for TIME_WAIT to end, or find out who holds them: ss -tan state all"
            .to_owned()
    });
    Some(Check { name: "ports_now", status, finding, fix })
}

/// What `tcp_tw_reuse` does for this attack.
pub(crate) fn reuse(host: &Host, plan: &Plan) -> Option<Check> {
    let value = host.tw_reuse?;
    let effect = match (plan.generator, value) {
        (Generator::Vegeta, _) => "no help to vegeta, which binds before it connects",
        (Generator::Plimsoll, 1) => {
            "ports in TIME_WAIT serve again after 1 s, where both ends have timestamps"
        }
        (Generator::Plimsoll, 2) => "ports in TIME_WAIT serve again after 1 s on loopback only",
        (Generator::Plimsoll, _) => "no port in TIME_WAIT serves again",
    };
    let finding = format!("tcp_tw_reuse = {value}: {effect}");
    Some(Check { name: "tcp_tw_reuse", status: Status::Note, finding, fix: None })
}

/// Whether connections really are used again: idle ones above the bound are closed.
pub(crate) fn kept(plan: &Plan) -> Option<Check> {
    if !plan.keepalive {
        return None;
    }
    let kept = plan.connections.saturating_mul(plan.destinations.max(1).into());
    let needed = plan.in_flight(plan.latency);
    let enough = needed <= kept;
    let finding =
        format!("{} in flight, {} kept when idle", count(needed), plural(kept, "connection"));
    Some(Check {
        name: "connections",
        status: if enough { Status::Pass } else { Status::Warn },
        finding,
        fix: (!enough)
            .then(|| format!("-connections={needed} or more: what is not kept is opened anew")),
    })
}
