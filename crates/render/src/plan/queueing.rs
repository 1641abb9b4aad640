//! Why a fleet is not loaded fully: an explanation, by which nothing is sized.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::fleet::Pool;
use plimsoll_analysis::plan::queueing::{Queue, queue, staffing};
use plimsoll_model::Rate;

use super::parts::Part;
use super::words::{pool_name, work};
use crate::numbers::count;
use crate::verdict::Sentence;

/// Pools that are explained.
const MOST: usize = 4;

/// The share of requests that wait by which staffing is told.
const WAITING: f64 = 0.05;

pub(super) fn parts(plan: &Plan) -> Vec<Part<'_>> {
    let mut parts =
        vec![Part::Title("why not fewer: an explanation by queueing, which sizes nothing")];
    for (place, pool) in plan.chosen.pools.iter().enumerate().take(MOST) {
        parts.push(Part::Point(explained(plan, place, pool)));
    }
    parts
}

/// The queue if every instance served one request at a time, as fast as it sustains.
pub(super) fn at(pool: &Pool, instances: u64) -> Option<Queue> {
    queue(instances, Rate(pool.sizing.work), Rate(1.0))
}

fn explained(plan: &Plan, place: usize, pool: &Pool) -> Sentence {
    let sizing = &pool.sizing;
    let mut said = match pool_name(plan, place) {
        Some(name) => Sentence::default().foreign(name).own(": "),
        None => Sentence::default(),
    };
    let bare = plimsoll_analysis::plan::fleet::ceiling(sizing.work).unwrap_or(0).max(1);
    said = said.own(format!("the peak keeps {} instances busy. ", work(sizing.work)));
    let waiting = |instances: u64| {
        at(pool, instances).map_or_else(|| "all".to_owned(), |queue| share_of(queue.waiting))
    };
    said = said.own(format!(
        "If they shared one queue and requests came at random, of the requests {} would wait with {}, {} with the {} that survive and {} with all {}",
        waiting(bare),
        count(bare),
        waiting(sizing.survivors),
        count(sizing.survivors),
        waiting(sizing.instances),
        count(sizing.instances),
    ));
    match staffing(sizing.work, WAITING) {
        Some(staff) => said
            .own(format!("; the square-root rule has {} wait with {staff:.1}", share_of(WAITING))),
        None => said,
    }
}

fn share_of(ratio: f64) -> String {
    match ratio * 100.0 {
        percent if percent < 0.01 => "less than 0.01 %".to_owned(),
        percent if percent < 1.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.0} %"),
    }
}
