//! Search through other orders, held against what can be counted by hand.

mod endless;
mod faults;
mod models;
mod states;
