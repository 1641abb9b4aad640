//! `ethereum=workers:4,service:10ms,queue:32,full:503`: a chain as it is typed.

use std::time::Duration;

use plimsoll_attack::stub::{Chain, RpcErrors, Spread, WhenFull};

use crate::values;

/// JSON-RPC's "internal error".
const RPC_CODE: i64 = -32_603;

/// What is not said is as [`Chain::new`] has it.
pub(crate) fn parse(text: &str) -> Result<Chain, String> {
    let (name, settings) = text.split_once('=').unwrap_or((text, ""));
    let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b));
    if name.is_empty() || !named {
        return Err(format!("`{name}` cannot be the segment of a path"));
    }
    let mut chain = Chain::new(name);
    let (mut spread, mut cv) = ("fixed", None);
    let (mut retry_after, mut code, mut share) = (None, None, None);
    for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
        let (key, value) = setting
            .split_once(':')
            .ok_or_else(|| format!("expected KEY:VALUE, found `{setting}`"))?;
        let wrong = |expected: &str| format!("{key}: expected {expected}, found `{value}`");
        match key {
            "workers" => chain.workers = value.parse().map_err(|_| wrong("a number above 0"))?,
            "service" => chain.service.mean = span(value)?,
            "spread" => spread = value,
            "cv" => cv = Some(coefficient(value).ok_or_else(|| wrong("a number such as 0.5"))?),
            "sigma" | "kappa" => {
                let coefficient =
                    coefficient(value).ok_or_else(|| wrong("a number such as 0.02"))?;
                let contention = &mut chain.service.contention;
                *(if key == "sigma" { &mut contention.sigma } else { &mut contention.kappa }) =
                    coefficient;
            }
            "queue" if value == "unbounded" => chain.queue = None,
            "queue" => {
                let bound = value.parse().map_err(|_| wrong("a number or unbounded"))?;
                chain.queue = Some(bound);
            }
            "full" => {
                chain.full = match value {
                    "503" => WhenFull::Unavailable,
                    "429" => WhenFull::TooMany { retry_after: Duration::from_secs(1) },
                    "hang" => WhenFull::Hang,
                    "reset" => WhenFull::Reset,
                    _ => return Err(wrong("503, 429, hang or reset")),
                }
            }
            "retry-after" => retry_after = Some(span(value)?),
            "rpc-errors" => share = Some(values::ratio(value)?),
            "rpc-code" => code = Some(value.parse().map_err(|_| wrong("a number"))?),
            _ => {
                return Err(format!(
                    "`{key}` is none of workers, service, spread, cv, sigma, kappa, queue, full, \
                     retry-after, rpc-errors, rpc-code"
                ));
            }
        }
    }
    chain.service.spread = match (spread, cv) {
        ("fixed", None) => Spread::Fixed,
        ("exponential", None) => Spread::Exponential,
        ("lognormal", cv) => Spread::LogNormal { cv: cv.unwrap_or(1.0) },
        ("fixed" | "exponential", Some(_)) => {
            return Err("cv goes with spread:lognormal".to_owned());
        }
        _ => {
            return Err(format!(
                "spread: expected fixed, exponential or lognormal, found `{spread}`"
            ));
        }
    };
    if let Some(after) = retry_after {
        let WhenFull::TooMany { retry_after } = &mut chain.full else {
            return Err("retry-after goes with full:429".to_owned());
        };
        *retry_after = after;
    }
    chain.rpc_errors = match (share, code) {
        (None, None) => None,
        (None, Some(_)) => return Err("rpc-code goes with rpc-errors".to_owned()),
        (Some(share), code) => Some(RpcErrors { share, code: code.unwrap_or(RPC_CODE) }),
    };
    Ok(chain)
}

fn span(text: &str) -> Result<Duration, String> {
    // "0" needs no unit.
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let span = Duration::from_nanos(values::span(text)?.0);
    if span > Duration::from_secs(3600) {
        return Err(format!("`{text}` is more than an hour"));
    }
    Ok(span)
}

fn coefficient(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value| (0.0..=100.0).contains(value))
}

#[cfg(test)]
mod tests {
    use plimsoll_attack::stub::{Contention, Service};

    use super::*;

    #[test]
    fn what_is_not_said_stays_as_it_was() {
        assert_eq!(parse("ethereum"), Ok(Chain::new("ethereum")));
        assert_eq!(parse("ethereum="), Ok(Chain::new("ethereum")));
    }

    #[test]
    fn all_that_can_be_said() {
        let text = "kava=workers:8,service:2.5ms,spread:lognormal,cv:0.5,sigma:0.02,kappa:0.001,\
                    queue:unbounded,full:429,retry-after:3s,rpc-errors:1%,rpc-code:-32005";
        let chain = parse(text).unwrap();
        let service = Service {
            mean: Duration::from_micros(2_500),
            spread: Spread::LogNormal { cv: 0.5 },
            contention: Contention { sigma: 0.02, kappa: 0.001 },
        };
        let expected = Chain {
            workers: chain.workers,
            service,
            queue: None,
            full: WhenFull::TooMany { retry_after: Duration::from_secs(3) },
            rpc_errors: Some(RpcErrors { share: 0.01, code: -32_005 }),
            ..Chain::new("kava")
        };
        assert_eq!(chain, expected);
        assert_eq!(chain.workers.get(), 8);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (text, named) in [
            ("", "path"),
            ("a/b=workers:1", "path"),
            ("a=workers", "KEY:VALUE"),
            ("a=workers:0", "workers"),
            ("a=service:10", "span"),
            ("a=service:2h", "hour"),
            ("a=full:404", "full"),
            ("a=cv:1", "cv"),
            ("a=spread:normal", "spread"),
            ("a=retry-after:1s", "retry-after"),
            ("a=rpc-code:1", "rpc-errors"),
            ("a=kappa:-1", "kappa"),
            ("a=threads:2", "threads"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
