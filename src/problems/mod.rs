//! What is asked: one file per problem, with its requests, its outputs and the properties a history must satisfy.

pub mod aggregation;
pub mod broadcast;
pub mod flow;
pub mod host_groups;
pub mod reception;
pub mod routing;
