//! Values as they are typed, in vegeta's notation where it has one.

use plimsoll_attack::schedule::{Frequency, Share, Step, Steps};
use plimsoll_model::{Nanos, Rate};

use crate::values as common;

pub(crate) type Header = (String, String);
pub(crate) type ConnectTo = (String, String);
/// `None` to take redirects as answers.
pub(crate) type Redirects = MaybeBounded<u32>;
/// `None` for all.
pub(crate) type MaxBody = MaybeBounded<u64>;
/// `None` not to keep any.
pub(crate) type DnsTtl = MaybeBounded<Nanos>;

/// A value, or vegeta's -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaybeBounded<T>(pub(crate) Option<T>);

/// `-rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RateSpec {
    /// 0 or infinity.
    AsFastAsAnswersCome,
    Frequency(Frequency),
}

/// `--chain`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChainSpec {
    pub(crate) name: String,
    /// A file, or a URL.
    pub(crate) targets: String,
    pub(crate) rate: ChainRate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ChainRate {
    Frequency(Frequency),
    /// So many parts of the whole.
    Share {
        part: u32,
        whole: u32,
    },
}

/// A typed share counts in hundredths of a percent.
const WHOLE: u32 = 10_000;

/// `--steps`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StepsSpec(pub(crate) Steps);

/// `--shard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShardSpec {
    Share(Share),
    /// The index, or both, are to be found in the environment.
    Auto(Option<u32>),
}

/// Go's `strconv.ParseBool`.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A span; 0 needs no unit.
pub(crate) fn span(text: &str) -> Result<Nanos, String> {
    if text == "0" { Ok(Nanos::ZERO) } else { common::span(text) }
}

pub(crate) fn header(text: &str) -> Result<Header, String> {
    let parts = text.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
    match parts {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("expected a header such as \"Accept: application/json\"".to_owned()),
    }
}

pub(crate) fn rate_spec(text: &str) -> Result<RateSpec, String> {
    let count = text.split_once('/').map_or(text, |(count, _)| count);
    if text == "infinity" || count == "0" {
        return Ok(RateSpec::AsFastAsAnswersCome);
    }
    frequency(text).map(RateSpec::Frequency)
}

/// Exactly as typed where the count is whole.
fn frequency(text: &str) -> Result<Frequency, String> {
    let rate = common::rate(text)?;
    let (count, per) = text.split_once('/').unwrap_or((text, "1s"));
    let per = common::span(per).or_else(|_| common::span(&format!("1{per}")));
    let exact = count.trim().parse().ok().zip(per.ok());
    exact
        .and_then(|(count, per)| Frequency::new(count, per))
        .or_else(|| Frequency::from_per_second(rate.per_second()))
        .ok_or_else(|| "expected a rate between 0.000001 and 100,000,000 per second".to_owned())
}

pub(crate) fn chain(text: &str) -> Result<ChainSpec, String> {
    let wrong =
        || "expected name=targets@rate, as in eth=eth.txt@2000 or eth=eth.txt@40%".to_owned();
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (targets, rate) = rest.rsplit_once('@').ok_or_else(wrong)?;
    if name.is_empty() || targets.is_empty() {
        return Err(wrong());
    }
    let rate = if rate.ends_with('%') {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
        let part = (common::ratio(rate)? * f64::from(WHOLE)).round() as u32;
        if part == 0 {
            return Err("expected a share of at least 0.01%".to_owned());
        }
        ChainRate::Share { part, whole: WHOLE }
    } else {
        ChainRate::Frequency(frequency(rate)?)
    };
    Ok(ChainSpec { name: name.to_owned(), targets: targets.to_owned(), rate })
}

pub(crate) fn ramp(text: &str) -> Result<(f64, f64), String> {
    let (from, to) = text.split_once("..").ok_or("expected two rates, as in 100..2000")?;
    let end = |text: &str| {
        let rate = common::rate(text).map_err(|_| {
            format!("`{text}` is no rate above 0: expected two of them, as in 100..2000 or 2000..1")
        });
        rate.map(Rate::per_second)
    };
    Ok((end(from)?, end(to)?))
}

/// `--width`. Rates that are closer than 4 % are hardly told apart.
pub(crate) fn width(text: &str) -> Result<f64, String> {
    let width = common::ratio(text)?;
    if (0.04..=0.5).contains(&width) { Ok(width) } else { Err("expected 4% to 50%".to_owned()) }
}

pub(crate) fn steps(text: &str) -> Result<StepsSpec, String> {
    let mut parts = text.split(',');
    let (from, to) = ramp(parts.next().unwrap_or(""))?;
    let (mut step, mut hold, mut drain) = (None, None, Nanos::ZERO);
    for part in parts {
        let number = |value: &str| {
            if step.is_some() {
                return Err("expected one step, by ratio or by increment, found two".to_owned());
            }
            value.parse().map_err(|_| format!("{part}: expected a number"))
        };
        match part.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("ratio", value)) => step = Some(Step::Ratio(number(value)?)),
            Some(("increment", value)) => step = Some(Step::Increment(number(value)?)),
            Some(("hold", value)) => hold = Some(common::span(value)?),
            Some(("drain", value)) => drain = span(value)?,
            _ => return Err(format!("expected ratio, increment, hold or drain, found `{part}`")),
        }
    }
    let step = step.ok_or("expected ratio=1.25 or increment=100")?;
    let hold = hold.ok_or("expected how long each rate is held, as in hold=70s")?;
    Ok(StepsSpec(Steps { from, to, step, hold, drain }))
}

