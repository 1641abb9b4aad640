//! Keeping credentials out of reports: RPC providers put keys into paths and queries, and those end up in error texts.

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

/// The URL with everything masked that may be a credential, as `***`.
///
/// Masked are the user information, the values of the query (keys stay), the fragment, and path segments that look like
/// keys: 20 characters or more of letters, digits, `_` and `-` with both a letter and a digit among them; any segment that
/// starts as a JSON web token does; and whatever of 16 characters or more follows a segment `v2` or `v3`, where RPC
/// providers put their keys. Too much is masked rather than too little. A reference without scheme is taken as a path.
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
    mask_url_into(url, &mut out);
    out
}

/// The text with every URL in it masked as [`mask_url`] does, and with the values of `key=value`, `"key":"value"`,
/// `Authorization: …` and `Bearer …` masked where the key names a credential (`api_key`, `token`, `secret`, `password`
/// and their like, also at the end of a longer key, in any case).
///
/// Masking a masked text changes nothing.
///
/// ```
/// use plimsoll_model::mask_text;
///
/// assert_eq!(mask_text(r#"Get "https://h/eth?k=v": EOF"#), r#"Get "https://h/eth?k=***": EOF"#);
/// assert_eq!(mask_text("refused: X-Api-Key=abc, Bearer xyz"), "refused: X-Api-Key=***, Bearer ***");
/// ```
#[must_use]
pub fn mask_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if is_word(first) {
            rest = mask_word(rest, &mut out);
            continue;
        }
        let (head, tail) = rest.split_at(first.len_utf8());
        out.push_str(head);
        rest = tail;
        if first == '"' && tail.starts_with('/') {
            let (url, tail) = split_where(tail, ends_url);
            mask_url_into(url, &mut out);
            rest = tail;
        }
    }
    out
}

/// Masks what the word at the start of `text` announces, and returns what is left of the text.
fn mask_word<'a>(text: &'a str, out: &mut String) -> &'a str {
    let (word, rest) = split_where(text, |character| !is_word(character));
    if rest.starts_with("://") {
        let (url, rest) = split_where(text, ends_url);
        mask_url_into(url, out);
        return rest;
    }
    out.push_str(word);
    let lower = word.to_ascii_lowercase();
    if lower == "bearer" {
        return mask_after(rest, &[" "], ends_value, out);
    }
    if !CREDENTIAL_KEYS.iter().any(|key| lower.ends_with(key)) {
        return rest;
    }
    if lower.ends_with("authorization") {
        return mask_after(rest, &[": ", ":", "="], |character| "\"'\n,;".contains(character), out);
    }
    mask_after(rest, &["=\"", "='", "=", "\":\"", "\": \""], ends_value, out)
}

/// Where `text` starts with one of the separators, copies it and masks what follows as far as `ends` says.
fn mask_after<'a>(
    text: &'a str,
    separators: &[&str],
    ends: fn(char) -> bool,
    out: &mut String,
) -> &'a str {
    let Some(value) = separators.iter().find_map(|separator| text.strip_prefix(separator)) else {
        return text;
    };
    let (value, rest) = split_where(value, ends);
    out.push_str(&text[..text.len() - value.len() - rest.len()]);
    push_mask(value, out);
    rest
}

fn mask_url_into(url: &str, out: &mut String) {
    let (url, fragment) = split_at_char(url, '#');
    let (url, query) = split_at_char(url, '?');
    let path = match url.find("://") {
        Some(at) => {
            let (scheme, rest) = url.split_at(at + 3);
            out.push_str(scheme);
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            match authority.rsplit_once('@') {
                Some((_, host)) => {
                    out.push_str(MASK);
                    out.push('@');
                    out.push_str(host);
                }
                None => out.push_str(authority),
            }
            path
        }
        None => url,
    };
    let mut before = "";
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        let follows_version = matches!(before, "v2" | "v3") && segment.len() >= 16;
        out.push_str(if follows_version || looks_like_key(segment) { MASK } else { segment });
        before = segment;
    }
    if let Some(query) = query {
        out.push('?');
        for (index, item) in query.split('&').enumerate() {
            if index > 0 {
                out.push('&');
            }
            match item.split_once('=') {
                Some((key, value)) => {
                    out.push_str(key);
                    out.push('=');
                    push_mask(value, out);
                }
                None if looks_like_key(item) => out.push_str(MASK),
                None => out.push_str(item),
            }
        }
    }
    if let Some(fragment) = fragment {
        out.push('#');
        push_mask(fragment, out);
    }
}

