//! synod: a workbench for distributed algorithms.

pub mod process;
pub mod scenario;
pub mod simulate;
pub mod trace;
pub mod world;
