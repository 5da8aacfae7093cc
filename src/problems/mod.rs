//! What is asked: one file per problem, with its requests, its outputs and the properties a history must satisfy.

pub mod aggregation;
pub mod broadcast;
pub mod chat;
pub mod clock_sync;
pub mod election;
pub mod failure_detection;
pub mod flow;
pub mod host_groups;
pub mod load_balancing;
pub mod location;
pub mod logical_clock;
pub mod lookup;
pub mod mailbox;
pub mod membership;
pub mod messaging;
pub mod mutual_exclusion;
pub mod naming;
pub mod nanoseconds;
pub mod queue;
pub mod reception;
pub mod replication;
pub mod routing;
pub mod rpc;
pub mod view_synchrony;
pub mod work;
