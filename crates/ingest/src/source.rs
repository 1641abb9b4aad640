//! Which inputs there are: files, patterns, directories and the standard input.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};

/// One input.
#[derive(Debug)]
pub struct Source {
    name: String,
    place: Place,
    named: bool,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Stdin,
    /// The standard input, kept in a temporary file that has no name.
    Spooled(File),
    Memory(Arc<[u8]>),
}

impl Source {
    /// Bytes that are there already, under a name for the ledger.
    #[must_use]
    pub fn in_memory(name: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.to_owned(), place: Place::Memory(bytes.into()), named: true }
    }

    /// The path as given, or `-` for the standard input.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the input was given by name or pattern, rather than found in a directory.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// Whether a second reading gives the same bytes.
    #[must_use]
    pub fn is_rereadable(&self) -> bool {
        match &self.place {
            Place::File(path) => path.is_file(),
            Place::Stdin => false,
            Place::Spooled(_) | Place::Memory(_) => true,
        }
    }

    /// Keeps an input that can be read only once in a temporary file.
    ///
    /// # Errors
    /// Where it cannot be read or there is no room for it.
    pub fn spool(&mut self) -> Result<(), Error> {
        if self.is_rereadable() {
            return Ok(());
        }
        let spool = |reader: &mut dyn Read| -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            io::copy(reader, &mut file)?;
            Ok(file)
        };
        let mut reader = self.open()?.0;
        let file = spool(&mut reader).map_err(|source| ErrorKind::Spool { source })?;
        self.place = Place::Spooled(file);
        Ok(())
    }

    /// The input's first bytes as they are, at most `most` of them. Of one that can be read only once they are gone then:
    /// [`Source::spool`] comes first.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn beginning(&self, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = self.open()?.0.take(most).read_to_end(&mut bytes);
        read.map_err(|source| Error::open(&self.name, source))?;
        Ok(bytes)
    }

    /// The input's bytes, and how many there are where that is known.
    pub(crate) fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), Error> {
        let failed = |source| Error::open(&self.name, source);
        match &self.place {
            Place::Stdin => Ok((Box::new(io::stdin()), None)),
            Place::File(path) => {
                let file = File::open(path).map_err(failed)?;
                let metadata = file.metadata().map_err(failed)?;
                let size = metadata.is_file().then_some(metadata.len());
                Ok((Box::new(file), size))
            }
            Place::Spooled(file) => {
                let mut file = file.try_clone().map_err(failed)?;
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                let size = file.metadata().map_err(failed)?.len();
                Ok((Box::new(file), Some(size)))
            }
            Place::Memory(bytes) => {
                Ok((Box::new(io::Cursor::new(Arc::clone(bytes))), Some(bytes.len() as u64)))
            }
        }
    }

    /// Bytes of the input as stored, where that is known beforehand.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match &self.place {
            Place::File(path) => {
                path.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len())
            }
            Place::Stdin => None,
            Place::Spooled(file) => file.metadata().ok().map(|metadata| metadata.len()),
            Place::Memory(bytes) => Some(bytes.len() as u64),
        }
    }
}

/// The inputs that `arguments` name, in the order in which they are read: by name, whatever the order of arguments, so
/// that the answer does not depend on it.
///
/// An argument is `-`, a file, a directory (its files and those below it, hidden ones left out), or a pattern with `*`,
/// `?`, `[…]` or `**`. A file that exists under the very name is never a pattern.
///
/// # Errors
/// A file that is not there, a pattern that matches nothing or is not well formed, a directory that cannot be listed.
pub fn expand<S: AsRef<Path>>(
    arguments: impl IntoIterator<Item = S>,
) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    let mut stdin = false;
    for argument in arguments {
        let path = argument.as_ref();
        if path.as_os_str() == "-" {
            if !stdin {
                sources.push(Source { name: "-".to_owned(), place: Place::Stdin, named: true });
            }
            stdin = true;
            continue;
        }
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => directory(path, &mut sources)?,
            Ok(metadata) => {
                if metadata.is_file() {
                    // Better now than after the others have been read.
                    File::open(path).map_err(|source| Error::open(path, source))?;
                }
                sources.push(file(path.to_owned(), true));
            }
            Err(source) => pattern(path, source, &mut sources)?,
        }
    }
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(sources)
}

fn file(path: PathBuf, named: bool) -> Source {
    Source { name: path.to_string_lossy().into_owned(), place: Place::File(path), named }
}

fn pattern(path: &Path, missing: io::Error, sources: &mut Vec<Source>) -> Result<(), Error> {
    let text = path.to_string_lossy();
    if !text.contains(['*', '?', '[']) {
        return Err(Error::open(path, missing));
    }
    let ill_formed = |error: glob::PatternError| ErrorKind::Pattern {
        pattern: text.clone().into_owned(),
        what: error.msg.to_owned(),
    };
    let before = sources.len();
    for entry in glob::glob(&text).map_err(ill_formed)? {
        let path = entry.map_err(|error| Error::open(error.path().to_owned(), error.into()))?;
        if path.is_dir() {
            directory(&path, sources)?;
        } else {
            sources.push(file(path, true));
        }
    }
    if sources.len() == before {
        return Err(ErrorKind::NothingFound { path: path.to_owned() }.into());
    }
    Ok(())
}

fn directory(top: &Path, sources: &mut Vec<Source>) -> Result<(), Error> {
    let before = sources.len();
    let mut pending = vec![top.to_owned()];
    while let Some(directory) = pending.pop() {
        let failed = |source| Error::open(&directory, source);
        for entry in directory.read_dir().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // A link to a directory is not followed: it may lead back.
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                pending.push(entry.path());
            } else if entry.path().is_file() {
                sources.push(file(entry.path(), false));
            }
        }
    }
    if sources.len() == before {
        return Err(ErrorKind::EmptyDirectory { path: top.to_owned() }.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sources: &[Source], top: &Path) -> Vec<String> {
        let top = format!("{}/", top.display());
        sources.iter().map(|source| source.name().replace(&top, "")).collect()
    }

    #[test]
    fn files_directories_and_patterns_in_one_order() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir(top.path().join("sub")).unwrap();
        for name in ["b.gob", "a.gob", "a[1].json", "sub/c.csv", ".hidden"] {
            std::fs::write(top.path().join(name), "").unwrap();
        }
        let all = expand([top.path()]).unwrap();
        assert_eq!(names(&all, top.path()), ["a.gob", "a[1].json", "b.gob", "sub/c.csv"]);
        assert!(!all[0].is_named());
        let globbed = expand([top.path().join("*.gob")]).unwrap();
        assert_eq!(names(&globbed, top.path()), ["a.gob", "b.gob"]);
        let literal = expand([top.path().join("a[1].json")]).unwrap();
        assert_eq!(names(&literal, top.path()), ["a[1].json"]);
        let reversed = expand([top.path().join("b.gob"), top.path().join("a.gob")]).unwrap();
        assert_eq!(names(&reversed, top.path()), ["a.gob", "b.gob"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = expand(["no/such.gob"]).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no/such.gob");
        let error = expand(["no/such/*.gob"]).unwrap_err();
        assert_eq!(error.to_string(), "no file matches no/such/*.gob");
        let error = expand(["a[.gob"]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Pattern { .. }), "{error}");
    }
}
