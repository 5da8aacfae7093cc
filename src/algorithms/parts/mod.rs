//! Building blocks that several algorithms share.

pub mod adjusted_clock;
pub mod channel;
pub mod hash;
pub mod hash_ring;
pub mod heartbeat;
pub mod letters;
pub mod own_copy;
pub mod peers;
pub mod station;
pub mod window;
