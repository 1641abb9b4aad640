//! What each record was counted as.

use std::sync::Arc;

use plimsoll_model::{Batch, Record};

use crate::Options;
use crate::counting::{Counting, Duplicates};
use crate::groups::Groups;
use crate::runs::RunStarts;
use crate::slabs::Slabs;
use crate::streams::Streams;
use crate::summary;
use crate::tally::{Acceptance, Counted};
use crate::taxonomy::Class;
use crate::templates::Templates;

/// Says of each record what an analysis counted it as, in one more pass over the same records in the same order.
///
/// Nothing is kept per record: what was decided as the records were counted is decided once more, so that memory has the
/// bounds of an [`Analyzer`](crate::Analyzer), which makes it.
#[derive(Clone, Debug)]
pub struct Labels {
    inputs: Vec<String>,
    streams: Streams,
    duplicates: Duplicates,
    groups: Groups,
    templates: Templates,
    /// By group, the chain's name and what its records are judged by.
    chains: Vec<(String, Acceptance)>,
    /// Whether the SLO asks for a latency.
    tells_good: bool,
    /// Records so far, by input.
    read: Vec<u64>,
    /// By target of the current batch, the group.
    places: Vec<Option<u32>>,
    /// For the current batch's errors, the template's number with the status that it was last seen with.
    errors: Vec<Option<(u16, u32)>>,
}

/// What a record was counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// The chain's name.
    pub chain: &'a str,
    /// Accepted and within the SLO's latency; `None` without one.
    pub good: Option<bool>,
    /// What failed; `None` of an accepted answer.
    pub failure: Option<FailureLabel<'a>>,
}

/// What a failure was counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureLabel<'a> {
    /// What failed.
    pub class: Class,
    /// The template as in [`ErrorFinding::template`](crate::ErrorFinding::template).
    pub template: &'a str,
}

