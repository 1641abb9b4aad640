//! All inputs, on all cores, in order.
//!
//! Each worker takes a turn at reading and cutting off the next chunk, decodes it alone, and waits for the chunk's turn
//! to hand over what it made of it. So records arrive in one order whatever the number of threads, and memory is bounded
//! by a chunk and what is made of it per worker. Where that grows large, as few bytes may say much, it is handed over in
//! parts.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use plimsoll_model::{Batch, Damage, Format, InputId, Ledger, Share, mask_text};

use crate::builder::BatchBuilder;
use crate::decoder::Decoder;
use crate::error::Error;
use crate::raw::RawRecord;
use crate::segment::{Chunk, Finished, Segmenter};
use crate::sink::{Aside, DamagedSpan, Sink};
use crate::source::Source;

/// How inputs are read. [`ReadOptions::default`] suits most.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Worker threads, at most 64; 0 for one per core, at most [`ReadOptions::MAX_THREADS`].
    pub threads: usize,
    /// Names of the answer headers whose values the records' targets are to hold.
    pub headers: Vec<String>,
    /// JSON-RPC error codes that do not hide other errors of the same answer.
    pub accepted_rpc_codes: Vec<i64>,
    /// Whether each input's SHA-256 is wanted. It takes longer than reading lean records.
    pub sha256: bool,
    /// Bytes that a worker decodes at a time.
    pub chunk_size: usize,
}

impl ReadOptions {
    /// More workers than this wait for each other.
    pub const MAX_THREADS: usize = 8;
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            threads: 0,
            headers: Vec::new(),
            accepted_rpc_codes: Vec::new(),
            sha256: false,
            chunk_size: 1 << 19,
        }
    }
}

/// How far the reading is, for another thread to look at.
#[derive(Debug, Default)]
pub struct Progress {
    pub(crate) bytes: AtomicU64,
    pub(crate) records: AtomicU64,
}

impl Progress {
    /// Bytes read, as stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Records decoded.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}

/// Reads all records of `sources` into `sink`, in the order of the sources and of their bytes, and returns the account
/// of each source.
///
/// The batches, their order and the ledgers do not depend on the number of threads. [`Batch::input`] is a source's
/// index.
///
/// # Errors
/// A source that cannot be opened. Damage, and a source of no known format, are told of in the ledger.
pub fn read(
    sources: &[Source],
    options: &ReadOptions,
    progress: &Progress,
    sink: &mut (dyn FnMut(&Batch) + Send),
) -> Result<Vec<Ledger>, Error> {
    let new = || BatchBuilder::new(options.headers.clone(), options.accepted_rpc_codes.clone());
    run(sources, options, progress, &new, &mut |builder| {
        sink(&builder.batch);
        ControlFlow::Continue(())
    })
}

/// What a worker makes of the records of a chunk.
pub(crate) trait Harvest: Sink {
    /// Makes room for the next chunk.
    fn begin(&mut self, input: InputId);
    fn records(&self) -> u64;
    /// Whether there is nothing to hand over.
    fn is_empty(&self) -> bool {
        self.records() == 0
    }
    /// Whether it is time to hand it over, though the chunk goes on.
    fn is_full(&self) -> bool;
    /// What was damaged, and how many of the chunk's records stand in front of it.
    fn damaged(&self) -> &[(u64, DamagedSpan)];
    /// The formats that the chunk's records are in.
    fn formats(&self) -> &[Format];
    /// Remarks on the input.
    fn notes(&self) -> &[&'static str];
}

/// Reads all sources, each chunk into something that `new` has made, and hands that to `sink` in the order of the
/// chunks until it has had enough.
pub(crate) fn run<H: Harvest>(
    sources: &[Source],
    options: &ReadOptions,
    progress: &Progress,
    new: &(impl Fn() -> H + Sync),
    sink: &mut (dyn FnMut(&mut H) -> ControlFlow<()> + Send),
) -> Result<Vec<Ledger>, Error> {
    let threads = match options.threads {
        0 => std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(ReadOptions::MAX_THREADS),
        threads => threads.min(64),
    };
    let segmenter = Mutex::new(Segmenter::new(sources, options, progress));
    let committer = Committer {
        state: Mutex::new(Committed {
            next: 0,
            ledgers: sources.iter().map(ledger).collect(),
            sink,
        }),
        turn: Condvar::new(),
        stopped: AtomicBool::new(false),
    };
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                if let Err(error) = work(&segmenter, &committer, progress, new()) {
                    lock(&failure).get_or_insert(error);
                    committer.stop();
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    Ok(committer.state.into_inner().unwrap_or_else(PoisonError::into_inner).ledgers)
}

fn ledger(source: &Source) -> Ledger {
    Ledger { name: source.name().to_owned(), named: source.is_named(), ..Ledger::default() }
}

/// A panic elsewhere is passed on when the threads are joined; until then its lock is of use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work<H: Harvest>(
    segmenter: &Mutex<Segmenter<'_>>,
    committer: &Committer<'_, H>,
    progress: &Progress,
    mut harvest: H,
) -> Result<(), Error> {
    let _stop = StopOnPanic(committer);
    let mut buffer = Vec::new();
    loop {
        let Some(mut chunk) = lock(segmenter).next(&mut buffer)? else { return Ok(()) };
        harvest.begin(input_of(&chunk));
        let Some(decoder) = chunk.decoder.take() else {
            if committer.commit(chunk, &mut harvest) {
                continue;
            }
            return Ok(());
        };
        let mut parts = Parts {
            harvest: &mut harvest,
            chunk: &chunk,
            committer,
            progress,
            share: Share::ALL,
            is_wanted: true,
        };
        decode(&chunk, decoder, &buffer, &mut parts);
        let is_wanted = parts.is_wanted;
        progress.records.fetch_add(harvest.records(), Ordering::Relaxed);
        if !is_wanted || !committer.commit(chunk, &mut harvest) {
            return Ok(());
        }
    }
}

fn input_of(chunk: &Chunk) -> InputId {
    InputId(u32::try_from(chunk.input).unwrap_or(u32::MAX))
}

fn decode(chunk: &Chunk, mut decoder: Decoder, buffer: &[u8], sink: &mut impl Sink) {
    if let Some(what) = chunk.garbage.clone() {
        sink.damage(DamagedSpan { start: 0, end: chunk.length, records: 1, what });
        return;
    }
    let end = match chunk.seen {
        Some(seen) => decoder.walk(&buffer[..seen], false, sink),
        None => decoder.walk(&buffer[..chunk.length], true, sink),
    };
    if chunk.finished.is_some() {
        decoder.finish(chunk.length, sink);
    }
    debug_assert_eq!(end, chunk.length, "the chunk was cut where the walk ended");
}

/// A harvest that is handed over whenever it is full.
struct Parts<'a, 'b, H> {
    harvest: &'a mut H,
    chunk: &'a Chunk,
    committer: &'a Committer<'b, H>,
    progress: &'a Progress,
    /// What the records are of.
    share: Share,
    /// False once reading has been stopped.
    is_wanted: bool,
}

impl<H: Harvest> Parts<'_, '_, H> {
    #[cold]
    fn hand_over(&mut self) {
        self.progress.records.fetch_add(self.harvest.records(), Ordering::Relaxed);
        self.is_wanted = self.committer.commit_part(self.chunk, self.harvest);
        self.harvest.begin(input_of(self.chunk));
        self.harvest.share(self.share);
    }

