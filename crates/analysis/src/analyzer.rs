use plimsoll_model::{Batch, Nanos};

use crate::counting::{Counting, Duplicates};
use crate::fingerprint::fingerprint;
use crate::labels::Labels;
use crate::recheck::{Marks, Recheck};
use crate::runs::RunStarts;
use crate::slabs::{self, Slabs};
use crate::streams::Streams;
use crate::{Findings, Options, summary};

/// Takes in records and says what they amount to.
///
/// Most often one pass over the records is enough. [`Options::skip`] takes one more, and so do duplicates that are too
/// far apart to be noticed in bounded memory: [`Analyzer::finish`] asks for another pass until it has the answer.
///
/// ```
/// use plimsoll_analysis::{Analyzer, Findings, Options, Step};
/// use plimsoll_model::Batch;
///
/// fn analyse(batches: &[Batch], inputs: Vec<String>) -> Box<Findings> {
///     let mut analyzer = Analyzer::new(Options::default(), inputs);
///     loop {
///         batches.iter().for_each(|batch| analyzer.add(batch));
///         match analyzer.finish(true) {
///             Step::ReadAgain(next) => analyzer = *next,
///             Step::Done(findings) => return findings,
///         }
///     }
/// }
/// assert_eq!(analyse(&[], vec![]).total.requests, 0);
/// ```
#[derive(Clone, Debug)]
pub struct Analyzer {
    options: Options,
    inputs: Vec<String>,
    duplicate_budget: usize,
    pass: Pass,
}

/// What the end of a pass leads to.
#[derive(Clone, Debug)]
pub enum Step<T = Box<Findings>> {
    /// All records are needed once more, the same ones in the same order.
    ReadAgain(Box<Analyzer>),
    /// The answer.
    Done(T),
}

#[derive(Clone, Debug)]
enum Pass {
    /// Finds out when each run started.
    Starts(Box<Streams>),
    /// Counts.
    Count(Box<Counting>),
    /// Finds the duplicates that counting may have missed.
    Recheck(Box<Rechecking>),
}

#[derive(Clone, Debug)]
struct Rechecking {
    counted: Counting,
    streams: Streams,
    recheck: Recheck,
    /// Records so far, by input.
    read: Vec<u64>,
}

impl Analyzer {
    /// An analysis of the inputs with these names, by [`InputId`](plimsoll_model::InputId).
    #[must_use]
    pub fn new(options: Options, inputs: Vec<String>) -> Self {
        Self::with_duplicate_budget(options, inputs, slabs::BUDGET)
    }

    /// The budget is in bytes of fingerprints; it decides how many passes are needed, never what the answer is.
    pub(crate) fn with_duplicate_budget(
        options: Options,
        inputs: Vec<String>,
        duplicate_budget: usize,
    ) -> Self {
        let pass = if options.skip > Nanos::ZERO {
            Pass::Starts(Box::new(Streams::new(&options, None)))
        } else {
            Pass::Count(Box::new(first_count(&options, inputs.len(), None, duplicate_budget)))
        };
        Self { options, inputs, duplicate_budget, pass }
    }

    /// Takes in the next records. Inputs come one after another in a fixed order, each in the order of its file, cut into
    /// batches anywhere: findings depend on the order of the records, not on the cuts.
    ///
    /// A record whose target is not in its batch is counted as read and nowhere else.
    pub fn add(&mut self, batch: &Batch) {
        match &mut self.pass {
            Pass::Starts(streams) => {
                streams.open(batch);
                for record in &batch.records {
                    if let Some(slot) = streams.slot(batch, record.target) {
                        streams.place(slot.stream, record);
                    }
                }
            }
            Pass::Count(counting) => counting.add(batch, &self.inputs),
            Pass::Recheck(rechecking) => rechecking.add(batch),
        }
    }

