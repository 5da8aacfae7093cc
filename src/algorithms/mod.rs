//! How it is done: one file per algorithm, each of them a state machine that reads like its paper.

pub mod best_effort_broadcast;
pub mod bounded_sink;
pub mod causal_broadcast;
pub mod convergecast;
pub mod distance_vector;
pub mod fifo_broadcast;
pub mod group_multicast;
pub mod guarded_receiver;
pub mod lamport_total_order;
pub mod link_state;
pub mod parts;
pub mod sequencer;
