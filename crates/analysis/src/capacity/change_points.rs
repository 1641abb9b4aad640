//! Where a history of results changed: E-divisive means with Student's t-test, after Hunter.
//!
//! D. S. Matteson, N. A. James, "A nonparametric approach for multiple change point analysis of multivariate data" (arXiv
//! 1306.4933); M. Fleming, P. Kołaczkowski and others, "Hunter: Using change point detection to hunt for performance
//! regressions" (arXiv 2301.03034). It gives what Apache Otava 0.8.0 gives, that is: windows that overlap by half, a relaxed
//! first pass, and a pooled t-test on the deviations with n (not n - 1). No random permutations: it is deterministic.

use super::student::two_sided_p;

/// How to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoints {
    /// How many results are looked at together; less than 2 counts as 2.
    pub window: usize,
    /// Changes that chance explains with at least this probability are none.
    pub max_p_value: f64,
    /// The least relative change of the mean, 0.05 for 5 %; changes of just that much are none.
    pub min_magnitude: f64,
}

impl Default for ChangePoints {
    /// As Otava: 50 results, 0.001, any magnitude.
    fn default() -> Self {
        Self { window: 50, max_p_value: 0.001, min_magnitude: 0.0 }
    }
}

/// A change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first result that is different, from 0.
    pub index: usize,
    /// The mean from the change before to this one.
    pub mean_before: f64,
    /// The mean from this change to the next one.
    pub mean_after: f64,
    /// How likely chance makes so large a difference of these means.
    pub p_value: f64,
}

impl ChangePoint {
    /// The larger of |after/before - 1| and |before/after - 1|; a mean of 0 counts as no change.
    #[must_use]
    pub fn magnitude(&self) -> f64 {
        let relative = |from: f64, to: f64| if from == 0.0 { 0.0 } else { (to / from - 1.0).abs() };
        relative(self.mean_before, self.mean_after).max(relative(self.mean_after, self.mean_before))
    }
}

impl ChangePoints {
    /// The changes of a series, in its order.
    ///
    /// The first pass splits with ten times the p value; the second drops the weakest change, one at a time, until those that
    /// are left hold. `None` where a value is no number: fill gaps before.
    #[must_use]
    pub fn find(&self, series: &[f64]) -> Option<Vec<ChangePoint>> {
        if series.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let relaxed = match self.max_p_value {
            p if p < 0.05 => p * 10.0,
            p if p < 0.5 => p * 2.0,
            p => p,
        };
        Some(self.merge(series, self.split(series, relaxed)))
    }

