//! Traces for human eyes and for other programs: text, statistics, vector clocks, exporters.

mod clocks;
mod compare;
mod csv;
mod flow;
mod format;
#[cfg(feature = "html")]
mod html;
mod measures;
mod messages;
mod perfetto;
mod select;
mod stats;
mod table;
mod template;
mod text;

pub use clocks::{Clock, VectorClocks};
pub use compare::{Compared, Comparison};
pub use flow::{flow, plain};
pub use format::{Format, ReportError, UnknownFormat, convert};
#[cfg(feature = "html")]
pub use html::{Heading, html, html_of_two};
pub use measures::Measures;
pub use messages::{Messages, Sent};
pub use select::Selection;
pub use stats::{Delays, KindStats, NodeStats, Stats};
pub use template::template;
pub use text::{TextOptions, listing, text};
