//! One message to one record.

use plimsoll_model::{Nanos, Timestamp};

use super::schema::{Field, RecordType, Schema};
use super::wire::{Cursor, Result, WireError};
use crate::body::RawBody;
use crate::headers::{HeaderPart, RawHeaders};
use crate::raw::{RawRecord, Text, Zone};
use crate::time::{self, YEAR_ONE_TO_UNIX};

/// Reads the struct value that `cursor` stands on into `record`.
#[inline(always)]
pub(super) fn record<'a>(
    cursor: &mut Cursor<'a>,
    kind: &RecordType,
    schema: &Schema,
    record: &mut RawRecord<'a>,
) -> Result<()> {
    if kind.is_vegeta
        && let Some(rest) = vegeta_record(cursor.rest(), record)
    {
        *cursor = Cursor::new(rest);
        return Ok(());
    }
    any_record(cursor, kind, schema, record)
}

/// The fields in vegeta's order, each behind the distance from the one before, and then a zero: what follows it. `None`
/// where anything is else, good or bad: [`any_record`] tells.
///
/// Every branch but that for a rare error is foreseeable, and a field costs little more than its two first bytes.
#[inline(always)]
fn vegeta_record<'a>(mut bytes: &'a [u8], record: &mut RawRecord<'a>) -> Option<&'a [u8]> {
    // In variables, and put together once: the record is large.
    let (mut attack, mut error, mut method, mut url): (&[u8], &[u8], &[u8], &[u8]) =
        (&[], &[], &[], &[]);
    let mut body: &[u8] = &[];
    let (mut seq, mut code, mut latency, mut bytes_out, mut bytes_in) = (0, 0, 0, 0, 0);
    let mut time = (Timestamp::UNKNOWN, Zone::Utc);
    let mut raw_headers = RawHeaders::Absent;
    let mut last = 0_u8;
    /// Reads the field of this number if it is the next one.
    macro_rules! field {
        ($number:literal, $into:ident, $read:ident) => {
            if let [distance, first, rest @ ..] = bytes
                && last.wrapping_add(*distance) == $number
                && *distance != 0
            {
                ($into, bytes) = $read(*first, rest)?;
                last = $number;
            }
        };
    }
    field!(1, attack, text);
    field!(2, seq, uint);
    field!(3, code, uint);
    field!(4, time, first_version_time);
    field!(5, latency, uint);
    field!(6, bytes_out, uint);
    field!(7, bytes_in, uint);
    field!(8, error, text);
    field!(9, body, text);
    field!(10, method, text);
    field!(11, url, text);
    field!(12, raw_headers, header_map);
    let _ = last;
    let [0, rest @ ..] = bytes else { return None };
    // Signed: an odd one is negative.
    if latency & 1 != 0 {
        return None;
    }
    *record = RawRecord {
        attack: Text::plain(attack),
        method: Text::plain(method),
        url: Text::plain(url),
        error: Text::plain(error),
        body: RawBody::Plain(body),
        headers: raw_headers,
        seq,
        timestamp: time.0,
        zone: time.1,
        intended: Timestamp::UNKNOWN,
        phases: None,
        latency: Nanos(latency >> 1),
        bytes_out,
        bytes_in,
        code: u16::try_from(code).ok()?,
        has_seq: true,
    };
    Some(rest)
}

/// An unsigned integer from its first byte on, and what follows.
#[inline(always)]
fn uint(first: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    if first < 0x80 {
        return Some((u64::from(first), rest));
    }
    let width = 256 - usize::from(first);
    let eight = rest.first_chunk::<8>().filter(|_| width <= 8)?;
    Some((u64::from_be_bytes(*eight) >> (64 - 8 * width), &rest[width..]))
}

