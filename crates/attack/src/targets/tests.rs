use std::fmt::Write as _;
use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn reader(text: &str, format: TargetFormat) -> TargetReader {
    let source = Box::new(Cursor::new(text.as_bytes().to_vec()));
    TargetReader::new("targets", source, format, TargetDefaults::default())
}

fn all(text: &str) -> Result<Vec<Target>, String> {
    reader(text, TargetFormat::Http).read_all().map_err(|error| error.to_string())
}

fn all_json(text: &str) -> Result<Vec<Target>, String> {
    reader(text, TargetFormat::Json).read_all().map_err(|error| error.to_string())
}

fn target(method: &str, url: &str, headers: &[(&str, &str)]) -> Target {
    Target {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: Bytes::new(),
    }
}

#[test]
fn requests_follow_one_another_with_and_without_empty_lines() {
    let text = "# first\n\nGET http://a/1\nPOST http://a/2\nX-a: 1\nx-A:  2 : 3\r\n# note\nY: z\n\n\nHEAD http://a/3";
    let expected = [
        target("GET", "http://a/1", &[]),
        target("POST", "http://a/2", &[("X-a", "1"), ("x-A", "2 : 3"), ("Y", "z")]),
        target("HEAD", "http://a/3", &[]),
    ];
    assert_eq!(all(text).unwrap(), expected);
}

#[test]
fn behind_a_header_a_request_line_is_a_header() {
    let expected = target("GET", "http://a", &[("X", "1"), ("GET http", "//b")]);
    assert_eq!(all("GET http://a\nX: 1\nGET http://b\n").unwrap(), [expected]);
    let comment = target("GET", "http://a", &[("GET http", "//b")]);
    assert_eq!(all("GET http://a\n#\nGET http://b\n").unwrap(), [comment]);
}

#[test]
fn a_body_ends_its_target() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("body");
    std::fs::write(&path, "{}\n").unwrap();
    let text = format!("POST http://a\nX: 1\n@{0}\nPOST http://b\n@{0}", path.display());
    let targets = all(&text).unwrap();
    assert_eq!(targets.len(), 2);
    assert!(targets.iter().all(|target| target.body == "{}\n"));
    // One copy serves both.
    assert_eq!(targets[0].body.as_ptr(), targets[1].body.as_ptr());
    let error = all(&format!("POST http://a\n@{}\nX: 1", path.display())).unwrap_err();
    assert_eq!(error, "targets:3: bad method: X:");
}

#[test]
fn what_is_no_target_is_told_with_its_line() {
    for (text, error) in [
        ("GET\n", "targets:1: bad target: GET"),
        ("\n\nget http://a\n", "targets:3: bad method: get"),
        ("GET http://a\nX\n", "targets:2: bad header: X"),
        ("GET http://a\nX:\n", "targets:2: bad header: X:"),
        (
            "GET  http://a\n",
            "targets:1: bad URL:  http://a, parse \" http://a\": invalid URI for request",
        ),
        ("GET :80\n", "targets:1: bad URL: :80, parse \":80\": missing protocol scheme"),
        ("", "targets: no targets to attack"),
        ("# nothing\n", "targets: no targets to attack"),
    ] {
        assert_eq!(all(text).unwrap_err(), error, "{text:?}");
    }
    let missing = all("POST http://a\n@/nowhere/at/all\n").unwrap_err();
    assert!(
        missing.starts_with("targets:2: bad body: the body's file /nowhere/at/all"),
        "{missing}"
    );
}

