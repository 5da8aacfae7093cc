//! What happened: records while a run goes on, lines when it is written, events when it is read.

mod event;
mod line;
mod record;
mod tell;

pub use event::{Event, EventKind, Footer, Header, Nodes, Trace, VERSION};
pub use line::Line;
pub use record::{Counts, Level, Record, Recording};
pub(crate) use record::{NO_VALUE, NOBODY, NONE};
pub use tell::Told;
