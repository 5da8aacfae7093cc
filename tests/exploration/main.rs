//! Exhaustive search: closed forms, and the same verdicts with and without reduction.

mod closed_forms;
mod commands;
#[path = "../common/dice.rs"]
mod dice;
mod generated;
mod museum;
mod puppet;
