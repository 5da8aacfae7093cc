//! Mutants: for each algorithm a second transcription from its paper, with bugs that can be switched on.
//!
//! A search over seeds must find, for every bug, a run that violates what the catalogue says it violates; without a
//! bug the same seeds must violate nothing that the algorithm promises. So the properties are shown to have teeth, and
//! the search to have eyes.

mod best_effort;
mod causal;
mod fifo;
mod lamport;
mod search;
mod sequencer;
