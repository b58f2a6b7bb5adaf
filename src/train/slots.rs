//! Which buffer holds the gradient of which stage's output. A buffer serves another stage as soon as its stage has been passed
//! on the way back, so that a chain of stages needs two, however long it is.

use super::spec::{NetSpec, StageShape};

/// The assignment.
pub struct Slots {
    /// Buffer of each stage.
    slot: Vec<usize>,
    /// For each stage and each of its operands: whether its gradient is the first that reaches that operand on the way back.
    pub first: Vec<Vec<bool>>,
    /// Elements of each buffer.
    pub sizes: Vec<usize>,
}

impl Slots {
    /// Assigns buffers; every stage but the last must be read by a later one.
    pub fn new(spec: &NetSpec, shapes: &[StageShape]) -> Slots {
        let n = spec.stages.len();
        let mut slots = Slots { slot: vec![usize::MAX; n], first: vec![Vec::new(); n], sizes: Vec::new() };
        let mut free: Vec<usize> = Vec::new();
        for k in (0..n).rev() {
            if k + 1 == n {
                slots.take(k, shapes, &mut free);
            }
            for &t in &spec.stages[k].inputs {
                let fresh = t > 0 && slots.slot[t - 1] == usize::MAX;
                if fresh {
                    slots.take(t - 1, shapes, &mut free);
                }
                slots.first[k].push(fresh);
            }
            free.push(slots.slot[k]);
        }
        slots
    }

    fn take(&mut self, k: usize, shapes: &[StageShape], free: &mut Vec<usize>) {
        let slot = free.pop().unwrap_or_else(|| {
            self.sizes.push(0);
            self.sizes.len() - 1
        });
        self.slot[k] = slot;
        self.sizes[slot] = self.sizes[slot].max(shapes[k].output.len());
    }

    /// The buffer of tensor `t`; none for the image, whose gradient nobody needs.
    pub fn of(&self, t: usize) -> Option<usize> {
        t.checked_sub(1).map(|k| self.slot[k])
    }
}
