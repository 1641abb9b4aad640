//! Ctrl-C and SIGTERM, for verbs that run until they are told to end.

use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Takes the signals from when it is made on.
pub(crate) struct Interrupt {
    runtime: Runtime,
    signals: [Signal; 2],
}

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Out,
    Interrupted,
}

impl Interrupt {
    pub(crate) fn install() -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let take = |kind| {
            let _guard = runtime.enter();
            signal(kind).context("cannot take signals")
        };
        let signals = [take(SignalKind::interrupt())?, take(SignalKind::terminate())?];
        Ok(Self { runtime, signals })
    }

    /// Waits for a signal, for `limit` at most.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> Waited {
        let [interrupt, terminate] = &mut self.signals;
        self.runtime.block_on(async {
            let signalled = async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            match limit {
                None => {
                    signalled.await;
                    Waited::Interrupted
                }
                Some(limit) => match tokio::time::timeout(limit, signalled).await {
                    Ok(()) => Waited::Interrupted,
                    Err(_) => Waited::Out,
                },
            }
        })
    }
}
