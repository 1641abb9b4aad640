//! Chains that were measured together: what they sustain holds for that mix alone; METHODS.md §2.2.9.

/// How far the mix of the targets may be from the one that was measured: the share of requests that would have to be of
/// another chain.
pub const NEARLY: f64 = 0.05;

/// Half the sum of the differences of the shares: the share of requests that are of another chain (total variation distance).
/// Each pair is a chain's part of the one mix and of the other, in any unit.
#[must_use]
pub fn distance(parts: &[(f64, f64)]) -> f64 {
    let sums = parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let apart = |(one, other): &(f64, f64)| (one / sums.0 - other / sums.1).abs();
    parts.iter().map(apart).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixes_differ_by_what_would_have_to_change() {
        assert!(distance(&[(2.0, 4.0), (1.0, 2.0)]) < 1e-12);
        assert!((distance(&[(0.5, 0.6), (0.5, 0.4)]) - 0.1).abs() < 1e-12);
        assert!((distance(&[(1.0, 0.0), (0.0, 1.0)]) - 1.0).abs() < 1e-12);
    }
}
