//! Ctrl-C ends an attack cleanly; the second one gives up what is in flight, the third one everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context as _;
use plimsoll_attack::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::output;

/// An attack's end from outside.
pub(super) struct Interrupt {
    pub(super) attack: Stop,
    used: Arc<AtomicBool>,
}

impl Interrupt {
    /// Whether somebody wanted it to end.
    pub(super) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

pub(super) fn handle() -> anyhow::Result<Interrupt> {
    let interrupt = Interrupt { attack: Stop::default(), used: Arc::default() };
    let (stop, used) = (interrupt.attack.clone(), Arc::clone(&interrupt.used));
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot handle signals")?;
    // Lives as long as the process.
    thread::spawn(move || {
        for (signal, count) in signals.forever().zip(1_u32..) {
            used.store(true, Ordering::Relaxed);
            stop.stop();
            match count {
                1 => output::complain(
                    "interrupted: waiting for requests in flight; once more gives them up",
                ),
                2 => {}
                _ => {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        }
    });
    Ok(interrupt)
}
