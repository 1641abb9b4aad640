//! Kneedle: where a curve turns.
//!
//! V. Satopää, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a Haystack", ICDCS Workshops 2011. The knee is
//! what the eye sees, and moves with the range that is looked at: a second opinion, never a capacity.
//!
//! A convex increasing or concave decreasing curve is mirrored in x by value. Kneed for Python up to 0.8.6 and for Rust
//! 1.0.0 mirror it by position, which is wrong on uneven x.

/// How a curve bends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Like achieved over offered rate: its turn is a knee.
    Concave,
    /// Like latency over rate: its turn is an elbow.
    Convex,
}

/// Where a curve goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Up with x.
    Increasing,
    /// Down with x.
    Decreasing,
}

/// What is done to y before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smoothing {
    /// Nothing.
    None,
    /// The least-squares polynomial of this degree. (The paper's smoothing spline is not offered.)
    Polynomial(usize),
}

/// How to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kneedle {
    /// How the curve bends.
    pub curve: Curve,
    /// Where it goes.
    pub direction: Direction,
    /// S: how many points the difference has to fall flat for before its top is a knee. The paper suggests 1.
    pub sensitivity: f64,
    /// Whether later knees replace earlier ones, as for a curve that still grows.
    pub online: bool,
    /// What is done to y before.
    pub smoothing: Smoothing,
}

impl Default for Kneedle {
    fn default() -> Self {
        Self {
            curve: Curve::Concave,
            direction: Direction::Increasing,
            sensitivity: 1.0,
            online: false,
            smoothing: Smoothing::None,
        }
    }
}

/// A point at which the curve turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knee {
    /// Where, as it was given.
    pub x: f64,
    /// The curve there, as it was given.
    pub y: f64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knees {
    /// The first knee, or the last one where the search was online.
    pub knee: Option<Knee>,
    /// All of them in the order in which they were found; the first alone where the search was not online.
    pub all: Vec<Knee>,
}

impl Kneedle {
    /// Finds the knees of a curve, given as points in any order.
    ///
    /// None are found in fewer than three points, in values that are no numbers, and where x or y does not change.
    #[must_use]
    pub fn find(&self, points: &[(f64, f64)]) -> Knees {
        let mut given = points.to_vec();
        given.sort_by(|a, b| a.0.total_cmp(&b.0));
        let xs: Vec<f64> = given.iter().map(|point| point.0).collect();
        let ys: Vec<f64> = given.iter().map(|point| point.1).collect();
        // A line that is level stays so but for rounding, which is no curve.
        if given.len() < 3 || normalised(&ys).is_none() {
            return Knees::default();
        }
        let smooth = match self.smoothing {
            Smoothing::None => ys,
            Smoothing::Polynomial(degree) => polynomial(&xs, &ys, degree),
        };
        let (Some(mut x), Some(mut y)) = (normalised(&xs), normalised(&smooth)) else {
            return Knees::default();
        };
        let is_mirrored =
            (self.curve == Curve::Convex) == (self.direction == Direction::Increasing);
        if self.curve == Curve::Convex {
            for value in &mut y {
                *value = 1.0 - *value;
            }
        }
        if is_mirrored {
            for value in &mut x {
                *value = 1.0 - *value;
            }
            x.reverse();
            y.reverse();
            given.reverse();
        }
        let difference: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y - x).collect();
        let margin = self.sensitivity / (x.len() - 1) as f64;
        self.walk(&difference, margin, &given)
    }

    /// Walks along the difference curve: a top is a knee once the curve has fallen by more than `margin` below it, before a
    /// bottom is reached.
    fn walk(&self, difference: &[f64], margin: f64, given: &[(f64, f64)]) -> Knees {
        let mut knees = Knees::default();
        let mut top: Option<usize> = None;
        for i in 0..difference.len() - 1 {
            let before = difference[i.saturating_sub(1)];
            let (here, after) = (difference[i], difference[i + 1]);
            if here >= before && here >= after {
                top = Some(i);
            }
            if here <= before && here <= after {
                top = None;
            }
            let Some(at) = top.filter(|&top| after < difference[top] - margin) else { continue };
            let knee = Knee { x: given[at].0, y: given[at].1 };
            knees.knee = Some(knee);
            if !knees.all.contains(&knee) {
                knees.all.push(knee);
            }
            if !self.online {
                break;
            }
        }
        knees
    }
}

