//! Every point once, in random order.

use super::{History, Strategy};
use crate::search::space::{Point, shuffled};

/// What is left, the next last.
pub struct Random {
    left: Vec<Point>,
}

impl Random {
    /// Points of this many choices in each dimension.
    pub fn new(sizes: &[usize], seed: u64) -> Random {
        Random { left: shuffled(sizes, seed) }
    }

    /// The next point that nobody tried, for strategies with no idea of their own; none when there is none.
    pub(super) fn untried(&mut self, history: &History) -> Vec<Point> {
        while let Some(point) = self.left.pop() {
            if history.of(&point).is_none() {
                return vec![point];
            }
        }
        Vec::new()
    }
}

/// Points at a time.
const BATCH: usize = 4;

impl Strategy for Random {
    fn ask(&mut self, _: &History) -> Vec<Point> {
        let keep = self.left.len().saturating_sub(BATCH);
        self.left.split_off(keep)
    }
}
