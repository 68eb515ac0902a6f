//! One page and what runs for it.

pub mod emit;
