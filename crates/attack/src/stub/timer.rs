use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::oneshot;

/// A thread that wakes tasks some ten microseconds after they are due, where the runtime's own wheel is over a millisecond
/// late. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Timer {
    clock: Clock,
    thread: Option<JoinHandle<()>>,
}

/// Takes alarms.
#[derive(Clone, Debug)]
pub(super) struct Clock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    alarms: BinaryHeap<Alarm>,
    stopped: bool,
}

#[derive(Debug)]
struct Alarm {
    due: Instant,
    wake: oneshot::Sender<()>,
}

impl Timer {
    pub(super) fn start() -> io::Result<(Self, Clock)> {
        let clock = Clock(Arc::default());
        let shared = Arc::clone(&clock.0);
        let thread =
            thread::Builder::new().name("stub-timer".to_owned()).spawn(move || shared.run())?;
        Ok((Self { clock: clock.clone(), thread: Some(thread) }, clock))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clock.0.lock().stopped = true;
        self.clock.0.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by the thread itself.
            let _ = thread.join();
        }
    }
}

impl Clock {
    /// What resolves at `due`; with an error where the timer has ended.
    pub(super) fn alarm(&self, due: Instant) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        let mut state = self.0.lock();
        let earliest = state.alarms.peek().is_none_or(|alarm| due < alarm.due);
        state.alarms.push(Alarm { due, wake });
        drop(state);
        if earliest {
            self.0.changed.notify_one();
        }
        woken
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut due = Vec::new();
        let mut state = self.lock();
        while !state.stopped {
            let now = Instant::now();
            let next = state.alarms.peek().map(|alarm| alarm.due);
            state = match next {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(next) if next > now => {
                    let waited = self.changed.wait_timeout(state, next - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    while state.alarms.peek().is_some_and(|alarm| alarm.due <= now) {
                        due.extend(state.alarms.pop());
                    }
                    drop(state);
                    for Alarm { wake, .. } in due.drain(..) {
                        // Nobody waits any more where the client has gone.
                        let _ = wake.send(());
                    }
                    self.lock()
                }
            };
        }
        // Whoever still waits learns it by the sender's end.
        state.alarms.clear();
    }
}

/// The earliest is the greatest, as a heap gives the greatest.
impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Alarm {}
