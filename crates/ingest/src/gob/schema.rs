//! Type definitions of a stream, and what they make of a `Result`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::wire::{Cursor, Result, WireError};

/// Predefined type ids.
const INT: i64 = 2;
const UINT: i64 = 3;
const BYTES: i64 = 5;
const STRING: i64 = 6;

/// Definitions beyond this many are not vegeta's, and would only fill the memory.
const MAX_TYPES: usize = 256;
/// Fields of one struct; vegeta's has 12.
const MAX_FIELDS: u64 = 256;
/// How deep types may nest while a value is skipped.
const MAX_DEPTH: u32 = 32;

/// A type as a stream defines it.
#[derive(Clone, Debug)]
enum Type {
    Struct(Vec<i64>),
    /// Slice or array.
    Sequence(i64),
    Map(i64, i64),
    /// Encoded by its own method: opaque bytes.
    Opaque,
}

/// What a field of the record's struct is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Attack,
    Seq,
    Code,
    Timestamp,
    Latency,
    BytesOut,
    BytesIn,
    Error,
    Body,
    Method,
    Url,
    Headers,
    /// Of no interest: a value of this type id.
    Other(i64),
}

/// The struct that records are made of.
#[derive(Clone, Debug)]
pub(crate) struct RecordType {
    /// The type id as it stands in front of each record.
    pub(crate) id_bytes: Vec<u8>,
    pub(crate) fields: Vec<Field>,
    pub(crate) has_seq: bool,
    /// Whether the fields are those of [`VEGETA`], in that order.
    pub(crate) is_vegeta: bool,
}

/// The fields of `Result` since vegeta 12.8, in order.
const VEGETA: [Field; 12] = [
    Field::Attack,
    Field::Seq,
    Field::Code,
    Field::Timestamp,
    Field::Latency,
    Field::BytesOut,
    Field::BytesIn,
    Field::Error,
    Field::Body,
    Field::Method,
    Field::Url,
    Field::Headers,
];

impl RecordType {
    fn new(id: i64, fields: Vec<Field>) -> Self {
        Self {
            id_bytes: encode_int(id),
            has_seq: fields.contains(&Field::Seq),
            is_vegeta: fields == VEGETA,
            fields,
        }
    }
}

/// The types defined so far in a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    types: BTreeMap<i64, Type>,
    /// By type id. Separate from `types`, since a record's fields may be defined after it.
    records: BTreeMap<i64, Arc<RecordType>>,
    /// The record type defined last: the one that records are expected to have.
    pub(crate) current: Option<Arc<RecordType>>,
}

impl Schema {
    /// What vegeta since 12.8 writes, for streams whose definitions are damaged.
    pub(crate) fn assumed() -> Self {
        let types = BTreeMap::from([
            (65, Type::Opaque),
            (66, Type::Sequence(STRING)),
            (67, Type::Map(STRING, 66)),
        ]);
        let record = Arc::new(RecordType::new(64, VEGETA.to_vec()));
        Self { types, records: BTreeMap::from([(64, Arc::clone(&record))]), current: Some(record) }
    }

    pub(crate) fn record(&self, id: i64) -> Option<&Arc<RecordType>> {
        self.records.get(&id)
    }

    /// Takes up the definition of type `id`, or says why it is none. A known id is defined anew: a new stream began.
    pub(crate) fn define(&mut self, id: i64, mut definition: Cursor<'_>) -> Result<()> {
        let (defined, record) = parse_definition(id, &mut definition)?;
        if !definition.rest().is_empty() {
            return Err(WireError::Bad("a type definition that goes on after its end"));
        }
        if self.types.len() >= MAX_TYPES && !self.types.contains_key(&id) {
            return Err(WireError::Bad("more type definitions than a vegeta stream has"));
        }
        self.types.insert(id, defined);
        self.records.remove(&id);
        if let Some(record) = record {
            let record = Arc::new(record);
            self.records.insert(id, Arc::clone(&record));
            self.current = Some(record);
        }
        Ok(())
    }

    /// Steps over a value of type `id`.
    pub(crate) fn skip(&self, id: i64, cursor: &mut Cursor<'_>) -> Result<()> {
        self.skip_nested(id, cursor, 0)
    }

    fn skip_nested(&self, id: i64, cursor: &mut Cursor<'_>, depth: u32) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(WireError::Bad("types nested too deeply"));
        }
        match id {
            1..=4 => cursor.uint().map(drop),
            BYTES | STRING => cursor.bytes().map(drop),
            7 => cursor.uint().and_then(|_| cursor.uint()).map(drop),
            8 => skip_interface(cursor),
            _ => match self.types.get(&id) {
                None => Err(WireError::Bad("a field of an undefined type")),
                Some(Type::Opaque) => cursor.bytes().map(drop),
                Some(Type::Struct(fields)) => self.skip_struct(fields, cursor, depth),
                Some(&Type::Sequence(element)) => self.skip_elements(&[element], cursor, depth),
                Some(&Type::Map(key, element)) => {
                    self.skip_elements(&[key, element], cursor, depth)
                }
            },
        }
    }

    fn skip_struct(&self, fields: &[i64], cursor: &mut Cursor<'_>, depth: u32) -> Result<()> {
        let mut next = 0_u64;
        loop {
            let delta = cursor.uint()?;
            if delta == 0 {
                return Ok(());
            }
            next = next.saturating_add(delta);
            let field = usize::try_from(next - 1).ok().and_then(|index| fields.get(index));
            let &field = field.ok_or(WireError::Bad("a field number out of bounds"))?;
            self.skip_nested(field, cursor, depth + 1)?;
        }
    }

    fn skip_elements(&self, types: &[i64], cursor: &mut Cursor<'_>, depth: u32) -> Result<()> {
        let count = cursor.uint()?;
        for _ in 0..count {
            // Every value takes at least a byte, so an attacker's count ends with the message.
            for &id in types {
                self.skip_nested(id, cursor, depth + 1)?;
            }
        }
        Ok(())
    }
}

