//! Figures of a plan in words.

use plimsoll_analysis::plan::Plan;
use plimsoll_model::{Decimal, Money, Rate};

use crate::numbers::{count, grouped, rate};

/// `9,427.92 USD`.
pub(crate) fn money(amount: Money, currency: &str) -> String {
    format!("{} {currency}", plain_money(amount))
}

/// `9,427.92`.
pub(crate) fn plain_money(amount: Money) -> String {
    let text = grouped(&amount.amount().abs().to_string());
    if amount < Money::ZERO { format!("-{text}") } else { text }
}

/// `+473.04`, `-1,241.00`, `0`.
pub(super) fn difference(amount: Money) -> String {
    match amount.cents() {
        0 => "0".to_owned(),
        1.. => format!("+{}", plain_money(amount)),
        _ => plain_money(amount),
    }
}

/// `1.1958`: what one of something costs, to four decimals, as is usual for small prices.
pub(super) fn price(amount: Decimal) -> String {
    grouped(&format!("{:.4}", amount.round_dp(4)))
}

/// `7,884,000,000`, `0.5`.
pub(super) fn quantity(amount: Decimal) -> String {
    grouped(&amount.round_dp(3).normalize().to_string())
}

/// `5,000/s`, `357.1/s`.
#[must_use]
pub fn per_second(value: Rate) -> String {
    let text = rate(Some(value));
    let text = text.strip_suffix(".0").unwrap_or(&text);
    format!("{}/s", text.strip_suffix(".00").unwrap_or(text))
}

/// `65.2 %`.
pub(crate) fn share(ratio: f64) -> String {
    let text = format!("{:.1}", ratio * 100.0);
    format!("{} %", grouped(text.strip_suffix(".0").unwrap_or(&text)))
}

/// `+7.4 %`, `+3,400 %`.
pub(super) fn room(factor: f64) -> String {
    // Rounded down: room that is not there is worse than room that is not told.
    let percent = ((factor - 1.0) * 1e3 + 1e-6).floor() / 10.0;
    let text = format!("{:.1}", percent.abs());
    let sign = if percent < 0.0 { '-' } else { '+' };
    format!("{sign}{} %", grouped(text.strip_suffix(".0").unwrap_or(&text)))
}

/// `1 instance`, `24 instances`.
pub(super) fn instances(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "instance" } else { "instances" })
}

/// `4.444`, with as many digits as explain an instance.
pub(super) fn work(value: f64) -> String {
    grouped(&format!("{value:.4}"))
}

/// The chain that a pool is of, or all of them.
pub(super) fn pool_name(plan: &Plan, pool: usize) -> Option<&str> {
    let pool = plan.chosen.pools.get(pool)?;
    match pool.chains[..] {
        [chain] if plan.inputs.chains.len() > 1 => {
            Some(plan.inputs.chains.get(chain)?.name.as_str())
        }
        _ => None,
    }
}

/// The currency of the costs.
pub(crate) fn currency(plan: &Plan) -> &str {
    plan.inputs.costs.as_ref().map_or("", |costs| costs.currency.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(money(Money::from_cents(942_792), "USD"), "9,427.92 USD");
        assert_eq!(difference(Money::from_cents(-124_100)), "-1,241.00");
        assert_eq!(per_second(Rate(5_000.0)), "5,000/s");
        assert_eq!(per_second(Rate(5.0)), "5/s");
        assert_eq!(share(0.651_85), "65.2 %");
        assert_eq!(room(1.073_86), "+7.3 %");
        assert_eq!(room(1.05), "+5 %");
        assert_eq!(room(35.0), "+3,400 %");
        assert_eq!(room(0.95), "-5 %");
        assert_eq!(price(Decimal::new(11_958_295, 7)), "1.1958");
    }
}
