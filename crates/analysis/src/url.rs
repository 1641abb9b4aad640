//! The parts of a URL that chains are told apart by.

/// Borrowed parts of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    /// Host and port as written, without user information and without the scheme's own port.
    pub(crate) host: &'a str,
    /// The path without query and fragment; `/` where there is none.
    pub(crate) path: &'a str,
}

/// `None` for an empty URL. A reference without scheme has no host.
pub(crate) fn parts(url: &str) -> Option<Parts<'_>> {
    if url.is_empty() {
        return None;
    }
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (url, _) = url.split_at(end);
    let (host, path) = match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let own_port = match scheme {
                "http" => ":80",
                "https" => ":443",
                _ => "",
            };
            (host.strip_suffix(own_port).unwrap_or(host), path)
        }
        None => ("", url),
    };
    Some(Parts { host, path: if path.is_empty() { "/" } else { path } })
}

/// `host` of `host:port`; brackets of an IPv6 address stay.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The first `count` segments, as in `/a/b`. Empty segments at the end do not count.
pub(crate) fn first_segments(path: &str, count: usize) -> &str {
    let path = path.trim_end_matches('/');
    let end = path.match_indices('/').nth(count.max(1)).map_or(path.len(), |(at, _)| at);
    if end == 0 { "/" } else { path.split_at(end).0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_path() {
        for (url, host, path) in [
            ("http://127.0.0.1:9001/eth?x=1", "127.0.0.1:9001", "/eth"),
            ("https://u:p@h.example:443", "h.example", "/"),
            ("http://h:443/", "h:443", "/"),
            ("http://[::1]:80/a#b/c", "[::1]", "/a"),
            ("/relative?to=http://h/", "", "/relative"),
            ("?", "", "/"),
        ] {
            assert_eq!(parts(url), Some(Parts { host, path }), "{url}");
        }
        assert_eq!(parts(""), None);
    }

    #[test]
    fn segments() {
        for (path, count, expected) in [
            ("/", 1, "/"),
            ("/a", 1, "/a"),
            ("/a/b/c", 2, "/a/b"),
            ("/a/", 3, "/a"),
            ("/a/b", 0, "/a"),
            ("//", 1, "/"),
        ] {
            assert_eq!(first_segments(path, count), expected, "{path}");
        }
    }
}
