//! From text to a goal.

use std::error;
use std::fmt;

use plimsoll_model::Nanos;

use super::{Aggregation, Metric, Operator, Threshold};
use crate::taxonomy::{Class, Side};

/// The quantiles of all requests' latencies that are kept.
const KEPT: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Why a text is no goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidThreshold {
    message: String,
    unknown: Option<(String, Vec<String>)>,
}

impl InvalidThreshold {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), unknown: None }
    }

    fn unknown(what: &str, name: &str, known: Vec<String>) -> Self {
        let message = format!("there is no {what} `{name}`; there are {}", known.join(", "));
        Self { message, unknown: Some((name.to_owned(), known)) }
    }

    /// What nobody knows, and what there is.
    #[must_use]
    pub fn unknown_name(&self) -> Option<(&str, &[String])> {
        self.unknown.as_ref().map(|(name, known)| (name.as_str(), known.as_slice()))
    }
}

impl fmt::Display for InvalidThreshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for InvalidThreshold {}

impl Threshold {
    /// `METRIC[{TAG:VALUE,…}][:] [AGGREGATION] OPERATOR NUMBER [for SPAN]`.
    ///
    /// The grammar is k6's (`metrics/thresholds_parser.go`), with the metric in front as in its `thresholds` map, and spans.
    /// Numbers have no unit: ratios are 0..1, latencies milliseconds.
    ///
    /// # Errors
    /// Anything else, with what was expected.
    pub fn parse(text: &str) -> Result<Self, InvalidThreshold> {
        let rest = text.trim();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let metric = metric(name)?;
        let (tags, rest) = match rest.trim_start().strip_prefix('{') {
            Some(inner) => split_tags(inner)?,
            None => (Vec::new(), rest),
        };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix(':').unwrap_or(rest).trim();
        let at = rest.find(['<', '>', '=', '!']).ok_or_else(|| {
            InvalidThreshold::new(
                "expected a comparison, as in success_ratio>=0.995: one of < <= > >= == !=",
            )
        })?;
        let (aggregation, rest) = (rest[..at].trim(), &rest[at..]);
        let (operator, rest) = operator(rest)?;
        let (number, window) = match rest.split_once(" for ") {
            Some((number, span)) => (number, Some(parse_span(span.trim())?)),
            None => (rest, None),
        };
        let number = number.trim();
        let value = number.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| {
            InvalidThreshold::new(format!(
                "`{number}`: expected a number without a unit (ratios are 0 to 1, latencies milliseconds), then perhaps a span, as in for 10s"
            ))
        })?;
        let mut threshold = Self {
            text: text.trim().to_owned(),
            metric,
            chain: None,
            side: None,
            class: None,
            aggregation: parse_aggregation(aggregation, metric)?,
            operator,
            value,
            window,
        };
        threshold.check()?;
        for (tag, value) in tags {
            threshold.tag(&tag, value)?;
        }
        Ok(threshold)
    }

    /// Of all requests' latencies only some figures are kept, of the whole run.
    fn check(&self) -> Result<(), InvalidThreshold> {
        let is_kept = match self.aggregation {
            Aggregation::Quantile(quantile) => {
                KEPT.iter().any(|kept| (kept - quantile).abs() < 1e-9)
            }
            _ => true,
        };
        if self.metric == Metric::AllLatencyMs && (!is_kept || self.window.is_some()) {
            return Err(InvalidThreshold::new(
                "latencies of all requests, failed ones too, are told as avg, min, med, max, p(90), p(95), p(99) and p(99.9) of the whole run; latency_ms, of accepted answers, takes any p(N), and spans",
            ));
        }
        Ok(())
    }

    fn tag(&mut self, tag: &str, value: String) -> Result<(), InvalidThreshold> {
        match tag {
            "chain" => self.chain = Some(value),
            "side" | "class" if !self.metric.is_of_errors() => {
                return Err(InvalidThreshold::new(format!(
                    "{{{tag}:{value}}}: only errors and error_ratio have a {tag}"
                )));
            }
            "side" => {
                let side = Side::ALL.into_iter().find(|side| side.name() == value);
                let known = || Side::ALL.map(|side| side.name().to_owned()).to_vec();
                self.side =
                    Some(side.ok_or_else(|| InvalidThreshold::unknown("side", &value, known()))?);
            }
            "class" => {
                let class = Class::ALL.into_iter().find(|class| class.to_string() == value);
                let known = || Class::ALL.map(|class| class.to_string()).to_vec();
                self.class =
                    Some(class.ok_or_else(|| InvalidThreshold::unknown("class", &value, known()))?);
            }
            _ => {
                let known = ["chain", "side", "class"].map(str::to_owned).to_vec();
                return Err(InvalidThreshold::unknown("tag", tag, known));
            }
        }
        if self.class.is_some() && self.window.is_some() {
            return Err(InvalidThreshold::new(
                "errors of one class are not told by spans of time: ask for the side, or leave out for",
            ));
        }
        Ok(())
    }
}

