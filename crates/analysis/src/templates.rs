use plimsoll_model::{ErrorText, Record, Timestamp, mask_text};

use crate::ErrorFinding;
use crate::names::Names;

/// The most error templates that are kept.
pub(crate) const MAX_TEMPLATES: usize = OTHER_ID as usize;

/// What stands for templates beyond the limit.
const OTHER: &str = "(other errors)";

/// The number of [`OTHER`]: the first that no kept template has.
pub(crate) const OTHER_ID: u32 = 512;

/// The distinct error templates of all records, each with the first text that had it. Credentials are masked.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    names: Names,
    examples: Vec<String>,
    other_example: Option<String>,
}

impl Default for Templates {
    fn default() -> Self {
        Self { names: Names::new(MAX_TEMPLATES), examples: Vec::new(), other_example: None }
    }
}

impl Templates {
    pub(crate) fn intern(&mut self, error: &ErrorText) -> u32 {
        let Some(id) = self.names.intern(&mask_text(&error.template)) else {
            self.other_example.get_or_insert_with(|| mask_text(&error.example));
            return OTHER_ID;
        };
        if id as usize == self.examples.len() {
            self.examples.push(mask_text(&error.example));
        }
        id
    }

    fn finding(&self, id: u32, tally: &ErrorTally) -> ErrorFinding {
        let (template, example) = match self.examples.get(id as usize) {
            Some(example) => (self.names.text(id), example.as_str()),
            None => (OTHER, self.other_example.as_deref().unwrap_or_default()),
        };
        ErrorFinding {
            template: template.to_owned(),
            example: example.to_owned(),
            count: tally.count,
            first: tally.first,
            last: tally.last,
        }
    }
}

/// Records with one template.
#[derive(Clone, Debug, Default)]
struct ErrorTally {
    count: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// Records by template number.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorCounts(Vec<ErrorTally>);

impl ErrorCounts {
    pub(crate) fn add(&mut self, id: u32, record: &Record) {
        let tally = self.tally(id as usize);
        tally.count += 1;
        if let Some(at) = record.timestamp.known() {
            tally.first = Some(tally.first.map_or(at, |first| first.min(at)));
            tally.last = Some(tally.last.map_or(at, |last| last.max(at)));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (id, theirs) in other.0.iter().enumerate() {
            let tally = self.tally(id);
            tally.count += theirs.count;
            tally.first = tally.first.into_iter().chain(theirs.first).min();
            tally.last = tally.last.max(theirs.last);
        }
    }

    pub(crate) fn count(&self, id: u32) -> u64 {
        self.0.get(id as usize).map_or(0, |tally| tally.count)
    }

    /// The most frequent first, then by template.
    pub(crate) fn findings(&self, templates: &Templates) -> Vec<ErrorFinding> {
        let counted = (0..).zip(&self.0).filter(|(_, tally)| tally.count > 0);
        let mut findings: Vec<ErrorFinding> =
            counted.map(|(id, tally)| templates.finding(id, tally)).collect();
        findings.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.template.cmp(&b.template)));
        findings
    }

    fn tally(&mut self, id: usize) -> &mut ErrorTally {
        if id >= self.0.len() {
            self.0.resize_with(id + 1, ErrorTally::default);
        }
        &mut self.0[id]
    }
}
