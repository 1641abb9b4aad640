//! Windows: what was measured in a span of intended send time, and whether it says anything of the server.

use plimsoll_model::{Nanos, Rate};

use super::mlrsearch::Goal;
use super::quantile_interval::minimum_samples;
use crate::{Slo, Validity};

/// Two-sided 95 %: α/2.
const TAIL: f64 = 0.025;

/// Ratios that differ by less are the same: 1 - 0.995 is a little more than 0.005.
const ROUNDING: f64 = 1e-12;

/// The requests whose intended send time lies in a span, one row of the window table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// When it begins, from the start of its step.
    pub start: Nanos,
    /// How long it lasts.
    pub duration: Nanos,
    /// Requests that were due; `None` where the schedule is not known.
    pub scheduled: Option<u64>,
    /// Requests that were sent.
    pub sent: u64,
    /// Accepted answers, in whatever time.
    pub successes: u64,
    /// Accepted answers in time.
    pub good: u64,
    /// Failures by the generator's or the set-up's doing: counted in `sent`, held against nobody.
    pub client_errors: u64,
    /// Requests that were given up when the attack was ended: counted in `sent`, and nobody knows what would have come of
    /// them.
    pub interrupted: u64,
    /// 99th percentile of actual minus intended send time, where it is known.
    pub send_lag_p99: Option<Nanos>,
    /// The share of the CPU time that it could have that the generator used, 0..=1, where it was recorded; of several
    /// generators, the busiest's.
    pub generator_cpu: Option<f64>,
    /// Requests that ended in the span, well or not, whenever they were sent.
    pub completed: Option<u64>,
    /// Mean latency from the intended send time.
    pub latency_mean: Option<Nanos>,
    /// Mean number of requests in flight.
    pub in_flight: Option<f64>,
}

impl Window {
    /// The requests that the server answers for: sent, without client errors and those that were given up.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.sent.saturating_sub(self.client_errors).saturating_sub(self.interrupted)
    }

    /// 1 - good/judged; 1 where there are none.
    #[must_use]
    pub fn loss_ratio(&self) -> f64 {
        missing(self.good, self.judged())
    }

    /// 1 - successes/judged; 1 where there are none.
    #[must_use]
    pub fn failure_ratio(&self) -> f64 {
        missing(self.successes, self.judged())
    }

    /// Sent requests per second; `None` without duration.
    #[must_use]
    pub fn sent_rate(&self) -> Option<Rate> {
        Rate::over(self.sent, self.duration)
    }
}

/// 1 - part/whole, from the difference of the counts, which a ratio near 1 would lose digits of.
fn missing(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { whole.saturating_sub(part) as f64 / whole as f64 }
}

/// Why a window counts neither as good nor as bad: the generator was the limit, or too little was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Too few of the requests that were due were sent.
    GeneratorRate,
    /// Too many failures by the generator's or the set-up's doing.
    ClientErrors,
    /// Requests were sent too late.
    SendLag,
    /// The generator's CPU was too busy.
    GeneratorCpu,
    /// Too many requests were given up when the attack was ended.
    Interrupted,
    /// Too few requests to tell the percentile.
    TooFewSamples,
}

impl Reason {
    /// The reason's code in JSON and tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::GeneratorRate => "generator_rate",
            Self::ClientErrors => "client_errors",
            Self::SendLag => "send_lag",
            Self::GeneratorCpu => "generator_cpu",
            Self::Interrupted => "interrupted",
            Self::TooFewSamples => "too_few_samples",
        }
    }

    /// Whether it says that the generator was the limit.
    #[must_use]
    pub fn is_generator(self) -> bool {
        !matches!(self, Self::Interrupted | Self::TooFewSamples)
    }
}

