//! The view synchrony problem.

mod counts;
mod flush;
mod worlds;
