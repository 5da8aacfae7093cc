//! The sibling of the simulator: the same processes on a real clock, over real sockets, with real files.
//!
//! [`Core`] is one node without input or output; [`node`] drives it from sockets and clock, and keeps its journal. What the
//! journals of a run's nodes say becomes one trace with [`merge`], and is run again with [`replay`].

mod account;
mod agenda;
mod clock;
pub mod control;
mod core;
pub mod director;
pub mod doctor;
mod effects;
mod files;
mod former;
pub mod guests;
mod inputs;
mod journal;
mod json_rpc;
mod lines;
mod merge;
pub mod node;
mod replay;
pub mod seal;
pub mod storage;
mod transport;
mod voice;
mod wire;

pub use self::core::{Birth, Core, Parcel};
pub use account::account;
pub use clock::{Clock, wall_clock};
pub use files::Paths;
pub use journal::{Journal, JournalError};
pub use json_rpc::Service;
pub use merge::{MergeError, is_live, merge};
pub use replay::{Replayed, replay};
pub use transport::{Group as MulticastGroup, Kind as TransportKind};
use voice::notice;
pub use voice::{Heard, Voice, heard};
pub use wire::{Hello, LINE_LIMIT, Refusal, check_line};
