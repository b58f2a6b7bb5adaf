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

/// Cycles from the last event taken for which events are kept by cycle; later ones wait in a heap.
const NEAR: u64 = 64;

/// Events of one cycle and phase in the order in which they came.
struct List<E> {
    events: Vec<E>,
    taken: usize,
}

impl<E> Default for List<E> {
    fn default() -> Self {
        List { events: Vec::new(), taken: 0 }
    }
}

impl<E: Copy> List<E> {
    #[inline]
    fn pop(&mut self) -> Option<E> {
        let event = *self.events.get(self.taken)?;
        self.taken += 1;
        Some(event)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.taken == self.events.len()
    }

    #[inline]
    fn clear(&mut self) {
        self.events.clear();
        self.taken = 0;
    }
}

/// Events in order of (cycle, phase, sequence); ties are first in, first out.
///
/// Most events are for the next few cycles, so those have a list for each cycle and phase (a calendar queue: R. Brown, CACM 31(10), 1988).
pub struct EventQueue<E> {
    /// Cycle of the last event taken.
    now: Cycle,
    /// Events of cycles `now` to `now + NEAR - 1`, at the cycle modulo `NEAR`, by phase.
    near: Vec<[List<E>; 2]>,
    /// Which of them there are, as bits.
    occupied: u64,
    /// Events after those.
    far: BinaryHeap<Reverse<Entry<E>>>,
    sequence: u64,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        let near = std::iter::repeat_with(Default::default).take(NEAR as usize).collect();
        EventQueue { now: Cycle(0), near, occupied: 0, far: BinaryHeap::new(), sequence: 0 }
    }
}

impl<E: Copy> EventQueue<E> {
    /// Adds an event, not before the last one taken.
    #[inline]
    pub fn push(&mut self, cycle: Cycle, phase: Phase, event: E) {
        debug_assert!(cycle >= self.now, "{cycle} is over");
        if cycle.0 - self.now.0 < NEAR {
            self.keep(cycle, phase, event);
        } else {
            let key = Key { cycle, phase, sequence: self.sequence };
            self.sequence += 1;
            self.far.push(Reverse(Entry { key, event }));
        }
    }

    #[inline]
    fn keep(&mut self, cycle: Cycle, phase: Phase, event: E) {
        let slot = cycle.0 % NEAR;
        self.near[slot as usize][phase as usize].events.push(event);
        self.occupied |= 1 << slot;
    }

    /// The cycle of the next event.
    #[inline]
    pub fn next_cycle(&self) -> Option<Cycle> {
        if self.occupied == 0 {
            return self.far.peek().map(|Reverse(e)| e.key.cycle);
        }
        let ahead = self.occupied.rotate_right((self.now.0 % NEAR) as u32).trailing_zeros();
        Some(Cycle(self.now.0 + u64::from(ahead)))
    }

    /// The next event, with its cycle.
    pub fn pop(&mut self) -> Option<(Cycle, Phase, E)> {
        let cycle = self.next_cycle()?;
        self.pop_of(cycle).map(|(phase, event)| (cycle, phase, event))
    }

    /// The next event of a cycle before which there is none (that of [`EventQueue::next_cycle`]); `None` when it has no more.
    #[inline]
    pub fn pop_of(&mut self, cycle: Cycle) -> Option<(Phase, E)> {
        if cycle != self.now {
            self.go_to(cycle);
        }
        let slot = cycle.0 % NEAR;
        let [updates, decisions] = &mut self.near[slot as usize];
        let next = match updates.pop() {
            Some(event) => (Phase::Update, event),
            None => (Phase::Decide, decisions.pop()?),
        };
        if updates.is_empty() && decisions.is_empty() {
            updates.clear();
            decisions.clear();
            self.occupied &= !(1 << slot);
        }
        Some(next)
    }

    /// What comes near now was pushed before anything that can still be pushed for its cycle: first in, first out.
    fn go_to(&mut self, cycle: Cycle) {
        self.now = cycle;
        while self.far.peek().is_some_and(|Reverse(e)| e.key.cycle.0 - cycle.0 < NEAR) {
            let Some(Reverse(Entry { key, event })) = self.far.pop() else { break };
            self.keep(key.cycle, key.phase, event);
        }
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
    #[test]
    fn events_far_ahead_come_in_the_same_order() {
        // Against a sorted list: pushes at, near and far from the present, between pops.
        let mut rng = crate::dataset::rng::Rng::new(1);
        let (mut queue, mut sorted) = (EventQueue::default(), std::collections::BTreeMap::new());
        let (mut now, mut popped) = (0, 0);
        for k in 0..20_000u64 {
            for _ in 0..rng.below(3) {
                let cycle = now + [0, 1, 1, 63, 64, 65, 200, 5000][rng.below(8)] * rng.below(3) as u64;
                let phase = [Phase::Update, Phase::Decide][rng.below(2)];
                let sequence = sorted.len() + popped;
                queue.push(Cycle(cycle), phase, sequence);
                assert!(sorted.insert((Cycle(cycle), phase, sequence), k).is_none());
            }
            let expected = sorted.pop_first().map(|(key, _)| key);
            assert_eq!(queue.pop(), expected);
            popped += usize::from(expected.is_some());
            now = expected.map_or(now, |(cycle, ..)| cycle.0);
            assert_eq!(queue.next_cycle(), sorted.first_key_value().map(|((cycle, ..), _)| *cycle));
        }
        assert!(popped > 10_000 && now > 100_000, "{popped} {now}");
    }
}
