//! Other orders: the same event loop, processes and world as a simulation, with a strategy that answers what happens
//! next. What is found becomes a schedule, which is followed step by step.

mod name;
mod pool;
mod runner;
pub mod states;
pub mod strategy;

pub use pool::{Pool, Rules};
pub use runner::{Ended, Runner, Subject, Violation};
