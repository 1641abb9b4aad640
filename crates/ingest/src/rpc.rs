//! JSON-RPC errors inside HTTP successes (<https://www.jsonrpc.org/specification>, §5 and §6).

use std::fmt;

use memchr::memmem;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The name of the member that a failed call's answer has.
pub(crate) const ERROR_KEY: &[u8] = b"\"error\"";

/// Bytes of a message that are kept.
const MAX_MESSAGE: usize = 2_048;

/// What a call's answer says went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RpcError {
    pub(crate) code: Option<i64>,
    pub(crate) message: String,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON-RPC error")?;
        if let Some(code) = self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// Whether a member `error` that is not null may begin at `at`, where its key was found, or behind it.
///
/// Old servers send `"error":null` with each success, and traces are full of the word: this tells most of them apart
/// without reading the body as JSON.
pub(crate) fn may_be_error(body: &[u8], at: usize) -> bool {
    memmem::find_iter(&body[at..], ERROR_KEY).any(|found| {
        let rest = body[at + found + ERROR_KEY.len()..].trim_ascii_start();
        rest.strip_prefix(b":").is_some_and(|value| !value.trim_ascii_start().starts_with(b"null"))
    })
}

/// The error of the answer. Of several answers, in an array or one a line, the first error whose code is not among the
/// accepted ones; the first of all where each is.
///
/// Null, false, zero and empty values of `error` are none. A body that was cut is read as far as it goes.
pub(crate) fn error(body: &[u8], accepted: &[i64]) -> Option<RpcError> {
    let text = String::from_utf8_lossy(body);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut found = Found { error: None, accepted };
    while !found.is_decided() {
        let mut json = serde_json::Deserializer::from_str(rest);
        // What was found before the end of a cut body stands.
        if (Answers { found: &mut found, may_be_batch: true }).deserialize(&mut json).is_err() {
            break;
        }
        let end = json.into_iter::<IgnoredAny>().byte_offset();
        let behind = rest[end..].trim_start_matches([' ', '\t']);
        if !behind.starts_with(['\r', '\n']) {
            break;
        }
        rest = behind;
    }
    found.error
}

/// The error that stands so far.
struct Found<'a> {
    error: Option<RpcError>,
    accepted: &'a [i64],
}

impl Found<'_> {
    fn accepts(&self, error: &RpcError) -> bool {
        error.code.is_some_and(|code| self.accepted.contains(&code))
    }

    /// Whether no later error can take its place.
    fn is_decided(&self) -> bool {
        self.error.as_ref().is_some_and(|error| !self.accepts(error))
    }

    fn add(&mut self, error: RpcError) {
        if self.error.is_none() || (!self.is_decided() && !self.accepts(&error)) {
            self.error = Some(error);
        }
    }
}

/// An answer, or several in an array.
struct Answers<'a, 'b> {
    found: &'a mut Found<'b>,
    may_be_batch: bool,
}

impl<'de> DeserializeSeed<'de> for Answers<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Answers<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer or a batch of answers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if key == "error" && !self.found.is_decided() {
                let mut error = None;
                let read = map.next_value_seed(Failure(&mut error));
                if let Some(error) = error {
                    self.found.add(error);
                }
                read?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut batch: A) -> Result<(), A::Error> {
        if !self.may_be_batch {
            return IgnoredAny.visit_seq(batch).map(drop);
        }
        while batch
            .next_element_seed(Answers { found: &mut *self.found, may_be_batch: false })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The value of a member `error`.
struct Failure<'a>(&'a mut Option<RpcError>);

impl<'de> DeserializeSeed<'de> for Failure<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Failure<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let error = self.0.insert(RpcError::default());
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            match &*key {
                "code" => error.code = map.next_value::<Scalar>()?.0.trim().parse().ok(),
                "message" => error.message = map.next_value::<Scalar>()?.0,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut errors: A) -> Result<(), A::Error> {
        while errors.next_element::<IgnoredAny>()?.is_some() {
            self.0.get_or_insert_default();
        }
        Ok(())
    }

    fn visit_str<E>(self, message: &str) -> Result<(), E> {
        if !message.is_empty() {
            *self.0 = Some(RpcError { code: None, message: beginning(message) });
        }
        Ok(())
    }

    fn visit_bool<E>(self, is_error: bool) -> Result<(), E> {
        if is_error {
            *self.0 = Some(RpcError::default());
        }
        Ok(())
    }

    fn visit_i64<E>(self, code: i64) -> Result<(), E> {
        if code != 0 {
            *self.0 = Some(RpcError { code: Some(code), message: String::new() });
        }
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, code: u64) -> Result<(), E> {
        self.visit_i64(i64::try_from(code).unwrap_or(i64::MAX))
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        *self.0 = Some(RpcError::default());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A text, or a number as its text; anything else is an empty one.
struct Scalar(String);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text).map(Self)
    }
}

struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(beginning(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_bool<E>(self, _: bool) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        IgnoredAny.visit_map(map).map(|_| String::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<String, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| String::new())
    }
}

