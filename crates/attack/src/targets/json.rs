//! `{"method":"POST","url":"http://host/","header":{"Name":["value"]},"body":"<base64>"}`, one per line.

use std::fmt;
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::lines::Lines;
use super::{Target, TargetDefaults};

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct JsonTarget {
    method: Option<String>,
    url: Option<String>,
    body: Option<String>,
    header: Headers,
}

/// In the order of the file.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of arrays of strings")
            }

            fn visit_unit<E>(self) -> Result<Headers, E> {
                Ok(Headers::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some((name, values)) = map.next_entry::<String, Option<Vec<String>>>()? {
                    let values = values.unwrap_or_default();
                    headers.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
                Ok(Headers(headers))
            }
        }

        deserializer.deserialize_any(InOrder)
    }
}

pub(super) fn read(
    lines: &mut Lines<impl BufRead>,
    defaults: &TargetDefaults,
) -> Result<Option<Target>, String> {
    let line = loop {
        match lines.next_line()? {
            None => return Ok(None),
            Some(line) if line.is_empty() => {}
            Some(line) => break line,
        }
    };
    lines.begin();
    if !line.starts_with('{') {
        return Err("bad target: expected a JSON object".to_owned());
    }
    let read: JsonTarget =
        serde_json::from_str(&line).map_err(|error| format!("bad target: {error}"))?;
    let required = |value: Option<String>, what| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("target: required {what} is missing"))
    };
    let body = STANDARD
        .decode(read.body.unwrap_or_default())
        .map_err(|error| format!("bad target: the body is not base64: {error}"))?;
    let mut headers = defaults.headers.clone();
    headers.extend(read.header.0);
    Ok(Some(Target {
        method: required(read.method, "method")?,
        url: required(read.url, "url")?,
        headers,
        body: if body.is_empty() { defaults.body.clone() } else { body.into() },
    }))
}
