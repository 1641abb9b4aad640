//! Bytes looked at eight at a time, for the quick readers: most texts and numbers of a record are shorter than what
//! makes a library's search worth its call.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// Marks (0x80) the bytes of a word that are zero. The lowest mark is true; those above it may not be.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * u64::from(byte)))
}

/// The first place where `marks` finds something in a word, or `matches` in the bytes behind the last whole word.
#[inline(always)]
fn find(bytes: &[u8], marks: impl Fn(u64) -> u64, matches: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let found = marks(u64::from_le_bytes(*chunk));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes[at..].iter().position(|&byte| matches(byte)).map(|found| at + found)
}

/// The first byte that is one of two.
#[inline(always)]
pub(crate) fn find_either(bytes: &[u8], one: u8, other: u8) -> Option<usize> {
    find(bytes, |word| equal(word, one) | equal(word, other), |byte| byte == one || byte == other)
}

/// The first byte that cannot stand in a JSON string as it is: a quote, a backslash or a control character.
#[inline(always)]
pub(crate) fn find_json_special(bytes: &[u8]) -> Option<usize> {
    let control = |word: u64| word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    find(
        bytes,
        |word| control(word) | equal(word, b'"') | equal(word, b'\\'),
        |byte| byte == b'"' || byte == b'\\' || byte < 0x20,
    )
}

/// Whether a byte is one that cannot stand in a JSON string as easyjson writes it, or not without a second look.
#[inline(always)]
pub(crate) fn is_json_escaped(byte: u8) -> bool {
    !(0x20..0x80).contains(&byte) || matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
}

/// The first byte that [`is_json_escaped`].
#[inline(always)]
pub(crate) fn find_json_escaped(bytes: &[u8]) -> Option<usize> {
    let control = |word: u64| word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    let special = |word: u64| {
        [b'"', b'\\', b'<', b'>', b'&'].iter().fold(0, |marks, &byte| marks | equal(word, byte))
    };
    find(bytes, |word| (word & HIGH) | control(word) | special(word), is_json_escaped)
}

/// Powers of ten up to the number of digits in a word.
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number that `bytes` begin with, and its digits; `None` without digits or with more than 19, which may not fit.
#[inline(always)]
pub(crate) fn leading_uint(bytes: &[u8]) -> Option<(u64, usize)> {
    // Codes and byte counts have few digits.
    if let [a @ b'0'..=b'9', b, c, d, ..] = bytes {
        let digit = |byte: &u8| u64::from(byte - b'0');
        if !b.is_ascii_digit() {
            return Some((digit(a), 1));
        }
        if !c.is_ascii_digit() {
            return Some((digit(a) * 10 + digit(b), 2));
        }
        if !d.is_ascii_digit() {
            return Some((digit(a) * 100 + digit(b) * 10 + digit(c), 3));
        }
    }
    let mut value = 0_u64;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let digits = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(b'0'));
        // In each byte: above 9, without a carry into the next.
        let others = ((digits & !HIGH).wrapping_add(ONES * 0x76) | digits) & HIGH;
        let count = others.trailing_zeros() as usize / 8;
        if count > 0 {
            // What stands behind the digits is shifted out; zeros in front of them are shifted in.
            value = value
                .wrapping_mul(POWERS[count])
                .wrapping_add(eight_digits(digits << (64 - 8 * count)));
        }
        at += count;
        if count < 8 {
            return (1..=19).contains(&at).then_some((value, at));
        }
        if at > 19 {
            return None;
        }
    }
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (1..=19).contains(&at).then_some((value, at))
}

/// Eight digits, the first in the lowest byte: pairs, then fours, then all are put together in one word.
#[inline(always)]
fn eight_digits(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers(value in 0_u64..10_u64.pow(19), tail in "[^0-9]?.{0,9}") {
            let tail = tail.trim_start_matches(|c: char| c.is_ascii_digit());
            let text = format!("{value}{tail}");
            prop_assert_eq!(leading_uint(text.as_bytes()), Some((value, value.to_string().len())));
        }

        #[test]
        fn no_other_byte_is_a_digit(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let text = String::from_utf8_lossy(&bytes[..digits]);
            let expected = text.parse::<u64>().ok().filter(|_| digits < 20).map(|value| (value, digits));
            prop_assert_eq!(leading_uint(&bytes), expected);
        }

        #[test]
        fn searches_find_the_first(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let either = bytes.iter().position(|&byte| byte == b',' || byte == b'"');
            prop_assert_eq!(find_either(&bytes, b',', b'"'), either);
            let special = bytes.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            prop_assert_eq!(find_json_special(&bytes), special);
            let escaped = bytes.iter().position(|&byte| is_json_escaped(byte));
            prop_assert_eq!(find_json_escaped(&bytes), escaped);
        }
    }

    #[test]
    fn what_may_not_fit_is_left_to_others() {
        assert_eq!(leading_uint(b"9999999999999999999,"), Some((9_999_999_999_999_999_999, 19)));
        assert_eq!(leading_uint(b"10000000000000000000"), None);
        assert_eq!(leading_uint(b"100000000000000000000000000000000"), None);
        assert_eq!(leading_uint(b""), None);
        assert_eq!(leading_uint(b"x"), None);
    }
}
