//! Money, in exact decimals: 0.17 is 0.17, and what is told adds up to the cent.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr as _;

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

/// The decimal that a number was written as: the shortest that reads back as this number. `None` for what is none, or has
/// more than 28 digits.
#[must_use]
pub fn exact(value: f64) -> Option<Decimal> {
    value.is_finite().then(|| Decimal::from_str(&value.to_string()).ok())?
}

/// Hours, as a month has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours(pub Decimal);

/// What one of something costs: an hour of an instance, a million queries, a gigabyte. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(Decimal);

impl Price {
    /// `None` for what is no price: negative, infinite, none.
    #[must_use]
    pub fn new(amount: f64) -> Option<Self> {
        exact(amount).filter(|amount| !amount.is_sign_negative() || amount.is_zero()).map(Self)
    }

    /// What so many cost, rounded to the cent, halves up. `None` beyond 92 quadrillion.
    #[must_use]
    pub fn times(self, quantity: Decimal) -> Option<Money> {
        Money::rounded(self.0.checked_mul(quantity)?)
    }

    /// The amount for one.
    #[must_use]
    pub fn amount(self) -> Decimal {
        self.0
    }
}

/// An amount of money in hundredths of a currency that is named elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From hundredths.
    #[must_use]
    pub fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// In hundredths.
    #[must_use]
    pub fn cents(self) -> i64 {
        self.0
    }

    /// The amount rounded to the cent, halves away from zero. `None` beyond 92 quadrillion.
    #[must_use]
    pub fn rounded(amount: Decimal) -> Option<Self> {
        let cents = amount.checked_mul(Decimal::ONE_HUNDRED)?;
        cents.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64().map(Self)
    }

    /// As a number.
    #[must_use]
    pub fn amount(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// The amount for one of so many; `None` where there are none.
    #[must_use]
    pub fn per(self, quantity: Decimal) -> Option<Decimal> {
        self.amount().checked_div(quantity)
    }

    /// In parts that are in proportion to the weights and add up to the whole: cents that are left over go to those whose
    /// share was cut the most, of equals to the first. All goes to the first where no weight is positive.
    #[must_use]
    pub fn split(self, weights: &[f64]) -> Vec<Self> {
        /// As fine as weights are told apart.
        const PARTS: f64 = 1e15;
        let positive = |weight: &f64| if weight.is_finite() { weight.max(0.0) } else { 0.0 };
        let largest = weights.iter().map(positive).fold(0.0, f64::max);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1e15")]
        let mut parts: Vec<u128> = weights
            .iter()
            .map(|weight| (positive(weight) / largest.max(f64::MIN_POSITIVE) * PARTS) as u128)
            .collect();
        if parts.iter().all(|part| *part == 0) {
            parts.iter_mut().take(1).for_each(|part| *part = 1);
        }
        let sum: u128 = parts.iter().sum();
        let whole = u128::from(self.0.unsigned_abs());
        let mut cents: Vec<u128> = parts.iter().map(|part| whole * part / sum.max(1)).collect();
        let left = whole - cents.iter().sum::<u128>();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(whole * parts[index] % sum.max(1)));
        let left = usize::try_from(left).unwrap_or(0);
        for index in order.into_iter().take(left) {
            cents[index] += 1;
        }
        let signed = |cents: u128| Self(i64::try_from(cents).unwrap_or(i64::MAX) * self.0.signum());
        cents.into_iter().map(signed).collect()
    }
}

impl Add for Money {
    type Output = Self;
    /// Saturates beyond 92 quadrillion.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;
    /// Saturates beyond 92 quadrillion.
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// `9427.92`: for people who read the thousands, see render.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.amount())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(amount: f64) -> Price {
        Price::new(amount).unwrap()
    }

    #[test]
    fn prices_are_what_was_written() {
        assert_eq!(price(0.17).amount().to_string(), "0.17");
        assert_eq!(price(1e-7).amount().to_string(), "0.0000001");
        for wrong in [-0.01, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Price::new(wrong), None, "{wrong}");
        }
    }

    /// METHODS.md §3.5: 24 × 0.17 × 730.
    #[test]
    fn products_are_exact() {
        let hours = Decimal::from(24 * 730);
        assert_eq!(price(0.17).times(hours).unwrap().to_string(), "2978.40");
        // 0.005 is no binary number; half a cent is a cent.
        assert_eq!(price(0.005).times(Decimal::ONE), Some(Money::from_cents(1)));
        assert_eq!(price(1e6).times(Decimal::MAX), None);
    }

    #[test]
    fn parts_add_up() {
        let parts = Money::from_cents(100).split(&[1.0, 1.0, 1.0]);
        assert_eq!(parts, [34, 33, 33].map(Money::from_cents));
        assert_eq!(Money::from_cents(-100).split(&[2.0, 1.0]), [-67, -33].map(Money::from_cents));
        assert_eq!(Money::from_cents(7).split(&[0.0, f64::NAN]), [7, 0].map(Money::from_cents));
        assert_eq!(Money::from_cents(7).split(&[]), []);
        let weights = [0.1, 1e9, 3.3, 7.77];
        let parts = Money::from_cents(i64::MAX).split(&weights);
        assert_eq!(
            parts.iter().map(|part| i128::from(part.cents())).sum::<i128>(),
            i64::MAX.into()
        );
    }
}
