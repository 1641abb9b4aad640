use std::sync::Arc;

use plimsoll_model::{Batch, InputId, Record, Secrets, Target, Timestamp};

use crate::cells::{CellPlace, Cells};
use crate::generators::Generators;
use crate::groups::Groups;
use crate::names::{Names, short_name};
use crate::recheck::Marks;
use crate::runs::RunStarts;
use crate::schedule::Samples;
use crate::slabs::Slabs;
use crate::streams::{Slot, Streams};
use crate::tally::Counted;
use crate::taxonomy::Class;
use crate::templates::Templates;
use crate::windows::{Outcome, Windows};
use crate::{InputFindings, Options, url};

/// The most hosts that are told apart.
const MAX_HOSTS: usize = 1_000;

/// What stands for a host beyond the limit, or for none.
const NO_HOST: u32 = u32::MAX;

/// The pass in which records are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    pub(crate) streams: Streams,
    pub(crate) duplicates: Duplicates,
    pub(crate) groups: Groups,
    pub(crate) cells: Cells,
    pub(crate) templates: Templates,
    pub(crate) samples: Samples,
    pub(crate) windows: Windows,
    pub(crate) generators: Generators,
    hosts: Names,
    secrets: Secrets,
    pub(crate) inputs: Vec<InputFindings>,
    /// Records of all inputs so far.
    read: u64,
    /// By target of the current batch.
    places: Vec<Option<Place>>,
    /// For the current batch's errors, the template's number with the status that it was last seen with.
    errors: Vec<Option<(u16, u32)>>,
}

/// How duplicates are told.
#[derive(Clone, Debug)]
pub(crate) enum Duplicates {
    /// Not at all.
    Kept,
    /// By fingerprint, as they come.
    Found(Box<Slabs>),
    /// By marks set in earlier passes.
    Marked(Marks),
}

/// Where the last record of a target was counted.
#[derive(Clone, Copy, Debug)]
struct Place {
    run: u32,
    group: u32,
    host: u32,
    cell: CellPlace,
}

impl Counting {
    pub(crate) fn new(
        options: &Options,
        inputs: usize,
        starts: Option<RunStarts>,
        duplicates: Duplicates,
    ) -> Self {
        Self {
            streams: Streams::new(options, starts),
            duplicates,
            groups: Groups::new(options),
            cells: Cells::default(),
            templates: Templates::new(Arc::clone(&options.taxonomy), options.secrets),
            samples: Samples::default(),
            windows: Windows::default(),
            generators: Generators::default(),
            hosts: Names::new(MAX_HOSTS),
            secrets: options.secrets,
            inputs: vec![InputFindings::default(); inputs],
            read: 0,
            places: Vec::new(),
            errors: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, batch: &Batch, names: &[String]) {
        let index = batch.input.0 as usize;
        if index >= self.inputs.len() {
            self.inputs.resize(index + 1, InputFindings::default());
        }
        let mut input = std::mem::take(&mut self.inputs[index]);
        let name = names.get(index).map_or("", String::as_str);
        for note in &batch.notes {
            self.generators.add(batch.input, note);
        }
        self.generators.sent(batch.input, batch.share, batch.records.len());
        self.streams.open(batch);
        self.places.clear();
        self.places.resize(batch.targets.len(), None);
        self.errors.clear();
        self.errors.resize(batch.errors.len(), None);
        // What a record's place in its input lacks to its place over all inputs, which come one after another.
        let before = self.read.wrapping_sub(input.read);
        let (mut first, mut last) = input.span.unwrap_or((Timestamp(i64::MAX), Timestamp::UNKNOWN));
        for (ordinal, record) in (input.read..).zip(&batch.records) {
            let is_timed = record.timestamp.is_known();
            if is_timed {
                first = first.min(record.timestamp);
                last = last.max(record.timestamp);
            }
            let Some(slot) = self.streams.slot(batch, record.target) else { continue };
            let Some(run) = self.streams.place(slot.stream, record) else {
                input.cut += 1;
                continue;
            };
            if is_timed
                && self.duplicates.is_repeat(&batch.as_written(record), slot, batch.input, ordinal)
            {
                input.duplicates += 1;
                continue;
            }
            input.counted += 1;
            input.without_timestamp += u64::from(!is_timed);
            let place = match self.places.get(record.target.0 as usize) {
                Some(&Some(place)) if place.run == run => place,
                _ => match self.find_place(batch, name, record, slot, run) {
                    Some(place) => place,
                    None => continue,
                },
            };
            let is_error = self.templates.is_error(batch, record);
            let counted = self.cells.add(place.cell, record, is_error);
            let outcome = match counted {
                Counted::Good => Outcome::Good,
                Counted::Slow => Outcome::Slow,
                Counted::Failure => {
                    let place_in_order = before.wrapping_add(ordinal);
                    Outcome::failure(self.add_error(batch, place, record, place_in_order))
                }
            };
            if !cfg!(feature = "bench-without-windows") {
                self.windows.add(place.cell.cell(), record, outcome);
            }
            self.samples.add(run, place.group, record);
        }
        input.read += batch.records.len() as u64;
        self.read += batch.records.len() as u64;
        input.span = last.known().map(|last| (first, last));
        self.inputs[index] = input;
    }

    #[cold]
    fn find_place(
        &mut self,
        batch: &Batch,
        input_name: &str,
        record: &Record,
        slot: Slot,
        run: u32,
    ) -> Option<Place> {
        let index = record.target.0 as usize;
        let (group, host) = if let Some(place) = self.places.get(index)? {
            (place.group, place.host)
        } else {
            let target = batch.targets.get(index)?;
            (self.groups.resolve(target, batch.input, input_name), self.host_of(target))
        };
        let cell = self.cells.place(run, group, slot.attack, host, &self.groups.acceptance(group));
        let place = Place { run, group, host, cell };
        self.places[index] = Some(place);
        Some(place)
    }

    /// The number of the host that the target names.
    fn host_of(&mut self, target: &Target) -> u32 {
        let url = self.secrets.in_url(&target.url);
        let host = url::parts(&url).map_or("", |parts| parts.host);
        if host.is_empty() {
            return NO_HOST;
        }
        self.hosts.intern(&short_name(&host.to_ascii_lowercase())).unwrap_or(NO_HOST)
    }

    /// The host's name, empty where it has none or there are too many.
    pub(crate) fn host(&self, host: u32) -> &str {
        self.hosts.text(host)
    }

    /// Counts a failure and says of which class it is.
    fn add_error(
        &mut self,
        batch: &Batch,
        place: Place,
        record: &Record,
        place_in_order: u64,
    ) -> Class {
        let template = self.templates.number(&mut self.errors, batch, record);
        self.cells.add_error(place.cell, template, record, place_in_order, place.host);
        self.templates.class(template)
    }
}

impl Duplicates {
    #[inline]
    pub(crate) fn is_repeat(
        &mut self,
        record: &Record,
        slot: Slot,
        input: InputId,
        ordinal: u64,
    ) -> bool {
        match self {
            Self::Kept => false,
            Self::Found(slabs) => slabs.is_repeat(record, slot.attack_hash),
            Self::Marked(marks) => marks.holds(input, ordinal),
        }
    }

    /// Records that may be duplicates without being known as such.
    pub(crate) fn unchecked(&self) -> u64 {
        match self {
            Self::Found(slabs) => slabs.unchecked(),
            Self::Kept | Self::Marked(_) => 0,
        }
    }
}
