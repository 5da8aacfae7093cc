//! Building blocks that several algorithms share.

pub mod channel;
pub mod forwarding;
pub mod heartbeat;
pub mod own_copy;
