//! Keeping credentials out of reports: RPC providers put keys into paths and queries, and those end up in error texts.

mod random;
mod text;
mod url;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

/// What stands in the place of a masked part.
const MASK: &str = "***";

/// Keys whose values are credentials, in lower case; also where they end a longer key, as in `x-api-key`.
const CREDENTIAL_KEYS: [&str; 13] = [
    "api_key",
    "apikey",
    "api-key",
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "access_key",
    "access-key",
    "private_key",
    "signature",
    "credential",
];

/// Whether credentials are kept out of what is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// They become `***`, by [`mask_url`] and [`mask_text`].
    #[default]
    Masked,
    /// Everything is told as it was recorded.
    Shown,
}

impl Secrets {
    /// The URL as it may be told.
    #[must_use]
    pub fn in_url(self, url: &str) -> Cow<'_, str> {
        match self {
            Self::Masked => Cow::Owned(mask_url(url)),
            Self::Shown => Cow::Borrowed(url),
        }
    }

    /// The text as it may be told.
    #[must_use]
    pub fn in_text(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Masked => Cow::Owned(mask_text(text)),
            Self::Shown => Cow::Borrowed(text),
        }
    }
}

/// Whether a header of this name, in any case, holds a credential: cookies, and what ends as the names of credentials do.
#[must_use]
pub fn is_credential_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with("cookie") || CREDENTIAL_KEYS.iter().any(|key| lower.ends_with(key))
}

/// Whether a header of this name, in any case, holds a URL, which may hold a credential.
#[must_use]
pub fn is_url_header(name: &str) -> bool {
    ["location", "content-location", "referer"].contains(&name.to_ascii_lowercase().as_str())
}

/// The URL with everything masked that may be a credential, as `***`.
///
/// Masked are
///
/// * the user information, also where its password holds `/`, `?` or `#`, and a port that is no number;
/// * the values of the query and of `;key=value` in the path (keys stay), and the fragment;
/// * path segments that look like keys, percent-encoded or not: 20 characters or more of letters, digits, `_` and `-` with
///   both a letter and a digit among them; 16 characters or more that are hexadecimal, or in which letters, digits and their
///   cases take turns as by chance; 32 to 128 letters of one case; whatever starts as a JSON web token does;
/// * path segments that stand where keys do: 16 characters or more behind `v2` or `v3`, 18 letters and digits or more behind
///   `v1` or `v4`, 8 characters or more behind a segment that names a credential, such as `token` or `key`.
///
/// Too much is masked rather than too little. A reference without scheme is taken as a path, unless it starts with `//` or
/// `user:password@`. The slashes may be escaped, as in JSON's `https:\/\/`.
///
/// Masking a masked URL changes nothing.
///
/// ```
/// use plimsoll_model::mask_url;
///
/// assert_eq!(mask_url("https://u:p@rpc.example/eth?key=1&n=2#top"), "https://***@rpc.example/eth?key=***&n=***#***");
/// assert_eq!(mask_url("https://rpc.example/v3/0123456789abcdef"), "https://rpc.example/v3/***");
/// ```
#[must_use]
pub fn mask_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    url::mask_into(url, &mut out);
    out
}

/// The text with every URL in it masked as [`mask_url`] does, and with these masked wherever they stand:
///
/// * the values of `key=value`, `key:value`, `"key":"value"` and `X-Key: value` where the key names a credential (`api_key`,
///   `token`, `secret`, `password` and their like, also at the end of a longer key, in any case). A sentence such as
///   `invalid token: unexpected EOF` stays: before a colon and a space, only keys with `-` or `_` are taken for headers;
/// * what follows `Authorization: `, `Bearer ` and `Basic `, and the whole line behind `Cookie: ` and `Set-Cookie: `;
/// * `user:password@`, and what Go quotes as an `invalid port`;
/// * JSON web tokens, tokens with a prefix such as `sk_live_` or `ghp_`, and words of 20 characters or more that are
///   hexadecimal, or in which letters, digits and their cases take turns as by chance. UUIDs stay.
///
/// Masking a masked text changes nothing.
///
/// ```
/// use plimsoll_model::mask_text;
///
/// assert_eq!(mask_text(r#"Get "https://h/eth?k=v": EOF"#), r#"Get "https://h/eth?k=***": EOF"#);
/// assert_eq!(mask_text("refused: X-Api-Key=abc, Bearer xyz"), "refused: X-Api-Key=***, Bearer ***");
/// assert_eq!(mask_text("no plan for 8d7f2a91c3be4056af12"), "no plan for ***");
/// ```
#[must_use]
pub fn mask_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text::mask_into(text, &mut out);
    out
}

/// Whether a key, in lower case, announces a credential.
fn names_credential(key: &str) -> bool {
    CREDENTIAL_KEYS.iter().any(|known| key.ends_with(known))
}

fn push_mask(value: &str, out: &mut String) {
    if !value.is_empty() {
        out.push_str(MASK);
    }
}

fn split_where(text: &str, ends: impl FnMut(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '+')
}