    /// What is handed over at once is of one share.
    fn turn_to(&mut self, share: Share) {
        if share != self.share && !self.harvest.is_empty() {
            self.hand_over();
        }
        self.share = share;
    }
}

impl<H: Harvest> Sink for Parts<'_, '_, H> {
    #[inline]
    fn record(&mut self, record: &RawRecord<'_>) {
        if self.is_wanted {
            self.harvest.record(record);
            if self.harvest.is_full() {
                self.hand_over();
            }
        }
    }

    fn damage(&mut self, span: DamagedSpan) {
        self.harvest.damage(span);
    }

    fn format(&mut self, format: Format) {
        self.turn_to(Share::ALL);
        self.harvest.format(format);
    }

    fn note(&mut self, what: &'static str) {
        self.harvest.note(what);
    }

    fn share(&mut self, share: Share) {
        self.turn_to(share);
        self.harvest.share(share);
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        self.harvest.aside(aside);
    }

    fn wants_asides(&self) -> bool {
        self.harvest.wants_asides()
    }

    fn wants_records(&self) -> bool {
        self.is_wanted
    }
}

/// Wakes the others when a worker panics, so that they do not wait for its chunk for ever.
struct StopOnPanic<'a, 'b, H>(&'a Committer<'b, H>);

impl<H> Drop for StopOnPanic<'_, '_, H> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// Takes what was made of the chunks in their order.
struct Committer<'a, H> {
    state: Mutex<Committed<'a, H>>,
    turn: Condvar,
    stopped: AtomicBool,
}

struct Committed<'a, H> {
    next: u64,
    ledgers: Vec<Ledger>,
    sink: &'a mut (dyn FnMut(&mut H) -> ControlFlow<()> + Send),
}

