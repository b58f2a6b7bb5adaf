//! One direction of one HP port (its FIFO and its bursts in flight), and the arbiter in front of the controller's queue.

use std::collections::VecDeque;

/// A burst that waits in front of the controller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// DDR clock from which the controller port shows it.
    pub(super) arrival: u64,
    pub(super) address: u64,
    pub(super) tag: u32,
    pub(super) beats: u8,
}

/// A burst between its grant and the end of its answer on the port.
#[derive(Clone, Copy, Debug)]
struct Flight {
    tag: u32,
    beats: u8,
    /// Runs still in the queue.
    runs_left: u32,
    /// First fabric cycle in which the answer may start, as far as known.
    ready: u64,
    /// DDR clock from which its place is free again; `u64::MAX` until its answer is decided.
    free: u64,
}

/// An answer with its place on the port's data bus.
pub(super) struct Answer {
    pub(super) tag: u32,
    pub(super) first_beat: u64,
    pub(super) last: u64,
}

/// One direction of a port.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    waiting: VecDeque<Waiting>,
    flights: VecDeque<Flight>,
    /// Identity of the flight at the front.
    front: u64,
    /// Flights at the front whose answer is decided.
    decided: usize,
    flight_beats: u64,
    outstanding_max: usize,
    fifo_beats: u64,
    /// First fabric cycle in which the answer bus is free.
    bus_free: u64,
    /// First fabric cycle in which the next request is legal.
    pub(super) next_request: u64,
}

impl Channel {
    pub(super) fn new(outstanding_max: u64, fifo_beats: u64) -> Channel {
        Channel {
            waiting: VecDeque::with_capacity(64),
            flights: VecDeque::with_capacity(outstanding_max as usize + 1),
            front: 0,
            decided: 0,
            flight_beats: 0,
            outstanding_max: outstanding_max as usize,
            fifo_beats,
            bus_free: 0,
            next_request: 0,
        }
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// DDR clock from which the oldest waiting burst may be granted; `u64::MAX` when there is none or that is not known yet.
    pub(super) fn eligible(&self) -> u64 {
        let Some(head) = self.waiting.front() else { return u64::MAX };
        let mut at = head.arrival;
        let (mut count, mut beats) = (self.flights.len(), self.flight_beats + u64::from(head.beats));
        for flight in &self.flights {
            if count < self.outstanding_max && beats <= self.fifo_beats {
                break;
            }
            at = at.max(flight.free);
            count -= 1;
            beats -= u64::from(flight.beats);
        }
        at
    }

    /// Takes the oldest waiting burst into flight at DDR clock `now`; returns it with its identity.
    pub(super) fn grant(&mut self, now: u64) -> (Waiting, u64) {
        while self.flights.front().is_some_and(|f| f.free <= now) {
            let freed = self.flights.pop_front().expect("checked");
            self.flight_beats -= u64::from(freed.beats);
            self.front += 1;
            self.decided -= 1;
        }
        let burst = self.waiting.pop_front().expect("only an eligible channel is granted");
        let identity = self.front + self.flights.len() as u64;
        self.flights.push_back(Flight { tag: burst.tag, beats: burst.beats, runs_left: u32::MAX, ready: 0, free: u64::MAX });
        self.flight_beats += u64::from(burst.beats);
        (burst, identity)
    }

    /// Sets how many parts of a burst have to be done before it can be answered.
    pub(super) fn expect(&mut self, identity: u64, runs: u32) {
        self.flights[(identity - self.front) as usize].runs_left = runs;
    }

    /// One part of a burst is done; its answer may start at fabric cycle `ready` at the earliest.
    pub(super) fn done(&mut self, identity: u64, ready: u64) {
        let flight = &mut self.flights[(identity - self.front) as usize];
        flight.runs_left -= 1;
        flight.ready = flight.ready.max(ready);
    }

    /// The next answer in order, if it can be decided now. `streams`: one cycle for each beat (reads), else one for the burst.
    pub(super) fn answer(&mut self, streams: bool, ddr_at: impl Fn(u64) -> u64) -> Option<Answer> {
        let flight = self.flights.get_mut(self.decided).filter(|f| f.runs_left == 0)?;
        let first_beat = flight.ready.max(self.bus_free);
        let last = if streams { first_beat + u64::from(flight.beats) - 1 } else { first_beat };
        self.bus_free = last + 1;
        flight.free = ddr_at(last + 1);
        self.decided += 1;
        Some(Answer { tag: flight.tag, first_beat, last })
    }
}

/// Round-robin in two levels: between the controller ports, and between the two HP ports of each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arbiter {
    controller_port: usize,
    hp_port: [usize; 2],
}

impl Arbiter {
    /// Picks among the HP ports that ask and moves the pointers behind the winner.
    pub(super) fn pick(&mut self, asks: [bool; 4]) -> Option<usize> {
        let controller_port = [self.controller_port, 1 - self.controller_port].into_iter().find(|c| asks[2 * c] || asks[2 * c + 1])?;
        let pointer = self.hp_port[controller_port];
        let hp = if asks[2 * controller_port + pointer] { pointer } else { 1 - pointer };
        self.controller_port = 1 - controller_port;
        self.hp_port[controller_port] = 1 - hp;
        Some(2 * controller_port + hp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arbiter_starts_at_port_0_and_alternates_controller_ports() {
        let mut a = Arbiter::default();
        let picks: Vec<_> = (0..8).map(|_| a.pick([true; 4]).unwrap()).collect();
        assert_eq!(picks, [0, 2, 1, 3, 0, 2, 1, 3]);
    }

    #[test]
    fn arbiter_skips_ports_that_do_not_ask() {
        let mut a = Arbiter::default();
        assert_eq!(a.pick([false, false, false, true]), Some(3));
        assert_eq!(a.pick([false, true, false, true]), Some(1));
        assert_eq!(a.pick([true, true, false, false]), Some(0));
        assert_eq!(a.pick([false; 4]), None);
    }

    #[test]
    fn a_burst_waits_for_space_in_the_fifo_and_not_a_clock_longer() {
        let mut c = Channel::new(8, 32);
        for tag in 0..3 {
            c.push(Waiting { arrival: 5, address: 0, tag, beats: 16 });
        }
        for _ in 0..2 {
            assert_eq!(c.eligible(), 5);
            let (_, id) = c.grant(5);
            c.expect(id, 1);
        }
        assert_eq!(c.eligible(), u64::MAX, "32 beats are taken and no answer is decided");
        c.done(0, 100);
        let answer = c.answer(true, |cycle| 10 * cycle).unwrap();
        assert_eq!((answer.first_beat, answer.last), (100, 115));
        assert_eq!(c.eligible(), 1160, "free from the cycle after the last beat");
    }
}
