//! Numbers with more digits than a floating-point number holds.

use plimsoll_model::Nanos;
use serde_json::value::RawValue;

/// A decimal number in JSON.
pub(super) type Decimal = Box<RawValue>;

/// Nanoseconds in milliseconds, exactly.
pub(super) fn exact_ms(ns: u128) -> Decimal {
    exact(ns, 6)
}

/// Nanoseconds in seconds, exactly.
pub(super) fn exact_s(span: Nanos) -> Decimal {
    exact(u128::from(span.0), 9)
}

fn exact(ns: u128, decimals: u32) -> Decimal {
    let unit = 10_u128.pow(decimals);
    let text = format!("{}.{:0width$}", ns / unit, ns % unit, width = decimals as usize);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    RawValue::from_string(text.to_owned()).expect("digits and a point are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_written() {
        assert_eq!(exact_ms(0).get(), "0");
        assert_eq!(exact_ms(1).get(), "0.000001");
        assert_eq!(exact_ms(10_000_000).get(), "10");
        assert_eq!(exact_ms(u128::from(u64::MAX) * 10).get(), "184467440737095.51615");
        assert_eq!(exact_s(Nanos(1_997_860_753)).get(), "1.997860753");
    }
}
