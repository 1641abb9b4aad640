use std::error;
use std::fmt;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub(super) ErrorKind);

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no chain to plan for.
    NoChain,
    /// An input is outside of what its documentation allows; the field is named.
    OutOfRange(&'static str),
    /// More instances than 10⁹.
    TooLarge,
    /// More money than 92 quadrillion, or other costs that no decimal holds.
    TooCostly,
}

impl Error {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ErrorKind::NoChain => f.write_str("there is no chain to plan for"),
            ErrorKind::OutOfRange(field) => write!(f, "{field} is out of range"),
            ErrorKind::TooLarge => f.write_str("it has more than 1,000,000,000 instances"),
            ErrorKind::TooCostly => {
                f.write_str("its costs are beyond 92,000,000,000,000,000 a month")
            }
        }
    }
}

impl error::Error for Error {}
