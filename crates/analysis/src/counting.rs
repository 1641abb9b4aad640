use plimsoll_model::{Batch, InputId, Record, Timestamp};

use crate::cells::Cells;
use crate::groups::Groups;
use crate::recheck::Marks;
use crate::runs::RunStarts;
use crate::slabs::Slabs;
use crate::streams::{Slot, Streams};
use crate::templates::Templates;
use crate::{InputFindings, Options};

/// The pass in which records are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    pub(crate) streams: Streams,
    pub(crate) duplicates: Duplicates,
    pub(crate) groups: Groups,
    pub(crate) cells: Cells,
    pub(crate) templates: Templates,
    pub(crate) inputs: Vec<InputFindings>,
    /// By target of the current batch.
    places: Vec<Option<Place>>,
    /// The numbers of the current batch's error templates.
    errors: Vec<Option<u32>>,
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
    cell: usize,
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
            templates: Templates::default(),
            inputs: vec![InputFindings::default(); inputs],
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
        self.streams.open(batch);
        self.places.clear();
        self.places.resize(batch.targets.len(), None);
        self.errors.clear();
        self.errors.resize(batch.errors.len(), None);
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
            if is_timed && self.duplicates.is_repeat(record, slot, batch.input, ordinal) {
                input.duplicates += 1;
                continue;
            }
            input.counted += 1;
            input.without_timestamp += u64::from(!is_timed);
            let cell = match self.places.get(record.target.0 as usize) {
                Some(&Some(place)) if place.run == run => place.cell,
                _ => self.find_cell(batch, name, record, slot, run),
            };
            let success = self.cells.add(cell, run, record);
            if !success && record.error.is_some() {
                self.add_error(batch, cell, record);
            }
        }
        input.read += batch.records.len() as u64;
        input.span = last.known().map(|last| (first, last));
        self.inputs[index] = input;
    }

    #[cold]
    fn find_cell(
        &mut self,
        batch: &Batch,
        input_name: &str,
        record: &Record,
        slot: Slot,
        run: u32,
    ) -> usize {
        let index = record.target.0 as usize;
        let group = match (self.places.get(index), batch.targets.get(index)) {
            (Some(Some(place)), _) => place.group,
            (_, Some(target)) => self.groups.resolve(target, batch.input, input_name),
            (_, None) => return 0,
        };
        let cell = self.cells.place(run, group, slot.attack, &self.groups.acceptance(group));
        self.places[index] = Some(Place { run, group, cell });
        cell
    }

    fn add_error(&mut self, batch: &Batch, cell: usize, record: &Record) {
        let Some(index) = record.error.map(|error| error.0 as usize) else { return };
        let (Some(known), Some(error)) = (self.errors.get_mut(index), batch.errors.get(index))
        else {
            return;
        };
        let template = *known.get_or_insert_with(|| self.templates.intern(error));
        self.cells.add_error(cell, template, record);
    }
}

impl Duplicates {
    #[inline]
    fn is_repeat(&mut self, record: &Record, slot: Slot, input: InputId, ordinal: u64) -> bool {
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
