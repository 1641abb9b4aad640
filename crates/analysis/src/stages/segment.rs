//! Spans of constant rate in a series of counts.

use std::ops::Range;

/// Two rates that differ by less than this share of the larger are one.
const SAME: f64 = 0.03;

/// How much likelier two rates have to be than one, as a logarithm. Where it is 12, fewer than one in a thousand series of
/// some hundred random counts are split (simulated).
const LIKELIER: f64 = 12.0;

/// The least variance of a count that is taken for granted: that of a whole number's rounding.
const ROUNDING: f64 = 1.0 / 12.0;

/// What the rate does over a series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// It is constant within each of these ranges, which follow each other.
    Steps(Vec<Range<usize>>),
    /// It rises or falls all the time.
    Ramp,
}

/// The shape of a series of counts, each over the same time; no range is shorter than `shortest`.
pub(crate) fn shape(counts: &[u64], shortest: usize) -> Shape {
    let sums = Sums::of(counts);
    let ranges = sums.joined(sums.split(shortest.max(1)), shortest.max(1));
    if ranges.len() > 2 && sums.is_ramp(&ranges) {
        return Shape::Ramp;
    }
    Shape::Steps(ranges)
}

/// Sums of the counts before each place, and of their squares and moments.
struct Sums {
    counts: Vec<f64>,
    squares: Vec<f64>,
    moments: Vec<f64>,
    /// Variance over mean: about 1 where arrivals are random, next to nothing where they are even.
    dispersion: f64,
}

/// The dispersion of counts whose rate changes seldom: by how much neighbours differ, without the tenth that differs most.
fn dispersion(counts: &[u64]) -> f64 {
    let mut squares: Vec<f64> = counts
        .windows(2)
        .map(|pair| {
            let difference = pair[0].abs_diff(pair[1]) as f64;
            difference * difference / 2.0
        })
        .collect();
    squares.sort_by(f64::total_cmp);
    squares.truncate(squares.len() - squares.len() / 10);
    // Of normal values, the mean of the lower nine tenths of the squares is this share of the variance.
    let variance = squares.iter().sum::<f64>() / squares.len().max(1) as f64 / 0.623;
    let mean = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
    variance.max(ROUNDING) / mean.max(ROUNDING)
}

impl Sums {
    fn of(counts: &[u64]) -> Self {
        let sums = |value: &dyn Fn(usize, f64) -> f64| {
            let mut sum = 0.0;
            let mut sums = vec![0.0];
            for (place, &count) in counts.iter().enumerate() {
                sum += value(place, count as f64);
                sums.push(sum);
            }
            sums
        };
        Self {
            counts: sums(&|_, count| count),
            squares: sums(&|_, count| count * count),
            moments: sums(&|place, count| place as f64 * count),
            dispersion: dispersion(counts),
        }
    }

    fn len(&self) -> usize {
        self.counts.len() - 1
    }

    fn count(&self, range: &Range<usize>) -> f64 {
        self.counts[range.end] - self.counts[range.start]
    }

    fn mean(&self, range: &Range<usize>) -> f64 {
        self.count(range) / range.len().max(1) as f64
    }

    /// The logarithm of the likelihood of one rate over the range, arrivals being random, less what all rates share.
    fn likelihood(&self, range: &Range<usize>) -> f64 {
        let count = self.count(range);
        if count > 0.0 { count * (count / range.len() as f64).ln() } else { 0.0 }
    }

    /// The place at which two rates are likeliest, and how much likelier than one.
    fn cut(&self, range: &Range<usize>, places: Range<usize>) -> Option<(usize, f64)> {
        let one = self.likelihood(range);
        places
            .map(|place| {
                let two =
                    self.likelihood(&(range.start..place)) + self.likelihood(&(place..range.end));
                (place, two - one)
            })
            .max_by(|left, right| left.1.total_cmp(&right.1).then(right.0.cmp(&left.0)))
    }

    /// Cuts in two, again and again, while that makes the counts likelier.
    fn split(&self, shortest: usize) -> Vec<Range<usize>> {
        let (mut open, mut done) = (Vec::new(), Vec::new());
        open.push(0..self.len());
        while let Some(range) = open.pop() {
            let places = range.start + shortest..(range.end + 1).saturating_sub(shortest);
            match self.cut(&range, places) {
                Some((place, gain)) if gain > LIKELIER * self.dispersion => {
                    open.push(place..range.end);
                    open.push(range.start..place);
                }
                _ => done.push(range),
            }
        }
        done.sort_by_key(|range| range.start);
        done
    }

    /// Makes one of neighbours that do not differ, and puts the cuts between the others where they are likeliest now.
    fn joined(&self, mut ranges: Vec<Range<usize>>, shortest: usize) -> Vec<Range<usize>> {
        self.join(&mut ranges);
        for place in 1..ranges.len() {
            let both = ranges[place - 1].start..ranges[place].end;
            let places = both.start + shortest..(both.end + 1).saturating_sub(shortest);
            if let Some((cut, _)) = self.cut(&both, places) {
                ranges[place - 1].end = cut;
                ranges[place].start = cut;
            }
        }
        self.join(&mut ranges);
        ranges
    }

    /// Joins the neighbours that differ least, until all differ.
    fn join(&self, ranges: &mut Vec<Range<usize>>) {
        while let Some((place, difference)) = ranges
            .windows(2)
            .map(|pair| self.difference(&pair[0], &pair[1]))
            .enumerate()
            .min_by(|left, right| left.1.total_cmp(&right.1))
            && difference < 1.0
        {
            let right = ranges.remove(place + 1);
            ranges[place].end = right.end;
        }
    }

