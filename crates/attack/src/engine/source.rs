//! Where a chain's requests come from.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::options::Options;
use super::request::Request;
use crate::schedule::Share;
use crate::targets::{TargetReader, hint};
use crate::{Endpoint, Error, ErrorKind, Target, Url};

/// Targets that are read ahead.
const AHEAD: usize = 4096;
/// How often it is looked whether the first is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// The targets of a chain.
#[derive(Debug)]
pub struct Targets(Kind);

#[derive(Debug)]
enum Kind {
    Listed(Vec<Target>),
    Streamed(TargetReader),
}

impl Targets {
    /// Targets that take turns.
    #[must_use]
    pub fn listed(targets: Vec<Target>) -> Self {
        Self(Kind::Listed(targets))
    }

    /// One target.
    ///
    /// # Errors
    /// Where it can be no request.
    pub fn one(target: Target, options: &Options) -> Result<Self, Error> {
        request(target.clone(), options)?;
        Ok(Self::listed(vec![target]))
    }

    /// Targets that take turns, all that a reader has.
    ///
    /// # Errors
    /// With file and line, the first that is none or can be no request.
    pub fn read(reader: TargetReader, options: &Options) -> Result<Self, Error> {
        let can_be_sent = |target: &Target| ready(target.clone(), options).map(drop);
        reader.read_all_that(can_be_sent).map(Self::listed)
    }

    /// Targets that are read while they are sent, each once. The chain ends with them.
    #[must_use]
    pub fn streamed(reader: TargetReader) -> Self {
        Self(Kind::Streamed(reader))
    }

    /// What each of them is sent to, as far as that is known beforehand.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        let listed = match &self.0 {
            Kind::Listed(targets) => targets.as_slice(),
            Kind::Streamed(_) => &[],
        };
        listed.iter().filter_map(|target| Some(Url::parse(&target.url).ok()?.endpoint))
    }
}

/// A chain's requests, ready to be sent.
#[derive(Debug)]
pub(super) enum Source {
    Listed(Vec<Arc<Request>>),
    Streamed(Mutex<Stream>),
}

/// Requests as they are read.
#[derive(Debug)]
pub(super) struct Stream {
    receiver: Receiver<Result<Arc<Request>, Error>>,
    /// What was waited for before the start.
    first: Option<Result<Arc<Request>, Error>>,
}

/// What a source has for the next request.
pub(super) enum Next {
    /// With its number.
    Request(u64, Arc<Request>),
    /// The reader is behind.
    NotYet,
    End,
    Failed(Error),
}

impl Source {
    pub(super) fn new(
        targets: Targets,
        options: &Arc<Options>,
        share: Share,
    ) -> Result<Self, Error> {
        match targets.0 {
            Kind::Listed(targets) => {
                let requests = targets.into_iter().map(|target| request(target, options));
                let requests = requests.collect::<Result<Vec<_>, _>>()?;
                if requests.is_empty() {
                    return Err(Error::new(ErrorKind::Targets, "no targets to attack"));
                }
                Ok(Self::Listed(requests))
            }
            Kind::Streamed(reader) => {
                let (sender, receiver) = sync_channel(AHEAD);
                let options = Arc::clone(options);
                // It ends when its source does, or when nobody takes what it reads.
                thread::Builder::new()
                    .name("targets".to_owned())
                    .spawn(move || read_ahead(reader, &options, share, &sender))
                    .map_err(|error| {
                        Error::io(ErrorKind::System, "cannot start a thread", error)
                    })?;
                Ok(Self::Streamed(Mutex::new(Stream { receiver, first: None })))
            }
        }
    }

    pub(super) fn uses_tls(&self) -> bool {
        match self {
            Self::Listed(requests) => requests
                .iter()
                .any(|request| request.url.endpoint.scheme == crate::targets::Scheme::Https),
            Self::Streamed(_) => false,
        }
    }

    /// Waits until there is a request, or never will be, or nobody wants one any more.
    pub(super) fn wait_for_first(&self, is_wanted: impl Fn() -> bool) {
        let Self::Streamed(stream) = self else { return };
        let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
        while stream.first.is_none() && is_wanted() {
            match stream.receiver.recv_timeout(LOOK) {
                Ok(first) => stream.first = Some(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The next request. Its number is taken only where there is one, so that none is left out.
    pub(super) fn next(&self, number: impl FnOnce() -> u64) -> Next {
        match self {
            Self::Listed(requests) => {
                let seq = number();
                let turn = usize::try_from(seq % requests.len() as u64).unwrap_or(0);
                Next::Request(seq, Arc::clone(&requests[turn]))
            }
            Self::Streamed(stream) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                match stream.first.take().map_or_else(|| stream.receiver.try_recv(), Ok) {
                    Ok(Ok(request)) => Next::Request(number(), request),
                    Ok(Err(error)) => Next::Failed(error),
                    Err(TryRecvError::Empty) => Next::NotYet,
                    Err(TryRecvError::Disconnected) => Next::End,
                }
            }
        }
    }
}

/// The request of a target that comes from no file.
fn request(target: Target, options: &Options) -> Result<Arc<Request>, Error> {
    let name = format!("{} {}", target.method, target.url);
    ready(target, options)
        .map_err(|what| Error::new(ErrorKind::Targets, format!("the target {name}: {what}")))
}

fn ready(target: Target, options: &Options) -> Result<Arc<Request>, String> {
    let hint = hint(&target.url);
    Request::new(target, options).map(Arc::new).map_err(|what| what + &hint)
}

fn read_ahead(
    mut reader: TargetReader,
    options: &Options,
    share: Share,
    sender: &SyncSender<Result<Arc<Request>, Error>>,
) {
    let mut seq = 0_u64;
    loop {
        let request = match reader.next_target() {
            Ok(None) => return,
            Ok(Some(_)) if seq % share.step() != share.index() => {
                seq += 1;
                continue;
            }
            Ok(Some(target)) => ready(target, options).map_err(|what| reader.error(&what)),
            Err(error) => Err(error),
        };
        seq += 1;
        let failed = request.is_err();
        if sender.send(request).is_err() || failed {
            return;
        }
    }
}
