//! Building blocks that several algorithms share.

pub mod accrual;
pub mod adjusted_clock;
pub mod channel;
pub mod freshness;
pub mod heartbeat;
pub mod letters;
pub mod own_copy;
pub mod peers;
pub mod window;
