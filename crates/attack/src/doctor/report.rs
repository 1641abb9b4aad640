use plimsoll_model::{PortBudget, Rate};

/// What an examination found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The hosts that the attack takes, in words.
    pub headline: String,
    /// Each thing that was looked at.
    pub checks: Vec<Check>,
    /// The ports that the attack takes if all is well.
    pub ports: Option<PortBudget>,
    /// The hosts that it takes.
    pub hosts: Hosts,
}

impl Report {
    /// The worst of all checks.
    #[must_use]
    pub fn status(&self) -> Status {
        self.checks.iter().map(|check| check.status).max().unwrap_or(Status::Note)
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What, in `snake_case`.
    pub name: &'static str,
    /// Whether it is enough.
    pub status: Status,
    /// What was found, with the arithmetic.
    pub finding: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// Whether something is enough; the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Only to be known.
    Note,
    /// Enough.
    Pass,
    /// Enough if all is well.
    Warn,
    /// Too little: the host would be the limit.
    Fail,
}

impl Status {
    /// The name in text and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// The hosts that an attack takes, if all are as this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hosts {
    /// How many.
    pub needed: u64,
    /// The rate of each.
    pub rate_each: Rate,
    /// What makes it so many.
    pub binding: Binding,
}

/// What sets the number of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Nothing: one is enough.
    Nothing,
    /// Local ports.
    Ports,
    /// CPU time.
    Cpu,
    /// Open files.
    OpenFiles,
    /// Entries of conntrack.
    Conntrack,
    /// Bits per second of the network.
    Network,
}

impl Binding {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Ports => Some("ports"),
            Self::Cpu => Some("cpu"),
            Self::OpenFiles => Some("open_files"),
            Self::Conntrack => Some("conntrack"),
            Self::Network => Some("network"),
        }
    }
}
