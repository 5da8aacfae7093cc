//! synod: a workbench for distributed algorithms.

pub mod algorithms;
pub mod problems;
pub mod process;
pub mod simulate;
pub mod trace;
pub mod world;