#[test]
fn json_targets() {
    let text = concat!(
        r#"{"url":"http://a","method":"POST","body":"e30=","header":{"X-a":["1","2"],"y":null},"more":[1]}"#,
        "\n\n  ",
        r#"{"method":"GET","url":"http://b","header":null,"body":null}"#,
    );
    let mut first = target("POST", "http://a", &[("X-a", "1"), ("X-a", "2")]);
    first.body = Bytes::from_static(b"{}");
    assert_eq!(all_json(text).unwrap(), [first, target("GET", "http://b", &[])]);
    for (text, error) in [
        (r#"{"url":"http://a"}"#, "targets:1: target: required method is missing"),
        (r#"{"method":"GET"}"#, "targets:1: target: required url is missing"),
        ("\n[]", "targets:2: bad target: "),
        (r#"{"method":"GET","url":"http://a"} x"#, "targets:1: bad target: trailing characters"),
        (
            r#"{"method":"GET","url":"http://a","body":"="}"#,
            "targets:1: bad target: the body is not base64",
        ),
    ] {
        let told = all_json(text).unwrap_err();
        assert!(told.starts_with(error), "{text}: {told}");
    }
}

#[test]
fn defaults_come_first() {
    let defaults = TargetDefaults {
        headers: vec![("A".to_owned(), "0".to_owned())],
        body: Bytes::from_static(b"default"),
    };
    for (text, format) in [
        ("GET http://a\nA: 1\n", TargetFormat::Http),
        (r#"{"method":"GET","url":"http://a","header":{"A":["1"]}}"#, TargetFormat::Json),
    ] {
        let source = Box::new(Cursor::new(text.as_bytes().to_vec()));
        let mut reader = TargetReader::new("targets", source, format, defaults.clone());
        let mut expected = target("GET", "http://a", &[("A", "0"), ("A", "1")]);
        expected.body = Bytes::from_static(b"default");
        assert_eq!(reader.next_target().unwrap(), Some(expected));
        assert_eq!(reader.next_target().unwrap(), None);
    }
}

#[test]
fn urls_are_taken_apart() {
    let url = Url::parse("HTTP://user:p%20w@Host:8080/a b?q=\u{e9}&r=%20#part").unwrap();
    assert_eq!(url.endpoint.to_string(), "Host:8080");
    assert_eq!(url.authority, "Host:8080");
    assert_eq!(url.path, "/a%20b?q=%C3%A9&r=%20");
    assert_eq!(url.authorization.as_deref(), Some("Basic dXNlcjpwIHc="));
    let bare = Url::parse("https://[::1]?x").unwrap();
    assert_eq!((bare.endpoint.to_string().as_str(), bare.path.as_str()), ("[::1]:443", "/?x"));
    for text in
        ["/path", "ftp://a", "http://", "http://:80", "http://a:b", "http://a:99999", "mailto:a"]
    {
        assert!(Url::parse(text).is_err(), "{text}");
    }
    // Found by fuzzing: white space beyond ASCII went into the head of a request.
    for text in ["http://b\u{2005}cher/", "http://b\u{fc}cher.example:80/", "https://[\u{fc}]/"] {
        let error = Url::parse(text).unwrap_err().to_string();
        assert!(
            error.ends_with("has to be written in ASCII, as in xn--bcher-kva.example"),
            "{error}"
        );
    }
}

#[test]
fn locations_lead_on() {
    let url = Url::parse("http://h:1/a/b?c").unwrap();
    for (location, target) in [
        ("https://x/y#z", "https://x/y"),
        ("//x/y", "http://x/y"),
        ("/y/../z?q=/..", "http://h:1/z?q=/.."),
        ("y", "http://h:1/a/y"),
        ("../y/.", "http://h:1/y/"),
        ("?q", "http://h:1/a/b?q"),
        ("", "http://h:1/a/b"),
        ("HTTPS://x/y", "HTTPS://x/y"),
        ("/login?next=http://x/y", "http://h:1/login?next=http://x/y"),
        ("login?next=http://x/y", "http://h:1/a/login?next=http://x/y"),
        ("?next=http://x/y", "http://h:1/a/b?next=http://x/y"),
        ("y/http://x", "http://h:1/a/y/http://x"),
    ] {
        assert_eq!(url.join(location).unwrap(), target, "{location}");
    }
    for (location, text) in [
        ("1:y", "parse \"1:y\": first path segment in URL cannot contain colon"),
        (":y", "parse \":y\": missing protocol scheme"),
        ("http://[x/y", "parse \"http://[x/y\": missing ']' in host"),
    ] {
        assert_eq!(url.join(location).unwrap_err().to_string(), text, "{location}");
    }
    for (location, text) in [
        ("mailto:a@b?c=://", "unsupported protocol scheme \"mailto\""),
        ("http:/y", "http: no Host in request URL"),
    ] {
        let joined = url.join(location).unwrap();
        assert_eq!(Url::parse(&joined).unwrap_err().to_string(), text, "{location}");
    }
}

proptest! {
    #[test]
    fn no_file_makes_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), json: bool) {
        let format = if json { TargetFormat::Json } else { TargetFormat::Http };
        let source = Box::new(Cursor::new(bytes));
        let mut reader = TargetReader::new("targets", source, format, TargetDefaults::default());
        while let Ok(Some(_)) = reader.next_target() {}
    }

    #[test]
    fn what_is_written_is_read(
        targets in proptest::collection::vec(
            ("[A-Z]{1,8}", "http://[a-z]{1,9}(:[0-9]{1,4})?/[a-z/]{0,9}",
                proptest::collection::vec(("[A-Za-z-]{1,9}", "[!-~]([ -~]{0,9}[!-~])?"), 0..4)),
            1..6,
        ),
        comments: bool,
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (method, url, headers) in &targets {
            let _ = writeln!(text, "{method} {url}");
            for (name, value) in headers {
                let _ = writeln!(text, "{name}:\t{value}  ");
                text += if comments { "# and\n" } else { "" };
            }
            text += "\n";
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            expected.push(target(method, url, &headers));
        }
        prop_assert_eq!(all(&text).unwrap(), expected);
    }

    #[test]
    fn urls_never_panic_and_paths_can_be_sent(text in "(https?://)?[ -~]{0,40}\\PC{0,4}") {
        if let Ok(url) = Url::parse(&text) {
            prop_assert!(url.path.starts_with('/'));
            prop_assert!(url.path.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
