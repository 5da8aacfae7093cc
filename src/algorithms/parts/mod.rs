//! Building blocks that several algorithms share.

pub mod adjusted_clock;
pub mod channel;
pub mod heartbeat;
pub mod homes;
pub mod letters;
pub mod own_copy;
pub mod peers;
pub mod window;
