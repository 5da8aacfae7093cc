//! Traces looked at: space-time diagrams, pictures, the chain that led to an event, and studies of many runs.

mod diagram;
mod picture;
mod runs;
mod study;
mod why;
