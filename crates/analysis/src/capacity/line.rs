/// The least-squares line of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) slope: f64,
    mean_x: f64,
    mean_y: f64,
    /// Σ(x - x̄)².
    pub(super) spread: f64,
}

impl Line {
    /// `None` where x does not change.
    pub(super) fn of(points: &[(f64, f64)]) -> Option<Self> {
        let count = points.len() as f64;
        let mean_x = points.iter().map(|point| point.0).sum::<f64>() / count;
        let mean_y = points.iter().map(|point| point.1).sum::<f64>() / count;
        let (spread, product) = points.iter().fold((0.0, 0.0), |(spread, product), (x, y)| {
            (spread + (x - mean_x).powi(2), product + (x - mean_x) * (y - mean_y))
        });
        let slope = product / spread;
        (spread > 0.0 && slope.is_finite()).then_some(Self { slope, mean_x, mean_y, spread })
    }

    pub(super) fn at(&self, x: f64) -> f64 {
        self.mean_y + self.slope * (x - self.mean_x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_through_its_points() {
        let line = Line::of(&[(1.0, 5.0), (2.0, 3.0), (4.0, -1.0)]).unwrap();
        assert!((line.slope + 2.0).abs() < 1e-12 && (line.at(0.0) - 7.0).abs() < 1e-12);
        assert_eq!(Line::of(&[]), None);
        assert_eq!(Line::of(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(Line::of(&[(1.0, 1.0), (2.0, f64::NAN)]), None);
    }
}
