//! How it is done: one file per algorithm, each of them a state machine that reads like its paper.

pub mod best_effort_broadcast;
pub mod bully;
pub mod causal_broadcast;
pub mod causal_rst;
pub mod causal_ses;
pub mod chang_roberts;
pub mod echo_election;
pub mod fifo_broadcast;
pub mod go_back_n;
pub mod hirschberg_sinclair;
pub mod invitation;
pub mod lamport_total_order;
pub mod lcr;
pub mod multicast;
pub mod parts;
pub mod peterson;
pub mod ring_election;
pub mod selective_repeat;
pub mod sequencer;
pub mod stop_and_wait;
pub mod unicast;
