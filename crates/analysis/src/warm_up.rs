use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{Batch, InputId, Nanos, Timestamp};

use crate::Options;
use crate::names::short_name;
use crate::runs::RunSpan;
use crate::streams::Streams;

/// Finds when each run starts, for those who cut its first records themselves as they read a second time.
///
/// An [`Analyzer`](crate::Analyzer) does both by itself: [`Options::skip`].
#[derive(Debug)]
pub struct WarmUpFinder {
    streams: Streams,
    skip: Nanos,
}

impl WarmUpFinder {
    /// Of the options, those that cut count: a run starts with its first record that `from` and `to` leave.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { streams: Streams::new(options, None), skip: options.skip }
    }

    /// Takes in the next records, in the order of [`Analyzer::add`](crate::Analyzer::add).
    pub fn add(&mut self, batch: &Batch) {
        self.streams.open(batch);
        for record in &batch.records {
            if let Some(slot) = self.streams.slot(batch, record.target) {
                // Whoever reads again sees the numbers of a shard as they are written.
                self.streams.place(slot.stream, &batch.as_written(record));
            }
        }
    }

    /// The warm-ups of all runs.
    #[must_use]
    pub fn finish(self) -> WarmUps {
        let mut runs: HashMap<InputId, HashMap<Box<str>, Vec<RunSpan>, FixedState>, FixedState> =
            HashMap::default();
        for (stream, spans) in (0..).zip(self.streams.runs().spans()) {
            if let Some((input, attack)) = self.streams.key(stream) {
                let name = self.streams.attack(attack).into();
                runs.entry(input).or_default().insert(name, spans);
            }
        }
        WarmUps { skip: self.skip, runs }
    }
}

/// The first span of every run.
#[derive(Clone, Debug)]
pub struct WarmUps {
    skip: Nanos,
    /// By input and attack, in the order in which they were found.
    runs: HashMap<InputId, HashMap<Box<str>, Vec<RunSpan>, FixedState>, FixedState>,
}

impl WarmUps {
    /// Whether a record that was read before belongs to the warm-up of its run; `seq` is its number as written, `due` as
    /// [`Record::due`](plimsoll_model::Record::due) has it. One without a time does not.
    ///
    /// Where runs of one attack in one input overlap, numbers and times too, it is the latest that might be the record's.
    #[must_use]
    pub fn contain(
        &self,
        input: InputId,
        attack: &str,
        seq: Option<u64>,
        due: Timestamp,
        timestamp: Timestamp,
    ) -> bool {
        let attacks = self.runs.get(&input);
        let spans = attacks.and_then(|attacks| {
            attacks.get(short_name(attack).as_ref()).or_else(|| attacks.get(""))
        });
        let run = spans.and_then(|spans| spans.iter().rev().find(|span| span.holds(seq, due)));
        timestamp.is_known()
            && run.is_some_and(|run| timestamp.0 < run.start().saturating_add_unsigned(self.skip.0))
    }
}
