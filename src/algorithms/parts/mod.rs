//! Building blocks that several algorithms share.

pub mod accrual;
pub mod adjusted_clock;
pub mod causal;
pub mod channel;
pub mod forwarding;
pub mod freshness;
pub mod hash;
pub mod hash_ring;
pub mod heartbeat;
pub mod homes;
pub mod letters;
pub mod own_copy;
pub mod peers;
pub mod process_set;
pub mod quorums;
pub mod ring;
pub mod section;
pub mod sorted;
pub mod station;
pub mod window;
