use plimsoll_model::{Batch, InputId, Record, Timestamp};

use crate::cells::{CellPlace, Cells};
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
    /// Records of all inputs so far.
    read: u64,
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
            templates: Templates::default(),
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
            if is_timed && self.duplicates.is_repeat(record, slot, batch.input, ordinal) {
                input.duplicates += 1;
                continue;
            }
            input.counted += 1;
            input.without_timestamp += u64::from(!is_timed);
            let cell = match self.places.get(record.target.0 as usize) {
                Some(&Some(place)) if place.run == run => place.cell,
                _ => match self.find_cell(batch, name, record, slot, run) {
                    Some(cell) => cell,
                    None => continue,
                },
            };
            if !self.cells.add(cell, record) {
                self.add_error(batch, cell, record, before.wrapping_add(ordinal));
            }
        }
        input.read += batch.records.len() as u64;
        self.read += batch.records.len() as u64;
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
    ) -> Option<CellPlace> {
        let index = record.target.0 as usize;
        let group = match self.places.get(index)? {
            Some(place) => place.group,
            None => self.groups.resolve(batch.targets.get(index)?, batch.input, input_name),
        };
        let cell = self.cells.place(run, group, slot.attack, &self.groups.acceptance(group));
        self.places[index] = Some(Place { run, group, cell });
        Some(cell)
    }

    fn add_error(&mut self, batch: &Batch, cell: CellPlace, record: &Record, place: u64) {
        let index = record.error.map_or(usize::MAX, |error| error.0 as usize);
        let template = match (self.errors.get_mut(index), batch.errors.get(index)) {
            (Some(known), Some(error)) => {
                *known.get_or_insert_with(|| self.templates.intern(error))
            }
            _ => self.templates.intern_status(record.code),
        };
        self.cells.add_error(cell, template, record, place);
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
