//! The controller's queue of one direction: runs of DDR bursts in one row, oldest first.

/// A part of an AXI burst within one row of one bank: its DDR bursts are issued back to back, tCCD apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Order of entry over both queues.
    pub(super) sequence: u64,
    /// DDR clock of entry.
    pub(super) entered: u64,
    /// Identity of the AXI burst on its port.
    pub(super) burst: u64,
    pub(super) row: u32,
    /// First column in DDR bursts.
    pub(super) column: u32,
    /// Number of DDR bursts.
    pub(super) count: u32,
    pub(super) bank: u8,
    pub(super) port: u8,
    /// Older overlapping runs in the other queue, which have to go first.
    pub(super) hazards: u16,
    /// A row was activated for it.
    pub(super) activated: bool,
    /// Another row was closed for it.
    pub(super) precharged: bool,
}

impl Run {
    /// One that enters at `clock` for a burst (its port, its number there): `count` DDR bursts at a place (bank, row, column in DDR bursts).
    #[inline]
    pub(super) fn new(sequence: u64, clock: u64, (port, burst): (u8, u64), (bank, row, column): (u8, u32, u32), count: u32) -> Run {
        Run { sequence, entered: clock, burst, row, column, count, bank, port, hazards: 0, activated: false, precharged: false }
    }

    fn overlaps(&self, other: &Run) -> bool {
        self.bank == other.bank
            && self.row == other.row
            && self.column < other.column + other.count
            && other.column < self.column + self.count
    }
}

/// Bounded queue.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) runs: Vec<Run>,
    capacity: u64,
    occupied: u64,
    hazards: u32,
}

impl Queue {
    /// An empty queue for `capacity` DDR bursts.
    pub(super) fn new(capacity: u64) -> Queue {
        Queue { runs: Vec::with_capacity(capacity as usize), capacity, occupied: 0, hazards: 0 }
    }

    /// DDR bursts that wait.
    #[inline]
    pub(super) fn occupied(&self) -> u64 {
        self.occupied
    }

    /// DDR bursts by which the queue misses room for `count` more (0 or less: there is room).
    #[inline]
    pub(super) fn shortage(&self, count: u64) -> i64 {
        (self.occupied + count) as i64 - self.capacity as i64
    }

    /// Appends a run that has to wait for the runs of `other` that it overlaps.
    #[inline(always)]
    pub(super) fn push(&mut self, mut run: Run, other: &Queue) {
        run.hazards = other.runs.iter().filter(|r| r.overlaps(&run)).count() as u16;
        self.hazards += u32::from(run.hazards);
        self.occupied += u64::from(run.count);
        self.runs.push(run);
    }

    /// Takes a run out to be issued; the order of the others stays.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) -> Run {
        let run = self.runs.remove(index);
        self.occupied -= u64::from(run.count);
        run
    }

    /// Frees the runs here that had to wait for `issued` of the other queue.
    #[inline]
    pub(super) fn release(&mut self, issued: &Run) {
        if self.hazards == 0 {
            return;
        }
        for run in self.runs.iter_mut().filter(|r| r.sequence > issued.sequence && r.overlaps(issued)) {
            run.hazards -= 1;
            self.hazards -= 1;
        }
    }
}
