use std::fmt;
use std::path::PathBuf;

/// Why the inputs cannot be read at all, or a stream cannot be written. Damage inside an input is no error: the ledger tells of it.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// What kind of [`Error`] it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A named input is not there, or may not be read.
    Open {
        /// As given.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A pattern that is not well formed.
    Pattern {
        /// As given.
        pattern: String,
        /// What is wrong with it.
        what: String,
    },
    /// A pattern that matches no file.
    NothingFound {
        /// As given.
        path: PathBuf,
    },
    /// A directory without a file.
    EmptyDirectory {
        /// As given.
        path: PathBuf,
    },
    /// A native stream could not be written.
    Write {
        /// The system's reason.
        source: std::io::Error,
    },
    /// A record is larger than a native stream can hold.
    TooLarge {
        /// Bytes that its block would have.
        bytes: usize,
    },
    /// The standard input could not be kept for a second reading.
    Spool {
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn open(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self(Box::new(ErrorKind::Open { path: path.into(), source }))
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Open { path, .. } => write!(f, "cannot read {}", path.display()),
            ErrorKind::Pattern { pattern, what } => {
                write!(f, "the pattern {pattern} is not well formed: {what}")
            }
            ErrorKind::NothingFound { path } => write!(f, "no file matches {}", path.display()),
            ErrorKind::EmptyDirectory { path } => {
                write!(f, "the directory {} holds no file", path.display())
            }
            ErrorKind::Write { .. } => f.write_str("cannot write the native stream"),
            ErrorKind::TooLarge { bytes } => {
                write!(f, "a record of {bytes} bytes is more than a native stream can hold")
            }
            ErrorKind::Spool { .. } => {
                f.write_str("cannot keep the standard input in a temporary file")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Open { source, .. }
            | ErrorKind::Spool { source }
            | ErrorKind::Write { source } => Some(source),
            ErrorKind::Pattern { .. }
            | ErrorKind::NothingFound { .. }
            | ErrorKind::TooLarge { .. }
            | ErrorKind::EmptyDirectory { .. } => None,
        }
    }
}
