//! A screening by one ramp: a rate that rises all the time.
//!
//! A ramp over-reads capacity, as queues fill with a delay. Its bracket says where steps should be held.

use plimsoll_model::Rate;

use super::sustained::Censored;
use super::window::{Objective, Rules, Window};

/// The growth of the offered rate per window up to which a ramp can be read, 2 %.
pub const MAX_GROWTH: f64 = 0.02;

/// High-loss windows in a row that make an upper estimate.
const CONSECUTIVE: usize = 3;

/// The bracket of a ramp; always a screening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// The largest mean offered rate whose windows, and all before it, are low-loss.
    pub lower: Option<Rate>,
    /// The mean offered rate of the first of three high-loss windows in a row.
    pub upper: Option<Rate>,
    /// Why it is open at an end.
    pub censored: Censored,
    /// The largest relative growth of the offered rate from one window to the next.
    pub growth: f64,
}

impl Ramp {
    /// Whether the rate grew slowly enough to be read: at most [`MAX_GROWTH`] per window.
    #[must_use]
    pub fn is_gentle(&self) -> bool {
        self.growth <= MAX_GROWTH + 1e-9
    }
}

/// Reads a ramp from its windows, in order of time and with their mean offered rates. Windows that do not count are passed
/// over. `None` where none counts, and for rates that are no numbers.
#[must_use]
pub fn ramp(windows: &[(Rate, Window)], objective: &Objective, rules: &Rules) -> Option<Ramp> {
    if windows.iter().any(|(rate, _)| !(rate.per_second() > 0.0 && rate.per_second().is_finite())) {
        return None;
    }
    let judged: Vec<(Rate, bool)> = windows
        .iter()
        .filter(|(_, window)| rules.reasons(window).is_empty())
        .map(|(rate, window)| (*rate, objective.is_low_loss(window)))
        .collect();
    if judged.is_empty() {
        return None;
    }
    let upper = judged
        .windows(CONSECUTIVE)
        .find(|row| row.iter().all(|(_, is_low_loss)| !is_low_loss))
        .map(|row| row[0].0);
    let lower = judged
        .iter()
        .take_while(|(_, is_low_loss)| *is_low_loss)
        .map(|(rate, _)| rate.per_second())
        .filter(|rate| upper.is_none_or(|upper| *rate < upper.per_second()))
        .max_by(f64::total_cmp)
        .map(Rate);
    let is_limited = windows.iter().any(|(rate, window)| {
        lower.is_none_or(|lower| *rate > lower)
            && rules.reasons(window).iter().any(|reason| reason.is_generator())
    });
    let censored = match (lower, upper) {
        (Some(_), Some(_)) => Censored::None,
        (None, Some(_)) => Censored::BelowMinLoad,
        (_, None) if is_limited => Censored::Generator,
        (_, None) => Censored::MaxLoad,
    };
    let growth = windows
        .windows(2)
        .map(|pair| pair[1].0.per_second() / pair[0].0.per_second() - 1.0)
        .fold(0.0, f64::max);
    Some(Ramp { lower, upper, censored, growth })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::Nanos;

    fn read(good: &[u64], sent: u64, step: f64) -> Option<Ramp> {
        let objective = Objective {
            max_loss_ratio: 0.01,
            max_failure_ratio: None,
            exceed_ratio: 0.5,
            min_windows: 6,
            latency: None,
        };
        let rules = Rules {
            min_sent_ratio: 0.99,
            max_client_error_ratio: 0.001,
            max_send_lag: Nanos(50_000_000),
            max_generator_cpu: 0.8,
            min_samples: 100,
        };
        let windows: Vec<(Rate, Window)> = good
            .iter()
            .scan(100.0, |rate, &good| {
                let window = Window {
                    duration: Nanos(1),
                    scheduled: Some(1_000),
                    sent: if good == 0 { sent } else { 1_000 },
                    successes: good,
                    good,
                    ..Window::default()
                };
                let offered = Rate(*rate);
                *rate *= step;
                Some((offered, window))
            })
            .collect();
        ramp(&windows, &objective, &rules)
    }

    #[test]
    fn three_bad_windows_are_too_much() {
        let found = read(&[1_000, 1_000, 900, 1_000, 900, 900, 900, 900], 1_000, 1.02).unwrap();
        assert!((found.lower.unwrap().per_second() - 102.0).abs() < 1e-9);
        assert!((found.upper.unwrap().per_second() - 100.0 * 1.02_f64.powi(4)).abs() < 1e-9);
        assert!(found.censored == Censored::None && found.is_gentle());
        assert!(!read(&[1_000, 900, 900, 900], 1_000, 1.03).unwrap().is_gentle());
    }

    #[test]
    fn ends_that_are_open() {
        let of = |good: &[u64], sent| read(good, sent, 1.01).unwrap().censored;
        assert_eq!(of(&[1_000, 1_000, 1_000, 900, 900], 1_000), Censored::MaxLoad);
        assert_eq!(of(&[900, 900, 900], 1_000), Censored::BelowMinLoad);
        // Windows in which the generator fell behind (0 good of 500 sent) are passed over.
        assert_eq!(of(&[1_000, 0, 0, 0], 500), Censored::Generator);
        assert_eq!(read(&[0, 0], 500, 1.01), None);
        assert_eq!(read(&[], 500, 1.01), None);
        assert_eq!(read(&[1_000, 1_000], 500, f64::NAN), None);
    }
}
