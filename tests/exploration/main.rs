//! Search through other orders, held against what can be counted by hand.

mod endless;
mod models;
mod states;
