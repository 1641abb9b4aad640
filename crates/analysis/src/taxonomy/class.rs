use std::fmt;
use std::str::FromStr;

/// Who made requests fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The machine or the program that sends the requests.
    Generator,
    /// How the test was put together: targets, names, credentials, certificates.
    Setup,
    /// The network between generator and server.
    Path,
    /// The server, or a gateway in front of it.
    Server,
    /// What the server runs, inside an HTTP success.
    Application,
    /// Nobody who could be named.
    Unknown,
}

impl Side {
    /// All sides, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Generator, Self::Setup, Self::Path, Self::Server, Self::Application, Self::Unknown];

    /// The side as it is written in configurations and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Setup => "setup",
            Self::Path => "path",
            Self::Server => "server",
            Self::Application => "application",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Defines [`Class`] from one table: what a class is called, which side it is of, and what it says.
macro_rules! classes {
    ($($class:ident = $side:ident $name:literal, $doc:literal;)*) => {
        /// What failed. Written `side.class`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Class {
            $(#[doc = $doc] $class,)*
        }

        impl Class {
            /// All classes, side by side. A class's place in it is `class as usize`.
            pub const ALL: [Self; [$(Self::$class),*].len()] = [$(Self::$class),*];

            /// The class without its side.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$class => $name,)*
                }
            }

            /// The side that the class is of.
            #[must_use]
            pub const fn side(self) -> Side {
                match self {
                    $(Self::$class => Side::$side,)*
                }
            }
        }
    };
}

classes! {
    PortExhaustion = Generator "port_exhaustion", "No local port was left for another connection.";
    FileLimit = Generator "file_limit", "The limit of open files was reached.";
    Overload = Generator "overload", "The generator could not keep up, or its machine had no memory left.";
    Interrupted = Generator "interrupted", "The attack was ended before the answer came.";
    LocalDns = Generator "local_dns", "No resolver runs where the generator looks for one.";
    LocalAddress = Setup "local_address", "The local address to send from cannot be used.";
    BadTarget = Setup "bad_target", "The target is not a request that can be sent.";
    UnknownHost = Setup "unknown_host", "The target's host name does not exist.";
    TlsTrust = Setup "tls_trust", "One end does not trust the other's certificate.";
    TlsMismatch = Setup "tls_mismatch", "The two ends do not speak the same protocol, or no common version of TLS.";
    Auth = Setup "auth", "The credentials are missing or not good enough.";
    NotFound = Setup "not_found", "There is nothing at the target's path.";
    BadRequest = Setup "bad_request", "The server refuses the request as it is.";
    Redirects = Setup "redirects", "The target redirects without end.";
    Proxy = Setup "proxy", "The proxy on the way failed or refused.";
    Unreachable = Path "unreachable", "There is no way to the server's address.";
    ConnectTimeout = Path "connect_timeout", "Nobody answered the attempt to connect.";
    DnsFailure = Path "dns_failure", "The resolver failed or did not answer.";
    Refused = Server "refused", "The server's machine refused the connection.";
    Reset = Server "reset", "The connection was reset.";
    ClosedEarly = Server "closed_early", "The connection was closed before the answer was complete.";
    Timeout = Server "timeout", "The answer did not come in time.";
    TlsFailure = Server "tls_failure", "The TLS handshake failed or did not come to its end.";
    Malformed = Server "malformed", "The answer breaks the protocol.";
    RateLimited = Server "rate_limited", "The server limits the rate of requests.";
    Http5xx = Server "http_5xx", "The server reports an error of its own.";
    BadGateway = Server "bad_gateway", "A gateway got no valid answer from the server behind it.";
    Unavailable = Server "unavailable", "The server says that it cannot serve now.";
    GatewayTimeout = Server "gateway_timeout", "A gateway waited too long for the server behind it.";
    H2EnhanceYourCalm = Server "h2_enhance_your_calm", "The server ended HTTP/2 streams or connections because of the client's behaviour.";
    H2Goaway = Server "h2_goaway", "The server closed an HTTP/2 connection with GOAWAY.";
    H2RefusedStream = Server "h2_refused_stream", "The server refused an HTTP/2 stream.";
    H2StreamError = Server "h2_stream_error", "An HTTP/2 stream or connection broke.";
    RpcError = Application "rpc_error", "A JSON-RPC error inside an HTTP success.";
    Unclassified = Unknown "unclassified", "No rule knows what happened.";
}

impl Class {
    /// Whether failures of this class show that the generator was at one of its limits.
    #[must_use]
    pub fn is_limit_of_generator(self) -> bool {
        self.side() == Side::Generator && self != Self::Interrupted
    }

    /// Whether requests that fail so have opened a connection, or reused one, all the same.
    pub(crate) fn opens_connection(self) -> bool {
        use Class::{BadTarget, DnsFailure, LocalAddress, UnknownHost, Unreachable};
        let never = [BadTarget, DnsFailure, LocalAddress, Unreachable, UnknownHost];
        self.side() != Side::Generator && !never.contains(&self)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.side(), self.name()))
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    /// Reads `side.class`.
    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let known = Self::ALL
            .into_iter()
            .find(|class| text.split_once('.') == Some((class.side().name(), class.name())));
        known.ok_or_else(|| UnknownClass(text.to_owned()))
    }
}

/// A text that should have been a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownClass(String);

impl fmt::Display for UnknownClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a class", self.0.escape_debug())?;
        let side = self.0.split('.').next().unwrap_or_default();
        let near = Class::ALL
            .into_iter()
            .map(|class| {
                (distance(&self.0, &class.to_string()).min(distance(&self.0, class.name())), class)
            })
            .min()
            .filter(|&(distance, _)| distance <= MAX_DISTANCE);
        if let Some((_, class)) = near {
            write!(f, ": did you mean `{class}`?")
        } else if let Some(side) = Side::ALL.into_iter().find(|known| known.name() == side) {
            let classes = Class::ALL.into_iter().filter(|class| class.side() == side);
            write!(f, ": those of `{side}` are {}", list(classes.map(Class::name)))
        } else {
            write!(
                f,
                ": a class is written side.class, and sides are {}",
                list(Side::ALL.map(Side::name))
            )
        }
    }
}

impl std::error::Error for UnknownClass {}

/// The most letters that a name may be away from one that is meant.
const MAX_DISTANCE: usize = 3;

fn list(names: impl IntoIterator<Item = &'static str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The letters to insert, to remove or to replace to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, &theirs) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != theirs);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for class in Class::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
            assert_eq!(Class::ALL[class as usize], class);
        }
        assert_eq!(Class::PortExhaustion.to_string(), "generator.port_exhaustion");
        assert_eq!(format!("{:>9}", Side::Path), "     path");
    }

    #[test]
    fn a_wrong_name_leads_to_the_right_one() {
        let says = |text: &str| text.parse::<Class>().unwrap_err().to_string();
        assert_eq!(
            says("server.rest"),
            "`server.rest` is not a class: did you mean `server.reset`?"
        );
        assert_eq!(says("time_out"), "`time_out` is not a class: did you mean `server.timeout`?");
        assert_eq!(
            says("Server.Reset"),
            "`Server.Reset` is not a class: did you mean `server.reset`?"
        );
        assert_eq!(
            says("path.something_else"),
            "`path.something_else` is not a class: those of `path` are `unreachable`, `connect_timeout`, `dns_failure`"
        );
        assert_eq!(
            says("client.went\naway"),
            "`client.went\\naway` is not a class: a class is written side.class, and sides are `generator`, `setup`, `path`, `server`, `application`, `unknown`"
        );
    }

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
