//! vegeta's JSON: one object per line, keys in vegeta's order.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_attack::Outcome;
use plimsoll_model::Timestamp;

/// Appends one line.
pub(super) fn write(line: &mut Vec<u8>, attack: &str, outcome: &Outcome<'_>) {
    line.extend_from_slice(b"{\"attack\":");
    text(line, attack);
    number(line, b",\"seq\":", outcome.seq);
    number(line, b",\"code\":", outcome.code.into());
    line.extend_from_slice(b",\"timestamp\":\"");
    moment(line, outcome.sent);
    number(line, b"\",\"latency\":", outcome.latency.0);
    number(line, b",\"bytes_out\":", outcome.bytes_out);
    let body = outcome.body;
    // As vegeta: of an answer that broke off, the body is kept, and not counted.
    let bytes_in = if outcome.code == 0 { 0 } else { body.map_or(0, <[u8]>::len) };
    number(line, b",\"bytes_in\":", bytes_in as u64);
    line.extend_from_slice(b",\"error\":");
    text(line, outcome.error);
    line.extend_from_slice(b",\"body\":");
    match body {
        None => line.extend_from_slice(b"null"),
        Some(body) => {
            line.push(b'"');
            let start = line.len();
            line.resize(start + body.len().div_ceil(3) * 4, 0);
            // There is as much room as it takes.
            let written = STANDARD.encode_slice(body, &mut line[start..]).unwrap_or(0);
            line.truncate(start + written);
            line.push(b'"');
        }
    }
    line.extend_from_slice(b",\"method\":");
    text(line, &outcome.target.method);
    line.extend_from_slice(b",\"url\":");
    text(line, &outcome.target.url);
    line.extend_from_slice(b",\"headers\":");
    headers(line, outcome);
    line.extend_from_slice(b"}\n");
}

fn number(line: &mut Vec<u8>, key: &[u8], number: u64) {
    line.extend_from_slice(key);
    let _ = write!(line, "{number}");
}

/// RFC 3339, without zeros at the end.
fn moment(line: &mut Vec<u8>, at: Timestamp) {
    match jiff::Timestamp::from_nanosecond(at.0.into()) {
        Ok(moment) => {
            let _ = write!(line, "{moment}");
        }
        Err(_) => line.extend_from_slice(b"0001-01-01T00:00:00Z"),
    }
}

fn headers(line: &mut Vec<u8>, outcome: &Outcome<'_>) {
    if outcome.code == 0 {
        line.extend_from_slice(b"null");
        return;
    }
    let headers: Vec<(&str, &str)> = outcome.headers().collect();
    line.push(b'{');
    let mut first = true;
    for (index, (name, _)) in headers.iter().enumerate() {
        let same = |other: &&(&str, &str)| other.0.eq_ignore_ascii_case(name);
        if headers[..index].iter().any(|other| same(&other)) {
            continue;
        }
        if !std::mem::take(&mut first) {
            line.push(b',');
        }
        line.push(b'"');
        canonical(line, name);
        line.extend_from_slice(b"\":[");
        for (place, (_, value)) in headers[index..].iter().filter(same).enumerate() {
            if place > 0 {
                line.push(b',');
            }
            text(line, value);
        }
        line.push(b']');
    }
    line.push(b'}');
}

/// `content-type` as Go writes it: `Content-Type`. What is parsed as a header's name needs no escape.
fn canonical(line: &mut Vec<u8>, name: &str) {
    let mut upper = true;
    for byte in name.bytes() {
        line.push(if upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() });
        upper = byte == b'-';
    }
}

fn text(line: &mut Vec<u8>, text: &str) {
    line.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', byte]),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            0..0x20 | b'<' | b'>' | b'&' => {
                let _ = write!(line, "\\u{byte:04x}");
            }
            _ => line.push(byte),
        }
    }
    line.push(b'"');
}