    /// Ends the pass. `can_reread` says whether all inputs can be read again.
    ///
    /// Where they cannot, duplicates that may have been missed are told as
    /// [`Warning::DuplicatesUnchecked`](crate::Warning::DuplicatesUnchecked). [`Options::skip`] always asks for a second
    /// pass: use it on inputs that can be read again only.
    #[must_use]
    pub fn finish(self, can_reread: bool) -> Step {
        match self.end(can_reread) {
            Step::ReadAgain(again) => Step::ReadAgain(again),
            Step::Done(counted) => Step::Done(counted.findings()),
        }
    }

    /// As [`Analyzer::finish`]; with the answer comes what says of each record what it was counted as, if all of them are
    /// read once more.
    #[must_use]
    pub fn finish_with_labels(self, can_reread: bool) -> Step<(Box<Findings>, Labels)> {
        match self.end(can_reread) {
            Step::ReadAgain(again) => Step::ReadAgain(again),
            Step::Done(counted) => {
                let labels = counted.labels();
                Step::Done((counted.findings(), labels))
            }
        }
    }

    fn end(self, can_reread: bool) -> Step<Counted> {
        let Self { options, inputs, duplicate_budget, pass } = self;
        let counted = |counting, options, inputs, unchecked| {
            Step::Done(Counted { counting, options, inputs, unchecked, duplicate_budget })
        };
        let pass = match pass {
            Pass::Starts(streams) => {
                let starts = streams.runs().starts();
                Pass::Count(Box::new(first_count(
                    &options,
                    inputs.len(),
                    Some(starts),
                    duplicate_budget,
                )))
            }
            Pass::Count(mut counting) => {
                let unchecked = counting.duplicates.unchecked();
                let Duplicates::Found(slabs) = &counting.duplicates else {
                    return counted(counting, options, inputs, 0);
                };
                if unchecked == 0 || !can_reread {
                    return counted(counting, options, inputs, unchecked);
                }
                let recheck = Recheck::new(slabs.inserted(), duplicate_budget);
                counting.duplicates = Duplicates::Marked(Marks::default());
                let streams = Streams::new(&options, counting.streams.starts().cloned());
                Pass::Recheck(Box::new(Rechecking {
                    counted: *counting,
                    streams,
                    recheck,
                    read: Vec::new(),
                }))
            }
            Pass::Recheck(mut rechecking) => {
                let starts = rechecking.counted.streams.starts().cloned();
                if rechecking.recheck.advance() {
                    rechecking.streams = Streams::new(&options, starts);
                    rechecking.read.clear();
                    Pass::Recheck(rechecking)
                } else {
                    let Rechecking { counted: mut counting, recheck, .. } = *rechecking;
                    let marks = recheck.into_marks();
                    // The marks hold all duplicates, those too that the first count had found already.
                    let found = counting.inputs.iter().map(|input| input.duplicates).sum::<u64>();
                    let is_complete = marks.count() == found;
                    let duplicates = Duplicates::Marked(marks);
                    if is_complete {
                        counting.duplicates = duplicates;
                        return counted(Box::new(counting), options, inputs, 0);
                    }
                    Pass::Count(Box::new(Counting::new(&options, inputs.len(), starts, duplicates)))
                }
            }
        };
        Step::ReadAgain(Box::new(Self { options, inputs, duplicate_budget, pass }))
    }
}

/// All records counted.
struct Counted {
    counting: Box<Counting>,
    options: Options,
    inputs: Vec<String>,
    unchecked: u64,
    duplicate_budget: usize,
}

impl Counted {
    fn findings(mut self) -> Box<Findings> {
        // Their memory is for the findings.
        self.counting.duplicates = Duplicates::Kept;
        let Self { counting, options, inputs, unchecked, .. } = self;
        Box::new(summary::findings(&counting, &options, &inputs, unchecked))
    }

    fn labels(&self) -> Labels {
        let starts = self.counting.streams.starts().cloned();
        Labels::new(&self.counting, &self.options, &self.inputs, starts, self.duplicate_budget)
    }
}

fn first_count(
    options: &Options,
    inputs: usize,
    starts: Option<RunStarts>,
    budget: usize,
) -> Counting {
    let duplicates = if options.keep_duplicates {
        Duplicates::Kept
    } else {
        Duplicates::Found(Box::new(Slabs::new(budget)))
    };
    Counting::new(options, inputs, starts, duplicates)
}

