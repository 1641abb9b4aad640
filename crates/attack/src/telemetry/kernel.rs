//! What the kernel tells in `/proc`. Where it does not, counts are zero or missing.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};

use plimsoll_model::Nanos;
use rustix::time::{ClockId, clock_gettime};

use super::sock_diag;

/// TCP sockets of this network namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Connected, being connected, closed by one end, or listening.
    pub in_use: u64,
    /// Closed here first, and holding their port for a minute.
    pub time_wait: u64,
}

/// TCP sockets of this network namespace by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// Connected.
    pub established: u64,
    /// Being connected.
    pub connecting: u64,
    /// Closed there, and not yet here.
    pub close_wait: u64,
    /// Closed here first, and holding their port for a minute.
    pub time_wait: u64,
    /// Distinct local ports in the range that connections take theirs from.
    pub ports: u64,
}

/// Sockets beyond which they are not told one by one: reading them takes the kernel's time from the attack.
const MAX_LISTED: u64 = 50_000;

impl States {
    /// Goes through all sockets: the kernel walks over its whole table for it.
    pub(super) fn now(sockets: Sockets) -> Option<Self> {
        if sockets.in_use + sockets.time_wait > MAX_LISTED {
            return None;
        }
        let told = |list: fn(&mut dyn FnMut(u8, u16)) -> io::Result<()>| -> io::Result<Self> {
            let mut states = Self::default();
            let mut ports = HashSet::new();
            let range = port_range();
            list(&mut |state, port| {
                states.add(state);
                ports.extend(Some(port).filter(|port| range.contains(port)));
            })?;
            states.ports = ports.len() as u64;
            Ok(states)
        };
        told(|tell| sock_diag::sockets(tell)).or_else(|_| told(|tell| listed(tell))).ok()
    }

    /// Counts a socket by its state, as the kernel numbers them.
    fn add(&mut self, state: u8) {
        match state {
            0x01 => self.established += 1,
            0x02 => self.connecting += 1,
            0x06 => self.time_wait += 1,
            0x08 => self.close_wait += 1,
            _ => {}
        }
    }
}

/// Tells the state and the local port of each TCP socket that is listed in `/proc`.
fn listed(tell: &mut dyn FnMut(u8, u16)) -> io::Result<()> {
    for file in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let Ok(file) = File::open(file) else { continue };
        for line in BufReader::with_capacity(1 << 16, file).lines().skip(1) {
            let line = line?;
            let mut fields = line.split_ascii_whitespace().skip(1);
            let local = fields.next().and_then(|local| local.rsplit_once(':'));
            let port = local.and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
            let state = fields.nth(1).and_then(|state| u8::from_str_radix(state, 16).ok());
            if let (Some(state), Some(port)) = (state, port) {
                tell(state, port);
            }
        }
    }
    Ok(())
}

impl Sockets {
    pub(super) fn now() -> Self {
        let (in_use, time_wait) = summary();
        Self { in_use, time_wait }
    }
}

/// Sockets in use and in `TIME_WAIT`.
fn summary() -> (u64, u64) {
    let text = fs::read_to_string("/proc/self/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:")).unwrap_or("");
    let mut words = line.split_ascii_whitespace();
    let mut after = |name| {
        words.find(|word| *word == name);
        words.next().and_then(|count| count.parse().ok()).unwrap_or(0)
    };
    (after("inuse"), after("tw"))
}

fn port_range() -> std::ops::RangeInclusive<u16> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut bounds = text.split_ascii_whitespace().map_while(|bound| bound.parse().ok());
    bounds.next().unwrap_or(32_768)..=bounds.next().unwrap_or(60_999)
}

/// The name that this host has given itself, empty where it does not tell.
#[must_use]
pub fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim_end().to_owned()
}

/// Files that this process has open.
pub(super) fn open_files() -> u64 {
    // The directory itself is one of them while it is read.
    fs::read_dir("/proc/self/fd").map_or(0, |files| (files.count() as u64).saturating_sub(1))
}

/// The CPU time of this process, threads that have ended included.
pub(super) fn cpu_time() -> Nanos {
    nanos(ClockId::ProcessCPUTime)
}

/// The CPU time of this thread.
pub(super) fn own_cpu_time() -> Nanos {
    nanos(ClockId::ThreadCPUTime)
}

fn nanos(clock: ClockId) -> Nanos {
    let time = clock_gettime(clock);
    let [seconds, nanos] = [time.tv_sec, time.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    Nanos(seconds * 1_000_000_000 + nanos)
}

/// The time that this process's threads were ready to run and waited for a core. What threads waited that have ended is
/// gone.
pub(super) fn run_queue_delay() -> Nanos {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let waited = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
    });
    Nanos(waited.sum())
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    /// Both ways of listing sockets tell of a listener, and of both ends of a connection to it.
    #[test]
    fn sockets_are_the_same_however_they_are_listed() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let accepted = listener.accept().unwrap();
        let mine = [address.port(), client.local_addr().unwrap().port()];
        let of = |list: fn(&mut dyn FnMut(u8, u16)) -> io::Result<()>| {
            let mut told = Vec::new();
            list(&mut |state, port| told.push((state, port))).ok()?;
            told.retain(|(_, port)| mine.contains(port));
            told.sort_unstable();
            Some(told)
        };
        let mut expected = vec![(1, mine[0]), (1, mine[1]), (10, mine[0])];
        expected.sort_unstable();
        assert_eq!(of(|tell| listed(tell)), Some(expected.clone()));
        // Where the kernel has it.
        if let Some(told) = of(|tell| sock_diag::sockets(tell)) {
            assert_eq!(told, expected);
        }
        drop(accepted);
    }

    /// Of threads that came and went since the last look, too.
    #[test]
    fn the_time_of_threads_that_have_ended_counts() {
        let before = cpu_time();
        let used = thread::spawn(|| {
            let mut sum = 0_u64;
            while own_cpu_time().0 < 50_000_000 {
                sum = black_box(sum.wrapping_add(1));
            }
        });
        used.join().unwrap();
        assert!(cpu_time().0 - before.0 >= 50_000_000);
    }
}
