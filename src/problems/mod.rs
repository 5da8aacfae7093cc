//! What is asked: one file per problem, with its requests, its outputs and the properties a history must satisfy.

pub mod broadcast;
pub mod clock_sync;
pub mod load_balancing;
pub mod logical_clock;
pub mod messaging;
pub mod nanoseconds;
pub mod replication;
