//! Famous mistakes: algorithms, transcribed once more from their papers, in which one thing can be done wrong.
//!
//! They are what the museum (`scenarios/museum`) shows and what a search must find. Each is called like the sound
//! algorithm with `-flawed` behind it, and is as sound as that one until its configuration names a mistake.

pub mod abcast;
pub mod carvalho_roucairol;
pub mod causal_broadcast;
pub mod central_mutex;
pub mod fifo_broadcast;
pub mod lamport_mutex;
pub mod lamport_total_order;
pub mod maekawa;
pub mod ricart_agrawala;
pub mod sequencer;
pub mod sequencer_failover;
pub mod singhal;
pub mod sketch;
pub mod stop_and_wait;
pub mod suzuki_kasami;
pub mod uniform_broadcast;

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output},
    process::{Context, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config<M> {
    /// What is done wrong; `none` unless said otherwise.
    pub mistake: M,
}

impl<M> From<M> for Config<M> {
    fn from(mistake: M) -> Self {
        Self { mistake }
    }
}

/// Somebody takes somebody for crashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspicion {
    /// Who.
    pub who: ProcessId,
    /// Whom.
    pub whom: ProcessId,
    /// How long after the start.
    #[serde(with = "duration")]
    pub after: Duration,
}

/// Hands a message to the application.
fn deliver<P: Process<Problem = Broadcast>>(
    ctx: &mut Context<'_, P>,
    from: ProcessId,
    id: u64,
    body: impl Into<String>,
) {
    ctx.produce(Output::Deliver(Delivery { number: None, from, id, body: body.into() }));
}
