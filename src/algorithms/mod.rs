//! How it is done: one file per algorithm, each of them a state machine that reads like its paper.

pub mod berkeley;
pub mod best_effort_broadcast;
pub mod causal_broadcast;
pub mod causal_rst;
pub mod causal_ses;
pub mod cristian;
pub mod fifo_broadcast;
pub mod file_mailbox;
pub mod go_back_n;
pub mod hybrid_clock;
pub mod lamport_clock;
pub mod lamport_total_order;
pub mod lundelius_lynch;
pub mod matrix_clock;
pub mod message_queue;
pub mod multicast;
pub mod ntp;
pub mod parts;
pub mod rpc;
pub mod selective_repeat;
pub mod sequencer;
pub mod stop_and_wait;
pub mod unicast;
pub mod vector_clock;
pub mod worker_pool;
