use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why something could not be started.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// What kind of [`Error`] it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The address cannot be listened on.
    Listen {
        /// As given.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// No certificate could be made for TLS.
    Certificate {
        /// The library's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system gives no threads.
    Threads {
        /// The system's reason.
        source: io::Error,
    },
}

impl Error {
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
            ErrorKind::Listen { address, .. } => write!(f, "cannot listen on {address}"),
            ErrorKind::Certificate { .. } => f.write_str("cannot make a certificate"),
            ErrorKind::Threads { .. } => f.write_str("cannot start threads"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Listen { source, .. } | ErrorKind::Threads { source } => Some(source),
            ErrorKind::Certificate { source } => Some(source.as_ref()),
        }
    }
}