impl<'a, H> Committer<'a, H> {
    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(lock(&self.state));
        self.turn.notify_all();
    }

    /// Hands over all that is left of the chunk; false where reading has been stopped.
    fn commit(&self, mut chunk: Chunk, harvest: &mut H) -> bool
    where
        H: Harvest,
    {
        let Some(mut state) = self.await_turn(chunk.number) else { return false };
        let end = chunk.offset + chunk.length as u64;
        state.account(&chunk, harvest);
        if let Some(finished) = chunk.finished.take() {
            state.finish(chunk.input, finished, end);
        }
        let goes_on = self.take(&mut state, harvest);
        state.next += 1;
        drop(state);
        self.turn.notify_all();
        goes_on
    }

    /// Hands over a part of the chunk, whose turn it stays; false where reading has been stopped.
    fn commit_part(&self, chunk: &Chunk, harvest: &mut H) -> bool
    where
        H: Harvest,
    {
        let Some(mut state) = self.await_turn(chunk.number) else { return false };
        state.account(chunk, harvest);
        let goes_on = self.take(&mut state, harvest);
        drop(state);
        if !goes_on {
            self.turn.notify_all();
        }
        goes_on
    }

    /// Waits for the chunk's turn; `None` where reading has been stopped.
    fn await_turn(&self, number: u64) -> Option<MutexGuard<'_, Committed<'a, H>>> {
        let mut state = lock(&self.state);
        while state.next != number {
            if self.stopped.load(Ordering::SeqCst) {
                return None;
            }
            state = self.turn.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (!self.stopped.load(Ordering::SeqCst)).then_some(state)
    }

    fn take(&self, state: &mut Committed<'a, H>, harvest: &mut H) -> bool
    where
        H: Harvest,
    {
        let goes_on = harvest.is_empty() || (state.sink)(harvest).is_continue();
        if !goes_on {
            self.stopped.store(true, Ordering::SeqCst);
        }
        goes_on
    }
}

impl<H: Harvest> Committed<'_, H> {
    /// Enters what was made of a chunk, or a part of it, into its input's ledger.
    fn account(&mut self, chunk: &Chunk, harvest: &H) {
        let Some(ledger) = self.ledgers.get_mut(chunk.input) else { return };
        for &format in harvest.formats() {
            if !ledger.formats.contains(&format) {
                ledger.formats.push(format);
            }
        }
        for (before, span) in harvest.damaged() {
            add_damage(ledger, chunk.offset, *before, span);
        }
        for &note in harvest.notes() {
            if !ledger.notes.iter().any(|known| known == note) {
                ledger.notes.push(note.to_owned());
            }
        }
        ledger.records += harvest.records();
    }

    fn finish(&mut self, input: usize, finished: Finished, end: u64) {
        if let Some(ledger) = self.ledgers.get_mut(input) {
            finish(ledger, finished, end);
        }
    }
}

/// Adds damage in front of which `before` records of the same chunk stand.
fn add_damage(ledger: &mut Ledger, offset: u64, before: u64, span: &DamagedSpan) {
    let start = offset + span.start as u64;
    let lost_bytes = (span.end - span.start) as u64;
    ledger.lost_bytes += lost_bytes;
    // What goes on from the chunk before is one damage, and so are records that are told of the bytes before.
    let tells_records = lost_bytes == 0;
    let goes_on = before == 0 && span.start == 0;
    let records =
        if goes_on && !tells_records { span.records.saturating_sub(1) } else { span.records };
    if (goes_on || tells_records)
        && let Some(last) = ledger.damage.last_mut()
        && last.byte + last.lost_bytes == start
    {
        last.lost_bytes += lost_bytes;
        ledger.damaged_records = ledger.damaged_records.saturating_add(records);
        return;
    }
    ledger.damaged_records = ledger.damaged_records.saturating_add(span.records);
    if ledger.damage.len() < Ledger::MAX_DAMAGE {
        let record = ledger.records + before + 1;
        ledger.damage.push(Damage { record, byte: start, lost_bytes, what: mask_text(&span.what) });
    }
}

fn finish(ledger: &mut Ledger, finished: Finished, end: u64) {
    ledger.compression = finished.compression;
    ledger.bytes = finished.bytes;
    ledger.sha256 = finished.sha256;
    ledger.notes.splice(0..0, finished.notes);
    ledger.refused = finished.refused;
    // What cannot be opened may hold results: it counts as if it had been asked for.
    ledger.named |= finished.unreadable;
    if ledger.refused.is_some() {
        ledger.lost_bytes = finished.bytes;
    } else if ledger.records == 0 && ledger.damaged_records == 0 {
        ledger.notes.push("holds no record".to_owned());
    }
    if let Some((what, lost_bytes)) = finished.broken {
        ledger.lost_bytes += lost_bytes;
        ledger.damaged_records += 1;
        if ledger.damage.len() < Ledger::MAX_DAMAGE {
            ledger.damage.push(Damage { record: ledger.records + 1, byte: end, lost_bytes, what });
        }
    }
}
