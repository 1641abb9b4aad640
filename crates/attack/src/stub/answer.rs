use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) type Answer = Response<Full<Bytes>>;

/// A JSON-RPC request, as far as its answer repeats it.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

/// The request's `id` as it was written, `null` where there is none to be found.
pub(super) fn id_of(body: &[u8]) -> &str {
    serde_json::from_slice::<Request<'_>>(body).map_or("null", |request| request.id.get())
}

pub(super) fn result(id: &str) -> Answer {
    json(StatusCode::OK, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"0x10d4f00"}}"#))
}

pub(super) fn rpc_error(id: &str, code: i64) -> Answer {
    let error = format!(r#"{{"code":{code},"message":"the stub was asked for errors"}}"#);
    json(StatusCode::OK, format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#))
}

pub(super) fn unavailable() -> Answer {
    json(StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"the queue is full"}"#)
}

pub(super) fn too_many(retry_after: HeaderValue) -> Answer {
    let mut answer = json(StatusCode::TOO_MANY_REQUESTS, r#"{"error":"the queue is full"}"#);
    answer.headers_mut().insert(RETRY_AFTER, retry_after);
    answer
}

pub(super) fn unknown_path() -> Answer {
    json(StatusCode::NOT_FOUND, r#"{"error":"no chain of this name"}"#)
}

pub(super) fn too_large() -> Answer {
    json(StatusCode::PAYLOAD_TOO_LARGE, r#"{"error":"the body is too large"}"#)
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_repeated_as_it_was_written() {
        assert_eq!(id_of(br#"{"jsonrpc":"2.0","id":7,"method":"eth_blockNumber"}"#), "7");
        assert_eq!(id_of(br#"{"id":"a\"b"}"#), r#""a\"b""#);
        assert_eq!(id_of(br#"{"id":1.50}"#), "1.50");
        for body in ["", "[]", "{}", "{", "7", r#"{"id":1"#] {
            assert_eq!(id_of(body.as_bytes()), "null", "{body}");
        }
    }
}
