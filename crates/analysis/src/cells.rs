use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::Record;

use crate::runs::OVERFLOW;
use crate::spans::Starts;
use crate::tally::{Acceptance, Counted, Tally};

/// The most cells that are kept apart by run: a cell may hold two histograms of some 100 kB.
pub(crate) const MAX_RUN_CELLS: usize = 128;

/// The most parts of runs in shared cells that are kept apart: some 80 bytes each.
pub(crate) const MAX_PARTS: usize = 65_536;

/// The most attack names that are told per cell.
const MAX_ATTACKS: usize = 100;

/// The most hosts that are told per cell.
const MAX_HOSTS: usize = 100;

/// The records of one group in one run, or of one group in all runs that have no cell of their own: everything that is
/// told is an exact merge of cells.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Its place among the cells.
    pub(crate) number: usize,
    /// The run, or [`OVERFLOW`] for the records of all runs for which there was no room.
    pub(crate) run: u32,
    pub(crate) group: u32,
    pub(crate) attacks: Vec<u32>,
    pub(crate) hosts: Vec<u32>,
    pub(crate) tally: Tally,
    acceptance: Acceptance,
}

/// The records of one group in one run: what rates are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// The run, or [`OVERFLOW`] for the records of all runs for which there was no room.
    pub(crate) run: u32,
    pub(crate) group: u32,
    pub(crate) requests: u64,
    pub(crate) successes: u64,
    pub(crate) starts: Starts,
    /// Whether a cell holds these records and no others.
    pub(crate) has_cell: bool,
}

/// Where the records of a run and group are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellPlace {
    cell: usize,
    /// The place in `parts`, or beyond it where the cell is the run's own.
    part: usize,
}

impl CellPlace {
    pub(crate) fn cell(self) -> usize {
        self.cell
    }
}

/// All cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    all: Vec<Cell>,
    index: HashMap<(u32, u32), usize, FixedState>,
    of_runs: usize,
    /// The runs' parts in shared cells.
    parts: Vec<Part>,
    parts_index: HashMap<(u32, u32), usize, FixedState>,
}

impl Cells {
    /// The place for a run's and group's records of the attack, sent to the host.
    pub(crate) fn place(
        &mut self,
        run: u32,
        group: u32,
        attack: u32,
        host: u32,
        acceptance: &Acceptance,
    ) -> CellPlace {
        let mut key = (run, group);
        if !self.index.contains_key(&key) && self.of_runs >= MAX_RUN_CELLS {
            key.0 = OVERFLOW;
        }
        let next = self.all.len();
        let cell = *self.index.entry(key).or_insert(next);
        let is_shared = key.0 == OVERFLOW;
        if cell == next {
            self.of_runs += usize::from(!is_shared);
            self.all.push(Cell {
                number: cell,
                run: key.0,
                group,
                attacks: Vec::new(),
                hosts: Vec::new(),
                tally: Tally::default(),
                acceptance: acceptance.clone(),
            });
        }
        let attacks = &mut self.all[cell].attacks;
        if attacks.len() < MAX_ATTACKS && !attacks.contains(&attack) {
            attacks.push(attack);
        }
        let hosts = &mut self.all[cell].hosts;
        if hosts.len() < MAX_HOSTS && !hosts.contains(&host) {
            hosts.push(host);
        }
        CellPlace { cell, part: if is_shared { self.part(run, group) } else { usize::MAX } }
    }

    fn part(&mut self, run: u32, group: u32) -> usize {
        let mut key = (run, group);
        if !self.parts_index.contains_key(&key) && self.parts.len() >= MAX_PARTS {
            key.0 = OVERFLOW;
        }
        let next = self.parts.len();
        let place = *self.parts_index.entry(key).or_insert(next);
        if place == next {
            self.parts.push(Part {
                run: key.0,
                group,
                requests: 0,
                successes: 0,
                starts: Starts::default(),
                has_cell: false,
            });
        }
        place
    }

    /// Counts the record, in whose error there is a failure or not; says what as.
    #[inline]
    pub(crate) fn add(&mut self, place: CellPlace, record: &Record, is_error: bool) -> Counted {
        let cell = &mut self.all[place.cell];
        let counted = cell.tally.add(record, is_error, &cell.acceptance);
        if let Some(part) = self.parts.get_mut(place.part) {
            part.requests += 1;
            part.successes += u64::from(counted != Counted::Failure);
            part.starts.add(record);
        }
        counted
    }

    /// Counts the error of a record that was counted as a failure; `place_in_order` is the record's over all inputs.
    #[inline]
    pub(crate) fn add_error(
        &mut self,
        place: CellPlace,
        template: u32,
        record: &Record,
        place_in_order: u64,
        host: u32,
    ) {
        self.all[place.cell].tally.errors.add(template, record, place_in_order, host);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.all.iter()
    }

    /// The parts of all runs, those too that have cells of their own.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part> {
        let own = self.all.iter().filter(|cell| cell.run != OVERFLOW).map(|cell| Part {
            run: cell.run,
            group: cell.group,
            requests: cell.tally.requests(),
            successes: cell.tally.successes(),
            starts: cell.tally.starts,
            has_cell: true,
        });
        own.chain(self.parts.iter().copied()).filter(|part| part.requests > 0)
    }

    /// Whether there were too many parts to keep them apart.
    pub(crate) fn has_lost_parts(&self) -> bool {
        self.parts.len() >= MAX_PARTS && self.parts.iter().any(|part| part.run == OVERFLOW)
    }
}
