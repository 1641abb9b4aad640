//! Where achieved load stops following offered load: y = min(x, ψ) + b·max(0, x - ψ).
//!
//! A second opinion, good for ramps. (V. M. R. Muggeo, "Estimating regression models with unknown break-points", Statistics in
//! Medicine 22 (2003), 3055-3071, has the general model; here the first slope is 1 and the line goes through 0.)

use plimsoll_model::Rate;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::line::Line;

/// A break is told only where points without one are off as much with less than this probability.
const SIGNIFICANCE: f64 = 0.01;

/// The least part of the offered load that has to be missing at the top.
const LEAST_SHORTFALL: f64 = 0.01;

/// The broken line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segmented {
    /// ψ, up to which achieved load follows offered load.
    pub breakpoint: Rate,
    /// b, by how much achieved load grows per offered load beyond.
    pub slope_beyond: f64,
    /// The sum of squared residuals, (requests/s)².
    pub squares: f64,
    /// How many points are beyond the break.
    pub points_beyond: usize,
}

/// The broken line of (offered, achieved) points by least squares, exactly: for each set of points beyond the break the best
/// line is known, and of these the best one counts.
///
/// `None` where achieved load follows offered load throughout (no significant break, F test at 1 %, or less than 1 % missing
/// at the top), where fewer than two points are beyond it, which do not tell ψ from b, and for fewer than four points or
/// values that are no numbers.
#[must_use]
pub fn segmented(points: &[(Rate, Rate)]) -> Option<Segmented> {
    let mut points: Vec<(f64, f64)> =
        points.iter().map(|(x, y)| (x.per_second(), y.per_second())).collect();
    if points.len() < 4 || points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let unbroken: f64 = points.iter().map(|(x, y)| (y - x).powi(2)).sum();
    let best = (0..points.len())
        .flat_map(|before| candidates(&points, before))
        .min_by(|a, b| a.squares.total_cmp(&b.squares))?;
    let top = points.last()?.0;
    let at_top =
        best.breakpoint.per_second() + best.slope_beyond * (top - best.breakpoint.per_second());
    let is_material = at_top < (1.0 - LEAST_SHORTFALL) * top;
    (best.points_beyond >= 2 && is_material && is_significant(unbroken, best.squares, points.len()))
        .then_some(best)
}

/// The best lines that have the first `before` points up to the break: the free one where its break lies between its
/// points, and the one that breaks at the last point before.
fn candidates(points: &[(f64, f64)], before: usize) -> Vec<Segmented> {
    let (left, right) = points.split_at(before);
    let followed: f64 = left.iter().map(|(x, y)| (y - x).powi(2)).sum();
    let low = left.last().map_or(0.0, |point| point.0);
    let mut found = Vec::new();
    if let Some(line) = Line::of(right) {
        let slope = line.slope;
        let breakpoint = line.at(0.0) / (1.0 - slope);
        if slope < 1.0 && breakpoint >= low && breakpoint < right[0].0 {
            found.push((breakpoint, slope));
        }
    }
    let moments = right
        .iter()
        .fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - low).powi(2), xy + (x - low) * (y - low)));
    if before > 0 && moments.0 > 0.0 {
        found.push((low, moments.1 / moments.0));
    }
    let with_squares = |(breakpoint, slope_beyond): (f64, f64)| {
        let beyond: f64 = right
            .iter()
            .map(|(x, y)| (y - breakpoint - slope_beyond * (x - breakpoint)).powi(2))
            .sum();
        Segmented {
            breakpoint: Rate(breakpoint),
            slope_beyond,
            squares: followed + beyond,
            points_beyond: right.iter().filter(|point| point.0 > breakpoint).count(),
        }
    };
    found.into_iter().map(with_squares).collect()
}

/// The F test of two parameters against none.
fn is_significant(unbroken: f64, broken: f64, count: usize) -> bool {
    let freedom = (count - 2) as f64;
    if broken <= unbroken * 1e-12 {
        return unbroken > 0.0;
    }
    let ratio = (unbroken - broken) / 2.0 / (broken / freedom);
    FisherSnedecor::new(2.0, freedom).is_ok_and(|f| ratio > 0.0 && f.sf(ratio) < SIGNIFICANCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn broken(breakpoint: f64, slope: f64, xs: impl IntoIterator<Item = f64>) -> Vec<(Rate, Rate)> {
        let y = |x: f64| x.min(breakpoint) + slope * (x - breakpoint).max(0.0);
        xs.into_iter().map(|x| (Rate(x), Rate(y(x)))).collect()
    }

    #[test]
    fn what_has_no_break() {
        assert_eq!(segmented(&[]), None);
        assert_eq!(segmented(&broken(1e9, 0.0, (1..20).map(f64::from))), None);
        // One point beyond does not tell where the line broke.
        assert_eq!(segmented(&broken(9.5, 0.0, (1..=10).map(f64::from))), None);
        assert_eq!(segmented(&[(Rate(f64::NAN), Rate(1.0)); 6]), None);
        assert_eq!(segmented(&[(Rate(5.0), Rate(1.0)); 6]), None);
        let noise: Vec<(Rate, Rate)> = (1..30)
            .map(|i| (Rate(f64::from(i * 10)), Rate(f64::from(i * 10 + (i * 7 % 5) - 2))))
            .collect();
        assert_eq!(segmented(&noise), None);
    }

    proptest! {
        #[test]
        fn an_exact_break_is_found(breakpoint in 100.0..700.0_f64, slope in -0.5..0.8_f64) {
            let points = broken(breakpoint, slope, (1..=20).map(|i| f64::from(i) * 50.0));
            let found = segmented(&points).unwrap();
            prop_assert!((found.breakpoint.per_second() - breakpoint).abs() < 1e-6, "{:?}", found);
            prop_assert!((found.slope_beyond - slope).abs() < 1e-8);
        }

        /// No ψ on a fine grid does better.
        #[test]
        fn the_least_squares_are_the_least(offs in prop::collection::vec(-30.0..30.0_f64, 16)) {
            let mut points = broken(420.0, 0.2, (1..=16).map(|i| f64::from(i * i) * 4.0));
            points.iter_mut().zip(&offs).for_each(|(point, off)| point.1.0 += off);
            if let Some(found) = segmented(&points) {
                for step in 1..1_000 {
                    let psi = f64::from(step);
                    let beyond: Vec<(f64, f64)> = points.iter().filter(|p| p.0.0 > psi).map(|p| (p.0.0 - psi, p.1.0 - psi)).collect();
                    let b = beyond.iter().map(|(x, y)| x * y).sum::<f64>() / beyond.iter().map(|(x, _)| x * x).sum::<f64>();
                    let squares: f64 = points.iter().map(|p| (p.1.0 - p.0.0.min(psi) - if p.0.0 > psi { b * (p.0.0 - psi) } else { 0.0 }).powi(2)).sum();
                    prop_assert!(found.squares <= squares + 1e-6, "{} beats {:?}", psi, found);
                }
            }
        }
    }
}
