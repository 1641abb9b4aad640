//! Which rate a search for the capacity holds next, after `MLRsearch`: short trials until the capacity lies between two rates,
//! then such that close in on where it seems to lie, and trials of full length at both bounds.
//!
//! A rate next to the capacity cannot be told within any budget. So the search estimates where the SLO is just missed, from
//! how much of it each rate used up, and puts its bounds beside that, as far apart as the wanted width allows.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_model::Nanos;

/// By this factor, rates rise or fall until one is too high and one is not.
const STRIDE: f64 = 2.0;

/// The bracket above which a short trial is enough to narrow it.
const COARSE: f64 = 0.25;

/// Rates that differ by less are one: the one that was held before is held again.
const SAME: f64 = 0.015;

/// A rate is told with an error of at most this share of it.
const ROUNDING: f64 = 1e-3;

/// How often a rate is held in full length at most.
const REPEATS: usize = 6;

/// How often in a row the generator has to be the limit.
const LIMITED: usize = 3;

/// How many strides below the first rate the search goes.
const DOWN: i32 = 10;

/// The part of the wanted width that is made use of.
const USED: f64 = 0.9;

/// And the part of it that is, where a bracket is hardly too wide.
const ALMOST: f64 = 0.98;

/// A rate that used up more or less of the SLO's allowance than this many times, either way, is far from the capacity.
const FAR: f64 = 20.0;

/// A bound is clear that lies so many standard errors on its side.
const CLEAR: f64 = 2.0;

/// It also lies so far there, as the logarithm of what is used up.
const MATERIAL: f64 = 0.2;

/// How often a bound is held in full length at least.
const TWICE: usize = 2;

/// So many standard errors away, an estimate is taken for sure.
const SURE: f64 = 1.5;

/// How often the bounds are held in full length at most while the estimate between them is not sure enough.
const SETTLED: usize = 3;

/// A rate that used up between this share of the allowance and its inverse tells how large bursts are.
const TELLING: f64 = 0.1;

/// The variance of the logarithm of what is used up that the power law leaves unexplained.
const MISFIT: f64 = 0.01;

/// Rates farther than this factor from the middle of the bracket tell nothing of what is within.
const NEAR: f64 = 1.2;

/// What a backlog is taken for at least, as a logarithm.
const OVER: f64 = 0.5;

/// A rate is not tried that lies nearer to a bound.
const APART: f64 = 0.007;

/// What is searched for, and by which means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// Requests per second to begin with.
    pub(super) from: f64,
    /// Requests per second that are not exceeded.
    pub(super) most: f64,
    /// Requests per second below which windows have too few of them to tell.
    pub(super) least: f64,
    /// (upper - lower)/upper that is narrow enough.
    pub(super) width: f64,
    /// How long a short trial is, ...
    pub(super) trial: Nanos,
    /// ... and one that decides.
    pub(super) hold: Nanos,
    /// The time within which the search ends.
    pub(super) budget: Nanos,
}

/// A rate that was held, all its trials together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tried {
    /// Requests per second.
    pub(super) rate: f64,
    /// How many requests missed the SLO, ...
    pub(super) missed: f64,
    /// ... how many may, ...
    pub(super) allowed: f64,
    /// ... and how many times the variance of independent ones their number has: slow answers come in bursts.
    pub(super) bursts: f64,
    pub(super) classification: Classification,
}

impl Tried {
    /// What it used up of the allowance.
    fn used(&self) -> f64 {
        (self.missed / self.allowed).clamp(1.0 / FAR, FAR)
    }

    /// Whether it missed so much more or less than it may that it is no chance, misses coming in bursts of this size: two
    /// Poisson counts, after Anscombe's transformation.
    fn is_clear(&self, bursts: f64) -> bool {
        let root = |count: f64| 2.0 * (count / bursts + 0.375).sqrt();
        (root(self.missed) - root(self.allowed)).abs() > CLEAR && self.used().ln().abs() > MATERIAL
    }
}

/// How large bursts of misses are, by the rates that tell.
fn bursts(tried: &[Tried]) -> f64 {
    let tells = |tried: &&Tried| tried.used() > TELLING && tried.used() < 1.0 / TELLING;
    tried.iter().filter(tells).map(|tried| tried.bursts).fold(1.0, f64::max)
}

/// What is known so far, in requests per second.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    /// The largest rate that held, below all that did not.
    pub(super) lower: Option<f64>,
    /// The smallest that did not.
    pub(super) upper: Option<f64>,
    pub(super) tried: Vec<Tried>,
    /// Why nothing could be told of the last rate.
    pub(super) hidden: Option<Hidden>,
}