/// A string or byte slice from the first byte of its length on, and what follows.
#[inline(always)]
fn text(first: u8, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let (length, rest) = uint(first, rest)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// A time in the layout of 15 bytes, which all zones have whose offset is in whole minutes.
#[inline(always)]
fn first_version_time(first: u8, rest: &[u8]) -> Option<((Timestamp, Zone), &[u8])> {
    let (time, after) = rest.split_first_chunk::<15>()?;
    let [1, s1, s2, s3, s4, s5, s6, s7, s8, n1, n2, n3, n4, z1, z2] = *time else {
        return None;
    };
    let seconds = i64::from_be_bytes([s1, s2, s3, s4, s5, s6, s7, s8]);
    let minutes = i16::from_be_bytes([z1, z2]);
    let time = moment(seconds, u32::from_be_bytes([n1, n2, n3, n4]), minutes, 0)?;
    (first == 15).then_some((time, after))
}

/// A header map from the first byte of its count on, checked, and what follows.
#[inline(always)]
fn header_map(first: u8, rest: &[u8]) -> Option<(RawHeaders<'_>, &[u8])> {
    let (count, start) = uint(first, rest)?;
    let mut bytes = start;
    for _ in 0..count {
        let (&first, rest) = bytes.split_first()?;
        let (_, rest) = text(first, rest)?;
        let (&first, rest) = rest.split_first()?;
        let (values, rest) = uint(first, rest)?;
        bytes = rest;
        for _ in 0..values {
            let (&first, rest) = bytes.split_first()?;
            (_, bytes) = text(first, rest)?;
        }
    }
    Some((RawHeaders::Gob(count, &start[..start.len() - bytes.len()]), bytes))
}

/// Seconds since year 1 and nanoseconds as a moment, with the zone's offset; `None` where the nanoseconds are none.
#[inline(always)]
fn moment(seconds: i64, nanos: u32, minutes: i16, odd_seconds: i8) -> Option<(Timestamp, Zone)> {
    if nanos >= 1_000_000_000 {
        return None;
    }
    let unix = seconds.wrapping_sub(YEAR_ONE_TO_UNIX);
    let (timestamp, out_of_range) = time::moment(unix, nanos.into());
    let zone = match i32::from(minutes) * 60 + i32::from(odd_seconds) {
        _ if out_of_range => Zone::OutOfRange,
        // Go's mark for UTC itself.
        -60 => Zone::Utc,
        offset => Zone::Offset(offset),
    };
    Some((timestamp, zone))
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
            Field::Timestamp => (record.timestamp, record.zone) = timestamp(cursor.bytes()?)?,
            Field::Latency => record.latency = latency(cursor.int()?)?,
            Field::BytesOut => record.bytes_out = cursor.uint()?,
            Field::BytesIn => record.bytes_in = cursor.uint()?,
            Field::Error => record.error = Text::plain(cursor.bytes()?),
            Field::Body => record.body = RawBody::Plain(cursor.bytes()?),
            Field::Method => record.method = Text::plain(cursor.bytes()?),
            Field::Url => record.url = Text::plain(cursor.bytes()?),
            Field::Headers => {
                let (count, map) = headers(cursor)?;
                record.headers = RawHeaders::Gob(count, map);
            }
            Field::Other(id) => schema.skip(id, cursor)?,
        }
    }
}

/// No request ends before it begins.
fn latency(nanos: i64) -> Result<Nanos> {
    u64::try_from(nanos).map(Nanos).map_err(|_| WireError::Bad("a negative latency"))
}

fn status(code: u64) -> Result<u16> {
    u16::try_from(code).map_err(|_| WireError::Bad("a status code above 65535"))
}

/// The binary form of Go's `time.Time`: version, seconds since year 1, nanoseconds, zone offset (2 bytes; 3 in version 2).
fn timestamp(bytes: &[u8]) -> Result<(Timestamp, Zone)> {
    let (time, odd_seconds) = match bytes {
        [1, time @ ..] if time.len() == 14 => (time, 0),
        [2, time @ .., odd_seconds] if time.len() == 14 => (time, odd_seconds.cast_signed()),
        _ => (&[][..], 0),
    };
    let parsed = time.split_first_chunk::<8>().and_then(|(seconds, rest)| {
        let (nanos, rest) = rest.split_first_chunk::<4>()?;
        let minutes = i16::from_be_bytes(*rest.first_chunk::<2>()?);
        moment(i64::from_be_bytes(*seconds), u32::from_be_bytes(*nanos), minutes, odd_seconds)
    });
    parsed.ok_or(WireError::Bad("a timestamp that is none"))
}

/// Checks a header map: the number of its names, and the bytes behind it.
fn headers<'a>(cursor: &mut Cursor<'a>) -> Result<(u64, &'a [u8])> {
    let count = cursor.uint()?;
    let start = cursor.rest();
    walk_headers(count, cursor, |_| ())?;
    Ok((count, &start[..start.len() - cursor.rest().len()]))
}

/// Calls `visit` with each part of a header map that has been checked.
#[inline]
pub(crate) fn each_header<'a>(count: u64, bytes: &'a [u8], visit: impl FnMut(HeaderPart<'a>)) {
    let checked = walk_headers(count, &mut Cursor::new(bytes), visit);
    debug_assert!(checked.is_ok(), "the map was checked when the record was decoded");
}

fn walk_headers<'a>(
    count: u64,
    cursor: &mut Cursor<'a>,
    mut visit: impl FnMut(HeaderPart<'a>),
) -> Result<()> {
    for _ in 0..count {
        visit(HeaderPart::Name(cursor.bytes()?));
        let values = cursor.uint()?;
        for _ in 0..values {
            visit(HeaderPart::Value(cursor.bytes()?));
        }
    }
    Ok(())
}
