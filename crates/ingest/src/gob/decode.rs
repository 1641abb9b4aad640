//! One message to one record.

use plimsoll_model::{Nanos, Timestamp};

use super::schema::{Field, RecordType, Schema};
use super::wire::{Cursor, Result, WireError};
use crate::headers::RawHeaders;
use crate::raw::{RawRecord, Text};

/// Seconds from 0001-01-01T00:00:00Z, where Go's times begin, to 1970.
const YEAR_ONE_TO_UNIX: i64 = 62_135_596_800;

/// Reads the struct value that `cursor` stands on into `record`.
#[inline]
pub(super) fn record<'a>(
    cursor: &mut Cursor<'a>,
    kind: &RecordType,
    schema: &Schema,
    record: &mut RawRecord<'a>,
) -> Result<()> {
    if kind.is_vegeta {
        // A copy, which can live in registers.
        let mut copy = *cursor;
        let read = vegeta_record(&mut copy, record);
        *cursor = copy;
        read
    } else {
        any_record(cursor, kind, schema, record)
    }
}

/// The fields in vegeta's order, which makes every branch but the rare error's foreseeable: twice as quick as
/// [`any_record`].
#[inline(always)]
fn vegeta_record<'a>(cursor: &mut Cursor<'a>, record: &mut RawRecord<'a>) -> Result<()> {
    // In variables, and put together once: the record is large.
    let (mut attack, mut error, mut method, mut url): (&[u8], &[u8], &[u8], &[u8]) =
        (&[], &[], &[], &[]);
    let (mut seq, mut code, mut latency, mut bytes_out, mut bytes_in) = (0, 0, 0, 0, 0);
    let mut time = Timestamp::UNKNOWN;
    let mut raw_headers = RawHeaders::Absent;
    'fields: {
        let mut at = cursor.delta()?;
        if at == 0 {
            break 'fields;
        }
        /// Reads a field if its turn has come, and then the next one's number; 0 is the end.
        macro_rules! field {
            ($number:literal, $read:expr) => {
                if at == $number {
                    $read;
                    let delta = cursor.delta()?;
                    if delta == 0 {
                        break 'fields;
                    }
                    at += delta;
                }
            };
        }
        field!(1, attack = cursor.bytes()?);
        field!(2, seq = cursor.wide_uint()?);
        field!(3, code = cursor.wide_uint()?);
        field!(4, time = timestamp(cursor)?);
        field!(5, latency = cursor.int()?);
        field!(6, bytes_out = cursor.uint()?);
        field!(7, bytes_in = cursor.uint()?);
        field!(8, error = cursor.bytes()?);
        field!(9, cursor.bytes().map(drop)?);
        field!(10, method = cursor.bytes()?);
        field!(11, url = cursor.bytes()?);
        if at != 12 {
            return Err(WireError::Bad("a field number out of bounds"));
        }
        raw_headers = RawHeaders::Gob(headers(cursor)?);
        if cursor.delta()? != 0 {
            return Err(WireError::Bad("a field number out of bounds"));
        }
    }
    *record = RawRecord {
        attack: Text::plain(attack),
        method: Text::plain(method),
        url: Text::plain(url),
        error: Text::plain(error),
        headers: raw_headers,
        seq,
        timestamp: time,
        latency: Nanos(u64::try_from(latency).unwrap_or(0)),
        bytes_out,
        bytes_in,
        code: status(code)?,
        has_seq: true,
    };
    Ok(())
}

/// The fields in any order. Zero ones are omitted on the wire, so the record starts out as zero.
fn any_record<'a>(
    cursor: &mut Cursor<'a>,
    kind: &RecordType,
    schema: &Schema,
    record: &mut RawRecord<'a>,
) -> Result<()> {
    *record = RawRecord::empty();
    record.has_seq = kind.has_seq;
    let mut next = 0_usize;
    loop {
        let delta = cursor.uint()?;
        if delta == 0 {
            return Ok(());
        }
        next = usize::try_from(delta).map_or(usize::MAX, |delta| next.saturating_add(delta));
        let Some(&field) = kind.fields.get(next - 1) else {
            return Err(WireError::Bad("a field number out of bounds"));
        };
        match field {
            Field::Attack => record.attack = Text::plain(cursor.bytes()?),
            Field::Seq => record.seq = cursor.uint()?,
            Field::Code => record.code = status(cursor.uint()?)?,
            Field::Timestamp => record.timestamp = timestamp(cursor)?,
            Field::Latency => record.latency = Nanos(u64::try_from(cursor.int()?).unwrap_or(0)),
            Field::BytesOut => record.bytes_out = cursor.uint()?,
            Field::BytesIn => record.bytes_in = cursor.uint()?,
            Field::Error => record.error = Text::plain(cursor.bytes()?),
            Field::Body => cursor.bytes().map(drop)?,
            Field::Method => record.method = Text::plain(cursor.bytes()?),
            Field::Url => record.url = Text::plain(cursor.bytes()?),
            Field::Headers => record.headers = RawHeaders::Gob(headers(cursor)?),
            Field::Other(id) => schema.skip(id, cursor)?,
        }
    }
}

fn status(code: u64) -> Result<u16> {
    u16::try_from(code).map_err(|_| WireError::Bad("a status code above 65535"))
}

/// The binary form of Go's `time.Time`: its length, version, seconds since year 1, nanoseconds, zone offset (2 bytes; 3 in
/// version 2).
#[inline(always)]
fn timestamp(cursor: &mut Cursor<'_>) -> Result<Timestamp> {
    const BAD: WireError = WireError::Bad("a timestamp that is none");
    let layout = |length: u8, version: u8| matches!((length, version), (15, 1) | (16, 2));
    let time = match cursor.rest() {
        [length, version, time @ ..] if layout(*length, *version) => time,
        [] | [_] => return Err(WireError::Short),
        _ => return Err(BAD),
    };
    let (Some((seconds, _)), Some(nanos)) = (time.split_first_chunk::<8>(), time.get(8..12)) else {
        return Err(WireError::Short);
    };
    let nanos = nanos.iter().fold(0, |nanos, &byte| (nanos << 8) | u32::from(byte));
    if nanos >= 1_000_000_000 {
        return Err(BAD);
    }
    cursor.bytes()?;
    let unix = i64::from_be_bytes(*seconds).wrapping_sub(YEAR_ONE_TO_UNIX);
    let nanos = unix.checked_mul(1_000_000_000).and_then(|unix| unix.checked_add(i64::from(nanos)));
    Ok(nanos.map_or(Timestamp::UNKNOWN, Timestamp))
}

/// Checks a header map and returns its bytes.
#[inline(always)]
fn headers<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let start = cursor.rest();
    let mut copy = *cursor;
    walk_headers(&mut copy, |_, _| ())?;
    *cursor = copy;
    Ok(&start[..start.len() - cursor.rest().len()])
}

/// Calls `visit` with each name and value of a header map that [`headers`] has checked.
pub(crate) fn for_each_header<'a>(bytes: &'a [u8], visit: impl FnMut(&'a [u8], &'a [u8])) {
    let checked = walk_headers(&mut Cursor::new(bytes), visit);
    debug_assert!(checked.is_ok(), "the map was checked when the record was decoded");
}

#[inline]
fn walk_headers<'a>(
    cursor: &mut Cursor<'a>,
    mut visit: impl FnMut(&'a [u8], &'a [u8]),
) -> Result<()> {
    let count = cursor.uint()?;
    for _ in 0..count {
        let name = cursor.bytes()?;
        let values = cursor.uint()?;
        for _ in 0..values {
            visit(name, cursor.bytes()?);
        }
    }
    Ok(())
}
