//! Which rate a search for the capacity holds next, after `MLRsearch`: short trials until the capacity lies between two rates,
//! then bisection, and trials of full length at both bounds.

use plimsoll_model::Nanos;

/// By this factor, rates rise or fall until one is too high and one is not.
const STRIDE: f64 = 2.0;

/// The bracket above which a short trial is enough to halve it.
const COARSE: f64 = 0.25;

/// The analysis takes rates for one that differ by less.
const SAME: f64 = 0.015;

/// How often a rate is held in full length at most.
const REPEATS: usize = 3;

/// How often in a row the generator has to be the limit.
const LIMITED: usize = 3;

/// How many strides below the first rate the search goes.
const DOWN: i32 = 10;

/// What is searched for, and by which means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// Requests per second to begin with.
    pub(super) from: f64,
    /// Requests per second that are not exceeded.
    pub(super) most: f64,
    /// (upper - lower)/upper that is narrow enough.
    pub(super) width: f64,
    /// How long a short trial is, ...
    pub(super) trial: Nanos,
    /// ... and one that decides.
    pub(super) hold: Nanos,
    /// The time within which the search ends.
    pub(super) budget: Nanos,
}

/// What is known so far, in requests per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bracket {
    /// The largest rate that held, below all that did not.
    pub(super) lower: Option<f64>,
    /// The smallest that did not.
    pub(super) upper: Option<f64>,
    /// Whether the generator was the limit at the last rate.
    pub(super) is_generator: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    /// This rate, for so long.
    Hold {
        rate: f64,
        span: Nanos,
    },
    End(End),
}

/// Why a search ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The bracket is narrow enough, and both bounds were held in full length.
    Narrow,
    /// The highest rate that was allowed holds.
    Most,
    /// No rate was low enough.
    Below,
    /// The generator can do no more.
    Generator,
    /// The next trial would go beyond the budget.
    Budget,
    /// What becomes of the highest rate cannot be told, however often it is tried.
    Unsteady,
}

impl End {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Narrow => "the bracket is narrow enough",
            Self::Most => "the highest rate that was allowed holds",
            Self::Below => "no rate was found that holds",
            Self::Generator => "the generator is the limit: it takes a larger machine, or several",
            Self::Budget => "the next trial would take longer than --budget allows",
            Self::Unsteady => "whether the highest rate holds cannot be told",
        }
    }
}

/// The rates that were held.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    plan: Plan,
    held: Vec<(f64, Nanos)>,
    /// How often in a row the generator was the limit.
    limited: usize,
}

impl Rates {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, held: Vec::new(), limited: 0 }
    }

    /// What to hold after `elapsed`, by what is known.
    pub(super) fn next(&mut self, known: Bracket, elapsed: Nanos, pause: Nanos) -> Next {
        self.limited = if known.is_generator { self.limited + 1 } else { 0 };
        let next = self.wanted(known);
        let Next::Hold { rate, span } = next else { return next };
        let end = elapsed.0.saturating_add(span.0).saturating_add(pause.0);
        if end > self.plan.budget.0 {
            return Next::End(End::Budget);
        }
        self.held.push((rate, span));
        next
    }

    fn wanted(&self, known: Bracket) -> Next {
        let Plan { from, most, width, trial, hold, .. } = self.plan;
        let Some(&(last, last_span)) = self.held.last() else {
            return Next::Hold { rate: from.min(most), span: trial };
        };
        // Once may be chance.
        match self.limited {
            0 => {}
            1..LIMITED => return Next::Hold { rate: last, span: last_span },
            _ => return Next::End(End::Generator),
        }
        match (known.lower, known.upper) {
            (lower, None) => {
                let reached = lower.unwrap_or(0.0).max(last);
                if reached < most * (1.0 - SAME) {
                    return Next::Hold { rate: (reached * STRIDE).min(most), span: trial };
                }
                // A short trial says that a rate is too high, not that it holds.
                if lower.is_some() && self.times(most) > 0 {
                    return Next::End(End::Most);
                }
                self.once_more(most)
            }
            (None, Some(upper)) => {
                // What cannot be told is not held, either.
                let rate = upper.min(last) / STRIDE;
                if rate < from.min(most) / STRIDE.powi(DOWN) {
                    return Next::End(End::Below);
                }
                Next::Hold { rate, span: trial }
            }
            (Some(lower), Some(upper)) => {
                let open = (upper - lower) / upper;
                if open > width {
                    let span = if open > COARSE { trial } else { hold };
                    return Next::Hold { rate: between(lower, upper), span };
                }
                match [upper, lower].into_iter().find(|bound| self.times(*bound) == 0) {
                    Some(bound) => self.once_more(bound),
                    None => Next::End(End::Narrow),
                }
            }
        }
    }

    /// A full-length trial of a rate that was held before.
    fn once_more(&self, rate: f64) -> Next {
        let nominal = self.held.iter().map(|held| held.0).find(|held| is_same(*held, rate));
        let rate = nominal.unwrap_or(rate);
        if self.times(rate) >= REPEATS {
            return Next::End(End::Unsteady);
        }
        Next::Hold { rate, span: self.plan.hold }
    }

    /// How often the rate was held in full length.
    fn times(&self, rate: f64) -> usize {
        let is_full = |held: &&(f64, Nanos)| is_same(held.0, rate) && held.1 >= self.plan.hold;
        self.held.iter().filter(is_full).count()
    }
}

