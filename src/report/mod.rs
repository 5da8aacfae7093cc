//! Traces for human eyes and for other programs: text, statistics, vector clocks, exporters.

mod clocks;
mod compare;
mod cost;
mod csv;
mod diagram;
mod flow;
mod format;
mod formula;
#[cfg(feature = "html")]
mod html;
mod measures;
mod messages;
mod perfetto;
mod picture;
mod select;
mod stats;
mod study;
mod table;
mod template;
mod text;
mod timeline;
mod why;

pub use clocks::{Clock, VectorClocks};
pub use compare::{Compared, Comparison};
pub use cost::Cost;
pub use diagram::{DiagramOptions, diagram};
pub use flow::{flow, plain};
pub use format::{Format, ReportError, UnknownFormat, convert};
pub use formula::{FormulaError, Size, evaluate};
#[cfg(feature = "html")]
pub use html::{Heading, html, html_of_two};
pub use measures::Measures;
pub use messages::{Messages, Sent};
pub use picture::svg;
#[cfg(feature = "png")]
pub use picture::{PngError, png};
pub use select::Selection;
pub use stats::{Delays, KindStats, NodeStats, Stats};
pub use study::{Came, Estimate, Point, Sample, Study, student};
pub use template::template;
pub use text::{TextOptions, listing, text};
pub use timeline::Timeline;
pub use why::{Account, Question, UnknownEvent};
