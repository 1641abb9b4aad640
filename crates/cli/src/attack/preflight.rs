//! What `plimsoll doctor` has to say of this attack, in short: it warns and refuses nothing.

use std::fmt::Write as _;
use std::path::Path;

use plimsoll_attack::Attack;
use plimsoll_attack::doctor::{Host, Plan, Status, examine};

use crate::output;

/// What `plimsoll doctor` takes for the idle connections that are kept, unless told.
const DEFAULT_CONNECTIONS: u64 = 10_000;

/// Warns of each thing that is too little, or may be.
pub(super) fn warn(attack: &Attack) {
    let Some(plan) = attack.plan() else { return };
    let host = Host::read(Path::new("/"));
    let report = examine(&host, &plan);
    let mut warned = false;
    for check in report.checks.iter().filter(|check| check.status >= Status::Warn) {
        warned = true;
        let says = if check.status == Status::Fail { "too little" } else { "warning" };
        output::complain(&format!("{says}: {}: {}", check.name, check.finding));
    }
    if warned {
        output::complain(&format!("what helps: {}", doctor(&plan)));
    }
}

/// The command that says more.
fn doctor(plan: &Plan) -> String {
    let rate = (plan.rate.per_second() * 1_000.0).round() / 1_000.0;
    let mut command = format!("plimsoll doctor --generator plimsoll --rate {rate}");
    if let Some(duration) = plan.duration {
        let _ = write!(command, " --duration {}s", duration.as_secs_f64());
    }
    let _ = write!(command, " --timeout {}s", plan.timeout.as_secs_f64());
    if plan.destinations > 1 {
        let _ = write!(command, " --destinations {}", plan.destinations);
    }
    if plan.connections != DEFAULT_CONNECTIONS {
        let _ = write!(command, " --connections {}", plan.connections);
    }
    if let Some(most) = plan.max_workers {
        let _ = write!(command, " --max-workers {most}");
    }
    if !plan.keepalive {
        command.push_str(" --keepalive=false");
    }
    command
}
