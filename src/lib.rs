//! synod: a workbench for distributed algorithms.
//!
//! An algorithm is written once, as a state machine that implements [`process::Process`]. A scenario (YAML) says who
//! takes part, how the network behaves and what happens when; [`scenario::load`] reads it. [`simulate::Simulation`]
//! runs it with a seed, [`trace`] keeps what happened, [`check`] judges it by the properties of its
//! [`process::Problem`], [`report`] shows it. [`registry::Registry`] knows the algorithms by name and ties all of it
//! together; a program with algorithms of its own registers them there and hands the registry to `cli::main`.

pub mod algorithms;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod explore;
#[cfg(feature = "live")]
pub mod live;
pub mod problems;
pub mod process;
pub mod registry;
pub mod report;
pub mod scenario;
pub mod simulate;
pub mod trace;
pub mod world;