fn skip_interface(cursor: &mut Cursor<'_>) -> Result<()> {
    if cursor.bytes()?.is_empty() {
        return Ok(());
    }
    cursor.int()?;
    cursor.bytes().map(drop)
}

/// The fields of a struct value, in order; `visit` reads each.
fn each_field<'a>(
    cursor: &mut Cursor<'a>,
    mut visit: impl FnMut(u64, &mut Cursor<'a>) -> Result<()>,
) -> Result<()> {
    let mut field = 0_u64;
    loop {
        let delta = cursor.uint()?;
        if delta == 0 {
            return Ok(());
        }
        field = field.saturating_add(delta);
        visit(field - 1, cursor)?;
    }
}

/// The common part of a definition: name and id.
fn parse_common(cursor: &mut Cursor<'_>, id: i64) -> Result<()> {
    each_field(cursor, |field, cursor| match field {
        0 => cursor.bytes().map(drop),
        1 if cursor.int()? == id => Ok(()),
        1 => Err(WireError::Bad("a type definition that contradicts its own number")),
        _ => Err(WireError::Bad("an unknown part of a type definition")),
    })
}

/// gob's `wireType`: a struct of which one field is set.
fn parse_definition(id: i64, cursor: &mut Cursor<'_>) -> Result<(Type, Option<RecordType>)> {
    let mut found = None;
    each_field(cursor, |kind, cursor| {
        let (mut element, mut key) = (0, 0);
        let mut fields = Vec::new();
        each_field(cursor, |field, cursor| {
            match (kind, field) {
                (_, 0) => parse_common(cursor, id)?,
                // ArrayT and SliceT: element; StructT: fields; MapT: key, element. ArrayT's length is of no use.
                (0 | 1, 1) | (3, 2) => element = cursor.int()?,
                (0, 2) => drop(cursor.int()?),
                (2, 1) => fields = parse_fields(cursor)?,
                (3, 1) => key = cursor.int()?,
                _ => return Err(WireError::Bad("an unknown part of a type definition")),
            }
            Ok(())
        })?;
        found = Some(match kind {
            0 | 1 => (Type::Sequence(element), None),
            2 => {
                let types = fields.iter().map(|&(_, id)| id).collect();
                (Type::Struct(types), record_type(id, &fields))
            }
            3 => (Type::Map(key, element), None),
            4..=6 => (Type::Opaque, None),
            _ => return Err(WireError::Bad("an unknown kind of type definition")),
        });
        Ok(())
    })?;
    found.ok_or(WireError::Bad("an empty type definition"))
}

fn parse_fields<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<(&'a [u8], i64)>> {
    let count = cursor.uint()?;
    if count > MAX_FIELDS {
        return Err(WireError::Bad("a struct of too many fields"));
    }
    let mut fields = Vec::new();
    for _ in 0..count {
        let (mut name, mut id): (&[u8], i64) = (&[], 0);
        each_field(cursor, |field, cursor| {
            match field {
                0 => name = cursor.bytes()?,
                1 => id = cursor.int()?,
                _ => return Err(WireError::Bad("an unknown part of a type definition")),
            }
            Ok(())
        })?;
        fields.push((name, id));
    }
    Ok(fields)
}

/// What the fields mean, if the struct is a result: it has at least two of timestamp, latency and code.
fn record_type(id: i64, fields: &[(&[u8], i64)]) -> Option<RecordType> {
    let fields: Vec<Field> = fields.iter().map(|&(name, id)| field_named(name, id)).collect();
    let essential = [Field::Timestamp, Field::Latency, Field::Code];
    let known = essential.iter().filter(|&field| fields.contains(field)).count();
    (known >= 2).then(|| RecordType::new(id, fields))
}

fn field_named(name: &[u8], id: i64) -> Field {
    match (name, id) {
        (b"Attack", STRING) => Field::Attack,
        (b"Seq", UINT) => Field::Seq,
        (b"Code", UINT) => Field::Code,
        (b"Timestamp", 64..) => Field::Timestamp,
        (b"Latency", INT) => Field::Latency,
        (b"BytesOut", UINT) => Field::BytesOut,
        (b"BytesIn", UINT) => Field::BytesIn,
        (b"Error", STRING) => Field::Error,
        (b"Body", BYTES) => Field::Body,
        (b"Method", STRING) => Field::Method,
        (b"URL", STRING) => Field::Url,
        (b"Headers", 64..) => Field::Headers,
        _ => Field::Other(id),
    }
}

fn encode_int(value: i64) -> Vec<u8> {
    let bits =
        if value < 0 { (!value << 1 | 1).cast_unsigned() } else { (value << 1).cast_unsigned() };
    if bits < 0x80 {
        return vec![bits.to_be_bytes()[7]];
    }
    let bytes = bits.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    let significant = &bytes[zeros..];
    let mut out = vec![u8::MAX - significant.len().to_be_bytes()[7] + 1];
    out.extend_from_slice(significant);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_encoded_as_go_does() {
        assert_eq!(encode_int(64), [0xff, 0x80]);
        assert_eq!(encode_int(-64), [0x7f]);
        assert_eq!(encode_int(-65), [0xff, 0x81]);
        assert_eq!(encode_int(256), [0xfe, 0x02, 0x00]);
        for value in [0, 1, -1, 63, 64, 1_000_000, i64::MAX, i64::MIN] {
            assert_eq!(Cursor::new(&encode_int(value)).int(), Ok(value));
        }
    }
}
