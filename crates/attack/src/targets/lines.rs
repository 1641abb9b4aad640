use std::io::{BufRead, Read as _};

use crate::{Error, ErrorKind};

/// The longest line: a JSON target holds its body.
const MAX_LINE: u64 = 64 << 20;

/// Lines with their numbers, without their ends; one of them can be put back.
pub(super) struct Lines<R> {
    name: String,
    source: R,
    number: u64,
    /// The line with which the target begins that is read.
    begun: u64,
    put_back: Option<String>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(name: String, source: R) -> Self {
        Self { name, source, number: 0, begun: 0, put_back: None }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The next line without white space around it.
    pub(super) fn next_line(&mut self) -> Result<Option<String>, String> {
        if let Some(line) = self.put_back.take() {
            self.number += 1;
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let read = (&mut self.source).take(MAX_LINE).read_until(b'\n', &mut line);
        let read = read.map_err(|error| error.to_string())?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read as u64 == MAX_LINE && !line.ends_with(b"\n") {
            return Err("the line is longer than 64 MiB".to_owned());
        }
        let line = String::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
        Ok(Some(line.trim().to_owned()))
    }

    /// The line that was read last begins a target.
    pub(super) fn begin(&mut self) {
        self.begun = self.number;
    }

    /// Gives a line back that was read last.
    pub(super) fn put_back(&mut self, line: String) {
        self.number -= 1;
        self.put_back = Some(line);
    }

    /// An error of the line that was read last.
    pub(super) fn error(&self, what: &str) -> Error {
        self.error_at(self.number, what)
    }

    /// An error of the target that was read last.
    pub(super) fn error_of_target(&self, what: &str) -> Error {
        self.error_at(self.begun, what)
    }

    fn error_at(&self, number: u64, what: &str) -> Error {
        Error::new(ErrorKind::Targets, format!("{}:{number}: {what}", self.name))
    }
}
