//! Exhaustive search: closed forms, the same verdicts with and without reduction, and what can be counted by hand.

mod closed_forms;
mod commands;
#[path = "../common/dice.rs"]
mod dice;
mod endless;
mod faults;
mod generated;
mod models;
mod museum;
mod orders;
mod plain;
mod puppet;
mod shared;
mod states;
