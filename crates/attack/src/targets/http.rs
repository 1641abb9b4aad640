//! `GET http://host/path`, then headers, then `@` and the body's file; an empty line or the body ends a target.

use std::io::BufRead;
use std::path::Path;

use super::lines::Lines;
use super::{Bodies, Target, TargetDefaults, Url, hint};

pub(super) fn read(
    lines: &mut Lines<impl BufRead>,
    defaults: &TargetDefaults,
    bodies: &mut Bodies,
) -> Result<Option<Target>, String> {
    let request = loop {
        match lines.next_line()? {
            None => return Ok(None),
            Some(line) if line.is_empty() || line.starts_with('#') => {}
            Some(line) => break line,
        }
    };
    lines.begin();
    let Some((method, url)) = request.split_once(' ') else {
        return Err(format!("bad target: {request}"));
    };
    if !starts_with_method(&request) {
        return Err(format!("bad method: {method}"));
    }
    Url::check(url).map_err(|error| format!("bad URL: {url}, {error}{}", hint(url)))?;
    let mut target = Target {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: defaults.headers.clone(),
        body: defaults.body.clone(),
    };
    match lines.next_line()? {
        None => return Ok(Some(target)),
        Some(line) if line.is_empty() => return Ok(Some(target)),
        Some(line) => {
            let is_next = starts_with_method(&line);
            lines.put_back(line);
            if is_next {
                return Ok(Some(target));
            }
        }
    }
    // From here on a request line without an empty line before it is read as a header, as in vegeta.
    while let Some(line) = lines.next_line()? {
        if line.is_empty() {
            break;
        }
        if line.starts_with('#') {
            continue;
        }
        if let Some(path) = line.strip_prefix('@') {
            target.body =
                bodies.read(Path::new(path)).map_err(|error| format!("bad body: {error}"))?;
            break;
        }
        let header = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        match header {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                target.headers.push((name.to_owned(), value.to_owned()));
            }
            _ => return Err(format!("bad header: {line}")),
        }
    }
    Ok(Some(target))
}

/// vegeta's `^[A-Z]+\s`.
fn starts_with_method(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_uppercase());
    rest.len() < line.len() && rest.starts_with([' ', '\t', '\n', '\r', '\x0c'])
}
