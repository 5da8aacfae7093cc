//! What is asked: one file per problem, with its requests, its outputs and the properties a history must satisfy.

pub mod broadcast;
pub mod clock_sync;
pub mod location;
pub mod logical_clock;
pub mod lookup;
pub mod messaging;
pub mod naming;
pub mod nanoseconds;
pub mod replication;
