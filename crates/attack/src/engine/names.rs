//! Names and their addresses.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_model::Nanos;
use tokio::sync::Mutex as AsyncMutex;

use super::clock::Clock;
use super::failure::system;

/// The names that were asked for; all threads share them.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<String, Arc<Name>>>);

/// Names kept at most.
const MAX_NAMES: usize = 10_000;

impl Names {
    pub(super) fn get(&self, host: &str) -> Arc<Name> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(host) {
            return Arc::clone(name);
        }
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        Arc::clone(names.entry(host.to_owned()).or_default())
    }
}

#[derive(Debug, Default)]
pub(super) struct Name {
    /// Held while it is looked up: who asks meanwhile waits for the same answer.
    last: AsyncMutex<Option<Lookup>>,
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Lookup {
    found: Found,
    begun: Nanos,
    ended: Nanos,
}

/// The addresses, or what the resolver says.
pub(super) type Found = Result<Arc<[IpAddr]>, String>;

impl Lookup {
    fn is_shared_with(&self, asked: Nanos) -> bool {
        self.ended >= asked
    }

    fn serves(&self, asked: Nanos, ttl: Option<Nanos>) -> bool {
        let age = asked.0.saturating_sub(self.begun.0);
        let is_fresh = ttl.is_some_and(|ttl| ttl == Nanos::ZERO || age < ttl.0);
        self.is_shared_with(asked) || self.found.is_ok() && is_fresh
    }
}

impl Name {
    /// The name's addresses, which may be as old as `ttl` says; and whether they had to be looked up.
    pub(super) async fn addresses(
        &self,
        clock: Clock,
        ttl: Option<Nanos>,
        look_up: impl Future<Output = io::Result<Vec<IpAddr>>>,
    ) -> (Found, bool) {
        let asked = clock.now();
        let mut last = self.last.lock().await;
        if let Some(lookup) = last.as_ref().filter(|lookup| lookup.serves(asked, ttl)) {
            return (lookup.found.clone(), lookup.is_shared_with(asked));
        }
        let begun = clock.now();
        let found = look_up.await.map(Arc::from).map_err(|error| words(&error));
        *last = Some(Lookup { found: found.clone(), begun, ended: clock.now() });
        (found, true)
    }

    /// The address to begin with: each in its turn.
    pub(super) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}

pub(super) async fn look_up(host: &str) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((host, 0)).await?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.dedup();
    Ok(addresses)
}

/// The resolver's words, where they are Go's, too, or known as they are.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let says = |words: &str| text.contains(words);
    if says("Name or service not known")
        || says("No address associated")
        || says("does not resolve")
    {
        "no such host".to_owned()
    } else if says("Temporary failure") || says("Try again") {
        "Temporary failure in name resolution".to_owned()
    } else {
        system(error)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How many look-ups it takes when so many ask at once, twice.
    fn lookups(ttl: Option<Nanos>, answer: Option<IpAddr>) -> u32 {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (name, clock, count) = (Name::default(), Clock::start(None), Cell::new(0));
        let ask = || {
            name.addresses(clock, ttl, async {
                count.set(count.get() + 1);
                tokio::task::yield_now().await;
                answer.map(|answer| vec![answer]).ok_or(io::Error::from_raw_os_error(111))
            })
        };
        for _ in 0..2 {
            let answers = runtime.block_on(async { tokio::join!(ask(), ask(), ask()) });
            for (found, _) in [&answers.0, &answers.1, &answers.2] {
                match answer {
                    Some(answer) => assert_eq!(**found.as_ref().unwrap(), [answer]),
                    None => assert_eq!(found.as_ref().unwrap_err(), "connection refused"),
                }
            }
            assert!(answers.0.1 == answers.1.1 && answers.1.1 == answers.2.1);
        }
        count.get()
    }

    #[test]
    fn who_asks_at_once_shares_a_look_up() {
        let address = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(lookups(Some(Nanos::ZERO), address), 1);
        assert_eq!(lookups(None, address), 2);
        // What failed is not kept.
        assert_eq!(lookups(Some(Nanos::ZERO), None), 2);
    }
}
