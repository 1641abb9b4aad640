//! Several questions at once: the more are asked, the more often chance answers one.

/// How p values are corrected for their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correction {
    /// Not at all.
    None,
    /// The chance that any claim is wrong stays within alpha: [`holm`].
    #[default]
    Holm,
    /// The share of wrong claims stays within alpha: [`benjamini_hochberg`].
    BenjaminiHochberg,
}

impl Correction {
    /// The name used in configurations and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Holm => "holm",
            Self::BenjaminiHochberg => "bh",
        }
    }

    /// The p values that may be held against alpha, in the same order.
    #[must_use]
    pub fn adjusted(self, p_values: &[f64]) -> Vec<f64> {
        match self {
            Self::None => p_values.to_vec(),
            Self::Holm => holm(p_values),
            Self::BenjaminiHochberg => benjamini_hochberg(p_values),
        }
    }
}

/// S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979), 65-70:
/// with the p values in rising order, max over j <= i of (m-j+1)·p₍ⱼ₎, at most 1.
///
/// A p value that is no number counts as 1.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; p_values.len()];
    let mut most = 0.0_f64;
    for (before, (place, p)) in rising(p_values).into_iter().enumerate() {
        most = most.max(p * (p_values.len() - before) as f64);
        adjusted[place] = most.min(1.0);
    }
    adjusted
}

/// Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57 (1995),
/// 289-300: with the p values in rising order, min over j >= i of m/j·p₍ⱼ₎, at most 1.
///
/// A p value that is no number counts as 1.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (before, (place, p)) in rising(p_values).into_iter().enumerate().rev() {
        least = least.min(p * p_values.len() as f64 / (before + 1) as f64);
        adjusted[place] = least;
    }
    adjusted
}

/// The values in rising order with their places; what is no number is 1.
fn rising(p_values: &[f64]) -> Vec<(usize, f64)> {
    let number = |p: f64| if p.is_nan() { 1.0 } else { p };
    let mut values: Vec<(usize, f64)> = p_values.iter().copied().map(number).enumerate().collect();
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_claims_nothing() {
        let found = holm(&[0.01, f64::NAN]);
        assert!((found[0] - 0.02).abs() < 1e-15 && (found[1] - 1.0).abs() < 1e-15);
        assert_eq!(benjamini_hochberg(&[]), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn corrections_only_raise_and_keep_the_order(p in prop::collection::vec(0.0..=1.0_f64, 1..30)) {
            let (holm, bh) = (holm(&p), benjamini_hochberg(&p));
            for i in 0..p.len() {
                prop_assert!(p[i] <= bh[i] + 1e-12 && bh[i] <= holm[i] + 1e-12 && holm[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || (holm[i] <= holm[j] && bh[i] <= bh[j]));
                }
            }
        }
    }
}
