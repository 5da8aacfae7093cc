//! The sibling of the simulator: the same processes on a real clock, over real sockets, with real files.
//!
//! [`Core`] is one node without input or output; [`node`] drives it from sockets and clock, and keeps its journal. What the
//! journals of a run's nodes say becomes one trace with [`merge`], and is run again with [`replay`].

mod agenda;
mod core;
mod effects;
mod journal;
mod lines;
mod merge;
mod replay;
mod wire;

pub use self::core::{Birth, Core, Parcel};
pub use journal::{Journal, JournalError};
pub use merge::{MergeError, is_live, merge};
pub use replay::{Replayed, replay};
pub use wire::{Hello, LINE_LIMIT, Refusal};