    /// The weak changes: those of windows that overlap by half.
    fn split(&self, series: &[f64], max_p_value: f64) -> Vec<usize> {
        let window = self.window.max(2);
        let mut found: Vec<usize> = Vec::new();
        let mut start = 0;
        while start < series.len() {
            let end = series.len().min(start.saturating_add(window));
            let new = divide(&series[start..end], max_p_value);
            let last = new.last().map_or(0, |point| start + point.index);
            found.extend(new.iter().map(|point| start + point.index));
            start = last.max(start + window / 2);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Drops the weakest change until all hold.
    ///
    /// Of the two neighbours of a dropped change Otava (and Hunter before it) compares anew the one behind and the next one,
    /// where it says that it does both. Its published results follow from that, so it is kept for what is dropped; what is
    /// handed out compares the sides that are left.
    fn merge(&self, series: &[f64], mut indices: Vec<usize>) -> Vec<ChangePoint> {
        let compared = |indices: &[usize], at: usize| {
            let start = at.checked_sub(1).map_or(0, |before| indices[before]);
            let end = indices.get(at + 1).copied().unwrap_or(series.len());
            compare(series, start, indices[at], end)
        };
        let all = |indices: &[usize]| (0..indices.len()).map(|at| compared(indices, at)).collect();
        let mut points: Vec<ChangePoint> = all(&indices);
        while let Some(mut weakest) = first_by(&points, |a, b| a.p_value > b.p_value) {
            if points[weakest].p_value < self.max_p_value {
                weakest =
                    first_by(&points, |a, b| a.magnitude() < b.magnitude()).unwrap_or(weakest);
                if points[weakest].magnitude() > self.min_magnitude {
                    break;
                }
            }
            indices.remove(weakest);
            points.remove(weakest);
            for at in [weakest, weakest + 1] {
                if at < indices.len() {
                    points[at] = compared(&indices, at);
                }
            }
        }
        all(&indices)
    }
}

/// E-divisive without windows: splits where the two sides differ most, until the next split is not significant.
///
/// Time grows with the square of the series' length, memory with the length. `None` where a value is no number.
#[must_use]
pub fn e_divisive(series: &[f64], max_p_value: f64) -> Option<Vec<ChangePoint>> {
    series.iter().all(|value| value.is_finite()).then(|| divide(series, max_p_value))
}

fn divide(series: &[f64], max_p_value: f64) -> Vec<ChangePoint> {
    // Each part with its best split; parts are split, never joined.
    let mut parts = vec![Part::of(series, 0, series.len())];
    let mut found: Vec<ChangePoint> = Vec::new();
    loop {
        let best = first_by(&parts, |a, b| a.difference > b.difference);
        let Some(part) = best.filter(|&best| parts[best].difference > 0.0) else { break };
        let Part { start, split, end, .. } = parts[part];
        let point = compare(series, start, split, end);
        if point.p_value > max_p_value {
            break;
        }
        found.push(point);
        parts[part] = Part::of(series, start, split);
        parts.insert(part + 1, Part::of(series, split, end));
    }
    found.sort_unstable_by_key(|point| point.index);
    found
}

/// The first of the items that no other is before.
fn first_by<T>(items: &[T], is_before: impl Fn(&T, &T) -> bool) -> Option<usize> {
    (0..items.len()).reduce(|best, i| if is_before(&items[i], &items[best]) { i } else { best })
}

/// A stretch of the series and where it is split best.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: usize,
    split: usize,
    end: usize,
    /// q̂ at the split; negative where there is none.
    difference: f64,
}

impl Part {
    /// Maximises q̂(τ, κ) = 2/(n+m)·Σ|xᵢ-yⱼ| - 2m/((n+m)(n-1))·Σ|xᵢ-xₖ| - 2n/((n+m)(m-1))·Σ|yⱼ-yₖ| over splits into the
    /// n values from `start` to τ and the m values from τ to κ <= `end`.
    fn of(series: &[f64], start: usize, end: usize) -> Self {
        let values = &series[start..end];
        let mut best = Self { start, split: start, end, difference: -1.0 };
        // For each value its distances to all before it, and to those before τ.
        let to_earlier: Vec<f64> = (0..values.len())
            .map(|k| values[..k].iter().map(|value| (value - values[k]).abs()).sum())
            .collect();
        let mut to_left = vec![0.0; values.len()];
        let mut within_left = 0.0;
        for tau in 1..values.len() {
            within_left += to_left[tau - 1];
            let added = values[tau - 1];
            for (sum, value) in to_left.iter_mut().zip(values).skip(tau) {
                *sum += (value - added).abs();
            }
            let n = tau as f64;
            let (mut between, mut within_right) = (0.0, 0.0);
            for kappa in tau + 1..=values.len() {
                let last = kappa - 1;
                between += to_left[last];
                within_right += to_earlier[last] - to_left[last];
                let m = (kappa - tau) as f64;
                let left = if tau > 1 { m * within_left / (n - 1.0) } else { 0.0 };
                let right = if kappa > tau + 1 { n * within_right / (m - 1.0) } else { 0.0 };
                let difference = 2.0 / (n + m) * (between - left - right);
                if difference > best.difference {
                    best = Self { split: start + tau, difference, ..best };
                }
            }
        }
        best
    }
}

/// Student's two-sample t-test of the values on both sides of `split`.
fn compare(series: &[f64], start: usize, split: usize, end: usize) -> ChangePoint {
    let (left, right) = (&series[start..split], &series[split..end]);
    let moments = |side: &[f64]| {
        let count = side.len() as f64;
        let mean = side.iter().sum::<f64>() / count;
        (count, mean, side.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count)
    };
    let ((n, mean_before, left), (m, mean_after, right)) = (moments(left), moments(right));
    let freedom = n + m - 2.0;
    let pooled = ((n - 1.0) * left + (m - 1.0) * right) / freedom;
    let t = (mean_before - mean_after) / (pooled * (1.0 / n + 1.0 / m)).sqrt();
    // Two values, or two sides without any difference, say nothing.
    let p_value = if freedom > 0.0 { two_sided_p(t, freedom).unwrap_or(1.0) } else { 1.0 };
    ChangePoint { index: split, mean_before, mean_after, p_value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_has_no_change() {
        let finder = ChangePoints::default();
        for series in [&[][..], &[1.0], &[1.0, 2.0], &[3.0; 200]] {
            assert_eq!(finder.find(series), Some(Vec::new()));
        }
        assert_eq!(finder.find(&[1.0, f64::NAN]), None);
        assert_eq!(e_divisive(&[f64::INFINITY], 0.1), None);
        let narrow = ChangePoints { window: 0, max_p_value: f64::NAN, min_magnitude: f64::NAN };
        assert!(narrow.find(&[1.0, 2.0, 1.0, 9.0]).is_some());
    }

    #[test]
    fn small_changes_are_left_out() {
        let series: Vec<f64> =
            (0..60).map(|i| f64::from(i % 3) / 10.0 + if i < 30 { 100.0 } else { 103.0 }).collect();
        let found = ChangePoints::default().find(&series).unwrap();
        assert_eq!(found.iter().map(|point| point.index).collect::<Vec<_>>(), [30]);
        let coarse = ChangePoints { min_magnitude: 0.05, ..ChangePoints::default() };
        assert_eq!(coarse.find(&series), Some(Vec::new()));
    }

    proptest! {
        /// q̂ by its definition, all sums written out.
        #[test]
        fn the_split_is_where_the_sides_differ_most(values in prop::collection::vec(-5.0..5.0_f64, 2..14)) {
            let sum = |a: &[f64], b: &[f64]| a.iter().flat_map(|x| b.iter().map(move |y| (x - y).abs())).sum::<f64>();
            let mut best = (0, -1.0);
            for tau in 1..values.len() {
                for kappa in tau + 1..=values.len() {
                    let (x, y) = (&values[..tau], &values[tau..kappa]);
                    let (n, m) = (x.len() as f64, y.len() as f64);
                    let within = |side: &[f64], count: f64| if count > 1.0 { sum(side, side) / 2.0 / (count - 1.0) } else { 0.0 };
                    let difference = 2.0 / (n + m) * (sum(x, y) - m * within(x, n) - n * within(y, m));
                    if difference > best.1 + 1e-9 {
                        best = (tau, difference);
                    }
                }
            }
            let found = Part::of(&values, 0, values.len());
            prop_assert!((found.difference - best.1).abs() < 1e-8);
        }
    }
}
