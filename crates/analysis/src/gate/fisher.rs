//! Counts in a table of two by two, exactly.

use statrs::function::gamma::ln_gamma;

/// `[[a, b], [c, d]]`: of two samples, what went one way and what the other.
pub type Table = [[u64; 2]; 2];

/// The probability of an `a` at least as large, the sums being what they are: R. A. Fisher, "The Design of Experiments"
/// (1935), §11.
#[must_use]
pub fn fisher_greater(table: Table) -> f64 {
    let tables = Tables::of(table);
    let tail = (table[0][0]..=tables.most).map(|a| tables.probability(a));
    tail.sum::<f64>().min(1.0)
}

/// The probability of all tables that are no more likely than this one, as R's `fisher.test` has it: those within a factor
/// of 1 + 10⁻⁷ count.
#[must_use]
pub fn fisher_two_sided(table: Table) -> f64 {
    let tables = Tables::of(table);
    let limit = tables.probability(table[0][0]) * (1.0 + 1e-7);
    let all = (tables.least..=tables.most).map(|a| tables.probability(a));
    all.filter(|&probability| probability <= limit).sum::<f64>().min(1.0)
}

/// The tables with the same sums: hypergeometric.
struct Tables {
    row: u64,
    other_row: u64,
    column: u64,
    least: u64,
    most: u64,
}

impl Tables {
    fn of([[a, b], [c, d]]: Table) -> Self {
        let (row, other_row, column) = (a + b, c + d, a + c);
        Self {
            row,
            other_row,
            column,
            least: column.saturating_sub(other_row),
            most: row.min(column),
        }
    }

    /// C(row, a)·C(other row, column - a) / C(all, column).
    fn probability(&self, a: u64) -> f64 {
        let of_row = ln_choose(self.row, a) + ln_choose(self.other_row, self.column - a);
        (of_row - ln_choose(self.row + self.other_row, self.column)).exp()
    }
}

fn ln_choose(n: u64, k: u64) -> f64 {
    let ln_factorial = |n: u64| ln_gamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_certain_of_nothing() {
        assert!((fisher_greater([[0, 0], [0, 0]]) - 1.0).abs() < 1e-12);
        assert!((fisher_two_sided([[0, 5], [0, 9]]) - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn all_tables_together_are_certain(a in 0_u64..60, b in 0_u64..60, c in 0_u64..60, d in 0_u64..60) {
            let tables = Tables::of([[a, b], [c, d]]);
            let sum: f64 = (tables.least..=tables.most).map(|a| tables.probability(a)).sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
            let (more, fewer) = (fisher_greater([[a, b], [c, d]]), fisher_greater([[b, a], [d, c]]));
            let this = tables.probability(a);
            prop_assert!((more + fewer - this - 1.0).abs() < 1e-9);
        }
    }
}
