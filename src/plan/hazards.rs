//! From what jobs touch to the tokens that order them: exactly the edges that are not implied by others.
//!
//! Units run their jobs in order, so it is enough to know, for each job, the latest job of each other unit that must be done
//! before it (a vector clock). An edge is inserted only when the clock does not imply it; edges of one pair of units then rise
//! strictly on both sides, which is what lets a plain counter match the k-th push with the k-th pop.

use super::access::{Access, Hazard};
use super::draft::Draft;
use super::job::Unit;

const UNITS: usize = Unit::ALL.len();

/// For each unit: how many of its jobs are known to be done.
type Clock = [usize; UNITS];

/// Accesses so far, of each memory and each region of DRAM, by each unit: (position among the unit's jobs + 1, access), newest last.
#[derive(Default)]
struct Histories(Vec<[Vec<(usize, Access)>; UNITS]>);

impl Histories {
    fn place(access: &Access) -> usize {
        match *access {
            Access::Memory { id, .. } => usize::from(id),
            Access::Dram { region, .. } => 1 + usize::from(u8::MAX) + region,
        }
    }

    fn of(&self, access: &Access) -> Option<&[Vec<(usize, Access)>; UNITS]> {
        self.0.get(Histories::place(access))
    }

    fn add(&mut self, unit: usize, position: usize, access: Access) {
        let place = Histories::place(&access);
        if self.0.len() <= place {
            self.0.resize_with(place + 1, Default::default);
        }
        self.0[place][unit].push((position, access));
    }
}

/// Fills `pop`, `push` and `pop_space` of all drafts, which are in program order. `end` waits for every unit's last job.
pub fn insert_tokens(drafts: &mut [Draft]) {
    let mut clocks: Vec<Clock> = Vec::with_capacity(drafts.len());
    let mut done_of_unit: [Clock; UNITS] = [[0; UNITS]; UNITS];
    let mut program_index: [Vec<usize>; UNITS] = Default::default();
    let mut histories = Histories::default();
    for index in 0..drafts.len() {
        let unit = drafts[index].job.unit.index();
        let mut clock = done_of_unit[unit];
        let mut needs = required(&drafts[index], unit, &clock, &histories);
        if drafts[index].is_end() {
            for (other, jobs) in program_index.iter().enumerate() {
                if other != unit && needs[other].0 < jobs.len() {
                    needs[other] = (jobs.len(), Hazard::Operand);
                }
            }
        }
        // Visit the unit with the newest requirement first: it most often implies the others.
        let mut order: Vec<usize> = (0..UNITS).filter(|&u| needs[u].0 > 0).collect();
        order.sort_by_key(|&u| std::cmp::Reverse(program_index[u][needs[u].0 - 1]));
        for other in order {
            let (count, hazard) = needs[other];
            if count <= clock[other] {
                continue;
            }
            let producer = program_index[other][count - 1];
            drafts[producer].job.push |= 1 << unit;
            drafts[index].job.pop |= 1 << other;
            if hazard == Hazard::Space {
                drafts[index].pop_space |= 1 << other;
            }
            let known = clocks[producer];
            for (mine, theirs) in clock.iter_mut().zip(known) {
                *mine = (*mine).max(theirs);
            }
            clock[other] = clock[other].max(count);
        }
        program_index[unit].push(index);
        let position = program_index[unit].len();
        clocks.push(clock);
        clock[unit] = position;
        done_of_unit[unit] = clock;
        for access in &drafts[index].accesses {
            histories.add(unit, position, *access);
        }
    }
}

/// For each other unit: the latest job (position + 1) that conflicts with `draft` and is not known to be done, and why.
fn required(draft: &Draft, unit: usize, done: &Clock, histories: &Histories) -> [(usize, Hazard); UNITS] {
    let mut needs = [(0, Hazard::Space); UNITS];
    for access in &draft.accesses {
        let Some(by_unit) = histories.of(access) else { continue };
        for other in (0..UNITS).filter(|&u| u != unit) {
            for &(position, earlier) in by_unit[other].iter().rev() {
                if position <= needs[other].0.max(done[other]) {
                    break;
                }
                if let Some(hazard) = access.hazard(&earlier) {
                    needs[other] = (position, hazard);
                    break;
                }
            }
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::job::{Job, Task};

    fn draft(unit: Unit, accesses: &[Access]) -> Draft {
        Draft::new(Job { unit, layer: 0, pop: 0, push: 0, task: Task::Nop }, accesses.to_vec())
    }
    fn touch(id: u8, lo: u32, hi: u32, write: bool) -> Access {
        Access::Memory { id, lo, hi, write }
    }

    #[test]
    fn ping_pong_halves_give_data_tokens_at_once_and_space_tokens_two_jobs_later() {
        let mut jobs = Vec::new();
        for k in 0..3 {
            let lo = (k % 2) * 10;
            jobs.push(draft(Unit::Load, &[touch(0, lo, lo + 10, true)]));
            jobs.push(draft(Unit::Pointwise, &[touch(0, lo, lo + 10, false)]));
        }
        insert_tokens(&mut jobs);
        let masks: Vec<(u8, u8)> = jobs.iter().map(|d| (d.job.pop, d.job.push)).collect();
        let (load, pointwise) = (Unit::Load.bit(), Unit::Pointwise.bit());
        assert_eq!(masks, [(0, pointwise), (load, load), (0, pointwise), (load, 0), (pointwise, pointwise), (load, 0)]);
        assert_eq!(jobs[4].pop_space, pointwise);
    }

    #[test]
    fn an_edge_that_two_others_imply_is_left_out() {
        let mut jobs = vec![
            draft(Unit::Load, &[touch(0, 0, 1, true), touch(3, 0, 1, true)]),
            draft(Unit::Depthwise, &[touch(0, 0, 1, false), touch(1, 0, 1, true)]),
            draft(Unit::Pointwise, &[touch(1, 0, 1, false), touch(3, 0, 1, false)]),
        ];
        insert_tokens(&mut jobs);
        assert_eq!(jobs[2].job.pop, Unit::Depthwise.bit(), "load is done when depthwise is");
    }

    #[test]
    fn two_readers_of_one_bank_are_ordered_and_reader_and_writer_of_disjoint_words_are_not() {
        let mut jobs = vec![
            draft(Unit::Pointwise, &[touch(0, 0, 1, false)]),
            draft(Unit::Vector, &[touch(0, 5, 6, false)]),
            draft(Unit::Load, &[touch(0, 7, 8, true)]),
        ];
        insert_tokens(&mut jobs);
        assert_eq!(jobs[1].job.pop, Unit::Pointwise.bit());
        assert_eq!(jobs[2].job.pop, 0);
    }
}
