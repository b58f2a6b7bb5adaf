//! The dynamic proof that the program's tokens order what must be ordered (invariant 2): operands are leased when a job
//! issues, and what it reads must be what the program order says.

use crate::plan::Draft;
use crate::plan::access::Access;

/// Who wrote what last, as far as jobs are done.
#[derive(Clone, Debug, Default)]
struct Versions {
    /// Of each memory, by id: disjoint ranges (lo, hi, job), sorted.
    memories: Vec<Vec<(u32, u32, u32)>>,
    /// Of each region, of each block: number of finished writes of each row.
    rows: Vec<Vec<Vec<u32>>>,
}

/// The element at `index` of a list that grows up to it.
fn grown<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}

impl Versions {
    fn write(&mut self, access: &Access, job: u32) {
        match *access {
            Access::Memory { id, lo, hi, .. } => {
                if lo >= hi {
                    return;
                }
                let ranges = grown(&mut self.memories, usize::from(id));
                let (first, end) = (ranges.partition_point(|r| r.1 <= lo), ranges.partition_point(|r| r.0 < hi));
                let covered = &ranges[first..end];
                let before = covered.first().filter(|r| r.0 < lo).map(|r| (r.0, lo, r.2));
                let after = covered.last().filter(|r| r.1 > hi).map(|r| (hi, r.1, r.2));
                ranges.splice(first..end, before.into_iter().chain([(lo, hi, job)]).chain(after));
            }
            Access::Dram { region, blocks, rows, .. } => {
                let of_region = grown(&mut self.rows, region);
                for block in blocks.0..blocks.1 {
                    let counts = grown(of_region, block as usize);
                    if counts.len() < rows.1 as usize {
                        counts.resize(rows.1 as usize, 0);
                    }
                    for count in &mut counts[rows.0 as usize..rows.1 as usize] {
                        *count += 1;
                    }
                }
            }
        }
    }

    /// A number that stands for the writers of everything in a range.
    fn signature(&self, access: &Access) -> u64 {
        let mut mix = Mix::default();
        match *access {
            Access::Memory { id, lo, hi, .. } => {
                for &(a, b, who) in self.memories.get(usize::from(id)).into_iter().flatten() {
                    if a.max(lo) < b.min(hi) {
                        mix.add(u64::from(a.max(lo)));
                        mix.add(u64::from(b.min(hi)) << 32 | u64::from(who));
                    }
                }
            }
            Access::Dram { region, blocks, rows, .. } => {
                let of_region = self.rows.get(region).map_or(&[][..], |r| r);
                for block in blocks.0..blocks.1 {
                    let counts = of_region.get(block as usize).map_or(&[][..], |c| c);
                    let end = (rows.1 as usize).min(counts.len());
                    let start = (rows.0 as usize).min(end);
                    mix.add(counts[start..end].iter().map(|&c| u64::from(c)).sum());
                }
            }
        }
        mix.0
    }
}

/// A small, fixed mixing function: signatures must not change between runs.
#[derive(Default)]
struct Mix(u64);

impl Mix {
    fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
}

/// What each read of each job must find, from executing the program in program order.
#[derive(Clone, Debug, Default)]
pub struct Expected(Vec<Vec<u64>>);

impl Expected {
    /// Walks the program once.
    pub fn of(jobs: &[Draft]) -> Expected {
        let mut versions = Versions::default();
        let mut all = Vec::with_capacity(jobs.len());
        for (index, draft) in jobs.iter().enumerate() {
            all.push(draft.accesses.iter().filter(|a| !a.is_write()).map(|a| versions.signature(a)).collect());
            draft.accesses.iter().filter(|a| a.is_write()).for_each(|a| versions.write(a, index as u32));
        }
        Expected(all)
    }
}

/// Leases held by jobs between issue and done.
#[derive(Clone, Debug, Default)]
pub struct Leases {
    held: Vec<(u32, Access)>,
    versions: Versions,
}

