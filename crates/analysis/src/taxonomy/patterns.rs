use std::sync::{Mutex, PoisonError};

use regex_automata::hybrid::BuildError;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, PatternSet};

/// Bytes for the automaton's states, which are made as texts need them. Texts of many kinds fill it; then it starts anew.
const CACHE: usize = 4 << 20;

/// Regular expressions that are tried all at once, of which the first that is found counts. ASCII letters match in either
/// case.
///
/// A lazy automaton that runs forward only, since where a match begins is of no interest: it is ready in a third of the time
/// that a [`RegexSet`](regex::bytes::RegexSet) takes (7 ms instead of 21 ms for 476 patterns) and searches in a seventh.
#[derive(Debug)]
pub(crate) struct Patterns {
    automaton: DFA,
    scratch: Mutex<Scratch>,
}

#[derive(Debug)]
struct Scratch {
    cache: Cache,
    found: PatternSet,
}

impl Patterns {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The first of them that is none, or that is too large.
    pub(crate) fn new<P: AsRef<str>>(patterns: &[P]) -> Result<Self, Box<BuildError>> {
        let automaton = DFA::builder()
            .syntax(syntax::Config::new().case_insensitive(true).unicode(false).utf8(false))
            .thompson(
                thompson::Config::new()
                    .which_captures(WhichCaptures::None)
                    .utf8(false)
                    .shrink(false),
            )
            .configure(
                DFA::config()
                    .match_kind(MatchKind::All)
                    .cache_capacity(CACHE)
                    .skip_cache_capacity_check(true),
            )
            .build_many(patterns)?;
        let scratch =
            Scratch { cache: automaton.create_cache(), found: PatternSet::new(patterns.len()) };
        Ok(Self { automaton, scratch: Mutex::new(scratch) })
    }

    /// The place of the first pattern that is found in the text.
    pub(crate) fn first(&self, text: &str) -> Option<usize> {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let Scratch { cache, found } = &mut *scratch;
        found.clear();
        // It would give up only at bytes that it was told to give up at.
        self.automaton.try_which_overlapping_matches(cache, &Input::new(text), found).ok()?;
        // Its iterator looks at every pattern.
        if found.is_empty() {
            return None;
        }
        found.iter().next().map(|pattern| pattern.as_usize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pattern_counts_wherever_it_is_found() {
        let patterns = Patterns::new(&[r"\bcd\b", "b", "(?-i:A)"]).unwrap();
        assert_eq!(patterns.first("b a CD"), Some(0));
        assert_eq!(patterns.first("acd B"), Some(1));
        assert_eq!((patterns.first("a"), patterns.first("xA")), (None, Some(2)));
        assert_eq!(patterns.first("é\u{fffd}"), None);
        assert_eq!(Patterns::new::<&str>(&[]).unwrap().first("x"), None);
        assert!(Patterns::new(&["a", "("]).is_err());
    }

    #[test]
    fn texts_of_all_kinds_stay_within_the_cache() {
        let patterns = Patterns::new(&["a.{40}b", "c.{60}d"]).unwrap();
        for seed in 0..3_000_u32 {
            let text: String = (0..120_u32)
                .map(|at| {
                    if (seed.wrapping_mul(2_654_435_761) >> (at % 29)) & 1 == 0 { 'a' } else { 'c' }
                })
                .collect();
            assert_eq!(patterns.first(&text), None);
        }
        let used = patterns.scratch.lock().unwrap().cache.memory_usage();
        assert!(used <= 2 * CACHE, "{used}");
    }
}
