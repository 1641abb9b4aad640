//! gob's primitives.

/// Why bytes are no gob value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireError {
    /// The bytes end before the value does.
    Short,
    /// The bytes cannot be such a value, whatever follows.
    Bad(&'static str),
}

pub(crate) type Result<T> = std::result::Result<T, WireError>;

/// A position in a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// An unsigned integer: below 128 one byte; else 256 - n in one byte and n bytes, the most significant first.
    #[inline(always)]
    pub(crate) fn uint(&mut self) -> Result<u64> {
        if let [first @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*first));
        }
        let (value, rest) = long_uint(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    /// A signed integer: the sign in the lowest bit, negative ones complemented.
    #[inline(always)]
    pub(crate) fn int(&mut self) -> Result<i64> {
        let bits = self.uint()?;
        let magnitude = (bits >> 1).cast_signed();
        Ok(if bits & 1 == 0 { magnitude } else { !magnitude })
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| WireError::Short)?;
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(WireError::Short);
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// A string or byte slice.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.uint()?;
        self.take(length)
    }
}

/// An integer of any length, and what follows. Not a method: taking a cursor's address would keep it out of registers.
#[inline(never)]
fn long_uint(bytes: &[u8]) -> Result<(u64, &[u8])> {
    let Some((&first, rest)) = bytes.split_first() else { return Err(WireError::Short) };
    if first < 0x80 {
        return Ok((u64::from(first), rest));
    }
    let width = 256 - usize::from(first);
    if width > 8 {
        return Err(WireError::Bad("an integer of more than 8 bytes"));
    }
    let Some((bytes, rest)) = rest.split_at_checked(width) else { return Err(WireError::Short) };
    Ok((bytes.iter().fold(0, |value, &byte| (value << 8) | u64::from(byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_the_go_documentation() {
        // https://pkg.go.dev/encoding/gob: "7 is 07, 256 is FE 01 00", "-129 is FE 01 01" by way of 257.
        assert_eq!(Cursor::new(&[0x07]).uint(), Ok(7));
        assert_eq!(Cursor::new(&[0xfe, 0x01, 0x00]).uint(), Ok(256));
        assert_eq!(Cursor::new(&[0xfe, 0x01, 0x01]).int(), Ok(-129));
        assert_eq!(
            Cursor::new(&[0xf8, 255, 255, 255, 255, 255, 255, 255, 255, 9]).uint(),
            Ok(u64::MAX)
        );
        assert_eq!(
            Cursor::new(&[0xf8, 255, 255, 255, 255, 255, 255, 255, 255]).int(),
            Ok(i64::MIN)
        );
    }

    #[test]
    fn a_cut_is_not_a_contradiction() {
        assert_eq!(Cursor::new(&[]).uint(), Err(WireError::Short));
        assert_eq!(Cursor::new(&[0xfe, 0x01]).uint(), Err(WireError::Short));
        assert_eq!(Cursor::new(&[5, b'a']).bytes(), Err(WireError::Short));
        assert!(matches!(Cursor::new(&[0x80; 200]).uint(), Err(WireError::Bad(_))));
    }
}
