//! Other orders: the same event loop, processes and world as a simulation, with a strategy that answers what happens
//! next. What is found becomes a schedule, which is followed step by step.

pub mod campaign;
pub mod claims;
pub mod exhaustive;
mod failure;
mod flow;
mod name;
mod pool;
mod ready;
mod retell;
mod runner;
mod session;
mod shrink;
pub mod states;
pub mod strategy;

pub use failure::Failure;
pub use pool::{Pool, Rules};
pub use retell::{Refused, Retold, retell};
pub use runner::{Ended, Runner, Subject, Violation};
pub use session::{Possible, Session};
pub use shrink::{TRIES, shrink};
