//! What is sent: vegeta's formats of targets, read as vegeta reads them.

mod http;
mod json;
mod lines;
mod url;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::{Error, ErrorKind};
use lines::Lines;
pub(crate) use url::is_absolute;
pub use url::{Endpoint, InvalidUrl, Scheme, Url};

/// The largest file that is read as a request's body.
const MAX_BODY_FILE: u64 = 256 << 20;
/// All that is kept of the targets of one file.
const MAX_TARGETS: u64 = 2 << 30;

/// A request as it is written in a file of targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The method, as written.
    pub method: String,
    /// The URL, as written.
    pub url: String,
    /// Names and values in the order of sending; the names keep their case.
    pub headers: Vec<(String, String)>,
    /// The body, empty where there is none.
    pub body: Bytes,
}

/// How a file of targets is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetFormat {
    /// A request line, headers, `@` and a file with the body.
    #[default]
    Http,
    /// One JSON object per line, with the body in base64.
    Json,
}

/// What targets have that do not say otherwise.
#[derive(Clone, Debug, Default)]
pub struct TargetDefaults {
    /// Headers, before the target's own.
    pub headers: Vec<(String, String)>,
    /// The body of targets without one.
    pub body: Bytes,
}

/// Reads targets one by one.
pub struct TargetReader {
    lines: Lines<Box<dyn BufRead + Send>>,
    format: TargetFormat,
    defaults: TargetDefaults,
    bodies: Bodies,
}

impl TargetReader {
    /// A reader of `source`, which errors call `name`.
    pub fn new(
        name: impl Into<String>,
        source: Box<dyn BufRead + Send>,
        format: TargetFormat,
        defaults: TargetDefaults,
    ) -> Self {
        Self { lines: Lines::new(name.into(), source), format, defaults, bodies: Bodies::default() }
    }

    /// The next target.
    ///
    /// # Errors
    /// With file and line where it is none.
    pub fn next_target(&mut self) -> Result<Option<Target>, Error> {
        let read = match self.format {
            TargetFormat::Http => http::read(&mut self.lines, &self.defaults, &mut self.bodies),
            TargetFormat::Json => json::read(&mut self.lines, &self.defaults),
        };
        read.map_err(|what| self.lines.error(&what))
    }

    /// All targets.
    ///
    /// # Errors
    /// The first line that is none, a file without any, and targets that take more memory than anybody means.
    pub fn read_all(self) -> Result<Vec<Target>, Error> {
        self.read_all_that(|_| Ok(()))
    }

    /// All targets, each of which has to pass a check.
    pub(crate) fn read_all_that(
        mut self,
        passes: impl Fn(&Target) -> Result<(), String>,
    ) -> Result<Vec<Target>, Error> {
        let mut targets = Vec::new();
        let mut size = 0_u64;
        while let Some(target) = self.next_target()? {
            passes(&target).map_err(|what| self.error(&what))?;
            let texts = target.headers.iter().map(|(name, value)| name.len() + value.len());
            size += (target.url.len() + texts.sum::<usize>() + size_of::<Target>()) as u64;
            // Bodies of files are there once.
            if self.format == TargetFormat::Json {
                size += target.body.len() as u64;
            }
            if size > MAX_TARGETS {
                return Err(self.lines.error("more than 2 GiB of targets: read them with -lazy"));
            }
            targets.push(target);
        }
        if targets.is_empty() {
            let message = format!("{}: no targets to attack", self.lines.name());
            return Err(Error::new(ErrorKind::Targets, message));
        }
        Ok(targets)
    }

    /// An error of the target read last, for what shows only when it is to be sent.
    #[must_use]
    pub fn error(&self, what: &str) -> Error {
        self.lines.error_of_target(what)
    }
}

impl std::fmt::Debug for TargetReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TargetReader").field("name", &self.lines.name()).finish_non_exhaustive()
    }
}

/// What is to be said where a URL is none: that it lacks its beginning, as in `localhost:8545/eth`.
pub(crate) fn hint(url: &str) -> String {
    let is_bare = !url.contains("://")
        && !url.contains(char::is_whitespace)
        && url.starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_bare { format!(": did you mean http://{url}?") } else { String::new() }
}

/// Bodies that were read, each file once.
#[derive(Debug, Default)]
struct Bodies(HashMap<PathBuf, Bytes>);

impl Bodies {
    /// Files kept at most; the targets themselves hold what they use.
    const KEPT: usize = 10_000;

    fn read(&mut self, path: &Path) -> Result<Bytes, String> {
        if let Some(body) = self.0.get(path) {
            return Ok(body.clone());
        }
        let body = read_body(path)
            .map_err(|error| format!("the body's file {}: {error}", path.display()))?;
        if self.0.len() >= Self::KEPT {
            self.0.clear();
        }
        self.0.insert(path.to_owned(), body.clone());
        Ok(body)
    }
}

/// Reads a file that is a request's body.
///
/// # Errors
/// The system's, and files of more than 256 MiB.
pub fn read_body(path: &Path) -> io::Result<Bytes> {
    let mut body = Vec::new();
    File::open(path)?.take(MAX_BODY_FILE + 1).read_to_end(&mut body)?;
    if body.len() as u64 > MAX_BODY_FILE {
        return Err(io::Error::other("more than 256 MiB"));
    }
    Ok(body.into())
}
