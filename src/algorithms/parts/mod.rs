//! Building blocks that several algorithms share.

pub mod causal;
pub mod channel;
pub mod heartbeat;
pub mod own_copy;
