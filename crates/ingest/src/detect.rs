//! Which format an input has, from its first bytes.

use plimsoll_model::Format;

use crate::decoder::Decoder;
use crate::native::{NextFrame, Undetected};
use crate::{gob, line, native};

/// A recognised input.
pub(crate) struct Detected {
    pub(crate) decoder: Decoder,
    pub(crate) note: Option<String>,
}

impl Detected {
    fn new(format: Format) -> Self {
        Self { decoder: Decoder::new(format), note: None }
    }

    fn damaged(format: Format) -> Self {
        Self { decoder: Decoder::new(format), note: Some("the beginning is damaged".to_owned()) }
    }
}

/// Recognises an input by its content.
///
/// # Errors
/// What each candidate disliked.
pub(crate) fn detect(bytes: &[u8], at_end: bool) -> Result<Detected, String> {
    if bytes.is_empty() {
        return Err("the input is empty".to_owned());
    }
    match native::detect(bytes) {
        Ok(()) => return Ok(Detected::new(Format::Native)),
        Err(Undetected::Version(what)) => return Err(what),
        Err(Undetected::Damaged) => return Ok(Detected::damaged(Format::Native)),
        Err(Undetected::Other) => {}
    }
    let gob = match gob::detect(bytes) {
        Ok(()) => return Ok(Detected::new(Format::VegetaGob)),
        Err(what) => what,
    };
    // Windows programs put a mark in front of text.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mark = bytes.len() - text.len();
    let json = match line::detect_json(text) {
        Ok(()) => {
            let mut found = Detected::new(Format::VegetaJson);
            found.decoder.header = mark;
            return Ok(found);
        }
        Err(what) => what,
    };
    let csv = match line::detect_csv(text) {
        Ok((columns, header)) => {
            let mut found = Detected::new(Format::VegetaCsv);
            found.decoder.columns = columns;
            found.decoder.header = mark + header;
            if header > 0 {
                found.note = Some("began with a header line".to_owned());
            } else if !matches!(columns, 6 | 7 | 9 | 12) {
                found.note = Some(format!(
                    "{columns} columns, which no vegeta writes: read as the first {columns} of 12"
                ));
            }
            return Ok(found);
        }
        Err(what) => what,
    };
    // No beginning: perhaps it is damaged, and what follows is not.
    if let NextFrame::At(_) = native::next_frame(bytes, 0, usize::MAX) {
        return Ok(Detected::damaged(Format::Native));
    }
    if gob::mentions_result(bytes) {
        return Ok(Detected::damaged(Format::VegetaGob));
    }
    if let Some(schema) = gob::detect_headless(bytes, at_end) {
        let mut found = Detected::new(Format::VegetaGob);
        found.decoder.schema = schema;
        found.note = Some(
            "the type definitions are damaged: read with those that vegeta has written since 12.8"
                .to_owned(),
        );
        return Ok(found);
    }
    if let Some(format) = line::find_record(bytes, at_end) {
        return Ok(Detected::damaged(format));
    }
    Err(format!("no vegeta gob: {gob}; no vegeta JSON: {json}; no vegeta CSV: {csv}"))
}
