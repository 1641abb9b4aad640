//! From an error's text, status and body to its class: who failed, what failed, what it means and what to do.
//!
//! The rules are data, in `rules.toml`.

mod built_in;
mod class;
mod file;
mod patterns;
mod user;

#[cfg(test)]
mod tests;

use plimsoll_model::BodySign;

use built_in::BUILT_IN;
use user::UserRules;

pub use class::{Class, Side, UnknownClass};
pub use user::{InvalidRule, Rule};

/// A failure to be classified.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The folded error text ([`fold_error`](plimsoll_model::fold_error)), empty where there is none.
    pub template: &'a str,
    /// The HTTP status; 0 where no answer came.
    pub status: u16,
    /// What the answer's body adds.
    pub sign: BodySign,
}

/// Names a [`Cause`] of one [`Taxonomy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CauseId {
    entry: u32,
    /// The server had begun to answer.
    begun: bool,
}

/// Why requests failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause<'a> {
    /// The class, or the most common one where the failure may have several causes.
    pub class: Class,
    /// The other classes that the failure may as well be of.
    pub alternatives: &'a [Class],
    /// What happened, in a sentence.
    pub meaning: &'a str,
    /// What to do about it, in a sentence or two.
    pub advice: &'a str,
}

/// JSON-RPC error codes that are not plain errors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpcCodes {
    /// Codes of answers that count as successes.
    pub success: Vec<i64>,
    /// Codes that say that the client is over a limit.
    pub rate_limited: Vec<i64>,
}

/// The rules that failures are classified by: the user's, and those that are built in.
#[derive(Clone, Debug, Default)]
pub struct Taxonomy {
    user: UserRules,
    rpc: RpcCodes,
}

impl Taxonomy {
    /// The built-in rules behind the user's own, of which the first that fits decides.
    ///
    /// # Errors
    /// The first rule whose pattern is not a valid regular expression.
    pub fn new(rules: &[Rule], rpc: RpcCodes) -> Result<Self, InvalidRule> {
        Ok(Self { user: UserRules::new(rules)?, rpc })
    }

    /// What made the failure. A text costs about a microsecond.
    #[must_use]
    pub fn classify(&self, failure: &Failure<'_>) -> CauseId {
        let entry = match self.user.find(failure.template) {
            Some(rule) => BUILT_IN.len() + rule,
            None => self.built_in_entry(failure),
        };
        CauseId {
            entry: u32::try_from(entry).unwrap_or(u32::MAX),
            begun: failure.sign == BodySign::Partial,
        }
    }

    /// A cause that [`classify`](Self::classify) named.
    #[must_use]
    pub fn cause(&self, id: CauseId) -> Cause<'_> {
        let index = id.entry as usize;
        let entry = BUILT_IN
            .get(index)
            .or_else(|| self.user.get(index - BUILT_IN.len()))
            .unwrap_or_else(|| BUILT_IN.of_class(Class::Unclassified));
        entry.cause(id.begun)
    }

    /// Whether a JSON-RPC error with this code counts as a success.
    #[must_use]
    pub fn accepts_rpc(&self, code: Option<i64>) -> bool {
        code.is_some_and(|code| self.rpc.success.contains(&code))
    }

    fn built_in_entry(&self, failure: &Failure<'_>) -> usize {
        match (failure.sign, failure.status) {
            (BodySign::WantsTls, 400) => BUILT_IN.wants_tls(),
            (BodySign::RpcError(code), _) => {
                if code.is_some_and(|code| self.rpc.rate_limited.contains(&code)) {
                    BUILT_IN.rpc_rate_limited()
                } else {
                    BUILT_IN.find_rpc(code, failure.template)
                }
            }
            (_, status @ (1..200 | 400..)) => BUILT_IN.find_status(status),
            (BodySign::Partial, _) if failure.template.is_empty() => BUILT_IN.partial(),
            _ => BUILT_IN.find_text(failure.template),
        }
    }
}
