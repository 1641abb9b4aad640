//! Results made to order, as vegeta's JSON lines.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// 2026-11-23T08:00:00Z.
pub(crate) const START: i64 = 1_795_420_800_000_000_000;

pub(crate) const SECOND: i64 = 1_000_000_000;

/// One result.
#[derive(Clone, Debug)]
pub(crate) struct Result {
    pub(crate) attack: String,
    pub(crate) seq: u64,
    /// Nanoseconds since 1970.
    pub(crate) at: i64,
    pub(crate) latency: i64,
    pub(crate) code: u16,
    pub(crate) error: String,
    /// Empty where none was recorded.
    pub(crate) body: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Default for Result {
    /// An answer 200 of 5 ms.
    fn default() -> Self {
        Self {
            attack: String::new(),
            seq: 0,
            at: START,
            latency: 5_000_000,
            code: 200,
            error: String::new(),
            body: String::new(),
            method: "GET".to_owned(),
            url: "http://gateway.example/eth".to_owned(),
            headers: Vec::new(),
        }
    }
}

impl Result {
    pub(crate) fn line(&self) -> String {
        let at = jiff::Timestamp::from_nanosecond(self.at.into()).unwrap();
        let headers: serde_json::Map<_, _> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        let body = (!self.body.is_empty()).then(|| STANDARD.encode(&self.body));
        let line = json!({
            "attack": self.attack, "seq": self.seq, "code": self.code, "timestamp": at.to_string(),
            "latency": self.latency, "bytes_out": 0, "bytes_in": 7, "error": self.error, "body": body,
            "method": self.method, "url": self.url, "headers": headers,
        });
        line.to_string()
    }
}

/// `count` results like `first`, from its time and number on.
pub(crate) fn run(first: &Result, count: u64, interval: i64) -> Vec<Result> {
    (0..count)
        .map(|index| Result {
            seq: first.seq + index,
            at: first.at + i64::try_from(index).unwrap() * interval,
            ..first.clone()
        })
        .collect()
}

/// The results as a file.
pub(crate) fn lines<'a>(results: impl IntoIterator<Item = &'a Result>) -> String {
    results.into_iter().fold(String::new(), |mut out, result| {
        writeln!(out, "{}", result.line()).unwrap();
        out
    })
}
