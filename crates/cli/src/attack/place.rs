//! The standard output, or a file that holds whole pieces only.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;

pub(super) enum Place {
    Stdout(io::Stdout),
    /// With the bytes that were written.
    File(File, u64),
}

impl Place {
    pub(super) fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::Stdout(io::stdout())) };
        let file = File::create(path);
        Ok(Self::File(file.with_context(|| format!("cannot write {}", path.display()))?, 0))
    }

    /// Writes a piece. A file that cannot take it all keeps what was there before.
    pub(super) fn put(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.write_all(piece).and_then(|()| stdout.flush()),
            Self::File(file, written) => {
                file.write_all(piece).inspect_err(|_| {
                    // Best effort: it may be a pipe.
                    let _ = file.set_len(*written);
                })?;
                *written += piece.len() as u64;
                Ok(())
            }
        }
    }
}

impl Write for Place {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.put(piece).map(|()| piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