/// What keeps a rate from being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// The generator was the limit.
    Generator,
    /// Too few requests.
    Few,
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
    /// At a rate low enough, requests are too few.
    Few,
    /// The generator can do no more.
    Generator,
    /// The next trial would go beyond the budget.
    Budget,
    /// What becomes of a rate cannot be told, however often it is tried.
    Unsteady,
}

impl End {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Narrow => "the bracket is narrow enough",
            Self::Most => "the highest rate that was allowed holds",
            Self::Below => "no rate was found that holds",
            Self::Few => {
                "at lower rates a window has too few requests to tell: it takes a longer window_s \
                 in [measure]"
            }
            Self::Generator => "the generator is the limit: it takes a larger machine, or several",
            Self::Budget => "the next trial would take longer than --budget allows",
            Self::Unsteady => "rates beside these cannot be told, however often they are held",
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
    pub(super) fn next(&mut self, known: &Known, elapsed: Nanos, pause: Nanos) -> Next {
        let is_limited = known.hidden == Some(Hidden::Generator);
        self.limited = if is_limited { self.limited + 1 } else { 0 };
        let next = self.wanted(known);
        let Next::Hold { rate, span } = next else { return next };
        let end = elapsed.0.saturating_add(span.0).saturating_add(pause.0);
        if end > self.plan.budget.0 {
            return Next::End(End::Budget);
        }
        self.held.push((rate, span));
        next
    }

    fn wanted(&self, known: &Known) -> Next {
        let Plan { from, most, least, width, trial, .. } = self.plan;
        let Some(&(last, last_span)) = self.held.last() else {
            return Next::Hold { rate: from.max(least).min(most), span: trial };
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
                // Few misses may be chance.
                if self.is_doubtful(upper, known) {
                    return self.once_more(upper);
                }
                if upper.min(last) <= least * (1.0 + SAME) {
                    return Next::End(End::Few);
                }
                // What cannot be told is not held, either.
                let rate = (upper.min(last) / STRIDE).max(least);
                if rate < from.min(most) / STRIDE.powi(DOWN) {
                    return Next::End(End::Below);
                }
                Next::Hold { rate, span: trial }
            }
            (Some(lower), Some(upper)) => {
                let open = (upper - lower) / upper;
                if open <= width {
                    return self.confirmed(lower, upper, known);
                }
                match self.between(lower, upper, known) {
                    Some((rate, span)) => Next::Hold { rate, span },
                    None => Next::End(End::Unsteady),
                }
            }
        }
    }

    /// Holds the bounds of a bracket that is narrow enough until they can be relied on.
    fn confirmed(&self, lower: f64, upper: f64, known: &Known) -> Next {
        let is_new = |bound: &f64| self.times(*bound) == 0;
        let is_doubtful =
            |bound: &f64| self.times(*bound) < TWICE || self.is_doubtful(*bound, known);
        let bounds = [upper, lower];
        let bound = bounds.iter().find(|bound| is_new(bound));
        let bound = bound.or(bounds.iter().find(|bound| is_doubtful(bound)));
        bound.map_or(Next::End(End::Narrow), |bound| self.once_more(*bound))
    }

    /// Whether what was found of a rate may be chance, and may be looked at once more.
    fn is_doubtful(&self, rate: f64, known: &Known) -> bool {
        let bursts = bursts(&known.tried);
        let tried = known.tried.iter().find(|tried| is_same(tried.rate, rate));
        tried.is_some_and(|tried| !tried.is_clear(bursts)) && self.times(rate) < REPEATS
    }

    /// A rate beside the estimate of the capacity, on the side where the bracket reaches farther, and for how long; `None`
    /// where each was held as often as it may be.
    fn between(&self, lower: f64, upper: f64, known: &Known) -> Option<(f64, Nanos)> {
        let Plan { width, trial, hold, .. } = self.plan;
        let Estimate { rate, error } = estimate(&known.tried, lower, upper);
        let narrow = -0.5 * (1.0 - USED * width).ln();
        let unsure = (SURE * error).max(narrow);
        if (upper - lower) / upper > COARSE {
            let most = (upper / lower).ln() / 5.0;
            let rate = self.beside(rate, unsure.min(most).max(narrow), lower, upper)?;
            // Once more means in full length.
            let is_held = self.held.iter().any(|held| is_same(held.0, rate));
            return Some((rate, if is_held { hold } else { trial }));
        }
        // What lies at the bounds tells of the capacity without the risk to meet it.
        let again = || [upper, lower].into_iter().find(|bound| self.times(*bound) < SETTLED);
        let rate = self
            .beside(rate, unsure, lower, upper)
            .or_else(|| again().map(|bound| self.nominal(bound)))
            .or_else(|| self.beside(rate, narrow, lower, upper))
            .or_else(|| self.just_narrow(rate, lower, upper))?;
        Some((rate, hold))
    }

    /// So far from the estimate (as a logarithm) on the side where the bracket reaches farther.
    fn beside(&self, estimate: f64, apart: f64, lower: f64, upper: f64) -> Option<f64> {
        let (low, high) = (rounded(estimate * (-apart).exp()), rounded(estimate * apart.exp()));
        let (below, above) = ((low / lower).ln(), (upper / high).ln());
        let low = || self.aside(low, (-apart).exp(), lower, upper);
        let high = || self.aside(high, apart.exp(), lower, upper);
        if below > above { low().or_else(high) } else { high().or_else(low) }
    }

    /// The wanted rate, or one that is almost the same and was held before; if that was held often enough, one farther from
    /// the estimate. `None` outside the bracket.
    fn aside(&self, mut rate: f64, apart: f64, lower: f64, upper: f64) -> Option<f64> {
        let is_inside = |rate: f64| rate > lower * (1.0 + APART) && rate < upper * (1.0 - APART);
        while is_inside(rate) {
            let is_near = |held: &f64| is_within(SAME, *held, rate);
            let held = self.held.iter().map(|held| held.0).find(is_near);
            match held {
                None => return Some(rate),
                Some(held) if is_inside(held) && self.times(held) < REPEATS => return Some(held),
                Some(_) => rate = rounded(rate * apart.sqrt()),
            }
        }
        None
    }

    /// The rate that makes the bracket just narrow enough, on the side where that is farther from the estimate; `None` where
    /// that is near, or was held often enough.
    fn just_narrow(&self, estimate: f64, lower: f64, upper: f64) -> Option<f64> {
        let kept = 1.0 - ALMOST * self.plan.width;
        let low = digits(upper * kept, f64::ceil);
        let high = digits(lower / kept, f64::floor);
        let rate = if estimate / low > high / estimate { low } else { high };
        let is_far = (rate / estimate).ln().abs() > SAME;
        (is_far && lower < rate && rate < upper && self.times(rate) < REPEATS).then_some(rate)
    }

    /// A full-length trial of a rate that was held before.
    fn once_more(&self, rate: f64) -> Next {
        let rate = self.nominal(rate);
        if self.times(rate) >= REPEATS {
            return Next::End(End::Unsteady);
        }
        Next::Hold { rate, span: self.plan.hold }
    }

    /// The rate as it was held.
    fn nominal(&self, rate: f64) -> f64 {
        let held = self.held.iter().map(|held| held.0).filter(|held| is_same(*held, rate));
        held.min_by(|a, b| (a - rate).abs().total_cmp(&(b - rate).abs())).unwrap_or(rate)
    }

    /// Whether all bounds were held in full length.
    pub(super) fn are_confirmed(&self, known: &Known) -> bool {
        known.lower.iter().chain(&known.upper).all(|bound| self.times(*bound) > 0)
    }

    /// How often the rate was held in full length.
    fn times(&self, rate: f64) -> usize {
        let is_full = |held: &&(f64, Nanos)| is_same(held.0, rate) && held.1 >= self.plan.hold;
        self.held.iter().filter(is_full).count()
    }
}

