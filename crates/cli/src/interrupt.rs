//! Ctrl-C and SIGTERM, for verbs that run until they are told to end, and for files that are not whole yet.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// A signal more than this ends the process, whatever it is at.
const PATIENCE: u32 = 2;

/// Calls `told` with each signal's number, from 1 on, as long as the process lives.
pub(crate) fn each(mut told: impl FnMut(u32) + Send + 'static) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot take signals")?;
    thread::spawn(move || {
        for (signal, count) in signals.forever().zip(1..) {
            told(count);
            if count > PATIENCE {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
    });
    Ok(())
}

/// From now on, a signal that ends the process removes this file first.
#[expect(clippy::exit, reason = "a signal ends the process, wherever it is")]
pub(crate) fn remove_when_ended(path: PathBuf) -> anyhow::Result<()> {
    each(move |_| {
        // It may be in its place by now, under another name.
        let _ = std::fs::remove_file(&path);
        std::process::exit(130);
    })
}

/// Takes the signals from when it is made on.
pub(crate) struct Interrupt(Receiver<()>);

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Out,
    Interrupted,
}

impl Interrupt {
    pub(crate) fn install() -> anyhow::Result<Self> {
        let (sender, receiver) = channel();
        each(move |_| {
            // Where it cannot be sent, nobody waits any more.
            let _ = sender.send(());
        })?;
        Ok(Self(receiver))
    }

    /// Waits for a signal, for `limit` at most.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Waited {
        let timed_out = match limit {
            None => self.0.recv().is_err(),
            Some(limit) => self.0.recv_timeout(limit) == Err(RecvTimeoutError::Timeout),
        };
        if timed_out { Waited::Out } else { Waited::Interrupted }
    }
}
