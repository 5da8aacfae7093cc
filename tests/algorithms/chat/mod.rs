//! The chat problem.

mod counts;
mod server;
mod serverless;
mod worlds;
