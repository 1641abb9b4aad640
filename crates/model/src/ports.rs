use crate::{Nanos, Rate};

/// The local ports that new connections take, if none is reused.
///
/// A connection's port is taken from its start until 60 s after its end, in `TIME_WAIT`, on the side that closes first. A
/// generator that binds before it connects, as vegeta does, has one range for all destinations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PortBudget {
    /// Requests, and so new connections, per second.
    pub rate: Rate,
    /// How long a connection lasts, on average.
    pub lasting: Nanos,
    /// How long its port stays taken afterwards.
    pub hold: Nanos,
    /// `rate * (lasting + hold)`.
    pub needed: u64,
    /// Ports in the range of one host, times its addresses.
    pub available: u64,
    /// The share of them that may be in use.
    pub utilisation: f64,
    /// `needed / (available * utilisation)`, rounded up.
    pub hosts: u64,
    /// About how many requests had been sent when the first failed for want of a port, if the first of them had been sent
    /// less than `hold` before: the host had no more ports than that.
    pub ran_out_after: Option<u64>,
}

impl PortBudget {
    /// The ports that the host turned out to have, where these are far fewer than `available`.
    #[must_use]
    pub fn found(&self) -> Option<u64> {
        self.ran_out_after.filter(|&found| found < self.available / 2)
    }
}

/// The ports of a generator's host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ports {
    /// The first local port, `net.ipv4.ip_local_port_range`.
    pub low: u16,
    /// The last one.
    pub high: u16,
    /// How long `TIME_WAIT` lasts.
    pub hold: Nanos,
    /// Local addresses that requests are sent from.
    pub source_ips: u32,
    /// The share of the ports that may be in use, 0..=1.
    pub utilisation: f64,
}

impl Default for Ports {
    /// Linux as it comes: 32768-60999 and 60 s; four fifths of it to be used.
    fn default() -> Self {
        Self {
            low: 32_768,
            high: 60_999,
            hold: Nanos(60_000_000_000),
            source_ips: 1,
            utilisation: 0.8,
        }
    }
}

impl Ports {
    /// The budget for new connections at this rate, each lasting for `lasting`; METHODS.md §2.2.3.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and is never negative"
    )]
    pub fn budget(&self, rate: Rate, lasting: Nanos) -> PortBudget {
        let seconds = lasting.as_secs_f64() + self.hold.as_secs_f64();
        // A rate from timestamps is a little off; that is not to cost a port.
        let needed = (rate.per_second() * seconds - 1e-6).ceil().max(1.0) as u64;
        let range = u64::from(self.high).saturating_sub(u64::from(self.low)) + 1;
        let available = range * u64::from(self.source_ips.max(1));
        let usable = (available as f64 * self.utilisation).max(1.0);
        PortBudget {
            rate,
            lasting,
            hold: self.hold,
            needed,
            available,
            utilisation: self.utilisation,
            hosts: (needed as f64 / usable).ceil() as u64,
            ran_out_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5,000/s would need 300,000 ports, where Linux has 28,232.
    #[test]
    fn five_thousand_a_second_need_more_than_one_host() {
        let budget = Ports::default().budget(Rate(5_000.0), Nanos::ZERO);
        assert_eq!((budget.needed, budget.available, budget.hosts), (300_000, 28_232, 14));
        // 470 new connections a second are what one host has ports for; a little less at four fifths.
        let all = Ports { utilisation: 1.0, ..Ports::default() };
        let hosts = |rate| all.budget(Rate(rate), Nanos::ZERO).hosts;
        assert_eq!((hosts(470.0), hosts(471.0)), (1, 2));
    }
}
