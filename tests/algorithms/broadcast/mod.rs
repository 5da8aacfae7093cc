//! The broadcast problem.

mod abcast;
mod absolute;
mod best_effort;
mod causal;
mod counts;
mod counts_crash;
mod counts_orders;
mod failover;
mod fifo;
mod heartbeat;
mod lamport;
mod reliable;
mod sequencer;
mod star_relay;
mod token;
mod uniform;
mod worlds;
mod worlds_crash;
mod worlds_orders;

use crate::trial::{Trial, count};
use std::time::Duration;
use synod::{
    algorithms::flawed::Suspicion,
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, History, Process, ProcessId, What},
};

/// At these milliseconds these nodes broadcast something.
fn said(nodes: u32, said: &[(u64, u32)]) -> Trial<Broadcast> {
    let asked = said.iter().zip(0..);
    Trial::of(nodes, asked.map(|(&(at, node), place)| (at, node, Request::Broadcast(format!("m{place}")))))
}

/// Somebody takes somebody for crashed at this millisecond.
fn suspicion(who: u32, whom: u32, after: u64) -> Suspicion {
    Suspicion { who: ProcessId(who), whom: ProcessId(whom), after: Duration::from_millis(after) }
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

/// The orders of two processes part for good (neither has delivered a beginning of what the other has), and in some run
/// with no more than so many messages sent and received: the catalogue's gap-free total order, which sees at once what
/// `total-order` sees when both have delivered both.
#[track_caller]
fn forks<P: Process<Problem = Broadcast>>(
    trial: &Trial<Broadcast>,
    config: &P::Config,
    (sent, received): (u64, u64),
) {
    let mut smallest: Option<(u64, u64)> = None;
    trial.each_run::<P>(config, &[], |_, history, _| {
        let fork = fork(history).map(|event| count(history, event));
        smallest = [smallest, fork].into_iter().flatten().min();
    });
    let Some(found) = smallest else { panic!("{config:?}: the orders never part") };
    assert!(
        found.0 <= sent && found.1 <= received,
        "{config:?}: the orders part after {found:?}, not after {sent} sent and {received} received"
    );
}

/// In no run do the orders of two processes part.
#[track_caller]
fn never_forks<P: Process<Problem = Broadcast>>(trial: &Trial<Broadcast>, config: &P::Config) {
    trial.each_run::<P>(config, &[], |seed, history, _| {
        assert_eq!(fork(history), None, "{config:?}, seed {seed}: the orders part");
    });
}

/// The first delivery after which two processes have delivered different messages in the same place.
fn fork(history: &History<'_, Broadcast>) -> Option<u64> {
    let mut order = Vec::new();
    let mut delivered = vec![0; history.nodes as usize];
    for step in &history.steps {
        let What::Output(Output::Deliver(Delivery { from, id, .. })) = step.what else { continue };
        let place = &mut delivered[step.node.index()];
        match order.get(*place) {
            None => order.push((*from, *id)),
            Some(known) if *known == (*from, *id) => {}
            Some(_) => return Some(step.event),
        }
        *place += 1;
    }
    None
}