/// Whether two rates are one but for rounding.
fn is_same(left: f64, right: f64) -> bool {
    is_within(ROUNDING, left, right)
}

fn is_within(share: f64, left: f64, right: f64) -> bool {
    (left - right).abs() <= share * left.max(right)
}

/// Where the SLO is just missed.
struct Estimate {
    /// Within the bracket.
    rate: f64,
    /// Its standard error, as a share of it.
    error: f64,
}

/// A power law of what rates use up of the SLO's allowance, through those that tell most.
fn estimate(tried: &[Tried], lower: f64, upper: f64) -> Estimate {
    let middle = (lower * upper).sqrt();
    let bursts = bursts(tried);
    let point = |tried: &Tried| {
        let used = tried.used().ln();
        // A backlog that grows is too much, however little it has used up yet.
        let is_upper = tried.classification == Classification::Upper;
        let used = if is_upper { used.max(OVER) } else { used };
        let variance = bursts / (tried.missed + 1.0) + MISFIT;
        let weight = (-0.5 * used * used).exp() / variance;
        ((tried.rate / middle).ln(), used, weight, variance)
    };
    let span = NEAR.max((upper / lower).sqrt());
    let is_near = |tried: &&Tried| (tried.rate / middle).ln().abs() <= span.ln() * 1.001;
    let points: Vec<(f64, f64, f64, f64)> = tried.iter().filter(is_near).map(point).collect();
    let sum = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().map(|&(rate, used, weight, _)| weight * value(rate, used)).sum()
    };
    let whole = sum(&|_, _| 1.0);
    let (mean_rate, mean_used) = (sum(&|rate, _| rate) / whole, sum(&|_, used| used) / whole);
    let covariance = sum(&|rate, used| (rate - mean_rate) * (used - mean_used));
    let slope = covariance / sum(&|rate, _| (rate - mean_rate).powi(2));
    let crossing = mean_rate - mean_used / slope;
    let variance: f64 = points.iter().map(|point| point.2 * point.2 * point.3).sum();
    let error = variance.sqrt() / whole / slope;
    if slope > 0.0 && crossing.is_finite() && error.is_finite() {
        let most = (upper / lower).ln() / 4.0;
        Estimate { rate: middle * crossing.clamp(-most, most).exp(), error }
    } else {
        Estimate { rate: middle, error: (upper / lower).ln() / 4.0 }
    }
}

