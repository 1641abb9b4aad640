//! A chain's schedule on the way: it may go on growing while it is kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_model::Nanos;

use crate::schedule::{Cursor, Due, Schedule, Share, Stage};

/// What all threads follow.
#[derive(Debug)]
pub(super) struct Course {
    schedule: Mutex<Arc<Schedule>>,
    /// Whether more may come.
    open: AtomicBool,
}

impl Course {
    pub(super) fn new(schedule: Schedule, open: bool) -> Self {
        Self { schedule: Mutex::new(Arc::new(schedule)), open: AtomicBool::new(open) }
    }

    pub(super) fn extend(&self, stage: Stage) {
        Arc::make_mut(&mut self.lock()).extend(stage);
    }

    pub(super) fn close(&self) {
        self.open.store(false, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Schedule>> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is due next on one thread.
#[derive(Debug)]
pub(super) struct Upcoming<'a> {
    course: &'a Course,
    /// As far as it is known here.
    schedule: Arc<Schedule>,
    cursor: Cursor,
    next: Option<Due>,
    /// Where requests are due whose targets did not come in time, when to look for the next again.
    awaited: Option<Nanos>,
    /// The highest rate so far, of all shares.
    pub(super) peak: f64,
    ended: bool,
}

impl<'a> Upcoming<'a> {
    pub(super) fn new(course: &'a Course, share: Share) -> Self {
        let schedule = Arc::clone(&course.lock());
        let cursor = schedule.cursor(share);
        let peak = schedule.profile().peak();
        Self { course, schedule, cursor, next: None, awaited: None, peak, ended: false }
    }

    /// The next request, if it is known when it is due.
    fn peek(&mut self) -> Option<Due> {
        if self.next.is_none() && !self.ended {
            self.next = self.cursor.next(&self.schedule).or_else(|| self.look());
        }
        self.next
    }

    /// When to see to the next request, and the request: once it is due, or when its target may have come.
    pub(super) fn look_at(&mut self, now: Nanos) -> Option<(Nanos, Due)> {
        let due = self.peek()?;
        if due.at > now {
            self.awaited = None;
        }
        Some((due.at.max(self.awaited.unwrap_or(Nanos::ZERO)), due))
    }

    /// The next request is due and has to wait until then.
    pub(super) fn wait_until(&mut self, at: Nanos) {
        self.awaited = Some(at);
    }

    /// Whether targets did not come in time, and what became due meanwhile is still being sent.
    pub(super) fn is_behind_targets(&self) -> bool {
        self.awaited.is_some()
    }

    /// Whether the course has gone on.
    fn look(&mut self) -> Option<Due> {
        // Before the schedule, which does not grow once this is false.
        let open = self.course.open.load(Ordering::Acquire);
        let schedule = Arc::clone(&self.course.lock());
        if !Arc::ptr_eq(&schedule, &self.schedule) {
            self.peak = schedule.profile().peak();
            self.schedule = schedule;
        }
        let next = self.cursor.next(&self.schedule);
        self.ended = !open && next.is_none();
        next
    }

    /// The next request has been taken up.
    pub(super) fn advance(&mut self) {
        self.next = None;
    }

    pub(super) fn end(&mut self) {
        self.next = None;
        self.ended = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}
