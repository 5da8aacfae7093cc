//! How it is done: one file per algorithm, each of them a state machine that reads like its paper.

pub mod best_effort_broadcast;
pub mod causal_broadcast;
pub mod chat;
pub mod chat_serverless;
pub mod fifo_broadcast;
pub mod lamport_total_order;
pub mod membership;
pub mod parts;
pub mod sequencer;
pub mod view_synchrony;