fn metric(name: &str) -> Result<Metric, InvalidThreshold> {
    if name.is_empty() {
        return Err(InvalidThreshold::new(
            "expected a metric first, as in success_ratio{chain:ethereum}>=0.995",
        ));
    }
    let known = || Metric::ALL.map(|(name, _)| name.to_owned()).to_vec();
    let found = Metric::ALL.into_iter().find(|(known, _)| *known == name);
    found.map(|found| found.1).ok_or_else(|| InvalidThreshold::unknown("metric", name, known()))
}

/// `a:b,c:"d,e"}rest`: the tags, and what follows.
type Tags<'a> = (Vec<(String, String)>, &'a str);

fn split_tags(mut inner: &str) -> Result<Tags<'_>, InvalidThreshold> {
    let invalid = || {
        InvalidThreshold::new(
            "expected tags, as in {chain:ethereum}, with quotes where a name holds , or }",
        )
    };
    let mut tags = Vec::new();
    loop {
        let (tag, rest) = inner.split_once(':').ok_or_else(invalid)?;
        let rest = rest.trim_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(invalid)?,
            None => rest.split_at(rest.find([',', '}']).ok_or_else(invalid)?),
        };
        tags.push((tag.trim().to_owned(), value.trim().to_owned()));
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((tags, rest));
        }
        inner = rest.strip_prefix(',').ok_or_else(invalid)?;
    }
}

fn operator(text: &str) -> Result<(Operator, &str), InvalidThreshold> {
    use Operator::{AtLeast, AtMost, Equal, Less, More, Unequal};
    // The longer ones first.
    let all = [
        ("===", Equal),
        ("==", Equal),
        ("!=", Unequal),
        ("<=", AtMost),
        (">=", AtLeast),
        ("<", Less),
        (">", More),
    ];
    all.into_iter()
        .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
        .ok_or_else(|| InvalidThreshold::new("expected one of < <= > >= == !="))
}

fn parse_aggregation(text: &str, metric: Metric) -> Result<Aggregation, InvalidThreshold> {
    let expected = || {
        InvalidThreshold::new(format!(
            "`{text}`: {} takes {}",
            metric.name(),
            metric.aggregations()
        ))
    };
    let quantile = || {
        let percent = text.strip_prefix("p(")?.strip_suffix(')')?.trim();
        // Divided as text: 99.9 / 100 is not 0.999 as a number.
        let share = format!("{percent}e-2").parse::<f64>().ok()?;
        (share > 0.0 && share < 1.0).then_some(Aggregation::Quantile(share))
    };
    let found = match text {
        "" => metric.default_aggregation(),
        "count" => Some(Aggregation::Count),
        "rate" => Some(Aggregation::Rate),
        "value" => Some(Aggregation::Value),
        "avg" => Some(Aggregation::Average),
        "min" => Some(Aggregation::Min),
        "max" => Some(Aggregation::Max),
        "med" => Some(Aggregation::Quantile(0.5)),
        _ => quantile(),
    };
    found.filter(|found| metric.takes(*found)).ok_or_else(expected)
}

