//! What happened: records while a run goes on, lines when it is written, events when it is read.

mod brief;
mod diff;
mod error;
mod event;
mod line;
mod read;
mod record;
mod tell;

pub(crate) use brief::{SEED, mix, together};
pub use diff::{Difference, Place, first_difference, first_differing_line, notes};
pub use error::TraceError;
pub use event::{Event, EventKind, Footer, Header, Live, Nodes, Trace, VERSION};
pub use line::Line;
pub use read::{read, read_unverified};
pub use record::{Counts, Level, Record, Recording};
pub(crate) use record::{NO_VALUE, NOBODY, NONE};
#[cfg(feature = "live")]
pub(crate) use tell::inside;
pub use tell::{Recorded, Told};
