//! How it is done: one file per algorithm, each of them a state machine that reads like its paper.

pub mod best_effort_broadcast;
pub mod carvalho_roucairol;
pub mod causal_broadcast;
pub mod central_mutex;
pub mod fifo_broadcast;
pub mod lamport_mutex;
pub mod lamport_total_order;
pub mod maekawa;
pub mod naimi_trehel;
pub mod parts;
pub mod raymond;
pub mod ricart_agrawala;
pub mod sequencer;
pub mod suzuki_kasami;
pub mod token_ring;
