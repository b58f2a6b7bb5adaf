//! (to come)

pub mod head;
