//! Encoders of vegeta's three formats, as plain as can be.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is encoded. Absent headers are `None`; a record has at most a `Server` header.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) attack: String,
    pub(crate) seq: u64,
    pub(crate) code: u16,
    pub(crate) timestamp: i64,
    pub(crate) latency: i64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) error: String,
    pub(crate) body: Vec<u8>,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) server: Option<String>,
}

pub(crate) fn json(samples: &[Sample]) -> Vec<u8> {
    let mut out = String::new();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    for sample in samples {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(sample.timestamp)).unwrap();
        let headers = match &sample.server {
            Some(server) => format!(r#"{{"Server":[{}]}}"#, quoted(server)),
            None => "null".to_owned(),
        };
        writeln!(
            out,
            r#"{{"attack":{},"seq":{},"code":{},"timestamp":"{moment}","latency":{},"bytes_out":{},"bytes_in":{},"error":{},"body":{},"method":{},"url":{},"headers":{headers}}}"#,
            quoted(&sample.attack),
            sample.seq,
            sample.code,
            sample.latency,
            sample.bytes_out,
            sample.bytes_in,
            quoted(&sample.error),
            quoted(&STANDARD.encode(&sample.body)),
            quoted(&sample.method),
            quoted(&sample.url),
        )
        .unwrap();
    }
    out.into_bytes()
}

pub(crate) fn csv(samples: &[Sample]) -> Vec<u8> {
    let mut out = String::new();
    // Go's encoding/csv quotes a field with a delimiter, a quote, a line end or a leading space, and `\.`.
    let field = |text: &str| {
        let special = text.contains([',', '"', '\n', '\r']) || text == "\\.";
        if special || text.starts_with(char::is_whitespace) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    for sample in samples {
        let headers = match &sample.server {
            Some(server) => STANDARD.encode(format!("Server: {server}\r\n\r\n")),
            None => String::new(),
        };
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{headers}",
            sample.timestamp,
            sample.code,
            sample.latency,
            sample.bytes_out,
            sample.bytes_in,
            field(&sample.error),
            STANDARD.encode(&sample.body),
            field(&sample.attack),
            sample.seq,
            field(&sample.method),
            field(&sample.url),
        )
        .unwrap();
    }
    out.into_bytes()
}

