use statrs::distribution::{ContinuousCDF, StudentsT};

/// The `probability` quantile of Student's t with `freedom` degrees of freedom; `None` outside 0..1 and without any.
pub(crate) fn t_quantile(probability: f64, freedom: f64) -> Option<f64> {
    if !(probability > 0.0 && probability < 1.0) {
        return None;
    }
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(distribution.inverse_cdf(probability))
}

/// Probability that |t| is at least this large; `None` without degrees of freedom or where t is no number.
pub(crate) fn two_sided_p(t: f64, freedom: f64) -> Option<f64> {
    if t.is_nan() {
        return None;
    }
    if t.is_infinite() {
        return Some(0.0);
    }
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((2.0 * distribution.cdf(-t.abs())).min(1.0))
}

/// Mean and standard deviation of a sample, with n - 1; `None` below two values.
pub(crate) fn mean_and_deviation(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (squares / (count - 1.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table of Student's t, and what `SciPy` 1.16 makes of it.
    #[test]
    fn the_quantiles_of_the_table() {
        for (probability, freedom, expected) in [
            (0.975, 4.0, 2.776_445_105_197_798_7),
            (0.95, 1.0, 6.313_751_514_675_041),
            (0.95, 8.0, 1.859_548_037_530_898),
        ] {
            let found = t_quantile(probability, freedom).unwrap();
            assert!((found - expected).abs() < 1e-7 * expected, "{found} {expected}");
            let p = two_sided_p(expected, freedom).unwrap();
            assert!((p - 2.0 * (1.0 - probability)).abs() < 1e-10);
        }
        assert_eq!(t_quantile(0.9, 0.0), None);
        assert_eq!(t_quantile(f64::NAN, 3.0), None);
    }
}
