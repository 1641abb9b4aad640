//! Where results go, and in which format.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use plimsoll_attack::Block;

use super::args::To;
use super::json;

/// Bytes after which results are written without waiting for the second to end.
const BUFFER: usize = 256 << 10;

pub(super) struct Results {
    place: Place,
    to: To,
    names: Vec<String>,
    /// Whole results only.
    buffer: Vec<u8>,
    /// Bytes that were written: up to here a file is whole.
    written: u64,
}

enum Place {
    Stdout(io::Stdout),
    File(File),
}

impl Results {
    /// `stdout`, as vegeta calls it, and no name are the standard output.
    pub(super) fn create(path: Option<&Path>, to: To, names: Vec<String>) -> anyhow::Result<Self> {
        let place = match path.filter(|path| path.as_os_str() != "stdout") {
            None => Place::Stdout(io::stdout()),
            Some(path) => {
                let file = File::create(path);
                Place::File(file.with_context(|| format!("cannot write {}", path.display()))?)
            }
        };
        let buffer = Vec::with_capacity(BUFFER + BUFFER / 4);
        Ok(Self { place, to, names, buffer, written: 0 })
    }

    pub(super) fn outcomes(&mut self, block: &Block) -> io::Result<()> {
        for outcome in block.iter() {
            let name = self.names.get(outcome.chain).map_or("", |name| name);
            match self.to {
                To::Json => json::write(&mut self.buffer, name, &outcome),
            }
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what there is. A file that cannot take it all keeps what was whole before.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.place {
            Place::Stdout(stdout) => stdout.write_all(&self.buffer).and_then(|()| stdout.flush()),
            Place::File(file) => file.write_all(&self.buffer).inspect_err(|_| {
                // Best effort: it may be a pipe.
                let _ = file.set_len(self.written);
            }),
        };
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        result
    }

    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        self.flush().context("cannot write the results")
    }
}
