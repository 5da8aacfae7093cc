//! synod: a workbench for distributed algorithms.

pub mod process;
pub mod report;
pub mod simulate;
pub mod trace;
pub mod world;
