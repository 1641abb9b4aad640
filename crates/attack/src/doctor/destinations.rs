use std::collections::BTreeSet;

use serde::Deserialize;

/// A line of vegeta's JSON targets.
#[derive(Deserialize)]
struct Target {
    url: String,
}

/// How many different hosts and ports the targets in vegeta's HTTP or JSON format attack. A name counts as one address.
#[must_use]
pub fn destinations(targets: &str) -> u32 {
    let urls = targets.lines().filter_map(|line| {
        if line.starts_with('{') {
            return serde_json::from_str::<Target>(line).ok().map(|target| target.url);
        }
        let (method, url) = line.trim().split_once(' ')?;
        method.bytes().all(|b| b.is_ascii_uppercase()).then(|| url.trim().to_owned())
    });
    let found: BTreeSet<_> = urls.filter_map(|url| address(&url)).collect();
    u32::try_from(found.len()).unwrap_or(u32::MAX)
}

/// `host:port` of a URL, with the scheme's port where it names none.
fn address(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.to_ascii_lowercase();
    // The colons inside an IPv6 address stand before its bracket.
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    Some(if has_port { host } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_counts_once() {
        let targets = "\
POST http://gateway/ethereum
Content-Type: application/json
@body.json

# GET http://elsewhere/
GET http://gateway:80/boba
GET https://gateway/kava
POST http://user:secret@[::1]:8545/mantle
GET http://[::1]/
{\"method\":\"GET\",\"url\":\"http://GATEWAY/x\"}
";
        assert_eq!(destinations(targets), 4);
        assert_eq!(destinations(""), 0);
    }
}