fn is_same(left: f64, right: f64) -> bool {
    (left - right).abs() <= SAME * left.max(right)
}

/// The geometric mean, of as few digits as keep it away from both.
fn between(lower: f64, upper: f64) -> f64 {
    let mean = (lower * upper).sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
    let unit = mean.log10().floor() as i32;
    let rounded = |digits: i32| {
        let scale = 10_f64.powi(digits - 1 - unit);
        (mean * scale).round() / scale
    };
    let is_apart = |rate: &f64| (rate / mean).ln().abs() < 0.2 * (upper / lower).ln();
    (2..6).map(rounded).find(is_apart).unwrap_or(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn plan() -> Plan {
        Plan {
            from: 50.0,
            most: 100_000.0,
            width: 0.1,
            trial: Nanos(10 * SECOND),
            hold: Nanos(70 * SECOND),
            budget: Nanos(1_800 * SECOND),
        }
    }

    /// Searches a server that holds all rates up to its capacity; the rates, the bracket, why it ended, and how long it took.
    fn searched(plan: Plan, capacity: f64) -> (Vec<(f64, Nanos)>, Bracket, End, Nanos) {
        let pause = Nanos(3 * SECOND);
        let mut rates = Rates::new(plan);
        let (mut known, mut elapsed) = (Bracket::default(), Nanos::ZERO);
        loop {
            match rates.next(known, elapsed, pause) {
                Next::End(end) => return (rates.held, known, end, elapsed),
                Next::Hold { rate, span } => {
                    if rate <= capacity {
                        known.lower = Some(known.lower.map_or(rate, |lower| lower.max(rate)));
                    } else {
                        known.upper = Some(known.upper.map_or(rate, |upper| upper.min(rate)));
                    }
                    elapsed = Nanos(elapsed.0 + span.0 + pause.0);
                }
            }
        }
    }

    #[test]
    fn a_capacity_is_found_wherever_it_is() {
        for capacity in [0.9, 3.0, 49.0, 50.0, 400.0, 777.7, 5_000.0, 99_000.0] {
            let (held, known, end, elapsed) = searched(plan(), capacity);
            let (lower, upper) = (known.lower.unwrap(), known.upper.unwrap());
            assert_eq!(end, End::Narrow, "{capacity}");
            assert!(lower <= capacity && capacity < upper && upper - lower <= 0.1 * upper);
            for bound in [lower, upper] {
                let full = held.iter().any(|held| is_same(held.0, bound) && held.1 == plan().hold);
                assert!(full, "{capacity}: {bound} was held for short only: {held:?}");
            }
            assert!(elapsed <= Nanos(700 * SECOND), "{capacity}: {elapsed:?}, {held:?}");
        }
    }

    #[test]
    fn a_search_ends() {
        assert_eq!(searched(plan(), 1e9).2, End::Most);
        assert_eq!(searched(plan(), 0.0).2, End::Below);
        let short = Plan { budget: Nanos(200 * SECOND), ..plan() };
        let (_, _, end, elapsed) = searched(short, 400.0);
        assert!(end == End::Budget && elapsed <= short.budget);
    }

    #[test]
    fn a_generator_at_its_limit_ends_the_search() {
        let mut rates = Rates::new(plan());
        let mut next = |known| rates.next(known, Nanos::ZERO, Nanos::ZERO);
        let held = |rate| Next::Hold { rate, span: plan().trial };
        let known = Bracket { lower: Some(50.0), ..Bracket::default() };
        let limited = Bracket { is_generator: true, ..known };
        assert_eq!(next(Bracket::default()), held(50.0));
        // What may have been chance is tried again.
        assert_eq!(next(limited), held(50.0));
        assert_eq!(next(known), held(100.0));
        assert_eq!(next(limited), held(100.0));
        assert_eq!(next(limited), held(100.0));
        assert_eq!(next(limited), Next::End(End::Generator));
    }

    #[test]
    fn what_cannot_be_told_is_not_tried_for_ever() {
        let mut rates = Rates::new(plan());
        let mut holds = 0;
        let end = loop {
            match rates.next(Bracket::default(), Nanos::ZERO, Nanos::ZERO) {
                Next::Hold { .. } => holds += 1,
                Next::End(end) => break end,
            }
        };
        assert_eq!(end, End::Unsteady);
        assert!(holds < 20, "{holds}");
    }
}
