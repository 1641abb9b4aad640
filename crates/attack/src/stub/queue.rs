use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::num::NonZeroU32;

/// A first-come-first-served queue before a pool of workers, in nanoseconds of any clock.
///
/// With that discipline it is settled at arrival when a request's service begins and ends: nothing has to wake up in time
/// for the next one to begin.
#[derive(Debug)]
pub(super) struct Queue {
    workers: usize,
    bound: Option<usize>,
    /// When each busy worker is done with all that it has been given.
    free_at: BinaryHeap<Reverse<u64>>,
    /// When service begins of those that wait, in order.
    starts: VecDeque<u64>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is served until this moment.
    Until(u64),
    /// The queue was full.
    Full,
}

impl Queue {
    pub(super) fn new(workers: NonZeroU32, bound: Option<usize>) -> Self {
        let workers = usize::try_from(workers.get()).unwrap_or(usize::MAX);
        Self { workers, bound, free_at: BinaryHeap::new(), starts: VecDeque::new() }
    }

    /// Takes in a request at `now`, which never runs backwards. `service` gives its service time for the number in service
    /// when it begins, this one included.
    pub(super) fn arrive(&mut self, now: u64, service: impl FnOnce(u32) -> u64) -> Admission {
        while self.free_at.peek().is_some_and(|Reverse(at)| *at <= now) {
            self.free_at.pop();
        }
        let start = if self.free_at.len() < self.workers {
            now
        } else {
            if self.bound.is_some_and(|bound| self.waiting(now) >= bound) {
                return Admission::Full;
            }
            let Some(Reverse(at)) = self.free_at.pop() else { return Admission::Full };
            self.starts.push_back(at);
            at
        };
        // Whoever came before has begun by then: a worker that is not free serves somebody.
        let others = if start == now {
            self.free_at.len()
        } else {
            self.free_at.iter().filter(|Reverse(at)| *at > start).count()
        };
        let in_service = u32::try_from(others + 1).unwrap_or(u32::MAX);
        let until = start.saturating_add(service(in_service));
        self.free_at.push(Reverse(until));
        Admission::Until(until)
    }

    /// How many wait at `now`.
    fn waiting(&mut self, now: u64) -> usize {
        while self.starts.front().is_some_and(|start| *start <= now) {
            self.starts.pop_front();
        }
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(workers: u32, bound: Option<usize>) -> Queue {
        Queue::new(NonZeroU32::new(workers).unwrap(), bound)
    }

    #[test]
    fn requests_wait_in_order_for_the_first_free_worker() {
        let mut queue = queue(2, None);
        let until = |queue: &mut Queue, now, service| queue.arrive(now, |_| service);
        assert_eq!(until(&mut queue, 0, 10), Admission::Until(10));
        assert_eq!(until(&mut queue, 1, 3), Admission::Until(4));
        assert_eq!(until(&mut queue, 2, 5), Admission::Until(9));
        assert_eq!(until(&mut queue, 3, 5), Admission::Until(14));
        assert_eq!(until(&mut queue, 14, 5), Admission::Until(19));
    }

    #[test]
    fn the_bound_is_of_those_that_wait() {
        let mut queue = queue(1, Some(2));
        let full = |queue: &mut Queue, now| queue.arrive(now, |_| 10) == Admission::Full;
        assert!(!full(&mut queue, 0), "goes to the worker");
        assert!(!full(&mut queue, 0) && !full(&mut queue, 0), "two wait");
        assert!(full(&mut queue, 9));
        assert!(!full(&mut queue, 10), "the second is in service now");
        assert!(full(&mut queue, 10));
    }

    #[test]
    fn without_a_queue_a_busy_pool_refuses() {
        let mut queue = queue(2, Some(0));
        assert_eq!(queue.arrive(0, |_| 10), Admission::Until(10));
        assert_eq!(queue.arrive(0, |_| 10), Admission::Until(10));
        assert_eq!(queue.arrive(9, |_| 10), Admission::Full);
        assert_eq!(queue.arrive(10, |_| 10), Admission::Until(20));
    }

    #[test]
    fn service_knows_how_many_are_in_service_when_it_begins() {
        let mut queue = queue(3, None);
        let mut seen = Vec::new();
        for (now, service) in [(0, 10), (1, 20), (2, 30), (3, 40), (4, 1), (50, 1)] {
            queue.arrive(now, |in_service| {
                seen.push(in_service);
                service
            });
        }
        // The fourth begins at 10 beside two others, the fifth at 21, the last alone.
        assert_eq!(seen, [1, 2, 3, 3, 3, 1]);
    }
}
