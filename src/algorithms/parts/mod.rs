//! Building blocks that several algorithms share.

pub mod channel;
pub mod heartbeat;
pub mod own_copy;
pub mod ring;
pub mod window;