/// A field of the struct that is encoded: its name in Go and its type id.
pub(crate) type GobField = (&'static str, i64);

/// vegeta's fields with the type ids that its process happens to use.
pub(crate) const FIELDS: [GobField; 12] = [
    ("Attack", 6),
    ("Seq", 3),
    ("Code", 3),
    ("Timestamp", 65),
    ("Latency", 2),
    ("BytesOut", 3),
    ("BytesIn", 3),
    ("Error", 6),
    ("Body", 5),
    ("Method", 6),
    ("URL", 6),
    ("Headers", 67),
];

/// A stream with these fields in this order; `shift` moves the type ids, as another process would.
pub(crate) fn gob(samples: &[Sample], fields: &[GobField], shift: i64) -> Vec<u8> {
    let id = |id: i64| if id >= 64 { id + shift } else { id };
    let mut out = Vec::new();
    let mut result = Vec::new();
    int(&mut result, -id(64));
    result.extend([3, 1, 1]);
    bytes(&mut result, b"Result");
    result.push(1);
    int(&mut result, id(64));
    result.extend([0, 1]);
    uint(&mut result, fields.len() as u64);
    for (name, kind) in fields {
        result.push(1);
        bytes(&mut result, name.as_bytes());
        result.push(1);
        int(&mut result, id(*kind));
        result.push(0);
    }
    result.extend([0, 0]);
    message(&mut out, &result);
    // Time: a GobEncoder. Header: a map of slices of strings.
    for (own, definition) in [(65, "\x05\x01\x01\x04Time\x01"), (67, "\x04\x01\x01\x06Header\x01")]
    {
        let mut defined = Vec::new();
        int(&mut defined, -id(own));
        defined.extend(definition.as_bytes());
        int(&mut defined, id(own));
        defined.push(0);
        if own == 67 {
            defined.push(1);
            int(&mut defined, 6);
            defined.push(1);
            int(&mut defined, id(66));
        }
        defined.extend([0, 0]);
        message(&mut out, &defined);
    }
    let mut slice = Vec::new();
    int(&mut slice, -id(66));
    slice.extend([2, 1, 2]);
    int(&mut slice, id(66));
    slice.extend([0, 1]);
    int(&mut slice, 6);
    slice.extend([0, 0]);
    message(&mut out, &slice);
    for sample in samples {
        message(&mut out, &gob_value(sample, fields, id(64)));
    }
    out
}

fn gob_value(sample: &Sample, fields: &[GobField], id: i64) -> Vec<u8> {
    let mut value = Vec::new();
    int(&mut value, id);
    let mut last = 0;
    for (number, (name, _)) in (1..).zip(fields) {
        let mut field = Vec::new();
        match *name {
            "Attack" if !sample.attack.is_empty() => bytes(&mut field, sample.attack.as_bytes()),
            "Seq" if sample.seq != 0 => uint(&mut field, sample.seq),
            "Code" if sample.code != 0 => uint(&mut field, sample.code.into()),
            "Timestamp" => bytes(&mut field, &time(sample.timestamp)),
            "Latency" if sample.latency != 0 => int(&mut field, sample.latency),
            "BytesOut" if sample.bytes_out != 0 => uint(&mut field, sample.bytes_out),
            "BytesIn" if sample.bytes_in != 0 => uint(&mut field, sample.bytes_in),
            "Error" if !sample.error.is_empty() => bytes(&mut field, sample.error.as_bytes()),
            "Body" if !sample.body.is_empty() => bytes(&mut field, &sample.body),
            "Method" if !sample.method.is_empty() => bytes(&mut field, sample.method.as_bytes()),
            "URL" if !sample.url.is_empty() => bytes(&mut field, sample.url.as_bytes()),
            "Headers" => {
                if let Some(server) = &sample.server {
                    field.push(1);
                    bytes(&mut field, b"Server");
                    field.push(1);
                    bytes(&mut field, server.as_bytes());
                }
            }
            // A field of another program: a slice of strings.
            "Extra" => {
                field.push(2);
                bytes(&mut field, b"one");
                bytes(&mut field, b"two");
            }
            _ => {}
        }
        if !field.is_empty() {
            uint(&mut value, number - last);
            last = number;
            value.extend(field);
        }
    }
    value.push(0);
    value
}

/// Version 2 of Go's binary time for an odd nanosecond, version 1 else: both layouts are met.
fn time(timestamp: i64) -> Vec<u8> {
    let seconds = timestamp.div_euclid(1_000_000_000) + 62_135_596_800;
    let nanos = u32::try_from(timestamp.rem_euclid(1_000_000_000)).unwrap();
    let second_version = nanos % 2 == 1;
    let mut out = vec![if second_version { 2 } else { 1 }];
    out.extend(seconds.to_be_bytes());
    out.extend(nanos.to_be_bytes());
    out.extend((-60_i16).to_be_bytes());
    if second_version {
        out.push(0xf9);
    }
    out
}

fn message(out: &mut Vec<u8>, payload: &[u8]) {
    uint(out, payload.len() as u64);
    out.extend(payload);
}

fn uint(out: &mut Vec<u8>, value: u64) {
    if value < 128 {
        out.push(value.to_le_bytes()[0]);
        return;
    }
    let all = value.to_be_bytes();
    let zeros = all.iter().take_while(|&&byte| byte == 0).count();
    let significant = &all[zeros..];
    out.push((256 - significant.len()).to_le_bytes()[0]);
    out.extend(significant);
}

fn int(out: &mut Vec<u8>, value: i64) {
    uint(
        out,
        if value < 0 { ((!value << 1) | 1).cast_unsigned() } else { (value << 1).cast_unsigned() },
    );
}

fn bytes(out: &mut Vec<u8>, text: &[u8]) {
    uint(out, text.len() as u64);
    out.extend(text);
}