/// `10s`, `500ms`, `2m`, `1h`.
fn parse_span(text: &str) -> Result<Nanos, InvalidThreshold> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => 0.0,
    };
    let span = number.parse::<f64>().ok().map(|number| number * seconds);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..1e18")]
    span.filter(|span| (1e-3..1e9).contains(span))
        .map(|span| Nanos((span * 1e9).round() as u64))
        .ok_or_else(|| InvalidThreshold::new(format!("for {text}: expected a span, as in for 10s")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Threshold {
        Threshold::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_grammar_is_k6s() {
        let found = parsed("success_ratio{chain:ethereum}>=0.995");
        assert_eq!((found.metric, found.aggregation), (Metric::SuccessRatio, Aggregation::Rate));
        assert_eq!((found.chain.as_deref(), found.operator), (Some("ethereum"), Operator::AtLeast));
        assert!((found.value - 0.995).abs() < 1e-12);
        let found = parsed(" latency_ms{chain:kava}: p(99.9) < 500 ");
        assert_eq!(found.aggregation, Aggregation::Quantile(0.999));
        let found = parsed("http_req_duration: med<=2.5e2");
        assert_eq!(
            (found.metric, found.aggregation),
            (Metric::AllLatencyMs, Aggregation::Quantile(0.5))
        );
        let found = parsed("http_req_failed: rate<0.01");
        assert_eq!(found.metric, Metric::ErrorRatio);
        let found = parsed("errors{side:server, chain: \"a,b}\"}: count===0 for 10s");
        assert_eq!((found.side, found.chain.as_deref()), (Some(Side::Server), Some("a,b}")));
        assert_eq!((found.operator, found.window), (Operator::Equal, Some(Nanos(10_000_000_000))));
        assert_eq!(parsed("errors{class:server.timeout}<5").class, Some(Class::Timeout));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, expected) in [
            ("", "expected a metric first"),
            ("success_ration>=0.9", "there is no metric `success_ration`"),
            ("success_ratio{chain=a}>=0.9", "expected tags"),
            ("success_ratio{chain:a>=0.9", "expected tags"),
            ("success_ratio{chian:a}>=0.9", "there is no tag `chian`"),
            ("success_ratio{side:server}>=0.9", "only errors and error_ratio have a side"),
            ("errors{side:servers}<1", "there is no side `servers`"),
            ("success_ratio 0.9", "expected a comparison"),
            ("success_ratio>=99.5%", "expected a number without a unit"),
            ("success_ratio=0.9", "expected one of"),
            ("success_ratio: p(99)>0.9", "success_ratio takes rate"),
            ("latency_ms<500", "latency_ms takes avg, min, med, max, p(N)"),
            ("latency_ms: p(100)<500", "latency_ms takes"),
            ("latency_ms: p(99)<500 for ten", "expected a span"),
            ("errors{class:server.timeout}<5 for 10s", "not told by spans"),
            ("requests>nan", "expected a number"),
            ("http_req_duration: p(97)<500", "latency_ms, of accepted answers, takes any p(N)"),
        ] {
            let error = Threshold::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let error = Threshold::parse("succes_ratio>1").unwrap_err();
        assert_eq!(error.unknown_name().map(|(name, _)| name), Some("succes_ratio"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = Threshold::parse(&text);
        }

        #[test]
        fn nearly_right_texts_neither(text in "(success_ratio|latency_ms|errors)[{}:a-z\"., ]{0,12}[<>=!]{0,3}[0-9. a-z]{0,9}") {
            let _ = Threshold::parse(&text);
        }
    }
}