pub(crate) fn shard(text: &str) -> Result<ShardSpec, String> {
    let wrong = || "expected I/N with I from 1 to N, auto, or auto/N".to_owned();
    if text == "auto" {
        return Ok(ShardSpec::Auto(None));
    }
    let (index, of) = text.split_once('/').ok_or_else(wrong)?;
    let of: u32 = of.parse().map_err(|_| wrong())?;
    if index == "auto" {
        return if of > 0 { Ok(ShardSpec::Auto(Some(of))) } else { Err(wrong()) };
    }
    let index: u32 = index.parse().map_err(|_| wrong())?;
    let share = index.checked_sub(1).and_then(|index| Share::new(index, of));
    share.map(ShardSpec::Share).ok_or_else(wrong)
}

pub(crate) fn redirects(text: &str) -> Result<Redirects, String> {
    if text == "-1" {
        return Ok(MaybeBounded(None));
    }
    let number = text.parse().map_err(|_| "expected a number of redirects, or -1".to_owned());
    Ok(MaybeBounded(Some(number?)))
}

/// Bytes, or with vegeta's units, which are binary: `10KB`, `1mb`.
pub(crate) fn max_body(text: &str) -> Result<MaxBody, String> {
    if text == "-1" {
        return Ok(MaybeBounded(None));
    }
    let wrong = || "expected a size such as 4096, 10KB or 1MB, or -1".to_owned();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        "t" | "tb" => 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(1 << shift).map(|bytes| MaybeBounded(Some(bytes))).ok_or_else(wrong)
}

pub(crate) fn max_lag(text: &str) -> Result<Nanos, String> {
    // Timers and threads that wake up take a part of it, and at high rates a few requests are gathered.
    const LEAST: Nanos = Nanos(1_000_000);
    let lag = span(text)?;
    if lag < LEAST {
        return Err("no machine is never late: expected at least 1ms".to_owned());
    }
    Ok(lag)
}

pub(crate) fn dns_ttl(text: &str) -> Result<DnsTtl, String> {
    if text == "-1" { Ok(MaybeBounded(None)) } else { Ok(MaybeBounded(Some(span(text)?))) }
}

/// `source:port:destination:port`.
pub(crate) fn connect_to(text: &str) -> Result<ConnectTo, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [from, from_port, to, to_port]
            if to_port.parse::<u16>().is_ok() && from_port.parse::<u16>().is_ok() =>
        {
            Ok((format!("{from}:{from_port}"), format!("{to}:{to_port}")))
        }
        _ => Err("expected host:port:host:port".to_owned()),
    }
}

pub(crate) fn empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    Err("this flag of vegeta's cannot be honoured: no metrics are served; results say what became of each request".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        assert_eq!(rate_spec("0"), Ok(RateSpec::AsFastAsAnswersCome));
        assert_eq!(rate_spec("0/1s"), rate_spec("infinity"));
        let third = Frequency::new(1, Nanos(3_000_000_000)).unwrap();
        assert_eq!(rate_spec("1/3s"), Ok(RateSpec::Frequency(third)));
        assert_eq!(rate_spec("500/ms").unwrap(), rate_spec("500/1ms").unwrap());
        assert!(rate_spec("-1").is_err() && rate_spec("many").is_err());
    }

    #[test]
    fn chains_have_a_rate_or_a_share() {
        let chain_of = |text| chain(text).unwrap();
        assert_eq!(
            chain_of("eth=a@b.txt@40%").rate,
            ChainRate::Share { part: 4_000, whole: 10_000 }
        );
        assert_eq!(chain_of("eth=a@b.txt@40%").targets, "a@b.txt");
        assert_eq!(chain_of("eth=http://h/?a=b@5").targets, "http://h/?a=b");
        for text in ["eth", "eth=a", "=a@5", "eth=@5", "eth=a@0", "eth=a@0%"] {
            assert!(chain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_vegetas() {
        assert_eq!(max_body("10485760"), Ok(MaybeBounded(Some(10 << 20))));
        assert_eq!(max_body("10KB"), Ok(MaybeBounded(Some(10 << 10))));
        assert_eq!(max_body("-1"), Ok(MaybeBounded(None)));
        assert!(max_body("-2").is_err() && max_body("99999999TB").is_err());
    }

    #[test]
    fn a_lag_is_never_ruled_out() {
        assert_eq!(max_lag("1ms"), Ok(Nanos(1_000_000)));
        assert_eq!(max_lag("1.5ms"), Ok(Nanos(1_500_000)));
        assert!(max_lag("0").is_err() && max_lag("999us").is_err());
    }

    #[test]
    fn shards_count_from_one() {
        assert_eq!(shard("1/4"), Ok(ShardSpec::Share(Share::new(0, 4).unwrap())));
        assert_eq!(shard("auto/4"), Ok(ShardSpec::Auto(Some(4))));
        for text in ["0/4", "5/4", "1", "1/0", "auto/0"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn steps_say_how_far_and_how_long() {
        let typed = steps("100..2000,ratio=1.25,hold=70s,drain=5s").unwrap().0;
        assert_eq!((typed.from, typed.to, typed.step), (100.0, 2000.0, Step::Ratio(1.25)));
        assert_eq!(typed.hold, Nanos(70_000_000_000));
        for text in [
            "100..200",
            "100..200,hold=1s",
            "100,ratio=2,hold=1s",
            "1..2,x=1,hold=1s",
            "1..2,ratio=2,increment=1,hold=1s",
            "1..2,ratio=2,ratio=3,hold=1s",
        ] {
            assert!(steps(text).is_err(), "{text}");
        }
    }
}
