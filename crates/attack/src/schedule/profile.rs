use plimsoll_model::Nanos;

use super::{Frequency, ONE};

/// A span of the schedule over which the rate is constant or changes evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// When it begins, after the start of the attack.
    pub start: Nanos,
    /// How long it lasts; `None` for ever.
    pub span: Option<Nanos>,
    /// The rate at its beginning.
    pub from: Frequency,
    /// The rate at its end.
    pub to: Frequency,
}

/// The rates of a schedule over time: stages one after another, with or without a pause between.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    stages: Vec<Stage>,
    /// For each stage the requests of all before it, in counts of [`ONE`]; and of all at the end, if there is one.
    before: Vec<u128>,
}

/// Rates that go up or down, each held for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// The first rate.
    pub from: f64,
    /// The rate that is not gone beyond.
    pub to: f64,
    /// What leads from a rate to the next.
    pub step: Step,
    /// How long each rate is held.
    pub hold: Nanos,
    /// The pause after each.
    pub drain: Nanos,
}

/// What leads from a rate to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Each rate is so many times the one before; on the way down, so many times less.
    Ratio(f64),
    /// Each rate is so many requests per second above the one before; on the way down, below it.
    Increment(f64),
}

impl Step {
    /// The next rate.
    ///
    /// On the way down, a step is taken as it is meant: 2 and ½ both halve, 50 and -50 both take 50 away.
    fn next(self, rate: f64, up: bool) -> f64 {
        match self {
            Self::Ratio(ratio) if up => rate * ratio,
            Self::Ratio(ratio) => rate * ratio.min(ratio.recip()),
            Self::Increment(increment) if up => rate + increment,
            Self::Increment(increment) => rate - increment.abs(),
        }
    }
}

/// More steps than anybody waits for.
const MOST_STEPS: usize = 10_000;

impl Profile {
    /// One rate, for ever or for a span.
    #[must_use]
    pub fn constant(rate: Frequency, span: Option<Nanos>) -> Self {
        Self::of(vec![Stage { start: Nanos::ZERO, span, from: rate, to: rate }])
    }

    /// A rate that changes evenly.
    #[must_use]
    pub fn ramp(from: Frequency, to: Frequency, span: Nanos) -> Self {
        Self::of(vec![Stage { start: Nanos::ZERO, span: Some(span), from, to }])
    }

    /// Rates one after another. `None` where they lead nowhere: no rate, no progress, or too many steps.
    #[must_use]
    pub fn steps(steps: &Steps) -> Option<Self> {
        if matches!(steps.step, Step::Ratio(ratio) if ratio <= 0.0) {
            return None;
        }
        let up = steps.to >= steps.from;
        let mut stages = Vec::new();
        let mut rate = steps.from;
        let mut start = Nanos::ZERO;
        // A last step that misses the end by what rounding makes of it is meant.
        let tolerance = steps.to * 1e-9;
        while if up { rate <= steps.to + tolerance } else { rate >= steps.to - tolerance } {
            let from = Frequency::from_per_second(rate)?;
            stages.push(Stage { start, span: Some(steps.hold), from, to: from });
            start = Nanos(start.0.checked_add(steps.hold.0)?.checked_add(steps.drain.0)?);
            let next = steps.step.next(rate, up);
            let goes_on = if up { next > rate } else { next < rate };
            let is_one_rate = up && steps.to <= steps.from;
            if stages.len() >= MOST_STEPS || !goes_on && !is_one_rate {
                return None;
            }
            if !goes_on {
                break;
            }
            rate = next;
        }
        (!stages.is_empty() && steps.hold > Nanos::ZERO).then(|| Self::of(stages))
    }

    fn of(stages: Vec<Stage>) -> Self {
        let mut profile = Self::empty();
        for stage in stages {
            profile.extend(stage);
        }
        profile
    }

    /// No rate at any time.
    pub(crate) fn empty() -> Self {
        Self { stages: Vec::new(), before: vec![0] }
    }

