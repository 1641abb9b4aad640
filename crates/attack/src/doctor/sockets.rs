use std::collections::BTreeSet;

use super::root::Root;

const ESTABLISHED: u8 = 0x01;
const TIME_WAIT: u8 = 0x06;
const LISTEN: u8 = 0x0a;

/// The TCP sockets of a network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Connections that are open.
    pub established: u64,
    /// Connections in `TIME_WAIT`.
    pub time_wait: u64,
    /// Ports that are listened on.
    pub listening: BTreeSet<u16>,
    /// Local ports of all sockets.
    pub local_ports: BTreeSet<u16>,
}

impl Sockets {
    /// From `net/tcp` and `net/tcp6` in a directory; `None` where there is neither.
    pub(super) fn read(root: Root<'_>, directory: &str) -> Option<Self> {
        let tables = ["tcp", "tcp6"].map(|table| root.text(&format!("{directory}/net/{table}")));
        if tables.iter().all(Option::is_none) {
            return None;
        }
        let mut sockets = Self::default();
        let lines = tables.iter().flatten().flat_map(|table| table.lines().skip(1));
        for (port, state) in lines.filter_map(port_and_state) {
            sockets.local_ports.insert(port);
            match state {
                ESTABLISHED => sockets.established += 1,
                TIME_WAIT => sockets.time_wait += 1,
                LISTEN => drop(sockets.listening.insert(port)),
                _ => {}
            }
        }
        Some(sockets)
    }

    /// Ports of the range that some socket has.
    #[must_use]
    pub fn taken(&self, low: u16, high: u16) -> u64 {
        if low > high {
            return 0;
        }
        self.local_ports.range(low..=high).count() as u64
    }
}

/// Of a line `sl local_address rem_address st …`, all in hexadecimal.
fn port_and_state(line: &str) -> Option<(u16, u8)> {
    let mut fields = line.split_ascii_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    Some((u16::from_str_radix(port, 16).ok()?, u8::from_str_radix(state, 16).ok()?))
}
