use std::fmt::Write as _;

use super::checks::files::{of_all, per_process};
use super::checks::{conntrack, ports};
use super::words::{count, rate};
use super::{Generator, Host, Plan, Status, examine};

/// The widest range that needs no privilege; odd and even ends, as the kernel wants them.
const WIDEST: (u16, u16) = (1_024, 65_535);

/// A drop-in file for `/etc/sysctl.d` with only the settings that help this plan, each with its why.
#[must_use]
pub fn sysctl(host: &Host, plan: &Plan) -> String {
    let mut text = format!(
        "# For {} by {}. Put it into /etc/sysctl.d/90-plimsoll.conf, then: sysctl --system\n",
        rate(plan.rate),
        plan.generator.name()
    );
    let before = text.len();
    let settings =
        [port_range(host, plan), time_wait(host, plan), files(host, plan), tracked(host, plan)];
    for setting in settings.into_iter().flatten() {
        text.push('\n');
        text.push_str(&setting);
    }
    if text.len() == before {
        text.push_str("\n# Nothing has to be changed for this plan.\n");
    }
    let hosts = |host: &Host| examine(host, plan).hosts.needed;
    let (now, then) = (hosts(host), hosts(&improved(host, plan)));
    if now > 1 {
        let _ = write!(
            text,
            "\n# The plan takes {} hosts as they are now, {} with these settings.\n",
            count(now),
            count(then)
        );
    }
    text.push_str(
        "\n# Not here, because it does not help: tcp_fin_timeout (of FIN-WAIT-2; TIME_WAIT is 60 s,\n\
         # compiled in), somaxconn and tcp_max_syn_backlog (the server's).\n",
    );
    text
}

/// The host as [`sysctl`]'s file would have it.
#[must_use]
pub fn improved(host: &Host, plan: &Plan) -> Host {
    let mut host = host.clone();
    if port_range(&host, plan).is_some() {
        host.reserved_ports = reserved(&host);
        host.port_range = Some(WIDEST);
    }
    if plan.generator == Generator::Plimsoll {
        host.tw_reuse = Some(1);
    }
    if let Some(conntrack) = &mut host.conntrack {
        conntrack.max = u64::MAX;
    }
    if let Some(files) = &mut host.open_files {
        files.hard = u64::MAX;
    }
    host
}

/// What is reserved, and what services listen on: one that is restarted is to find its port.
fn reserved(host: &Host) -> Vec<(u16, u16)> {
    let listening = host.sockets.iter().flat_map(|sockets| &sockets.listening);
    let unreserved = listening.filter(|port| {
        let mut ranges = host.reserved_ports.iter();
        **port >= WIDEST.0 && !ranges.any(|(from, to)| (from..=to).contains(port))
    });
    let mut reserved = host.reserved_ports.clone();
    reserved.extend(unreserved.map(|port| (*port, *port)));
    reserved.sort_unstable();
    reserved
}

/// More ports, where they do not suffice.
fn port_range(host: &Host, plan: &Plan) -> Option<String> {
    let (low, high) = host.port_range?;
    let normal = ports::budget(host, plan, plan.latency, !plan.keepalive)?;
    let stalled = ports::budget(host, plan, plan.timeout, true)?;
    let worst = if stalled.needed > normal.needed { stalled } else { normal };
    if worst.hosts <= 1 || (low, high) == WIDEST {
        return None;
    }
    let wide = Host { port_range: Some(WIDEST), ..host.clone() };
    let available = ports::budget(&wide, plan, plan.latency, !plan.keepalive)?.available;
    let mut text = format!(
        "# The plan takes up to {} ports; {low}-{high} are {}, this range is {}.\n\
         net.ipv4.ip_local_port_range = {} {}\n",
        count(worst.needed),
        count(worst.available),
        count(available),
        WIDEST.0,
        WIDEST.1
    );
    let reserved = reserved(host);
    if reserved.len() > host.reserved_ports.len() {
        let ranges = reserved
            .iter()
            .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
        let _ = write!(
            text,
            "# Ports that services listen on now stay theirs.\n\
             net.ipv4.ip_local_reserved_ports = {}\n",
            ranges.collect::<Vec<_>>().join(",")
        );
    }
    Some(text)
}

/// Only what does not bind gains from it.
fn time_wait(host: &Host, plan: &Plan) -> Option<String> {
    if plan.keepalive || ports::budget(host, plan, plan.latency, true)?.hosts <= 1 {
        return None;
    }
    let text = match plan.generator {
        Generator::Vegeta => {
            "# Not tcp_tw_reuse: vegeta binds before it connects, and gains nothing from it.\n"
        }
        Generator::Plimsoll => {
            "# Connections that are not bound take ports in TIME_WAIT again after 1 s, where both\n\
             # ends have timestamps. No help to generators that bind first, such as vegeta.\n\
             net.ipv4.tcp_tw_reuse = 1\n"
        }
    };
    Some(text.to_owned())
}

fn files(host: &Host, plan: &Plan) -> Option<String> {
    let mut text = String::new();
    if of_all(host, plan).is_some_and(|check| check.status > Status::Pass) {
        let max =
            host.file_table?.open.saturating_add(plan.in_flight(plan.timeout).saturating_mul(2));
        let _ = write!(
            text,
            "# Connections in flight if the server stalls, twice.\nfs.file-max = {max}\n"
        );
    }
    if per_process(host, plan).is_some_and(|check| check.status > Status::Pass) {
        let files = plan.in_flight(plan.timeout).saturating_mul(2);
        let _ = write!(
            text,
            "# The limit of a process is no sysctl. In /etc/security/limits.d/90-plimsoll.conf:\n\
             #   * hard nofile {files}\n"
        );
    }
    (!text.is_empty()).then_some(text)
}

fn tracked(host: &Host, plan: &Plan) -> Option<String> {
    let table = host.conntrack?;
    if conntrack::check(host, plan).status <= Status::Pass {
        return None;
    }
    let needed = conntrack::needed(host, plan)?;
    // A quarter to spare: four fifths full is the most that is sound.
    let max = table.count.saturating_add(needed).saturating_mul(5).div_ceil(4);
    Some(format!(
        "# conntrack is loaded and remembers closed connections for {} s: {} of this plan.\n\
         net.netfilter.nf_conntrack_max = {max}\n",
        table.time_wait_s,
        count(needed)
    ))
}
