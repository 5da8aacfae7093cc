//! What is asked: one file per problem, with its requests, its outputs and the properties a history must satisfy.

pub mod broadcast;
pub mod election;
pub mod messaging;
