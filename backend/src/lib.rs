//! Placeholder.

pub mod lessons;
