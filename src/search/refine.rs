//! The last turns of the screw on a design: what costs little and is best tried out.

use crate::accelerator::Accelerator;

/// Largest rows and columns of a tile that are tried: the planner chooses within them.
const TILES: [(usize, usize); 6] = [(8, 1024), (16, 1024), (32, 1024), (64, 1024), (1024, 40), (1024, 80)];
/// Depths of the job queues.
const QUEUES: [usize; 2] = [4, 16];
/// Bursts that a port has under way.
const BURSTS: [usize; 2] = [4, 16];

/// What each group changes.
pub const GROUPS: [fn(&Accelerator) -> Vec<Accelerator>; 3] = [
    |acc| TILES.map(|tile| Accelerator { tile, ..acc.clone() }).to_vec(),
    |acc| QUEUES.map(|queue_depth| Accelerator { queue_depth, ..acc.clone() }).to_vec(),
    |acc| {
        let with = |bursts: usize| {
            let mut a = acc.clone();
            for port in [&mut a.load_port, &mut a.weights_port, &mut a.store_port] {
                port.outstanding_bursts = bursts;
            }
            a
        };
        BURSTS.map(with).to_vec()
    },
];

/// Designs that the groups have together.
pub const MOST: usize = TILES.len() + QUEUES.len() + BURSTS.len();
