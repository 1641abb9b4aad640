//! The standard output and error, and `-o`: all that the process says goes through here.

mod file;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use plimsoll_render::text::TextStyle;

use crate::args::Colour;
use crate::interrupt;

pub(crate) use file::{refuse_config, refuse_input};

/// Columns where no terminal tells its own: as wide as the README.
const WIDTH: usize = 100;

/// Writes the answer.
pub(crate) fn answer(text: &str, to: Option<&Path>) -> anyhow::Result<()> {
    let mut stream = Stream::open(to)?;
    stream.put(text.as_bytes())?;
    stream.finish()
}

/// Where an answer goes piece by piece.
pub(crate) enum Stream<'a> {
    Stdout,
    File(&'a Path, file::Target),
}

impl<'a> Stream<'a> {
    pub(crate) fn open(to: Option<&'a Path>) -> anyhow::Result<Self> {
        let Some(path) = to else { return Ok(Self::Stdout) };
        let target = file::Target::open(path).with_context(|| cannot_write(path))?;
        if let Some(temporary) = target.temporary() {
            interrupt::remove_when_ended(temporary.to_owned())?;
        }
        Ok(Self::File(path, target))
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.write_all(bytes).and_then(|()| self.flush()).with_context(|| self.cannot_write())
    }

    /// That writing here has failed.
    pub(crate) fn cannot_write(&self) -> String {
        match self {
            Self::Stdout => "cannot write to the standard output".to_owned(),
            Self::File(path, _) => cannot_write(path),
        }
    }

    /// Puts the file in its place. Without this it is left as it was.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(path, target) => target.finish().with_context(|| cannot_write(path)),
        }
    }
}

impl io::Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().lock().write(bytes),
            Self::File(_, target) => target.write(bytes).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().flush(),
            Self::File(..) => Ok(()),
        }
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// Writes a line to the standard error; there is nowhere to tell that this failed.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "plimsoll: {line}");
}

/// Writes what people are told beside the answer to the standard error.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// What the place where the answer goes can show.
pub(crate) fn style(colour: Colour, to: Option<&Path>) -> TextStyle {
    let terminal = to.is_none() && io::stdout().is_terminal();
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && !dumb && unset("NO_COLOR"),
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = if terminal { columns.or_else(measured) } else { columns };
    TextStyle { width: width.unwrap_or(WIDTH).clamp(20, 400), colour }
}
