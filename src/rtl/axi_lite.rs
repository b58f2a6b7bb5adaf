//! An AXI4-Lite master of the harness: five channels that stall on their own, and the protocol's rules as checks.

use crate::dataset::rng::Rng;
use crate::error::{Error, Result};
use std::collections::VecDeque;

/// What the master drives in one cycle.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drive {
    /// AW: address.
    pub write_address: Option<u32>,
    /// W: data and byte strobes.
    pub write_data: Option<(u32, u8)>,
    /// BREADY.
    pub b_ready: bool,
    /// AR: address.
    pub read_address: Option<u32>,
    /// RREADY.
    pub r_ready: bool,
}

/// What the slave drives in the same cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub aw_ready: bool,
    pub w_ready: bool,
    pub ar_ready: bool,
    /// BRESP, while BVALID.
    pub b: Option<u8>,
    /// RDATA and RRESP, while RVALID.
    pub r: Option<(u32, u8)>,
}

/// One channel towards the slave: transfers in order, each held until it is taken.
#[derive(Default)]
struct Source<T> {
    queue: VecDeque<T>,
    stall: usize,
    valid: bool,
    taken: usize,
}

impl<T: Copy> Source<T> {
    fn drive(&mut self) -> Option<T> {
        if !self.valid && !self.queue.is_empty() {
            self.valid = self.stall == 0;
            self.stall = self.stall.saturating_sub(1);
        }
        self.valid.then(|| self.queue[0])
    }
    fn sample(&mut self, ready: bool, stall: usize) {
        if self.valid && ready {
            self.queue.pop_front();
            self.taken += 1;
            (self.valid, self.stall) = (false, stall);
        }
    }
}

/// The master. Transfers are posted and drained; channels stall by random numbers of cycles below `skew`.
pub(super) struct AxiLite {
    rng: Rng,
    skew: usize,
    write_addresses: Source<u32>,
    write_data: Source<(u32, u8)>,
    read_addresses: Source<u32>,
    writes_open: usize,
    reads_open: usize,
    /// Responses taken: writes, reads.
    answered: (usize, usize),
    driven: Drive,
    driven_before: Drive,
    last: Answer,
    /// Cycle in which BVALID rose, by write.
    pub b_cycles: Vec<u64>,
    /// What the reads gave.
    pub values: Vec<u32>,
}

impl AxiLite {
    /// At rest. A skew of 0 never stalls.
    pub fn new(seed: u64, skew: usize) -> AxiLite {
        AxiLite {
            rng: Rng::new(seed),
            skew,
            write_addresses: Source::default(),
            write_data: Source::default(),
            read_addresses: Source::default(),
            writes_open: 0,
            reads_open: 0,
            answered: (0, 0),
            driven: Drive::default(),
            driven_before: Drive::default(),
            last: Answer::default(),
            b_cycles: Vec::new(),
            values: Vec::new(),
        }
    }
    pub fn post_write(&mut self, address: u32, data: u32, strobes: u8) {
        self.write_addresses.queue.push_back(address);
        self.write_data.queue.push_back((data, strobes));
        self.writes_open += 1;
        (self.write_addresses.stall, self.write_data.stall) = (self.stall(), self.stall());
    }
    pub fn post_read(&mut self, address: u32) {
        self.read_addresses.queue.push_back(address);
        self.reads_open += 1;
        self.read_addresses.stall = self.stall();
    }
    /// Whether every transfer is answered.
    pub fn is_idle(&self) -> bool {
        self.writes_open + self.reads_open == 0
    }
    fn stall(&mut self) -> usize {
        if self.skew == 0 { 0 } else { self.rng.below(self.skew) }
    }

    /// The master's side of the next cycle.
    pub fn drive(&mut self) -> Drive {
        let ready = [(); 2].map(|()| self.stall() == 0);
        self.driven_before = self.driven;
        self.driven = Drive {
            write_address: self.write_addresses.drive(),
            write_data: self.write_data.drive(),
            b_ready: ready[0],
            read_address: self.read_addresses.drive(),
            r_ready: ready[1],
        };
        self.driven
    }

    /// The slave's side of the same cycle.
    ///
    /// # Errors
    /// A fault when an answer is not OKAY, answers nothing, or changes before it is taken.
    pub fn sample(&mut self, cycle: u64, answer: Answer) -> Result<()> {
        let broken = |what: &str| Err(Error::fault(format!("cycle {cycle}: AXI4-Lite: {what}")));
        let (last, driven, before) = (self.last, self.driven, self.driven_before);
        if (last.b.is_some() && !before.b_ready && answer.b != last.b) || (last.r.is_some() && !before.r_ready && answer.r != last.r) {
            return broken("a response changed before it was taken");
        }
        if answer.b.is_some_and(|b| b != 0) || answer.r.is_some_and(|(_, r)| r != 0) {
            return broken("a response is not OKAY");
        }
        let writes_taken = self.write_addresses.taken.min(self.write_data.taken);
        if (answer.b.is_some() && writes_taken == self.answered.0) || (answer.r.is_some() && self.read_addresses.taken == self.answered.1) {
            return broken("a response to nothing");
        }
        if answer.b.is_some() && (last.b.is_none() || before.b_ready) {
            self.b_cycles.push(cycle);
        }
        let stalls = [(); 3].map(|()| self.stall());
        self.write_addresses.sample(answer.aw_ready, stalls[0]);
        self.write_data.sample(answer.w_ready, stalls[1]);
        self.read_addresses.sample(answer.ar_ready, stalls[2]);
        if answer.b.is_some() && driven.b_ready {
            self.answered.0 += 1;
            self.writes_open -= 1;
        }
        if let (Some((data, _)), true) = (answer.r, driven.r_ready) {
            self.values.push(data);
            self.answered.1 += 1;
            self.reads_open -= 1;
        }
        self.last = answer;
        Ok(())
    }
}
