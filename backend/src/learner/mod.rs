//! Who is asking.

pub mod namespace;
