//! Chains that were measured together: their capacities hold for that mix alone; METHODS.md §2.2.9.

use plimsoll_model::Rate;

use super::basis::Measured;
use crate::capacity::sustained::{Binding, Censored};

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

/// What all chains together sustain: in their mix, as much as the first lets through. `chains` are what was measured of each
/// and its number of requests. `None` without chains.
#[must_use]
pub fn together(chains: &[(Measured, u64)]) -> Option<Measured> {
    let all: u64 = chains.iter().map(|(_, requests)| requests).sum();
    let of_all = |rate: Option<Rate>, requests: u64| {
        rate.map(|rate| Rate(rate.per_second() * all as f64 / requests.max(1) as f64))
    };
    let least = |of: fn(&Measured) -> Option<Rate>| {
        let rates = chains.iter().filter_map(|(found, requests)| of_all(of(found), *requests));
        rates.min_by(|left, right| left.per_second().total_cmp(&right.per_second()))
    };
    // A lower bound is one if all chains have one.
    let of_each = |of: fn(&Measured) -> Option<Rate>| {
        if chains.iter().all(|(found, _)| of(found).is_some()) { least(of) } else { None }
    };
    let (lower, upper) = (of_each(|found| found.lower), least(|found| found.upper));
    let binds = |found: &&(Measured, u64)| {
        let own = of_all(found.0.upper, found.1);
        own.zip(upper).is_some_and(|(own, upper)| own <= upper)
    };
    let binding: Option<Binding> = chains.iter().find(binds).and_then(|found| found.0.binding);
    let censored = match (lower, upper) {
        (None, _) => Censored::BelowMinLoad,
        (_, Some(_)) => Censored::None,
        (_, None) if chains.iter().any(|(found, _)| found.censored == Censored::Generator) => {
            Censored::Generator
        }
        (_, None) => Censored::MaxLoad,
    };
    let (first, _) = chains.first()?;
    Some(Measured {
        lower,
        upper,
        low: of_each(|found| found.low),
        high: least(|found| found.high),
        censored,
        binding,
        screening: chains.iter().any(|(found, _)| found.screening),
        mixed: true,
        instances: first.instances,
    })
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

    #[test]
    fn a_mix_carries_what_its_first_limit_lets_through() {
        let measured = |lower: f64, upper: Option<f64>| Measured {
            lower: Some(Rate(lower)),
            upper: upper.map(Rate),
            low: Some(Rate(lower)),
            high: upper.map(Rate),
            censored: if upper.is_some() { Censored::None } else { Censored::MaxLoad },
            binding: upper.map(|_| Binding::Latency),
            screening: false,
            mixed: true,
            instances: 2,
        };
        // Three quarters and one quarter of the requests; the second was never the limit.
        let found =
            together(&[(measured(300.0, Some(330.0)), 750), (measured(120.0, None), 250)]).unwrap();
        assert_eq!((found.lower, found.upper), (Some(Rate(400.0)), Some(Rate(440.0))));
        assert_eq!((found.censored, found.binding), (Censored::None, Some(Binding::Latency)));
        let open = together(&[(measured(300.0, None), 1), (measured(300.0, None), 1)]).unwrap();
        assert_eq!((open.censored, open.upper), (Censored::MaxLoad, None));
        assert_eq!(together(&[]), None);
    }
}