    pub(super) fn extend(&mut self, stage: Stage) {
        // Behind a stage that never ends nothing comes.
        if let (Some(count), Some(sum)) = (stage.count(), self.total()) {
            self.before.push(sum.saturating_add(count));
        }
        self.stages.push(stage);
    }

    /// The stages, in order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// When the last stage ends, if it does.
    #[must_use]
    pub fn end(&self) -> Option<Nanos> {
        let last = self.stages.last()?;
        Some(Nanos(last.start.0.saturating_add(last.span?.0)))
    }

    /// The highest rate, in requests per second.
    #[must_use]
    pub fn peak(&self) -> f64 {
        let rates = self.stages.iter().flat_map(|stage| [stage.from, stage.to]);
        rates.map(Frequency::per_second).fold(0.0, f64::max)
    }

    /// The same stages at a share of their rates.
    #[must_use]
    pub fn share(&self, part: u32, whole: u32) -> Option<Self> {
        let share = |stage: &Stage| {
            let (from, to) = (stage.from.share(part, whole)?, stage.to.share(part, whole)?);
            Some(Stage { from, to, ..*stage })
        };
        Some(Self::of(self.stages.iter().map(share).collect::<Option<_>>()?))
    }

    /// The rate that is to be kept at a moment, in requests per second.
    #[must_use]
    pub fn rate_at(&self, at: Nanos) -> f64 {
        let stage = self.stages.iter().rev().find(|stage| stage.start <= at);
        stage.map_or(0.0, |stage| stage.rate_at(Nanos(at.0 - stage.start.0)))
    }

    pub(super) fn total(&self) -> Option<u128> {
        self.before.get(self.stages.len()).copied()
    }

    /// When so many requests (in counts of [`ONE`]) have been due. `stage` is where to look first: it only grows.
    pub(super) fn time_of(&self, position: u128, stage: &mut usize) -> Option<Nanos> {
        while self.before.get(*stage + 1).is_some_and(|end| *end <= position) {
            *stage += 1;
        }
        let (current, before) = (self.stages.get(*stage)?, self.before[*stage]);
        Some(Nanos(current.start.0.saturating_add(current.time_of(position - before))))
    }
}

impl Stage {
    fn rate_at(&self, at: Nanos) -> f64 {
        match self.span {
            Some(span) if at > span => 0.0,
            Some(span) if self.from != self.to => {
                let (from, to) = (self.from.per_second(), self.to.per_second());
                from + (to - from) * at.0 as f64 / span.0 as f64
            }
            _ => self.from.per_second(),
        }
    }

    /// Its requests, in counts of [`ONE`].
    fn count(&self) -> Option<u128> {
        let span = u128::from(self.span?.0);
        // Twice the rate at one end over the whole span would be too much, hence half of each.
        let half =
            |rate: Frequency| span * u128::from(rate.count()) * (ONE / 2) / u128::from(rate.per());
        Some(if self.from == self.to {
            (span * u128::from(self.from.count())).checked_mul(ONE).map_or_else(
                || half(self.from).saturating_mul(2),
                |count| count / u128::from(self.from.per()),
            )
        } else {
            half(self.from) + half(self.to)
        })
    }

    /// When so many of its requests have been due, after its start.
    fn time_of(&self, position: u128) -> u64 {
        let (count, per) = (u128::from(self.from.count()), u128::from(self.from.per()));
        let Some(span) = self.span.filter(|_| self.from != self.to) else {
            let time = match position.checked_mul(per) {
                Some(product) => product / (count * ONE),
                None => position / (count * ONE) * per,
            };
            return u64::try_from(time).unwrap_or(u64::MAX);
        };
        // n = a t + (b - a) t² / 2 T, solved for t in the form that loses nothing where a and b are nearly equal.
        let (from, to) = (self.from.per_second(), self.to.per_second());
        let requests = position as f64 / ONE as f64;
        let slope = (to - from) / span.as_secs_f64();
        let root = (from * from + 2.0 * slope * requests).max(0.0).sqrt();
        let seconds = 2.0 * requests / (from + root);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and cut to the span"
        )]
        let nanos = (seconds * 1e9) as u64;
        nanos.min(span.0)
    }
}