fn rounded(rate: f64) -> f64 {
    digits(rate, f64::round)
}

/// Of three digits.
fn digits(rate: f64, round: fn(f64) -> f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
    let scale = 10_f64.powi(2 - rate.log10().floor() as i32);
    round(rate * scale) / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn plan() -> Plan {
        Plan {
            from: 50.0,
            most: 100_000.0,
            least: 0.0,
            width: 0.1,
            trial: Nanos(10 * SECOND),
            hold: Nanos(70 * SECOND),
            budget: Nanos(1_800 * SECOND),
        }
    }

    /// Searches a server that holds all rates up to its capacity; the rates, the bracket, why it ended, and how long it took.
    fn searched(plan: Plan, capacity: f64) -> (Vec<(f64, Nanos)>, Known, End, Nanos) {
        let pause = Nanos(3 * SECOND);
        let mut rates = Rates::new(plan);
        let (mut known, mut elapsed) = (Known::default(), Nanos::ZERO);
        loop {
            match rates.next(&known, elapsed, pause) {
                Next::End(end) => return (rates.held, known, end, elapsed),
                Next::Hold { rate, span } => {
                    if rate <= capacity {
                        known.lower = Some(known.lower.map_or(rate, |lower| lower.max(rate)));
                    } else {
                        known.upper = Some(known.upper.map_or(rate, |upper| upper.min(rate)));
                    }
                    let used = (rate / capacity).powi(10);
                    let holds = rate <= capacity;
                    let classification =
                        if holds { Classification::Lower } else { Classification::Upper };
                    known.tried.retain(|tried| !is_same(tried.rate, rate));
                    known.tried.push(Tried {
                        rate,
                        missed: 100.0 * used,
                        allowed: 100.0,
                        bursts: 1.0,
                        classification,
                    });
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
            assert!(elapsed <= Nanos(900 * SECOND), "{capacity}: {elapsed:?}, {held:?}");
        }
    }

    #[test]
    fn a_search_ends() {
        assert_eq!(searched(plan(), 1e9).2, End::Most);
        assert_eq!(searched(plan(), 0.0).2, End::Below);
        let short = Plan { budget: Nanos(200 * SECOND), ..plan() };
        let (_, _, end, elapsed) = searched(short, 400.0);
        assert!(end == End::Budget && elapsed <= short.budget);
        let mut rates = Rates::new(short);
        let known = Known { lower: Some(50.0), ..Known::default() };
        rates.next(&Known::default(), Nanos::ZERO, Nanos::ZERO);
        assert!(!rates.are_confirmed(&known), "a short trial only");
    }

    #[test]
    fn a_generator_at_its_limit_ends_the_search() {
        let mut rates = Rates::new(plan());
        let mut next = |known: &Known| rates.next(known, Nanos::ZERO, Nanos::ZERO);
        let held = |rate| Next::Hold { rate, span: plan().trial };
        let known = Known { lower: Some(50.0), ..Known::default() };
        let limited = Known { hidden: Some(Hidden::Generator), ..known.clone() };
        assert_eq!(next(&Known::default()), held(50.0));
        // What may have been chance is tried again.
        assert_eq!(next(&limited), held(50.0));
        assert_eq!(next(&known), held(100.0));
        assert_eq!(next(&limited), held(100.0));
        assert_eq!(next(&limited), held(100.0));
        assert_eq!(next(&limited), Next::End(End::Generator));
    }

    #[test]
    fn what_cannot_be_told_is_not_tried_for_ever() {
        let mut rates = Rates::new(plan());
        let mut holds = 0;
        let end = loop {
            match rates.next(&Known::default(), Nanos::ZERO, Nanos::ZERO) {
                Next::Hold { .. } => holds += 1,
                Next::End(end) => break end,
            }
        };
        assert_eq!(end, End::Unsteady);
        assert!(holds < 20, "{holds}");
    }
}
