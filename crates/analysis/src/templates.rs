use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashMap};
use plimsoll_model::{Batch, BodySign, ErrorText, Record, Secrets, Timestamp};

use crate::names::excerpt;
use crate::taxonomy::{CauseId, Class, Failure, Taxonomy};
use crate::{ErrorFinding, HostFailures};

/// The most error templates that are kept.
pub(crate) const MAX_TEMPLATES: usize = OTHER_BASE as usize;

/// What stands for templates beyond the limit, of each class one.
const OTHER: &str = "(other errors)";

/// The number of the first class's [`OTHER`]: the first that no kept template has.
const OTHER_BASE: u32 = 512;

/// The most bytes of a template; readers cut theirs at half as many.
const MAX_TEMPLATE_LEN: usize = 1_024;

/// The most bytes of a text that are looked at for an example, ...
const MAX_RAW_EXAMPLE_LEN: usize = 4_096;

/// ... and that are kept of it.
const MAX_EXAMPLE_LEN: usize = 2_048;

/// The most hosts that are told apart per template and cell.
const MAX_HOSTS: usize = 16;

/// What failures have in common that are counted as one: the text, and what it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    template: Box<str>,
    status: u16,
    sign: BodySign,
}

#[derive(Clone, Copy)]
struct KeyRef<'a> {
    template: &'a str,
    status: u16,
    sign: BodySign,
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.template, self.status, self.sign).hash(state);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        KeyRef { template: &self.template, status: self.status, sign: self.sign }.hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        (self.status, self.sign, self.template) == (key.status, key.sign, &*key.template)
    }
}

/// A kept template.
#[derive(Clone, Debug)]
struct Kept {
    template: Box<str>,
    /// The first text that had it; empty where there was none.
    example: String,
    sign: BodySign,
    status: u16,
    cause: CauseId,
}

/// The distinct error templates of all records, each with the first text that had it and the cause it was classified as.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    taxonomy: Arc<Taxonomy>,
    secrets: Secrets,
    kept: Vec<Kept>,
    ids: HashMap<Key, u32, FixedState>,
    /// By class, the first text and cause of those that were not kept.
    others: Vec<Option<(String, CauseId)>>,
}

impl Templates {
    pub(crate) fn new(taxonomy: Arc<Taxonomy>, secrets: Secrets) -> Self {
        Self {
            taxonomy,
            secrets,
            kept: Vec::new(),
            ids: HashMap::default(),
            others: vec![None; Class::ALL.len()],
        }
    }

    /// Whether the record holds an error that makes no success of it all the same.
    #[inline]
    pub(crate) fn is_error(&self, batch: &Batch, record: &Record) -> bool {
        record.error.is_some_and(|error| {
            batch.errors.get(error.0 as usize).is_none_or(|error| !self.accepts(error))
        })
    }

    #[inline]
    fn accepts(&self, error: &ErrorText) -> bool {
        matches!(error.sign, BodySign::RpcError(code) if self.taxonomy.accepts_rpc(code))
    }

    /// The number of the template of a failure. `known` remembers for each of the batch's errors the number with the
    /// status that it was last seen with.
    pub(crate) fn number(
        &mut self,
        known: &mut [Option<(u16, u32)>],
        batch: &Batch,
        record: &Record,
    ) -> u32 {
        let index = record.error.map_or(usize::MAX, |error| error.0 as usize);
        match (known.get_mut(index), batch.errors.get(index)) {
            (Some(Some((status, template))), _) if *status == record.code => *template,
            (Some(known), Some(error)) => {
                let template = self.intern(error, record.code);
                *known = Some((record.code, template));
                template
            }
            _ => self.intern_status(record.code, record.has_body),
        }
    }

    /// The number of what a failure with this status says.
    fn intern(&mut self, error: &ErrorText, status: u16) -> u32 {
        let short = excerpt(&error.template, MAX_TEMPLATE_LEN);
        let template = self.secrets.in_text(&short);
        let key = KeyRef { template: &template, status, sign: error.sign };
        if let Some(&id) = self.ids.get(&key) {
            return id;
        }
        let secrets = self.secrets;
        self.add(key, &template, || {
            let raw = excerpt(&error.example, MAX_RAW_EXAMPLE_LEN);
            let shown = secrets.in_text(&raw);
            excerpt(&shown, MAX_EXAMPLE_LEN).into_owned()
        })
    }

    /// The number of failures with this status and no text.
    fn intern_status(&mut self, status: u16, has_body: bool) -> u32 {
        let template = match status {
            0 if has_body => "no status, part of an answer (no error text)".to_owned(),
            0 => "no answer (no error text)".to_owned(),
            _ => format!("status {status} (no error text)"),
        };
        let sign = if status == 0 && has_body { BodySign::Partial } else { BodySign::Nothing };
        let key = KeyRef { template: &template, status, sign };
        // Our own words are not to be classified as if somebody had written them.
        if let Some(&id) = self.ids.get(&key) { id } else { self.add(key, "", String::new) }
    }

    /// Adds a template, whose cause is that of failures with this text.
    fn add(&mut self, key: KeyRef<'_>, text: &str, example: impl FnOnce() -> String) -> u32 {
        let KeyRef { template, status, sign } = key;
        let cause = self.taxonomy.classify(&Failure { template: text, status, sign });
        if self.kept.len() >= MAX_TEMPLATES {
            let class = self.taxonomy.cause(cause).class as usize;
            if let Some(other) = self.others.get_mut(class) {
                other.get_or_insert_with(|| (example(), cause));
            }
            return OTHER_BASE + u32::try_from(class).unwrap_or(0);
        }
        let id = u32::try_from(self.kept.len()).unwrap_or(u32::MAX);
        self.kept.push(Kept { template: template.into(), example: example(), sign, status, cause });
        self.ids.insert(Key { template: template.into(), status, sign }, id);
        id
    }