impl Rechecking {
    fn add(&mut self, batch: &Batch) {
        let index = batch.input.0 as usize;
        if index >= self.read.len() {
            self.read.resize(index + 1, 0);
        }
        self.streams.open(batch);
        for (ordinal, record) in (self.read[index]..).zip(&batch.records) {
            if let Some(slot) = self.streams.slot(batch, record.target)
                && self.streams.place(slot.stream, record).is_some()
                && record.timestamp.is_known()
            {
                let fingerprint = fingerprint(&batch.as_written(record), slot.attack_hash);
                self.recheck.check(fingerprint, batch.input, ordinal);
            }
        }
        self.read[index] += batch.records.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Warning;
    use plimsoll_model::{InputId, Record, Target, TargetId, Timestamp};
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// Four runs of one second each, two of them at the same time under the same name.
    fn pool() -> Vec<Record> {
        let record = |index: u64| Record {
            timestamp: Timestamp(
                i64::try_from(index / 500 % 3 * 60 * 1_000_000_000 + index % 500 * 2_000_000)
                    .unwrap(),
            ),
            latency: Nanos(1_000_000 + index),
            seq: index % 500,
            bytes_in: 1,
            bytes_out: 1,
            target: TargetId(0),
            error: None,
            code: 200,
            has_seq: true,
            has_body: false,
            intended: Timestamp::UNKNOWN,
        };
        (0..2_000).map(record).collect()
    }

    fn batch(input: u32, records: &[Record]) -> Batch {
        Batch {
            input: InputId(input),
            records: records.to_vec(),
            targets: vec![Target {
                attack: "x".into(),
                url: "http://h/".into(),
                ..Target::default()
            }],
            errors: Vec::new(),
            ..Batch::default()
        }
    }

    /// The findings and how many passes they took.
    fn analyse(options: &Options, budget: usize, batches: &[Batch]) -> (Findings, usize) {
        let names = vec![String::new(); batches.len()];
        let mut analyzer = Analyzer::with_duplicate_budget(options.clone(), names, budget);
        for passes in 1.. {
            for batch in batches {
                analyzer.add(batch);
            }
            match analyzer.finish(true) {
                Step::ReadAgain(next) => analyzer = *next,
                Step::Done(findings) => return (*findings, passes),
            }
        }
        unreachable!("an analysis ends")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn overlaps_count_once_whatever_the_budget(
            parts in prop::collection::vec((0_usize..2_000, 0_usize..900), 1..6),
            budget in prop::sample::select(vec![1_usize, 5_000, 9_000, 20_000, 40_000]),
            skip in prop::sample::select(vec![0_u64, 100_000_000]),
        ) {
            let pool = pool();
            let part = |&(start, len): &(usize, usize)| &pool[start..(start + len).min(pool.len())];
            let batches: Vec<Batch> = (0..).zip(&parts).map(|(input, range)| batch(input, part(range))).collect();
            let options = Options { skip: Nanos(skip), ..Options::default() };
            let (expected, _) = analyse(&options, slabs::BUDGET, &batches);
            let (found, _) = analyse(&options, budget, &batches);
            prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
            if skip == 0 {
                let distinct: HashSet<u64> = parts.iter().flat_map(part).map(|record| record.latency.0).collect();
                prop_assert_eq!(found.total.requests, distinct.len() as u64);
            }
        }
    }

    #[test]
    fn a_small_budget_takes_more_passes_for_the_same_answer() {
        let pool = pool();
        let batches = [batch(0, &pool), batch(1, &pool[300..])];
        let (found, passes) = analyse(&Options::default(), 5_000, &batches);
        assert_eq!((found.total.requests, found.inputs[1].duplicates), (2_000, 1_700));
        assert_eq!(found.warnings, [Warning::Duplicates { records: 1_700 }]);
        assert!(passes > 3, "a count, several partitions, a count");
        let (_, passes) = analyse(&Options::default(), slabs::BUDGET, &batches);
        assert_eq!(passes, 1);
    }
}