/// What a window has to keep to count. What is not known of a window is not held against it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The least share of the requests that were due that has to be sent, 0..=1.
    pub min_sent_ratio: f64,
    /// The largest share of client errors among the requests sent, and of those that were given up, 0..=1.
    pub max_client_error_ratio: f64,
    /// The largest 99th percentile of the send lag.
    pub max_send_lag: Nanos,
    /// The largest share of the CPU time that it could have that the generator may use, 0..=1.
    pub max_generator_cpu: f64,
    /// The fewest requests sent; a window without any says nothing in any case.
    pub min_samples: u64,
}

impl Rules {
    /// The rules for an SLO: samples for a two-sided interval of 95 % at its good ratio, 368 at 99 %.
    #[must_use]
    pub fn new(validity: &Validity, slo: &Slo) -> Self {
        let quantile = slo.good_ratio();
        Self {
            min_sent_ratio: validity.min_sent_ratio,
            max_client_error_ratio: validity.max_client_error_ratio,
            max_send_lag: validity.lag_limit(slo.latency),
            max_generator_cpu: validity.max_generator_cpu,
            min_samples: minimum_samples(quantile, TAIL).unwrap_or(1),
        }
    }

    /// For windows of another length: shorter ones than these have fewer requests, as there are as many of them.
    #[must_use]
    pub fn scaled(mut self, window: Nanos, asked: Nanos) -> Self {
        let scale = (window.0 as f64 / asked.0.max(1) as f64).min(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of it"
        )]
        let samples = (self.min_samples as f64 * scale).ceil() as u64;
        self.min_samples = samples.max(1);
        self
    }

    /// Why the window does not count, in the order of [`Reason`]; none where it does.
    #[must_use]
    pub fn reasons(&self, window: &Window) -> Vec<Reason> {
        let sent = window.sent as f64;
        let is_behind = window
            .scheduled
            .is_some_and(|scheduled| sent < scheduled as f64 * (self.min_sent_ratio - ROUNDING));
        let are_too_many =
            |count: u64| count as f64 > sent * (self.max_client_error_ratio + ROUNDING);
        let is_late = window.send_lag_p99.is_some_and(|lag| lag > self.max_send_lag);
        let is_busy = window.generator_cpu.is_some_and(|cpu| cpu > self.max_generator_cpu);
        let is_small = window.sent < self.min_samples || window.judged() == 0;
        [
            (is_behind, Reason::GeneratorRate),
            (are_too_many(window.client_errors), Reason::ClientErrors),
            (is_late, Reason::SendLag),
            (is_busy, Reason::GeneratorCpu),
            (are_too_many(window.interrupted), Reason::Interrupted),
            (is_small, Reason::TooFewSamples),
        ]
        .into_iter()
        .filter_map(|(holds, reason)| holds.then_some(reason))
        .collect()
    }
}

/// What is asked of a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// 1 - the least share of good requests, 0..=1.
    pub max_loss_ratio: f64,
    /// 1 - the least share of accepted answers, 0..=1; `None` where only good requests are asked for.
    pub max_failure_ratio: Option<f64>,
    /// The share of the time in which both may be missed, from 0 (strict) to less than 1.
    pub exceed_ratio: f64,
    /// How many windows make the duration sum.
    pub min_windows: u32,
    /// The latency within which a request is good.
    pub latency: Option<Nanos>,
}

impl Objective {
    /// An SLO's: half of the time of six windows may miss it. 99 % good requests where the SLO does not say.
    #[must_use]
    pub fn new(slo: &Slo) -> Self {
        Self {
            max_loss_ratio: 1.0 - slo.good_ratio(),
            max_failure_ratio: slo.success_min.map(|least| 1.0 - least),
            exceed_ratio: 0.5,
            min_windows: 6,
            latency: slo.latency,
        }
    }

    /// The goal for windows of this length. Windows of short stages scale it down with them.
    #[must_use]
    pub fn goal(&self, window: Nanos) -> Goal {
        Goal {
            final_trial_duration: window,
            duration_sum: Nanos(window.0.saturating_mul(u64::from(self.min_windows))),
            loss_ratio: self.max_loss_ratio,
            exceed_ratio: self.exceed_ratio,
        }
    }

