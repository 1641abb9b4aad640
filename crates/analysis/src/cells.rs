use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::Record;

use crate::runs;
use crate::spans::{SpanList, Starts};
use crate::tally::{Acceptance, Tally};

/// The most cells that are kept apart by run: a cell may hold two histograms of some 200 kB.
const MAX_RUN_CELLS: usize = 128;

/// The most attack names that are told per cell.
const MAX_ATTACKS: usize = 100;

/// The records of one group in one run: everything that is told is an exact merge of cells.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// The run, or [`runs::OVERFLOW`] for the records of all runs for which there was no room.
    pub(crate) run: u32,
    pub(crate) group: u32,
    pub(crate) attacks: Vec<u32>,
    pub(crate) tally: Tally,
    /// Where the cell is no single run's: when its records started.
    pub(crate) spans: Option<SpanList>,
    acceptance: Acceptance,
}

/// The records of a run that are in no cell of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Folded {
    pub(crate) requests: u64,
    pub(crate) successes: u64,
    pub(crate) starts: Starts,
}

/// All cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    all: Vec<Cell>,
    index: HashMap<(u32, u32), usize, FixedState>,
    of_runs: usize,
    folded: HashMap<u32, Folded, FixedState>,
}

impl Cells {
    /// The place of the cell for a run's and group's records of the attack.
    pub(crate) fn place(
        &mut self,
        run: u32,
        group: u32,
        attack: u32,
        acceptance: &Acceptance,
    ) -> usize {
        let mut key = (run, group);
        if !self.index.contains_key(&key) && self.of_runs >= MAX_RUN_CELLS {
            key.0 = runs::OVERFLOW;
        }
        let next = self.all.len();
        let place = *self.index.entry(key).or_insert(next);
        if place == next {
            let shared = key.0 == runs::OVERFLOW;
            self.of_runs += usize::from(!shared);
            self.all.push(Cell {
                run: key.0,
                group,
                attacks: Vec::new(),
                tally: Tally::default(),
                spans: shared.then(SpanList::default),
                acceptance: acceptance.clone(),
            });
        }
        let attacks = &mut self.all[place].attacks;
        if attacks.len() < MAX_ATTACKS && !attacks.contains(&attack) {
            attacks.push(attack);
        }
        place
    }

    /// Counts the record of `run`; says whether it was a success.
    #[inline]
    pub(crate) fn add(&mut self, place: usize, run: u32, record: &Record) -> bool {
        let cell = &mut self.all[place];
        let success = cell.tally.add(record, &cell.acceptance);
        if let Some(spans) = &mut cell.spans {
            spans.add(record);
            let folded = self.folded.entry(run).or_default();
            folded.requests += 1;
            folded.successes += u64::from(success);
            folded.starts.add(record);
        }
        success
    }

    #[inline]
    pub(crate) fn add_error(&mut self, place: usize, template: u32, record: &Record) {
        self.all[place].tally.errors.add(template, record);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.all.iter()
    }

    /// The runs whose records are not all in cells of their own.
    pub(crate) fn folded(&self) -> impl Iterator<Item = (u32, Folded)> {
        self.folded.iter().map(|(&run, &folded)| (run, folded))
    }
}
