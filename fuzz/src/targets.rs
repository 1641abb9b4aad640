//! What has to hold for every file of targets.

use std::io::{BufRead, BufReader, Cursor};
use std::sync::OnceLock;

use plimsoll_attack::{Target, TargetDefaults, TargetFormat, TargetReader, Url};
use serde_json::json;

/// The name of the one file that bodies may come from.
const BODY: &str = "@body";
const LAST: &[u8] = b"\n\nGET http://last/\n";
const LAST_JSON: &[u8] = b"\n{\"method\":\"GET\",\"url\":\"http://last/\"}\n";

/// Reads the bytes as one format, and what was read from them as both.
pub fn check_targets(bytes: &[u8], format: TargetFormat) {
    let Some(bytes) = with_bodies(bytes, format) else { return };
    let (targets, error) = read(Box::new(Cursor::new(bytes.clone())), format);
    let dribbled = BufReader::with_capacity(1, Cursor::new(bytes.clone()));
    assert_eq!(read(Box::new(dribbled), format), (targets.clone(), error.clone()));
    let lines = bytes.split(|byte| *byte == b'\n').count();
    if let Some(error) = error {
        let number = error.split(':').nth(1).and_then(|number| number.parse::<usize>().ok());
        assert!(number.is_some_and(|number| (1..=lines).contains(&number)), "{error}");
    } else {
        check_what_follows(&bytes, &targets, format);
    }
    for target in &targets {
        check_url(&target.url);
        assert_eq!(read_one(&as_json(target), TargetFormat::Json), *target);
        if let Some(text) = as_http(target) {
            assert_eq!(read_one(&text, TargetFormat::Http), *target);
        }
    }
}

fn read(source: Box<dyn BufRead + Send>, format: TargetFormat) -> (Vec<Target>, Option<String>) {
    let mut reader = TargetReader::new("targets", source, format, TargetDefaults::default());
    let mut targets = Vec::new();
    loop {
        match reader.next_target() {
            Ok(Some(target)) => targets.push(target),
            Ok(None) => return (targets, None),
            Err(error) => return (targets, Some(error.to_string())),
        }
    }
}

fn read_one(text: &str, format: TargetFormat) -> Target {
    let (mut targets, error) = read(Box::new(Cursor::new(text.to_owned())), format);
    assert_eq!((targets.len(), error), (1, None), "{text:?}");
    targets.remove(0)
}

/// A file that is read to its end ends its last target: what is put behind it is a target of its own.
fn check_what_follows(bytes: &[u8], targets: &[Target], format: TargetFormat) {
    let last = if format == TargetFormat::Json { LAST_JSON } else { LAST };
    let (mut more, error) = read(Box::new(Cursor::new([bytes, last].concat())), format);
    assert_eq!(error, None);
    assert_eq!(more.pop().map(|target| target.url).as_deref(), Some("http://last/"));
    assert_eq!(more, targets);
}

/// What is put together from a URL's parts has the same parts, and can stand in a request line.
fn check_url(text: &str) {
    let Ok(url) = Url::parse(text) else { return };
    assert!(url.path.starts_with('/'), "{text:?}: {url:?}");
    assert!(url.path.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}: {url:?}");
    assert!(url.authority.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}: {url:?}");
    let again = Url::parse(&format!("http://{}{}", url.endpoint, url.path));
    let again = again.unwrap_or_else(|error| panic!("{text:?}: {url:?}: {error}"));
    assert_eq!(
        (&again.endpoint.host, again.endpoint.port),
        (&url.endpoint.host, url.endpoint.port)
    );
    assert_eq!(again.path, url.path, "{text:?}");
}

fn as_json(target: &Target) -> String {
    let text = |text: &str| json!(text).to_string();
    let headers: Vec<String> = target
        .headers
        .iter()
        .map(|(name, value)| format!("{}:[{}]", text(name), text(value)))
        .collect();
    format!(
        "{{\"method\":{},\"url\":{},\"header\":{{{}}},\"body\":\"{}\"}}",
        text(&target.method),
        text(&target.url),
        headers.join(","),
        base64(&target.body)
    )
}

/// As lines, where the format has a way to say it.
fn as_http(target: &Target) -> Option<String> {
    let plain = |text: &str| !text.is_empty() && text.trim() == text && !text.contains('\n');
    let sayable = target.method.starts_with(|c: char| c.is_ascii_uppercase())
        && target.method.bytes().all(|byte| byte.is_ascii_uppercase())
        && plain(&target.url)
        // Only what is a URL is taken.
        && Url::parse(&target.url).is_ok()
        && target.headers.iter().all(|(name, value)| {
            plain(name) && plain(value) && !name.contains(':') && !name.starts_with(['#', '@'])
        })
        && (target.body.is_empty() || target.body == body().1);
    // Behind a comment nothing is taken for the next request.
    let mut text = format!("{} {}\n#\n", target.method, target.url);
    for (name, value) in &target.headers {
        text += &format!("{name}: {value}\n");
    }
    if !target.body.is_empty() {
        text += &format!("@{}\n", body().0);
    }
    sayable.then_some(text)
}

/// Puts a file that exists where one is named that may be read; `None` where others are.
fn with_bodies(bytes: &[u8], format: TargetFormat) -> Option<Vec<u8>> {
    if format == TargetFormat::Json {
        return Some(bytes.to_owned());
    }
    let mut lines = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let trimmed = String::from_utf8_lossy(line).trim().to_owned();
        if trimmed == BODY {
            lines.push(format!("@{}", body().0).into_bytes());
        } else if trimmed.starts_with('@') && trimmed.contains('/') {
            return None;
        } else {
            lines.push(line.to_owned());
        }
    }
    Some(lines.join(&b'\n'))
}

/// A file, and what it holds.
fn body() -> &'static (String, &'static [u8]) {
    static FILE: OnceLock<(String, &[u8])> = OnceLock::new();
    FILE.get_or_init(|| {
        let content = b"{\"id\":1}\n";
        let path = std::env::temp_dir().join("plimsoll-fuzz-body");
        std::fs::write(&path, content).expect("the temporary directory can be written");
        (path.to_str().expect("its name is UTF-8").to_owned(), content)
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[bits >> (18 - 6 * place) & 63];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