/// The values brought to 0..=1; `None` where they do not differ or are no numbers.
fn normalised(values: &[f64]) -> Option<Vec<f64>> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = high - low;
    let is_sound = span > 0.0 && span.is_finite() && values.iter().all(|value| value.is_finite());
    is_sound.then(|| values.iter().map(|value| (value - low) / span).collect())
}

/// The least-squares polynomial at each x, by polynomials that are orthogonal on the points: G. E. Forsythe, "Generation and use
/// of orthogonal polynomials for data-fitting", J. SIAM 5 (1957). Powers of x would lose all digits at degree 7.
fn polynomial(xs: &[f64], ys: &[f64], degree: usize) -> Vec<f64> {
    let Some(xs) = normalised(xs) else { return ys.to_vec() };
    let (mut previous, mut current) = (vec![0.0; xs.len()], vec![1.0; xs.len()]);
    let mut smooth = vec![0.0; xs.len()];
    let (mut previous_norm, mut beta) = (1.0, 0.0);
    for order in 0..=degree.min(xs.len() - 1) {
        let norm: f64 = current.iter().map(|value| value * value).sum();
        if norm <= previous_norm * 1e-28 {
            break;
        }
        if order > 0 {
            beta = norm / previous_norm;
        }
        let weight = current.iter().zip(ys).map(|(value, y)| value * y).sum::<f64>() / norm;
        smooth.iter_mut().zip(&current).for_each(|(sum, value)| *sum += weight * value);
        let alpha = current.iter().zip(&xs).map(|(value, x)| x * value * value).sum::<f64>() / norm;
        let next =
            (0..xs.len()).map(|i| (xs[i] - alpha) * current[i] - beta * previous[i]).collect();
        previous = std::mem::replace(&mut current, next);
        previous_norm = norm;
    }
    smooth
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(ys: &[f64]) -> Vec<(f64, f64)> {
        (0..).map(f64::from).zip(ys.iter().copied()).collect()
    }

    fn knee(kneedle: Kneedle, points: &[(f64, f64)]) -> Option<f64> {
        kneedle.find(points).knee.map(|knee| knee.x)
    }

    const CONCAVE_DECREASING: [f64; 10] =
        [99.0, 98.0, 97.0, 96.0, 95.0, 90.0, 85.0, 80.0, 60.0, 0.0];
    const CONVEX_INCREASING: [f64; 10] = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 15.0, 20.0, 40.0, 100.0];

    /// The tests of kneed for Python, `tests/test_sample.py`, whose curves its `data_generator.py` has.
    #[test]
    fn the_curves_of_kneed() {
        use Curve::{Concave, Convex};
        use Direction::{Decreasing, Increasing};
        let of = |curve, direction| Kneedle { curve, direction, ..Kneedle::default() };
        let concave_decreasing = points(&CONCAVE_DECREASING);
        let convex_increasing = points(&CONVEX_INCREASING);
        let concave_increasing: Vec<_> = CONCAVE_DECREASING
            .iter()
            .rev()
            .copied()
            .enumerate()
            .map(|(i, y)| (i as f64, y))
            .collect();
        for smoothing in [Smoothing::None, Smoothing::Polynomial(7)] {
            let of = |curve, direction| Kneedle { smoothing, ..of(curve, direction) };
            assert_eq!(knee(of(Concave, Decreasing), &concave_decreasing), Some(7.0));
            assert_eq!(knee(of(Convex, Increasing), &convex_increasing), Some(7.0));
            assert_eq!(knee(of(Concave, Decreasing), &concave_decreasing[..7]), Some(4.0));
            assert_eq!(knee(of(Convex, Increasing), &convex_increasing[..7]), Some(4.0));
            assert_eq!(knee(of(Concave, Increasing), &concave_increasing), Some(2.0));
        }
        let sine: Vec<(f64, f64)> =
            (0..100).map(|i| f64::from(i) * 0.1).map(|x| (x, x.sin())).collect();
        for (curve, direction, expected) in [
            (Convex, Decreasing, 4.5),
            (Convex, Increasing, 4.9),
            (Concave, Increasing, 7.7),
            (Concave, Decreasing, 1.8),
        ] {
            let found = knee(Kneedle { online: true, ..of(curve, direction) }, &sine).unwrap();
            assert!((found - expected).abs() < 1e-9, "{curve:?} {direction:?}: {found}");
        }
    }

    /// `test_flat_maxima`: without a margin the first top of the difference counts.
    #[test]
    fn the_margin_passes_over_small_tops() {
        let ys = [
            1.0,
            0.787_701_317_715_959,
            0.743_777_452_415_812_6,
            0.655_929_721_815_519_8,
            0.506_588_579_795_021_9,
            0.367_496_339_677_891_64,
            0.254_758_418_740_849_2,
            0.162_518_301_610_541_73,
            0.103_953_147_877_013_18,
            0.067_349_926_793_557_83,
            0.043_923_865_300_146_414,
            0.027_818_448_023_426_062,
            0.019_033_674_963_396_78,
            0.013_177_159_590_043_924,
            0.010_248_901_902_367_497,
            0.007_320_644_216_691_069,
            0.005_856_515_373_352_855,
            0.004_392_386_530_014_641,
        ];
        for (sensitivity, expected) in [(0.0, 1.0), (1.0, 8.0)] {
            let kneedle = Kneedle {
                curve: Curve::Convex,
                direction: Direction::Decreasing,
                sensitivity,
                ..Kneedle::default()
            };
            assert_eq!(knee(kneedle, &points(&ys)), Some(expected));
        }
    }

    #[test]
    fn what_has_no_knee() {
        let kneedle = Kneedle { smoothing: Smoothing::Polynomial(7), ..Kneedle::default() };
        for ys in [
            &[][..],
            &[1.0],
            &[1.0, 2.0],
            &[1.0; 10],
            &[1.0, f64::NAN, 3.0, 4.0],
            &[0.0, f64::INFINITY, 1.0],
        ] {
            assert_eq!(kneedle.find(&points(ys)), Knees::default());
            assert_eq!(Kneedle::default().find(&points(ys)), Knees::default());
        }
        let line: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i * i), f64::from(i * i))).collect();
        assert_eq!(Kneedle::default().find(&line), Knees::default());
    }

    proptest! {
        /// The same curve, turned over: one knee in all four combinations, at the same point, whatever the distances in x.
        #[test]
        fn mirroring_moves_no_knee(steps in prop::collection::vec((0.01..3.0_f64, 0.001..1.0_f64), 4..40), online in prop::bool::ANY) {
            let (mut x, mut y) = (0.0, 0.0);
            let curve: Vec<(f64, f64)> = steps.iter().map(|step| { x += step.0; y += step.1; (x, y) }).collect();
            let mirrored = |in_x: bool, in_y: bool| -> Vec<(f64, f64)> {
                curve.iter().map(|&(x, y)| (if in_x { -x } else { x }, if in_y { -y } else { y })).collect()
            };
            let with = |curve, direction| Kneedle { curve, direction, online, ..Kneedle::default() };
            let plain = with(Curve::Concave, Direction::Increasing).find(&curve);
            for (curve, direction, in_x, in_y) in [
                (Curve::Concave, Direction::Decreasing, true, false),
                (Curve::Convex, Direction::Decreasing, false, true),
                (Curve::Convex, Direction::Increasing, true, true),
            ] {
                let other = with(curve, direction).find(&mirrored(in_x, in_y));
                let back = other.knee.map(|knee| if in_x { -knee.x } else { knee.x });
                // Rounding may decide where two tops are alike.
                let is_same = match (plain.knee, back) {
                    (Some(knee), Some(x)) => (knee.x - x).abs() < 1e-9,
                    (one, other) => one.is_none() == other.is_none(),
                };
                prop_assert!(is_same, "{:?} {:?}", plain, other);
            }
        }
    }
}
