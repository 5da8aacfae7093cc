//! What every algorithm is held to, a folder for each problem: its published message counts exactly (`counts.rs`), its
//! promises in thousands of random worlds (`worlds.rs`), and for each a second transcription from its paper with bugs
//! that can be switched on.
//!
//! A search over seeds must find, for every bug, a run that violates what the catalogue says it violates; without a
//! bug the same seeds must violate nothing that the algorithm promises. So the properties are shown to have teeth, and
//! the search to have eyes.

mod aggregation;
mod broadcast;
mod chat;
mod clocks;
#[path = "../common/dice.rs"]
mod dice;
mod election;
mod failure_detection;
mod flow;
mod host_groups;
mod load_balancing;
mod membership;
mod messaging;
mod mutual_exclusion;
mod naming;
mod processes;
mod reception;
mod routing;
mod rpc;
mod scale;
mod soak;
mod trial;
mod view_synchrony;