    /// How far two neighbours are from having one rate: from 1 on they have two.
    fn difference(&self, left: &Range<usize>, right: &Range<usize>) -> f64 {
        let likelihood = |range: &Range<usize>| self.likelihood(range);
        let gain = likelihood(left) + likelihood(right) - likelihood(&(left.start..right.end));
        let (left, right) = (self.mean(left), self.mean(right));
        let relative = (left - right).abs() / left.max(right).max(f64::MIN_POSITIVE);
        (gain / (LIKELIER * self.dispersion)).min(relative / SAME)
    }

    /// Whether a straight line explains the counts better than these steps do (Schwarz's criterion).
    fn is_ramp(&self, steps: &[Range<usize>]) -> bool {
        let all = 0..self.len();
        let n = self.len() as f64;
        let squares = |range: &Range<usize>| self.squares[range.end] - self.squares[range.start];
        let residual_of_steps: f64 =
            steps.iter().map(|range| squares(range) - self.count(range) * self.mean(range)).sum();
        let moments = self.moments[self.len()];
        // Of places 0..n: their mean, and the sum of squared distances from it.
        let (middle, spread) = ((n - 1.0) / 2.0, n * (n * n - 1.0) / 12.0);
        let covariance = moments - middle * self.count(&all);
        let total = squares(&all) - self.count(&all) * self.mean(&all);
        let residual_of_line = total - covariance * covariance / spread;
        let rounding = n * ROUNDING;
        let criterion = |residual: f64, parameters: f64| {
            n * (residual.max(rounding) / n).ln() + parameters * n.ln()
        };
        criterion(residual_of_line, 2.0)
            < criterion(residual_of_steps, 2.0 * steps.len() as f64 - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Evenly spaced arrivals: `rates` per place, each over `len` places.
    fn even(rates: &[f64], len: usize) -> Vec<u64> {
        let mut due = 0.0;
        let mut counts = Vec::new();
        for &rate in rates {
            for _ in 0..len {
                let before = f64::floor(due);
                due += rate;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "positive and small"
                )]
                counts.push((due.floor() - before) as u64);
            }
        }
        counts
    }

    /// The same at random, by Knuth's product of uniform numbers.
    fn random(rates: &[f64], len: usize, seed: u64) -> Vec<u64> {
        // <https://prng.di.unimi.it/splitmix64.c>
        let mut state = seed;
        let mut uniform = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
        };
        let mut poisson = move |rate: f64| {
            let (mut count, mut product) = (0, uniform());
            while product > (-rate).exp() {
                product *= uniform();
                count += 1;
            }
            count
        };
        rates.iter().flat_map(|&rate| std::iter::repeat_n(rate, len)).map(&mut poisson).collect()
    }

    #[test]
    fn steps_are_found_where_they_are() {
        let rates: Vec<f64> = (1..=16).map(|step| f64::from(step) * 6.25).collect();
        let expected: Vec<Range<usize>> = (0..16).map(|step| step * 40..(step + 1) * 40).collect();
        let Shape::Steps(ranges) = shape(&even(&rates, 40), 8) else { panic!("no ramp") };
        assert_eq!(ranges.len(), expected.len(), "{ranges:?}");
        for (range, expected) in ranges.iter().zip(&expected) {
            assert!(range.start.abs_diff(expected.start) <= 1, "{range:?} for {expected:?}");
        }
    }

    fn one(range: Range<usize>) -> Shape {
        Shape::Steps([range].into())
    }

    #[test]
    fn one_rate_is_one_step() {
        assert_eq!(shape(&even(&[6.25], 400), 8), one(0..400));
        assert_eq!(shape(&[], 8), one(0..0));
        assert_eq!(shape(&[3], 8), one(0..1));
        assert_eq!(shape(&[0; 50], 8), one(0..50));
        for seed in 0..200 {
            assert_eq!(shape(&random(&[25.0], 300, seed), 8), one(0..300), "{seed}");
        }
    }

    #[test]
    fn random_arrivals_hide_no_step_of_a_tenth() {
        for seed in 0..50 {
            let Shape::Steps(ranges) = shape(&random(&[40.0, 44.0, 48.4], 560, seed), 8) else {
                panic!("{seed}: no ramp")
            };
            assert_eq!(ranges.len(), 3, "{seed}: {ranges:?}");
            assert!(
                ranges[1].start.abs_diff(560) < 100 && ranges[2].start.abs_diff(1_120) < 100,
                "{ranges:?}"
            );
        }
    }

    #[test]
    fn a_ramp_is_no_staircase() {
        let rates: Vec<f64> = (0..600).map(|place| 5.0 + f64::from(place) / 20.0).collect();
        assert_eq!(shape(&even(&rates, 1), 8), Shape::Ramp);
        for seed in 0..20 {
            assert_eq!(shape(&random(&rates, 1, seed), 8), Shape::Ramp, "{seed}");
        }
    }

    proptest! {
        #[test]
        fn ranges_follow_each_other(counts in prop::collection::vec(0_u64..1000, 0..300), shortest in 0_usize..20) {
            if let Shape::Steps(ranges) = shape(&counts, shortest) {
                let mut end = 0;
                for range in &ranges {
                    prop_assert_eq!(range.start, end);
                    prop_assert!(ranges.len() == 1 || range.len() >= shortest.max(1));
                    end = range.end;
                }
                prop_assert_eq!(end, counts.len());
            }
        }
    }
}
