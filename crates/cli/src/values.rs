//! Values as they are typed: moments, spans, service levels, groupings.

use std::num::NonZeroUsize;
use std::str::FromStr;

use plimsoll_analysis::{Conditions, GroupBy, IntendedRate, Matcher, Slo};
use plimsoll_attack::doctor::Generator;
use plimsoll_model::{Nanos, Rate, Timestamp};

/// `2026-11-23T08:35:32Z`, with any offset; without one it is UTC.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let parsed = jiff::Timestamp::from_str(text).or_else(|_| {
        let civil = jiff::civil::DateTime::from_str(text)?;
        jiff::tz::Offset::UTC.to_timestamp(civil)
    });
    let moment = parsed.map_err(|_| "expected a moment such as 2026-11-23T08:35:32Z".to_owned())?;
    let nanos = i64::try_from(moment.as_nanosecond());
    nanos.map(Timestamp).map_err(|_| "expected a moment between the years 1678 and 2262".to_owned())
}

/// `500ms`, `1.5s`, `2m30s`: a number and a unit, once or several times.
pub(crate) fn span(text: &str) -> Result<Nanos, String> {
    const UNITS: [(&str, f64); 7] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
    ];
    let wrong = || "expected a span such as 500ms, 30s or 1m30s".to_owned();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |end| digits + end);
        let unit = &rest[digits..end];
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        total += number * nanos;
        rest = &rest[end..];
    }
    // Far below 2^63, and not negative: no sign is read.
    if total > 3.2e18 {
        return Err("expected a span of less than a hundred years".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Ok(Nanos(total.round() as u64))
}

/// `99.5%` or `0.995`.
pub(crate) fn ratio(text: &str) -> Result<f64, String> {
    let wrong = || "expected a share such as 99.5% or 0.995".to_owned();
    let parsed: f64 = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map_err(|_| wrong())? / 100.0,
        None => text.trim().parse().map_err(|_| wrong())?,
    };
    if (0.0..=1.0).contains(&parsed) { Ok(parsed) } else { Err(wrong()) }
}

/// `latency=500ms,success=99.5%`, either part or both.
pub(crate) fn slo(text: &str) -> Result<Slo, String> {
    let mut slo = Slo::default();
    for part in text.split(',') {
        match part.split_once('=').map(|(key, value)| (key.trim(), value)) {
            Some(("latency", value)) => slo.latency = Some(span(value)?),
            Some(("success", value)) => slo.success_min = Some(ratio(value)?),
            _ => return Err(format!("expected latency=500ms,success=99.5%, found `{part}`")),
        }
    }
    Ok(slo)
}

/// `500`, `500/1s` or `30000/1m`, as vegeta takes it.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || "expected a rate such as 500, 500/1s or 30000/1m".to_owned();
    let (count, per) = text.split_once('/').unwrap_or((text, "1s"));
    let count: f64 = count.trim().parse().map_err(|_| wrong())?;
    // vegeta takes `500/s` for `500/1s`.
    let per = span(per).or_else(|_| span(&format!("1{per}"))).map_err(|_| wrong())?;
    let rate = count / per.as_secs_f64();
    if rate > 0.0 && rate < 1e9 { Ok(Rate(rate)) } else { Err(wrong()) }
}

/// A rate, alone or behind the glob of the attacks that were to keep it: `eth-*=500`.
pub(crate) fn intended_rate(text: &str) -> Result<IntendedRate, String> {
    let (attack, text) = match text.rsplit_once('=') {
        Some((attack, rate)) => (Some(attack.to_owned()), rate),
        None => (None, text),
    };
    let attacks = Matcher::new(&Conditions { attack: attack.clone(), ..Conditions::default() });
    let attacks = attacks.map_err(|error| error.to_string())?;
    Ok(IntendedRate { attacks, pattern: attack, rate: rate(text)? })
}

/// `attack`, `host`, `path`, `path:2`, `url`, `file` or `method`.
pub(crate) fn group_by(text: &str) -> Result<GroupBy, String> {
    Ok(match text {
        "attack" => GroupBy::Attack,
        "host" => GroupBy::Host,
        "path" => GroupBy::Path(1),
        "url" => GroupBy::Url,
        "file" => GroupBy::File,
        "method" => GroupBy::Method,
        _ => match text.strip_prefix("path:").and_then(|segments| segments.parse().ok()) {
            Some(segments @ 1..=32) => GroupBy::Path(segments),
            _ => return Err("expected attack, host, path, path:N, url, file or method".to_owned()),
        },
    })
}

/// A generator, by its name.
pub(crate) fn generator(text: &str) -> Result<Generator, String> {
    let known = [Generator::Vegeta, Generator::Plimsoll];
    let found = known.into_iter().find(|generator| generator.name() == text);
    found.ok_or_else(|| "expected vegeta or plimsoll".to_owned())
}

/// `1` to `64`.
pub(crate) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= 64);
    threads.ok_or_else(|| "expected a number from 1 to 64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!(span("500ms"), Ok(Nanos(500_000_000)));
        assert_eq!(span("1m30s"), Ok(Nanos(90_000_000_000)));
        assert_eq!(span("1.5s"), Ok(Nanos(1_500_000_000)));
        for text in ["", "5", "ms", "-5s", "5 parsecs", "1e9s", "99999999h", "."] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments() {
        assert_eq!(moment("1970-01-01T00:00:01Z"), Ok(Timestamp(1_000_000_000)));
        assert_eq!(moment("1970-01-01T01:00:01+01:00"), Ok(Timestamp(1_000_000_000)));
        assert_eq!(moment("1970-01-01T00:00:01"), Ok(Timestamp(1_000_000_000)));
        assert!(moment("yesterday").is_err());
    }

    #[test]
    fn service_levels() {
        let both = Slo {
            latency: Some(Nanos(500_000_000)),
            success_min: Some(0.995),
            good_ratio_min: None,
        };
        assert_eq!(slo("latency=500ms,success=99.5%"), Ok(both));
        assert_eq!(slo("success=0.995,latency=0.5s"), Ok(both));
        assert_eq!(slo("latency=1s").unwrap().success_min, None);
        for text in ["", "latency", "p99=1s", "success=101%", "success=NaN"] {
            assert!(slo(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(rate("500"), Ok(Rate(500.0)));
        assert_eq!(rate("500/s"), Ok(Rate(500.0)));
        assert_eq!(rate("30000/1m"), Ok(Rate(500.0)));
        assert_eq!(intended_rate("eth=1=50/100ms").unwrap().rate, Rate(500.0));
        for text in ["", "0", "-5", "many", "5/", "eth-*=", "[=5", "inf", "NaN"] {
            assert!(intended_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn groupings() {
        assert_eq!(group_by("path:3"), Ok(GroupBy::Path(3)));
        assert!(group_by("path:0").is_err() && group_by("paths").is_err());
    }
}
