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
        vegeta_record(cursor, record)
    } else {
        any_record(cursor, kind, schema, record)
    }
}

/// The fields in vegeta's order, which makes every branch but the rare error's foreseeable: twice as quick as
/// [`any_record`].
#[inline(always)]
fn vegeta_record<'a>(cursor: &mut Cursor<'a>, record: &mut RawRecord<'a>) -> Result<()> {
    /// Reads the next field's number if the current one has just been read; stays on it otherwise. 0 is the end.
    macro_rules! field {
        ($at:ident, $number:literal, $read:expr) => {
            if $at == $number {
                $read;
                let delta = cursor.uint()?;
                if delta == 0 {
                    return Ok(());
                }
                $at = $at.saturating_add(delta);
            }
        };
    }
    *record = RawRecord::empty();
    record.has_seq = true;
    let mut at = cursor.uint()?;
    if at == 0 {
        return Ok(());
    }
    field!(at, 1, record.attack = Text::plain(cursor.bytes()?));
    field!(at, 2, record.seq = cursor.uint()?);
    field!(at, 3, record.code = code(cursor.uint()?)?);
    field!(at, 4, record.timestamp = timestamp(cursor.bytes()?)?);
    field!(at, 5, record.latency = Nanos(u64::try_from(cursor.int()?).unwrap_or(0)));
    field!(at, 6, record.bytes_out = cursor.uint()?);
    field!(at, 7, record.bytes_in = cursor.uint()?);
    field!(at, 8, record.error = Text::plain(cursor.bytes()?));
    field!(at, 9, cursor.bytes().map(drop)?);
    field!(at, 10, record.method = Text::plain(cursor.bytes()?));
    field!(at, 11, record.url = Text::plain(cursor.bytes()?));
    field!(at, 12, record.headers = RawHeaders::Gob(headers(cursor)?));
    // Numbers only rise: one that is still to be read has passed its place or has none.
    let _ = at;
    Err(WireError::Bad("a field number out of bounds"))
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
            Field::Code => record.code = code(cursor.uint()?)?,
            Field::Timestamp => record.timestamp = timestamp(cursor.bytes()?)?,
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

fn code(code: u64) -> Result<u16> {
    u16::try_from(code).map_err(|_| WireError::Bad("a status code above 65535"))
}

/// The binary form of Go's `time.Time`: version, seconds since year 1, nanoseconds, zone offset (2 or 3 bytes).
#[inline(always)]
fn timestamp(bytes: &[u8]) -> Result<Timestamp> {
    const BAD: WireError = WireError::Bad("a timestamp that is none");
    let (&version, rest) = bytes.split_first().ok_or(BAD)?;
    let (seconds, rest) = rest.split_first_chunk::<8>().ok_or(BAD)?;
    let (nanos, zone) = rest.split_first_chunk::<4>().ok_or(BAD)?;
    if (version, zone.len()) != (1, 2) && (version, zone.len()) != (2, 3) {
        return Err(BAD);
    }
    let nanos = u32::from_be_bytes(*nanos);
    if nanos >= 1_000_000_000 {
        return Err(BAD);
    }
    let unix = i64::from_be_bytes(*seconds).wrapping_sub(YEAR_ONE_TO_UNIX);
    let nanos = unix.checked_mul(1_000_000_000).and_then(|unix| unix.checked_add(i64::from(nanos)));
    Ok(nanos.map_or(Timestamp::UNKNOWN, Timestamp))
}

/// Checks a header map and returns its bytes.
#[inline]
fn headers<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let start = cursor.rest();
    walk_headers(cursor, |_, _| ())?;
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
