use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{ErrorText, Record, Timestamp, mask_text};

use crate::ErrorFinding;
use crate::names::{Names, excerpt};

/// The most error templates that are kept.
pub(crate) const MAX_TEMPLATES: usize = OTHER_ID as usize;

/// What stands for templates beyond the limit.
const OTHER: &str = "(other errors)";

/// The number of [`OTHER`]: the first that no kept template has.
pub(crate) const OTHER_ID: u32 = 512;

/// The most bytes of a template; readers cut theirs at half as many.
const MAX_TEMPLATE_LEN: usize = 1_024;

/// The most bytes of a text that are looked at for an example, ...
const MAX_RAW_EXAMPLE_LEN: usize = 4_096;

/// ... and that are kept of it.
const MAX_EXAMPLE_LEN: usize = 2_048;

/// The distinct error templates of all records, each with the first text that had it. Credentials are masked.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    names: Names,
    examples: Vec<String>,
    other_example: Option<String>,
    /// Templates of failures without text, by status.
    by_status: HashMap<u16, u32, FixedState>,
}

impl Default for Templates {
    fn default() -> Self {
        Self {
            names: Names::new(MAX_TEMPLATES),
            examples: Vec::new(),
            other_example: None,
            by_status: HashMap::default(),
        }
    }
}

impl Templates {
    pub(crate) fn intern(&mut self, error: &ErrorText) -> u32 {
        let template = mask_text(&excerpt(&error.template, MAX_TEMPLATE_LEN));
        let example = || {
            let masked = mask_text(&excerpt(&error.example, MAX_RAW_EXAMPLE_LEN));
            excerpt(&masked, MAX_EXAMPLE_LEN).into_owned()
        };
        let Some(id) = self.names.intern(&template) else {
            self.other_example.get_or_insert_with(example);
            return OTHER_ID;
        };
        if id as usize == self.examples.len() {
            self.examples.push(example());
        }
        id
    }

    /// The template of failures with this status and no text. It has no example.
    pub(crate) fn intern_status(&mut self, status: u16) -> u32 {
        *self.by_status.entry(status).or_insert_with(|| {
            let template = match status {
                0 => "no answer (no error text)".to_owned(),
                _ => format!("status {status} (no error text)"),
            };
            let Some(id) = self.names.intern(&template) else { return OTHER_ID };
            if id as usize == self.examples.len() {
                self.examples.push(String::new());
            }
            id
        })
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
            first_place: tally.first_place,
        }
    }
}

/// Records with one template.
#[derive(Clone, Debug)]
struct ErrorTally {
    count: u64,
    first_place: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Default for ErrorTally {
    fn default() -> Self {
        Self { count: 0, first_place: u64::MAX, first: None, last: None }
    }
}

/// Records by template number.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorCounts(Vec<ErrorTally>);

impl ErrorCounts {
    pub(crate) fn add(&mut self, id: u32, record: &Record, place: u64) {
        let tally = self.tally(id as usize);
        tally.count += 1;
        tally.first_place = tally.first_place.min(place);
        if let Some(at) = record.timestamp.known() {
            tally.first = Some(tally.first.map_or(at, |first| first.min(at)));
            tally.last = Some(tally.last.map_or(at, |last| last.max(at)));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (id, theirs) in other.0.iter().enumerate() {
            let tally = self.tally(id);
            tally.count += theirs.count;
            tally.first_place = tally.first_place.min(theirs.first_place);
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