    /// Whether the good ratio holds in the window.
    #[must_use]
    pub fn is_good_held(&self, window: &Window) -> bool {
        window.loss_ratio() <= self.max_loss_ratio + ROUNDING
    }

    /// Whether the success ratio holds in the window.
    #[must_use]
    pub fn is_success_held(&self, window: &Window) -> bool {
        self.max_failure_ratio.is_none_or(|most| window.failure_ratio() <= most + ROUNDING)
    }

    /// Whether the window is low-loss: both hold.
    #[must_use]
    pub fn is_low_loss(&self, window: &Window) -> bool {
        self.is_good_held(window) && self.is_success_held(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window {
        start: Nanos(0),
        duration: Nanos(10_000_000_000),
        scheduled: Some(1_000),
        sent: 1_000,
        successes: 1_000,
        good: 990,
        client_errors: 0,
        interrupted: 0,
        send_lag_p99: None,
        generator_cpu: None,
        completed: None,
        latency_mean: None,
        in_flight: None,
    };

    fn slo() -> Slo {
        Slo {
            latency: Some(Nanos(500_000_000)),
            success_min: Some(0.995),
            good_ratio_min: Some(0.99),
        }
    }

    #[test]
    fn each_rule_has_its_reason() {
        let rules = Rules::new(&Validity::default(), &slo());
        assert_eq!((rules.min_samples, rules.max_send_lag), (368, Nanos(50_000_000)));
        let cases = [
            (WINDOW, vec![]),
            (Window { sent: 990, ..WINDOW }, vec![]),
            (Window { sent: 989, ..WINDOW }, vec![Reason::GeneratorRate]),
            (Window { scheduled: None, sent: 500, ..WINDOW }, vec![]),
            (Window { client_errors: 1, ..WINDOW }, vec![]),
            (Window { client_errors: 2, ..WINDOW }, vec![Reason::ClientErrors]),
            (Window { interrupted: 1, ..WINDOW }, vec![]),
            (Window { interrupted: 2, ..WINDOW }, vec![Reason::Interrupted]),
            (Window { send_lag_p99: Some(Nanos(50_000_000)), ..WINDOW }, vec![]),
            (Window { send_lag_p99: Some(Nanos(50_000_001)), ..WINDOW }, vec![Reason::SendLag]),
            (Window { generator_cpu: Some(0.81), ..WINDOW }, vec![Reason::GeneratorCpu]),
            (Window { sent: 300, ..WINDOW }, vec![Reason::GeneratorRate, Reason::TooFewSamples]),
        ];
        for (window, expected) in cases {
            assert_eq!(rules.reasons(&window), expected, "{window:?}");
        }
    }

    #[test]
    fn both_ratios_have_to_hold_to_the_request() {
        let objective = Objective::new(&slo());
        assert!(objective.is_low_loss(&WINDOW));
        assert!(!objective.is_low_loss(&Window { good: 989, ..WINDOW }));
        assert!(objective.is_low_loss(&Window { successes: 995, ..WINDOW }));
        let failing = Window { successes: 994, ..WINDOW };
        assert!(objective.is_good_held(&failing) && !objective.is_low_loss(&failing));
        // Client errors and requests that were given up are in neither.
        let excused = Window { sent: 1_100, client_errors: 60, interrupted: 40, ..WINDOW };
        assert!(objective.is_low_loss(&excused));
        let nothing = Window { sent: 5, client_errors: 9, ..WINDOW };
        assert_eq!(nothing.judged(), 0);
        assert!(!objective.is_low_loss(&nothing));
        let tenth = Objective { max_loss_ratio: 1.0 - 0.9, ..objective };
        assert!(tenth.is_good_held(&Window { good: 900, ..WINDOW }));
    }
}
