//! What the world promises, claim by claim, on small worlds built in code and read back from their traces.

mod clocks;
mod distributions;
mod draws;
mod faults;
mod in_flight;
mod links;
mod nodes;
mod probe;
mod routes;
mod stage;