fn beginning(text: &str) -> String {
    let end = (0..=MAX_MESSAGE.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text[..end.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Option<String> {
        let at = memmem::find(body.as_bytes(), ERROR_KEY);
        let found = error(body.as_bytes(), &[]).map(|error| error.to_string());
        let may_be = at.is_some_and(|at| may_be_error(body.as_bytes(), at));
        assert!(may_be || found.is_none(), "{body}");
        found
    }

    #[test]
    fn an_error_that_is_not_accepted_decides() {
        let code = |body: &str| error(body.as_bytes(), &[3, 4]).and_then(|error| error.code);
        for (body, expected) in [
            (
                r#"[{"error":{"code":3}},{"error":{"code":-32603}},{"error":{"code":1}}]"#,
                Some(-32603),
            ),
            (r#"[{"error":{"code":-32603}},{"error":{"code":3}}]"#, Some(-32603)),
            (r#"[{"result":1},{"error":{"code":4}},{"error":null},{"error":{"code":3}}]"#, Some(4)),
            (r#"{"error":{"message":"m","code":3}}"#, Some(3)),
            ("{\"error\":{\"code\":3}}\n{\"error\":{\"code\":5}}\n", Some(5)),
            ("{\"error\":{\"code\":3}}\r\n\r\n[{\"error\":{\"code\":4}}] \n", Some(3)),
            // Cut.
            (r#"[{"error":{"code":3}},{"error":{"code":-32603,"mess"#, Some(-32603)),
            (r#"[{"error":{"code":3}},{"err"#, Some(3)),
        ] {
            assert_eq!(code(body), expected, "{body}");
        }
        let without_code = r#"[{"error":{"code":3}},{"error":"slow down"}]"#;
        assert_eq!(error(without_code.as_bytes(), &[3]).unwrap().message, "slow down");
    }

    #[test]
    fn errors_of_all_forms() {
        for (body, expected) in [
            // The specification's own examples, §7.
            (
                r#"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#,
                "JSON-RPC error -32601: Method not found",
            ),
            (
                r#"[{"jsonrpc":"2.0","result":7,"id":"1"},{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}]"#,
                "JSON-RPC error -32600: Invalid Request",
            ),
            ("\n[ {\t\"error\" :\n{ \"message\":\"m\" , \"code\" : 3 } } ]", "JSON-RPC error 3: m"),
            (
                r#"{"id":1,"error":{"code":"-32005","message":"a \"b\" é"}}"#,
                r#"JSON-RPC error -32005: a "b" é"#,
            ),
            (r#"{"error":{"data":{"error":1},"code":-1}}"#, "JSON-RPC error -1"),
            (r#"{"error":"too many requests"}"#, "JSON-RPC error: too many requests"),
            (r#"{"error":{}}"#, "JSON-RPC error"),
            (r#"{"error":429}"#, "JSON-RPC error 429"),
            (r#"{"error":true}"#, "JSON-RPC error"),
            (r#"{"error":["EGeneral:Invalid"]}"#, "JSON-RPC error"),
            (r#"{"error":null,"x":"","error":{"code":1}}"#, "JSON-RPC error 1"),
            // Behind a byte order mark.
            ("\u{feff}{\"error\":{\"code\":7}}", "JSON-RPC error 7"),
            ("\u{feff}\n[{\"id\":1},{\"error\":{\"code\":7}}]", "JSON-RPC error 7"),
            // An answer a line.
            ("{\"id\":1}\n{\"id\":2,\"error\":{\"code\":7}}\n{\"error\":8}", "JSON-RPC error 7"),
            ("{\"error\":null}\t\r\n\r\n [{},{\"error\":{\"code\":7}}]", "JSON-RPC error 7"),
            ("{\n\"id\":1\n}\n{\n\"error\":{\n\"code\":7,\"mess", "JSON-RPC error 7"),
            // Cut by -max-body.
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"mess"#, "JSON-RPC error -32000"),
            (r#"{"error":{"code":-32000,"message":"header not fo"#, "JSON-RPC error -32000"),
        ] {
            assert_eq!(told(body).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn what_is_no_error() {
        for body in [
            r#"{"jsonrpc":"1.0","id":1,"result":"0x1","error":null}"#,
            r#"{"result":{"error":{"code":-32000}}}"#,
            r#"{"result":[{"error":"Reverted"}],"id":1}"#,
            r#"{"result":"\"error\":{}"}"#,
            r#"[[{"error":{"code":1}}]]"#,
            r#"{"error":[],"result":{}}"#,
            r#"{"error":false,"a":"error"}"#,
            r#"{"error":"","b":0}"#,
            r#"{"error":0}"#,
            r#""error""#,
            r#"<a title="error": x>"#,
            "5 {\"error\":{\"code\":1}}",
            "{}{\"error\":{\"code\":1}}",
            "{}\nlog line: {\"error\":{\"code\":1}}",
            "\u{feff}\u{feff}{\"error\":{\"code\":1}}",
            "\u{feff}",
            "",
        ] {
            assert_eq!(told(body), None, "{body}");
        }
    }

    #[test]
    fn deep_and_long_bodies_are_read_in_bounds() {
        let deep = format!(
            "{{\"a\":{}1{},\"error\":{{\"code\":5}}}}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        assert_eq!(told(&deep).as_deref(), Some("JSON-RPC error 5"));
        let long = format!(r#"{{"error":{{"message":"{}"}}}}"#, "é".repeat(100_000));
        assert!(told(&long).is_some_and(|text| text.len() < MAX_MESSAGE + 20));
    }

    /// What each line costs does not grow with the lines before and behind it: this would take minutes otherwise.
    #[test]
    fn many_lines_are_read_in_linear_time() {
        for line in
            ["0\n", "{\"error\":0}\n", "[{\"error\":3}]\n", "[\n", "{\"a\":[\n", "\n", "[]\n[\n"]
        {
            let body = line.repeat((4 << 20) / line.len());
            let _ = error(body.as_bytes(), &[3]);
            let last = error(format!("{body}{{\"error\":5}}").as_bytes(), &[3]);
            let is_read = !line.ends_with("[\n");
            assert_eq!(last.and_then(|error| error.code) == Some(5), is_read, "{line}");
        }
    }
}
