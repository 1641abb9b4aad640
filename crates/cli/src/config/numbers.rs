//! Numbers and words as the tables have them, each within its range.

use plimsoll_analysis::plan::growth::LEAST;
use plimsoll_model::{Decimal, Rate, exact};

/// Counts beyond this are mistakes.
const MOST: u64 = 1_000_000;

/// A number as it was probably written.
pub(super) fn shown(value: f64) -> String {
    if value == 0.0 || (1e-6..1e16).contains(&value.abs()) || !value.is_finite() {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// A share, if it is one.
pub(super) fn share(key: &str, value: Option<f64>) -> anyhow::Result<Option<f64>> {
    if let Some(value) = value {
        anyhow::ensure!(
            (0.0..=1.0).contains(&value),
            "{key} = {}: expected a share between 0 and 1",
            shown(value)
        );
    }
    Ok(value)
}

/// A number of a range, or the default.
pub(super) fn number(
    key: &str,
    value: Option<f64>,
    default: f64,
    range: std::ops::RangeInclusive<f64>,
    expected: &str,
) -> anyhow::Result<f64> {
    let value = value.unwrap_or(default);
    anyhow::ensure!(range.contains(&value), "{key} = {}: expected {expected}", shown(value));
    Ok(value)
}

/// The same, above 0: a millionth and more.
pub(super) fn positive(
    key: &str,
    value: Option<f64>,
    default: f64,
    expected: &str,
) -> anyhow::Result<f64> {
    number(key, value, default, LEAST.per_second()..=1e9, expected)
}

pub(super) fn count(
    key: &str,
    value: Option<u64>,
    default: u64,
    least: u64,
) -> anyhow::Result<u64> {
    let value = value.unwrap_or(default);
    anyhow::ensure!(
        (least..=MOST).contains(&value),
        "{key} = {value}: expected a whole number from {least} to {MOST}"
    );
    Ok(value)
}

/// A number that is not negative, exactly as it was written.
pub(super) fn quantity(key: &str, value: Option<f64>) -> anyhow::Result<Option<Decimal>> {
    let Some(value) = value else { return Ok(None) };
    let found = exact(value).filter(|_| (0.0..=1e9).contains(&value));
    let expected = "expected a number from 0 to 1,000,000,000";
    Ok(Some(found.ok_or_else(|| anyhow::anyhow!("{key} = {}: {expected}", shown(value)))?))
}

pub(super) fn word<T: Copy>(
    key: &str,
    value: Option<&str>,
    default: T,
    known: &[(&str, T)],
) -> anyhow::Result<T> {
    let Some(value) = value else { return Ok(default) };
    let found = known.iter().find(|(name, _)| *name == value).map(|(_, found)| *found);
    found.ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        anyhow::anyhow!("{key} = \"{value}\": expected {}", names.join(" or "))
    })
}

/// A rate that a chain is to carry, or an instance carries.
pub(super) fn rate(key: &str, value: f64) -> anyhow::Result<Rate> {
    let expected = "requests per second, from 0.000001 to 1,000,000,000";
    positive(key, Some(value), value, expected).map(Rate)
}