impl Leases {
    /// Leases what job `index` touches; the message says what went wrong.
    ///
    /// # Errors
    /// When another job holds a conflicting range or port, or when an operand is not the one the program means.
    pub fn acquire(&mut self, jobs: &[Draft], index: u32, expected: &Expected) -> Result<(), String> {
        let draft = &jobs[index as usize];
        for access in &draft.accesses {
            for (other, held) in &self.held {
                if access.hazard(held).is_some() || held.hazard(access).is_some() {
                    let unit = jobs[*other as usize].job.unit;
                    return Err(format!("{access:?} collides with {held:?} of job {other} ({unit}), which is not done"));
                }
            }
        }
        let reads = draft.accesses.iter().filter(|a| !a.is_write());
        for (access, want) in reads.zip(&expected.0[index as usize]) {
            if self.versions.signature(access) != *want {
                return Err(format!("{access:?} does not hold what the program order puts there: a token is missing"));
            }
        }
        self.held.extend(draft.accesses.iter().map(|a| (index, *a)));
        Ok(())
    }

    /// Ends the leases of a job that is done: its results become what later jobs find.
    pub fn release(&mut self, jobs: &[Draft], index: u32) {
        self.held.retain(|(job, _)| *job != index);
        jobs[index as usize].accesses.iter().filter(|a| a.is_write()).for_each(|a| self.versions.write(a, index));
    }

    /// Whether nothing is leased.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Job, Task, Unit};

    fn draft(unit: Unit, accesses: &[Access]) -> Draft {
        Draft::new(Job { unit, layer: 0, pop: 0, push: 0, task: Task::Nop }, accesses.to_vec())
    }

    #[test]
    fn a_reader_that_comes_before_its_writer_is_caught() {
        let touch = |write| Access::Memory { id: 0, lo: 0, hi: 4, write };
        let jobs = [draft(Unit::Load, &[touch(true)]), draft(Unit::Pointwise, &[touch(false)])];
        let expected = Expected::of(&jobs);
        assert!(Leases::default().acquire(&jobs, 1, &expected).unwrap_err().contains("token is missing"));
        let mut leases = Leases::default();
        leases.acquire(&jobs, 0, &expected).unwrap();
        assert!(leases.acquire(&jobs, 1, &expected).unwrap_err().contains("collides"));
        leases.release(&jobs, 0);
        leases.acquire(&jobs, 1, &expected).unwrap();
    }

    #[test]
    fn a_half_that_is_overwritten_early_is_caught() {
        let touch = |write| Access::Memory { id: 0, lo: 0, hi: 4, write };
        let jobs = [draft(Unit::Load, &[touch(true)]), draft(Unit::Pointwise, &[touch(false)]), draft(Unit::Load, &[touch(true)])];
        let expected = Expected::of(&jobs);
        let mut leases = Leases::default();
        for early in [0, 2] {
            leases.acquire(&jobs, early, &expected).unwrap();
            leases.release(&jobs, early);
        }
        assert!(leases.acquire(&jobs, 1, &expected).unwrap_err().contains("token is missing"));
    }
    #[test]
    fn a_signature_tells_where_the_part_of_a_writer_ends() {
        let touch = |lo, hi| Access::Memory { id: 0, lo, hi, write: true };
        let after = |hi| {
            let mut versions = Versions::default();
            versions.write(&touch(0, hi), 1);
            versions.signature(&touch(0, 8))
        };
        assert_ne!(after(6), after(8));
        assert_eq!(after(8), after(9), "what lies beyond the range does not matter");
    }

    /// A tile whose taps are all padding reads nothing: what lies at its address may change meanwhile.
    #[test]
    fn an_empty_operand_is_whatever_is_there() {
        let touch = |unit, lo, hi, write| draft(unit, &[Access::Memory { id: 0, lo, hi, write }]);
        let jobs = [
            touch(Unit::Load, 0, 4, true),
            touch(Unit::Pointwise, 2, 2, false),
            touch(Unit::Load, 2, 4, true),
            touch(Unit::Vector, 2, 2, false),
        ];
        let expected = Expected::of(&jobs);
        let mut leases = Leases::default();
        for early in [0, 2] {
            leases.acquire(&jobs, early, &expected).unwrap();
            leases.release(&jobs, early);
        }
        leases.acquire(&jobs, 1, &expected).unwrap();
        assert!(leases.acquire(&jobs, 3, &expected).unwrap_err().contains("collides"), "the port is one");
    }
}
