use std::{fmt, io};

use polars_core::error::PolarsError;

/// Why a table could not be written.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// What kind of [`Error`] it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Where the table goes, nothing can be written.
    Write {
        /// The system's reason.
        source: io::Error,
    },
    /// The table cannot be put into the format.
    Encode {
        /// The reason, in polars' words.
        what: String,
    },
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    pub(crate) fn write(source: io::Error) -> Self {
        Self(Box::new(ErrorKind::Write { source }))
    }
}

impl From<PolarsError> for Error {
    fn from(error: PolarsError) -> Self {
        Self(Box::new(ErrorKind::Encode { what: error.to_string() }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Write { .. } => f.write_str("cannot write the table"),
            ErrorKind::Encode { what } => write!(f, "cannot make the table: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Write { source } => Some(source),
            ErrorKind::Encode { .. } => None,
        }
    }
}
