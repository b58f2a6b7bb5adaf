//! One direction of one HP port (its FIFO and its bursts in flight), and the arbiter in front of the controller's queue.

/// A burst that waits in front of the controller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Fabric cycle in which its port took it.
    pub(super) at: u64,
    /// DDR clock from which the controller port shows it.
    pub(super) arrival: u64,
    pub(super) address: u64,
    pub(super) tag: u32,
    pub(super) beats: u8,
}

/// A burst between its grant and the end of its answer on the port.
#[derive(Clone, Copy, Debug, Default)]
struct Flight {
    tag: u32,
    beats: u8,
    /// Parts that are to be done before it can be answered.
    runs_left: u32,
    /// First fabric cycle in which the answer may start, as far as known.
    ready: u64,
    /// Fabric cycle from which its place is free again, once its answer is decided.
    free: u64,
}

/// An answer with its place on the port's data bus.
pub(super) struct Answer {
    pub(super) tag: u32,
    pub(super) first_beat: u64,
    pub(super) last: u64,
}

/// Bursts in the order in which they came. A `VecDeque` copies what it is given in wide loads that the stores just before can not be forwarded to; a burst at
/// a time, that wait shows.
#[derive(Clone, Debug, Default)]
struct Fifo {
    bursts: Vec<Waiting>,
    /// The oldest; those before it are gone.
    front: usize,
}

impl Fifo {
    #[inline]
    fn front(&self) -> Option<&Waiting> {
        self.bursts.get(self.front)
    }

    #[inline]
    fn push(&mut self, burst: Waiting) {
        self.bursts.push(burst);
    }

    /// Drops the oldest; there must be one.
    #[inline]
    fn advance(&mut self) {
        self.front += 1;
        if self.front == self.bursts.len() {
            self.bursts.clear();
            self.front = 0;
        } else if 2 * self.front > self.bursts.len() + 64 {
            self.bursts.drain(..self.front);
            self.front = 0;
        }
    }
}

/// One direction of a port. Bursts in flight are numbered in the order of their grants.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    waiting: Fifo,
    /// Flight n is at n modulo the length, a power of two of at least `outstanding_max`.
    flights: Vec<Flight>,
    /// First burst that may have its place still when the next one is granted: the ones before it have to be gone by then.
    oldest: u64,
    /// First burst whose answer is not decided.
    undecided: u64,
    /// Number of the next burst to be granted.
    next: u64,
    /// Beats of the bursts from `oldest` on.
    flight_beats: u64,
    /// Fabric cycle from which the place of the burst before `oldest` is free.
    room_from: u64,
    outstanding_max: u64,
    fifo_beats: u64,
    /// First fabric cycle in which the answer bus is free.
    bus_free: u64,
    /// First fabric cycle in which the next request is legal.
    pub(super) next_request: u64,
}

impl Channel {
    pub(super) fn new(outstanding_max: u64, fifo_beats: u64) -> Channel {
        Channel {
            waiting: Fifo::default(),
            flights: vec![Flight::default(); outstanding_max.next_power_of_two() as usize],
            oldest: 0,
            undecided: 0,
            next: 0,
            flight_beats: 0,
            room_from: 0,
            outstanding_max,
            fifo_beats,
            bus_free: 0,
            next_request: 0,
        }
    }

    #[inline]
    fn flight(&mut self, number: u64) -> &mut Flight {
        let place = number as usize & (self.flights.len() - 1);
        &mut self.flights[place]
    }

    /// Appends a burst; whether it is the only one that waits.
    #[inline]
    pub(super) fn push(&mut self, waiting: Waiting) -> bool {
        let first = self.waiting.front().is_none();
        self.waiting.push(waiting);
        first
    }

    /// DDR clock from which the oldest waiting burst may be granted; `u64::MAX` when there is none or that is not known yet.
    #[inline(always)]
    pub(super) fn eligible(&mut self, ddr_at: impl Fn(u64) -> u64) -> u64 {
        let Some(&Waiting { at, arrival, beats, .. }) = self.waiting.front() else { return u64::MAX };
        // Places become free in order, so what this burst has to wait for the ones behind it have to wait for as well.
        while self.next - self.oldest >= self.outstanding_max || self.flight_beats + u64::from(beats) > self.fifo_beats {
            if self.oldest == self.undecided {
                return u64::MAX;
            }
            let &mut Flight { free, beats, .. } = self.flight(self.oldest);
            self.room_from = free;
            self.flight_beats -= u64::from(beats);
            self.oldest += 1;
        }
        // A place that is free when the port takes the burst is free at its arrival, without looking for its clock.
        if self.room_from <= at { arrival } else { arrival.max(ddr_at(self.room_from)) }
    }

    /// Takes the oldest waiting burst into flight, there must be one; returns its address, its beats, and its number in flight.
    #[inline]
    pub(super) fn grant(&mut self) -> (u64, u8, u64) {
        let &Waiting { address, tag, beats, .. } = self.waiting.front().expect("a burst waits");
        self.waiting.advance();
        let number = self.next;
        *self.flight(number) = Flight { tag, beats, runs_left: 1, ready: 0, free: 0 };
        self.next += 1;
        self.flight_beats += u64::from(beats);
        (address, beats, number)
    }

