//! What happened: records while a run goes on, lines when it is written, events when it is read.

mod event;

pub use event::{Event, EventKind, Footer, Header, Nodes, Trace, VERSION};