    fn finding<'a>(
        &self,
        id: u32,
        tally: &ErrorTally,
        host: &impl Fn(u32) -> &'a str,
    ) -> Option<ErrorFinding> {
        let (template, example, sign, status, cause) =
            if let Some(kept) = self.kept.get(id as usize) {
                (&*kept.template, kept.example.as_str(), kept.sign, kept.status, kept.cause)
            } else {
                let other = self.others.get((id - OTHER_BASE) as usize)?.as_ref()?;
                (OTHER, other.0.as_str(), BodySign::Nothing, 0, other.1)
            };
        let cause = self.taxonomy.cause(cause);
        let rpc_code = match sign {
            BodySign::RpcError(code) => code,
            BodySign::Nothing | BodySign::Partial | BodySign::WantsTls => None,
        };
        let mut hosts: Vec<HostFailures> = tally
            .hosts
            .iter()
            .map(|&(id, count)| HostFailures { host: host(id).to_owned(), count })
            .collect();
        hosts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.host.cmp(&b.host)));
        Some(ErrorFinding {
            class: cause.class,
            alternatives: cause.alternatives.to_vec(),
            meaning: cause.meaning.to_owned(),
            advice: cause.advice.to_owned(),
            template: template.to_owned(),
            example: example.to_owned(),
            status,
            rpc_code,
            is_rpc: matches!(sign, BodySign::RpcError(_)),
            count: tally.count,
            first: tally.first,
            last: tally.last,
            first_end: tally.first_end,
            latency_sum_ns: tally.latency_sum_ns,
            first_place: tally.first_place,
            hosts,
        })
    }

    /// The template with this number.
    pub(crate) fn text(&self, id: u32) -> &str {
        self.kept.get(id as usize).map_or(OTHER, |kept| &kept.template)
    }

    /// The class of the template with this number.
    pub(crate) fn class(&self, id: u32) -> Class {
        match self.kept.get(id as usize) {
            Some(kept) => self.taxonomy.cause(kept.cause).class,
            None => Class::ALL
                .get(id.wrapping_sub(OTHER_BASE) as usize)
                .copied()
                .unwrap_or(Class::Unclassified),
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
    /// When the first of them was over.
    first_end: Option<Timestamp>,
    latency_sum_ns: u128,
    /// Records by host, of the first hosts.
    hosts: Vec<(u32, u64)>,
}

impl Default for ErrorTally {
    fn default() -> Self {
        Self {
            count: 0,
            first_place: u64::MAX,
            first: None,
            last: None,
            first_end: None,
            latency_sum_ns: 0,
            hosts: Vec::new(),
        }
    }
}

impl ErrorTally {
    #[inline]
    fn add_host(&mut self, host: u32, count: u64) {
        if let Some((_, known)) = self.hosts.iter_mut().find(|(known, _)| *known == host) {
            *known += count;
        } else if self.hosts.len() < MAX_HOSTS {
            self.hosts.push((host, count));
        }
    }
}

/// Records by template number.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorCounts(Vec<ErrorTally>);

impl ErrorCounts {
    #[inline]
    pub(crate) fn add(&mut self, id: u32, record: &Record, place: u64, host: u32) {
        let tally = self.tally(id as usize);
        tally.count += 1;
        tally.latency_sum_ns += u128::from(record.latency.0);
        tally.first_place = tally.first_place.min(place);
        tally.add_host(host, 1);
        if let Some(at) = record.timestamp.known() {
            tally.first = Some(tally.first.map_or(at, |first| first.min(at)));
            tally.last = Some(tally.last.map_or(at, |last| last.max(at)));
            let end = record.end();
            tally.first_end = Some(tally.first_end.map_or(end, |first| first.min(end)));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (id, theirs) in other.0.iter().enumerate() {
            let tally = self.tally(id);
            tally.count += theirs.count;
            tally.latency_sum_ns += theirs.latency_sum_ns;
            tally.first_place = tally.first_place.min(theirs.first_place);
            tally.first = tally.first.into_iter().chain(theirs.first).min();
            tally.last = tally.last.max(theirs.last);
            tally.first_end = tally.first_end.into_iter().chain(theirs.first_end).min();
            for &(host, count) in &theirs.hosts {
                tally.add_host(host, count);
            }
        }
    }

    /// Records whose template was not kept.
    pub(crate) fn folded(&self) -> u64 {
        self.0.iter().skip(MAX_TEMPLATES).map(|tally| tally.count).sum()
    }

    /// The templates that have records, with their number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u64)> {
        (0..).zip(&self.0).map(|(id, tally)| (id, tally.count)).filter(|&(_, count)| count > 0)
    }

    /// The most frequent first, then by template, status and class. `host` gives a host's name.
    pub(crate) fn findings<'a>(
        &self,
        templates: &Templates,
        host: impl Fn(u32) -> &'a str,
    ) -> Vec<ErrorFinding> {
        let counted = (0..).zip(&self.0).filter(|(_, tally)| tally.count > 0);
        let mut findings: Vec<ErrorFinding> =
            counted.filter_map(|(id, tally)| templates.finding(id, tally, &host)).collect();
        findings.sort_by(|a, b| {
            let rest = |error: &ErrorFinding| (error.status, error.class);
            b.count
                .cmp(&a.count)
                .then_with(|| a.template.cmp(&b.template))
                .then_with(|| rest(a).cmp(&rest(b)))
        });
        findings
    }

    fn tally(&mut self, id: usize) -> &mut ErrorTally {
        if id >= self.0.len() {
            self.0.resize_with(id + 1, ErrorTally::default);
        }
        &mut self.0[id]
    }
}