fn looks_like_key(segment: &str) -> bool {
    if segment.len() < 20 {
        return false;
    }
    let plain =
        segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let mixed = segment.bytes().any(|byte| byte.is_ascii_digit())
        && segment.bytes().any(|byte| byte.is_ascii_alphabetic());
    segment.starts_with("eyJ") || (plain && mixed)
}

fn push_mask(value: &str, out: &mut String) {
    if !value.is_empty() {
        out.push_str(MASK);
    }
}

fn split_at_char(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((head, tail)) => (head, Some(tail)),
        None => (text, None),
    }
}

fn split_where(text: &str, ends: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-.+".contains(character)
}

fn ends_url(character: char) -> bool {
    character.is_whitespace() || "\"'<>`\\".contains(character)
}

fn ends_value(character: char) -> bool {
    character.is_whitespace() || "\"'<>`&,;)".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_part_of_a_url_is_masked() {
        for (url, masked) in [
            ("http://127.0.0.1:9001/slow?ms=500", "http://127.0.0.1:9001/slow?ms=***"),
            ("https://user:pa@ss@h:1/", "https://***@h:1/"),
            ("https://h/?a=&b&c=1", "https://h/?a=&b&c=***"),
            ("https://eth.example/v2/short", "https://eth.example/v2/short"),
            ("https://eth.example/v2/AbCdEfGhIjKlMnOp", "https://eth.example/v2/***"),
            ("https://h/0123456789abcdef0123/x", "https://h/***/x"),
            ("https://h/eyJhbGciOiJIUzI1NiJ9.e30.abc", "https://h/***"),
            ("https://h/transaction-receipts-by-hash", "https://h/transaction-receipts-by-hash"),
            ("https://h?AAAAAAAAAAAAAAAAAAA1", "https://h?***"),
            ("https://h#frag", "https://h#***"),
            ("/redirect?to=x", "/redirect?to=***"),
            ("", ""),
        ] {
            assert_eq!(mask_url(url), masked);
        }
    }

    #[test]
    fn texts_lose_their_credentials_and_keep_the_rest() {
        for (text, masked) in [
            (
                r#"Get "https://h/v3/0123456789abcdef?x=1": dial tcp: lookup h: no such host"#,
                r#"Get "https://h/v3/***?x=***": dial tcp: lookup h: no such host"#,
            ),
            (
                r#"Get "/login?next=/a": stopped after 10 redirects"#,
                r#"Get "/login?next=***": stopped after 10 redirects"#,
            ),
            (r#"{"api_key":"abc","n":1}"#, r#"{"api_key":"***","n":1}"#),
            ("auth failed access_token=abc&x=1", "auth failed access_token=***&x=1"),
            ("sent Authorization: Basic dTpw, got 401", "sent Authorization: ***, got 401"),
            ("invalid token: unexpected EOF", "invalid token: unexpected EOF"),
            ("401 Unauthorized", "401 Unauthorized"),
            ("PASSWORD='a b'", "PASSWORD='*** b'"),
        ] {
            assert_eq!(mask_text(text), masked);
        }
    }

    proptest! {
        #[test]
        fn masking_twice_changes_nothing(
            text in r#"([a-z0-9]{0,24}|://|[/?#&=@:"' ]|token|Bearer |password=|Authorization: |v3/|\PC){0,24}"#
        ) {
            let url = mask_url(&text);
            prop_assert_eq!(mask_url(&url), url);
            let masked = mask_text(&text);
            prop_assert_eq!(mask_text(&masked), masked);
        }

        #[test]
        fn a_password_never_survives(password in "[a-z0-9]{6,30}", path in "[a-z/]{0,12}") {
            let text = format!("Post \"https://user:{password}@rpc.example/{path}?key={password}\": EOF");
            prop_assert!(!mask_text(&text).contains(&password) || path.contains(&password));
        }
    }
}