    /// Sets how many parts of a burst have to be done before it can be answered, where there are several.
    #[inline]
    pub(super) fn expect(&mut self, number: u64, runs: u32) {
        self.flight(number).runs_left = runs;
    }

    /// One part of a burst is done; its answer may start at fabric cycle `ready` at the earliest.
    #[inline]
    pub(super) fn done(&mut self, number: u64, ready: u64) {
        let flight = self.flight(number);
        flight.runs_left -= 1;
        flight.ready = flight.ready.max(ready);
    }

    /// The next answer in order, if it can be decided now. `streams`: one cycle for each beat (reads), else one for the burst.
    #[inline]
    pub(super) fn answer(&mut self, streams: bool) -> Option<Answer> {
        let (bus_free, number) = (self.bus_free, self.undecided);
        if number == self.next {
            return None;
        }
        let flight = self.flight(number);
        if flight.runs_left > 0 {
            return None;
        }
        let first_beat = flight.ready.max(bus_free);
        let last = if streams { first_beat + u64::from(flight.beats) - 1 } else { first_beat };
        flight.free = last + 1;
        let tag = flight.tag;
        self.bus_free = last + 1;
        self.undecided += 1;
        Some(Answer { tag, first_beat, last })
    }
}

/// Round-robin in two levels: between the controller ports, and between the two HP ports of each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arbiter {
    controller_port: usize,
    hp_port: [usize; 2],
}

impl Arbiter {
    /// Picks among the HP ports that ask (bit p: port p; one at least) and moves the pointers behind the winner.
    #[inline]
    pub(super) fn pick(&mut self, asks: usize) -> usize {
        let port = if asks.is_power_of_two() { asks.trailing_zeros() as usize } else { self.prefer(asks) };
        self.controller_port = 1 - port / 2;
        self.hp_port[port / 2] = 1 - port % 2;
        port
    }

    fn prefer(&self, asks: usize) -> usize {
        let first = self.controller_port;
        let controller_port = if asks >> (2 * first) & 3 != 0 { first } else { 1 - first };
        let of_port = asks >> (2 * controller_port) & 3;
        let pointer = self.hp_port[controller_port];
        let hp = if of_port >> pointer & 1 != 0 { pointer } else { 1 - pointer };
        2 * controller_port + hp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arbiter_starts_at_port_0_and_alternates_controller_ports() {
        let mut a = Arbiter::default();
        let picks: Vec<_> = (0..8).map(|_| a.pick(0b1111)).collect();
        assert_eq!(picks, [0, 2, 1, 3, 0, 2, 1, 3]);
    }

    #[test]
    fn arbiter_skips_ports_that_do_not_ask() {
        let mut a = Arbiter::default();
        assert_eq!(a.pick(0b1000), 3);
        assert_eq!(a.pick(0b1010), 1);
        assert_eq!(a.pick(0b0011), 0);
    }

    #[test]
    fn arbiter_moves_behind_a_port_that_asked_alone() {
        let mut a = Arbiter::default();
        assert_eq!(a.pick(0b0001), 0);
        assert_eq!(a.pick(0b0101), 2, "it is the turn of the other controller port");
        let mut a = Arbiter::default();
        assert_eq!(a.pick(0b0001), 0);
        assert_eq!(a.pick(0b0011), 1, "of controller port 0 it is the turn of the other");
    }

    #[test]
    fn a_burst_waits_for_space_in_the_fifo_and_not_a_clock_longer() {
        let (mut c, ddr_at) = (Channel::new(8, 32), |cycle| 10 * cycle);
        for tag in 0..3 {
            c.push(Waiting { at: 0, arrival: 5, address: 0, tag, beats: 16 });
        }
        for _ in 0..2 {
            assert_eq!(c.eligible(ddr_at), 5);
            c.grant();
        }
        assert_eq!(c.eligible(ddr_at), u64::MAX, "32 beats are taken and no answer is decided");
        c.done(0, 100);
        let answer = c.answer(true).unwrap();
        assert_eq!((answer.first_beat, answer.last), (100, 115));
        assert_eq!(c.eligible(ddr_at), 1160, "free from the cycle after the last beat");
    }

    #[test]
    fn a_place_that_is_free_after_the_request_but_before_its_arrival_costs_nothing() {
        for (at, arrival, eligible) in [(117, 1170, 1170), (116, 1160, 1160), (115, 1150, 1160), (115, 1165, 1165)] {
            let mut c = Channel::new(1, u64::MAX);
            for at in [0, at] {
                c.push(Waiting { at, arrival: if at == 0 { 0 } else { arrival }, address: 0, tag: 0, beats: 16 });
            }
            let (.., id) = c.grant();
            c.done(id, 100);
            c.answer(true).unwrap();
            assert_eq!(c.eligible(|cycle| 10 * cycle), eligible, "in cycle {at}, at {arrival}");
        }
    }
}
