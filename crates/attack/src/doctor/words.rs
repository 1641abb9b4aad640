//! Figures in sentences.

use plimsoll_model::{Nanos, Rate};

/// `28,232`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `5,000/s`, `357.1/s`.
pub(super) fn rate(rate: Rate) -> String {
    let tenths = (rate.per_second() * 10.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no rate is negative"
    )]
    let (whole, tenth) = ((tenths / 10.0) as u64, (tenths % 10.0) as u64);
    if tenth == 0 { format!("{}/s", count(whole)) } else { format!("{}.{tenth}/s", count(whole)) }
}

/// `0.1 s`, `60 s`.
pub(super) fn seconds(span: Nanos) -> String {
    format!("{} s", (span.as_secs_f64() * 1e3).round() / 1e3)
}

/// `512 MiB`.
pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", count(bytes >> 20))
}

/// `1 host`, `14 hosts`.
pub(super) fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(
            [count(7), count(999), count(1_000), count(28_232)],
            ["7", "999", "1,000", "28,232"]
        );
        assert_eq!(rate(Rate(5_000.0)), "5,000/s");
        assert_eq!(rate(Rate(357.14)), "357.1/s");
        assert_eq!(rate(Rate(999.99)), "1,000/s");
        assert_eq!(seconds(Nanos(100_000_000)), "0.1 s");
    }
}
