//! What keys and tokens look like.

/// What tokens of well-known issuers start with.
const TOKEN_PREFIXES: [&str; 14] = [
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
];

/// What ids start with that are no secrets.
const ID_PREFIXES: [&str; 6] = ["trace", "span", "request", "req", "block", "tx"];

/// Whether a part of a URL looks like a key.
pub(super) fn looks_like_key(part: &str) -> bool {
    let part = part.trim_end_matches('=');
    if is_token(part) || (part.len() >= 16 && is_random(part)) {
        return true;
    }
    let one_case = part.bytes().all(|byte| byte.is_ascii_lowercase())
        || part.bytes().all(|byte| byte.is_ascii_uppercase());
    if one_case {
        return (32..=128).contains(&part.len());
    }
    part.len() >= 20
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && has_letter_and_digit(part)
}

/// Whether a word of a text is a credential by its looks.
pub(super) fn is_secret(word: &str) -> bool {
    is_token(word) || (word.len() >= 20 && is_random(word))
}

/// Whether base64 for `user:password` is what this is.
pub(super) fn is_basic(value: &str) -> bool {
    let (mut bits, mut len, mut has_colon) = (0_u32, 0, false);
    for byte in value.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        len += 6;
        if len >= 8 {
            len -= 8;
            let decoded = bits >> len & 0xff;
            if decoded < 0x20 {
                return false;
            }
            has_colon |= decoded == u32::from(b':');
        }
    }
    has_colon
}

/// Whether this is a JSON web token, or a token with its issuer's prefix.
fn is_token(word: &str) -> bool {
    if word.len() < 20 {
        return false;
    }
    if word.starts_with("eyJ")
        || TOKEN_PREFIXES
            .iter()
            .any(|prefix| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 16))
    {
        return true;
    }
    let mut parts = word.split(['_', '-']);
    let prefix = parts.next().unwrap_or_default();
    (2..=12).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_lowercase())
        && !ID_PREFIXES.contains(&prefix)
        && parts.any(is_token_part)
}

/// Capitals at the start of a word do not count as a change: `getBlockByNumberV2` is no token.
fn is_token_part(part: &str) -> bool {
    part.len() >= 16
        && has_letter_and_digit(part)
        && changes(part, |pair| pair == [2, 1]).is_some_and(|changes| changes * 4 >= part.len() - 1)
}

/// Whether letters, digits and their cases follow one another as by chance: they change at one of three places or more.
/// In words and numbers that people put together they change at the seams only. Hexadecimal digits with letters among them
/// are taken for chance in any case, `NoRouteToHost` in none.
fn is_random(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit()) && has_letter_and_digit(word);
    let by_chance =
        || changes(word, |_| false).is_some_and(|changes| changes * 3 + 1 >= word.len());
    is_hex || (by_chance() && !is_camel_case(word))
}

/// Whether there are only letters, each capital with small ones behind it, and with a single one for half of them at most.
fn is_camel_case(word: &str) -> bool {
    let mut parts = word.split(|character: char| character.is_ascii_uppercase());
    let first = parts.next().unwrap_or_default();
    let (mut count, mut single) = (0, usize::from(first.len() == 1));
    for part in parts {
        if part.is_empty() {
            return false;
        }
        count += 1;
        single += usize::from(part.len() == 1);
    }
    single * 2 <= count && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// How often letters, digits and their cases change, but for what is `ignored`; nothing if there is something else.
fn changes(word: &str, ignored: fn([u8; 2]) -> bool) -> Option<usize> {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => Some(0_u8),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        _ => None,
    };
    let kinds: Option<Vec<u8>> = word.bytes().map(kind).collect();
    let kinds = kinds?;
    Some(kinds.windows(2).filter(|pair| pair[0] != pair[1] && !ignored([pair[0], pair[1]])).count())
}

fn has_letter_and_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}
