//! Every property of every problem, judged on histories written by hand: what holds and how often it was put to the test,
//! what is violated and by which events, what says nothing, what is still open.

mod aggregation;
mod broadcast;
mod chat;
mod clock_sync;
mod election;
mod failure_detection;
mod flow;
mod host_groups;
mod lines;
mod load_balancing;
mod logical_clock;
mod mailbox;
mod membership;
mod messaging;
mod mutual_exclusion;
mod naming;
mod queue;
mod reception;
mod replication;
mod routing;
mod rpc;
mod view_synchrony;
mod work;

use synod::process::{End, History, Problem, ProcessId, Step, Time, Verdict, What};

/// A history of `nodes` processes that all boot at first; then this happens at these nodes. An event's number is its
/// place, the boots not counted, and so is its time in nanoseconds.
fn history<'a, Pr: Problem>(
    nodes: u32,
    end: End,
    told: impl IntoIterator<Item = (u32, What<'a, Pr>)>,
) -> History<'a, Pr> {
    let step = |event, node, what| Step { event, time: Time(event), node: ProcessId(node), what };
    let boots = (0..nodes).map(|node| step(0, node, What::Boot));
    let told = (0..).zip(told).map(|(event, (node, what))| step(event, node, what));
    History::new(nodes, boots.chain(told).collect(), end)
}

/// The verdict on such a history.
fn judge<'a, Pr: Problem>(
    property: &str,
    nodes: u32,
    end: End,
    told: impl IntoIterator<Item = (u32, What<'a, Pr>)>,
) -> Verdict {
    let found = Pr::properties().into_iter().find(|known| known.name == property);
    (found.expect("it is a property of the problem").check)(&history(nodes, end, told))
}

#[track_caller]
fn holds(examined: u64, verdict: Verdict) {
    assert_eq!(verdict, Verdict::Holds { examined });
}

#[track_caller]
fn violated(events: &[u64], verdict: Verdict) {
    let Verdict::Violated { events: found, because } = verdict else { panic!("{verdict:?}") };
    assert_eq!(found, events, "{because}");
}

#[track_caller]
fn vacuous(verdict: Verdict) {
    assert_eq!(verdict, Verdict::Vacuous);
}

#[track_caller]
fn undecided(verdict: Verdict) {
    assert!(matches!(verdict, Verdict::Undecided { .. }), "{verdict:?}");
}
