use plimsoll_model::{Nanos, Rate};

use super::{PortBudget, Ports};

/// The budget for new connections at this rate, each lasting for `lasting`; METHODS.md §2.2.3.
///
/// `sent_before` is how many requests had been sent when the first failed for want of a port, in less than the hold.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and is never negative"
)]
pub(crate) fn budget(
    ports: &Ports,
    rate: Rate,
    lasting: Nanos,
    sent_before: Option<u64>,
) -> PortBudget {
    let per_second = rate.per_second();
    let seconds = lasting.as_secs_f64() + ports.hold.as_secs_f64();
    // A rate from timestamps is a little off; that is not to cost a port.
    let needed = (per_second * seconds - 1e-6).ceil().max(1.0) as u64;
    let range = u64::from(ports.high).saturating_sub(u64::from(ports.low)) + 1;
    let available = range * u64::from(ports.source_ips.max(1));
    let usable = (available as f64 * ports.utilisation).max(1.0);
    PortBudget {
        rate,
        lasting,
        hold: ports.hold,
        needed,
        available,
        utilisation: ports.utilisation,
        hosts: (needed as f64 / usable).ceil() as u64,
        ran_out_after: sent_before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DESIGN.md, "Facts": 5,000/s would need 300,000 ports, where Linux has 28,232.
    #[test]
    fn five_thousand_a_second_need_more_than_one_host() {
        let budget = budget(&Ports::default(), Rate(5_000.0), Nanos::ZERO, None);
        assert_eq!((budget.needed, budget.available, budget.hosts), (300_000, 28_232, 14));
        // 470 new connections a second are what one host has ports for; a little less at four fifths.
        let all = Ports { utilisation: 1.0, ..Ports::default() };
        let hosts = |rate| super::budget(&all, Rate(rate), Nanos::ZERO, None).hosts;
        assert_eq!((hosts(470.0), hosts(471.0)), (1, 2));
    }
}
