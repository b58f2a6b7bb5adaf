//! Time and order only: the event queue knows no tensor and no board.
//!
//! Events of one cycle come in two phases. In [`Phase::Update`] registers written in the cycle before become visible; in
//! [`Phase::Decide`] units act on what they see, and whatever they change is seen in a later cycle. The order of events inside
//! a phase is first in, first out, and nothing depends on it (contract, section 2).

use crate::units::Cycle;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The two halves of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Register updates become visible.
    Update,
    /// Units decide on what is visible.
    Decide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    cycle: Cycle,
    phase: Phase,
    sequence: u64,
}

struct Entry<E> {
    key: Key,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// Events in order of (cycle, phase, sequence); ties are first in, first out.
pub struct EventQueue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    sequence: u64,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        EventQueue { heap: BinaryHeap::new(), sequence: 0 }
    }
}

impl<E> EventQueue<E> {
    /// Adds an event.
    pub fn push(&mut self, cycle: Cycle, phase: Phase, event: E) {
        let key = Key { cycle, phase, sequence: self.sequence };
        self.sequence += 1;
        self.heap.push(Reverse(Entry { key, event }));
    }
    /// The cycle of the next event.
    pub fn next_cycle(&self) -> Option<Cycle> {
        self.heap.peek().map(|Reverse(e)| e.key.cycle)
    }
    /// The next event.
    pub fn pop(&mut self) -> Option<(Cycle, Phase, E)> {
        self.heap.pop().map(|Reverse(e)| (e.key.cycle, e.key.phase, e.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_come_before_decisions_and_ties_are_first_in_first_out() {
        let mut q = EventQueue::default();
        q.push(Cycle(2), Phase::Decide, 'c');
        q.push(Cycle(2), Phase::Update, 'a');
        q.push(Cycle(2), Phase::Update, 'b');
        q.push(Cycle(1), Phase::Decide, '0');
        q.push(Cycle(2), Phase::Decide, 'd');
        let order: String = std::iter::from_fn(|| q.pop().map(|(_, _, e)| e)).collect();
        assert_eq!(order, "0abcd");
    }
}
