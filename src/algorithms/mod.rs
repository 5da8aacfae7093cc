//! How it is done: one file per algorithm, each of them a state machine that reads like its paper.

pub mod anti_entropy;
pub mod best_effort_broadcast;
pub mod causal_broadcast;
pub mod fifo_broadcast;
pub mod flooding;
pub mod gossip;
pub mod lamport_total_order;
pub mod parts;
pub mod rumor;
pub mod sequencer;
pub mod tree_multicast;