impl Labels {
    /// For records that have been counted, `budget` bytes of fingerprints deciding which are duplicates where the count
    /// did it by them.
    pub(crate) fn new(
        counting: &Counting,
        options: &Options,
        inputs: &[String],
        starts: Option<RunStarts>,
        budget: usize,
    ) -> Self {
        let names = summary::chain_names(counting, options).1;
        let acceptance = |group| counting.groups.acceptance(group);
        Self {
            inputs: inputs.to_vec(),
            streams: Streams::new(options, starts),
            duplicates: match &counting.duplicates {
                Duplicates::Kept => Duplicates::Kept,
                Duplicates::Found(_) => Duplicates::Found(Box::new(Slabs::new(budget))),
                Duplicates::Marked(marks) => Duplicates::Marked(marks.clone()),
            },
            groups: Groups::new(options),
            templates: Templates::new(Arc::clone(&options.taxonomy), options.secrets),
            chains: (0..).zip(names).map(|(group, name)| (name, acceptance(group))).collect(),
            tells_good: options.slo.is_some_and(|slo| slo.latency.is_some()),
            read: Vec::new(),
            places: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Hands the next records that were counted to `each`, with what they were counted as. Those that were cut and
    /// duplicates are left out.
    pub fn label(&mut self, batch: &Batch, mut each: impl FnMut(&Record, &Label<'_>)) {
        let index = batch.input.0 as usize;
        if index >= self.read.len() {
            self.read.resize(index + 1, 0);
        }
        self.streams.open(batch);
        self.places.clear();
        self.places.resize(batch.targets.len(), None);
        self.errors.clear();
        self.errors.resize(batch.errors.len(), None);
        for (ordinal, record) in (self.read[index]..).zip(&batch.records) {
            let Some(slot) = self.streams.slot(batch, record.target) else { continue };
            if self.streams.place(slot.stream, record).is_none()
                || record.timestamp.is_known()
                    && self.duplicates.is_repeat(
                        &batch.as_written(record),
                        slot,
                        batch.input,
                        ordinal,
                    )
            {
                continue;
            }
            let Some(group) = self.group(batch, record) else { continue };
            let Some((_, acceptance)) = self.chains.get(group as usize) else { continue };
            let is_error = self.templates.is_error(batch, record);
            let accepted = acceptance.codes.contains(record.code);
            let counted = acceptance.judge(record, accepted, is_error);
            let template = (counted == Counted::Failure).then(|| self.template(batch, record));
            let (chain, _) = &self.chains[group as usize];
            each(
                record,
                &Label {
                    chain,
                    good: self.tells_good.then_some(counted == Counted::Good),
                    failure: template.map(|template| FailureLabel {
                        class: self.templates.class(template),
                        template: self.templates.text(template),
                    }),
                },
            );
        }
        self.read[index] += batch.records.len() as u64;
    }

    fn group(&mut self, batch: &Batch, record: &Record) -> Option<u32> {
        let place = self.places.get_mut(record.target.0 as usize)?;
        if place.is_none() {
            let name = self.inputs.get(batch.input.0 as usize).map_or("", String::as_str);
            *place = Some(self.groups.resolve(batch.target(record), batch.input, name));
        }
        *place
    }

    fn template(&mut self, batch: &Batch, record: &Record) -> u32 {
        self.templates.number(&mut self.errors, batch, record)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plimsoll_model::{
        BodySign, ErrorId, ErrorText, InputId, Nanos, Target, TargetId, Timestamp,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::{Analyzer, Findings, Slo, Step};

    const SECOND: i64 = 1_000_000_000;

    /// Two chains in turn, an eighth of their requests failed and an eighth slow.
    fn pool() -> Vec<Record> {
        let record = |index: u32| Record {
            timestamp: Timestamp(i64::from(index) * SECOND / 100),
            latency: Nanos(1_000_000 * if index % 8 == 1 { 900 } else { 5 + u64::from(index % 7) }),
            seq: u64::from(index / 2),
            bytes_in: 0,
            bytes_out: 0,
            target: TargetId(index % 2),
            error: (index % 8 == 3).then_some(ErrorId(0)),
            code: match index % 16 {
                3 | 11 => 0,
                7 => 503,
                _ => 200,
            },
            has_seq: true,
            has_body: false,
            intended: Timestamp::UNKNOWN,
        };
        (0..2_000).map(record).collect()
    }

    fn batch(input: u32, records: &[Record]) -> Batch {
        let target = |attack: &str| Target {
            attack: attack.into(),
            url: format!("http://h/{attack}"),
            ..Target::default()
        };
        let template = "dial tcp <addr>: connect: connection refused".to_owned();
        Batch {
            input: InputId(input),
            records: records.to_vec(),
            targets: vec![target("eth"), target("boba")],
            errors: vec![ErrorText {
                example: template.clone(),
                template,
                sign: BodySign::Nothing,
            }],
            ..Batch::default()
        }
    }

    fn analyse(options: &Options, budget: usize, batches: &[Batch]) -> (Box<Findings>, Labels) {
        let names = vec![String::new(); batches.len()];
        let mut analyzer = Analyzer::with_duplicate_budget(options.clone(), names, budget);
        loop {
            for batch in batches {
                analyzer.add(batch);
            }
            match analyzer.finish_with_labels(true) {
                Step::ReadAgain(again) => analyzer = *again,
                Step::Done(done) => return done,
            }
        }
    }

    /// Requests, good ones and failures by class and template.
    type Counts = (u64, u64, BTreeMap<(String, String), u64>);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// However records are repeated and cut, the labels add up to what was counted.
        #[test]
        fn labels_add_up_to_the_findings(
            parts in prop::collection::vec((0_usize..2_000, 0_usize..900), 1..5),
            budget in prop::sample::select(vec![9_000_usize, 40_000, 1 << 25]),
            skip in prop::sample::select(vec![0_u64, 700_000_000]),
            keep_duplicates: bool,
        ) {
            let pool = pool();
            let part = |&(start, len): &(usize, usize)| &pool[start..(start + len).min(pool.len())];
            let batches: Vec<Batch> =
                (0..).zip(&parts).map(|(input, range)| batch(input, part(range))).collect();
            let options = Options {
                skip: Nanos(skip),
                keep_duplicates,
                slo: Some(Slo { latency: Some(Nanos(100_000_000)), ..Slo::default() }),
                ..Options::default()
            };
            let (findings, mut labels) = analyse(&options, budget, &batches);
            let mut labelled: BTreeMap<String, Counts> = BTreeMap::new();
            for batch in &batches {
                labels.label(batch, |_, label| {
                    let (requests, good, errors) = labelled.entry(label.chain.to_owned()).or_default();
                    *requests += 1;
                    *good += u64::from(label.good == Some(true));
                    if let Some(FailureLabel { class, template }) = label.failure {
                        *errors.entry((class.to_string(), template.to_owned())).or_default() += 1;
                    }
                });
            }
            let counted: BTreeMap<String, Counts> = findings.chains.iter().map(|chain| {
                let errors = chain.errors.iter().map(|error| {
                    ((error.class.to_string(), error.template.clone()), error.count)
                });
                (chain.name.clone(), (chain.requests, chain.good.unwrap(), errors.collect()))
            }).collect();
            prop_assert_eq!(labelled, counted);
        }
    }
}
