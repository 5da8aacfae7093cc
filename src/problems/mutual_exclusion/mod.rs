//! Mutual exclusion: at most one process is in the critical section, and everybody who wants to gets there.
//!
//! Dijkstra, "Solution of a problem in concurrent programming control" (1965); the properties as in Raynal,
//! "Algorithms for mutual exclusion" (1986), section 1.3; the order of requests as in Lamport, "Time, clocks, and the
//! ordering of events in a distributed system" (1978).
//!
//! A process asks again only when it is through with what it asked for before: a request that is made while an
//! earlier one of the same process is open waits its turn at that process, and is made when that one is over. The
//! n-th entry of a process answers its n-th request. A process that crashes is no longer inside, and what it asked
//! for is forgotten; what its second life asks for is new.

mod fairness;
mod sessions;

use crate::process::{
    Counted, Example, History, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit,
    Verdict, What, duration,
};
use fairness::happened_before_fairness;
use serde::{Deserialize, Serialize};
use sessions::{Session, Sessions};
use std::time::Duration;

/// The problem of mutual exclusion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MutualExclusion {}

/// What the application asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Enter the critical section, and leave it by yourself after so long.
    Enter(#[serde(with = "duration")] Duration),
    /// Enter the critical section, and stay there until I ask you to leave it.
    EnterUntilExit,
    /// Leave the critical section now, or as soon as you are in it; who does not even wait for it ignores this.
    Exit,
}

/// What the application is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// This process is in the critical section now.
    Enter,
    /// It has left it.
    Exit,
}

impl Problem for MutualExclusion {
    const NAME: &'static str = "mutual-exclusion";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: "{enter: 20ms}",
            about: "Enter the critical section and leave it after so long.",
        },
        Example {
            node: "bob",
            request: "{enter: 20ms}",
            about: "Enter the critical section and leave it after so long.",
        },
        Example {
            node: "carol",
            request: "enter-until-exit",
            about: "Enter it and stay until told to leave.",
        },
        Example { node: "carol", request: "exit", about: "Leave it now, or as soon as it is entered." },
    ];
    const OPERATION: Operation =
        Operation { name: "entry", plural: "entries", counted: Counted::Measured("waiting") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "mutual-exclusion",
                "At no time is more than one process in the critical section.",
                Safety,
                Order,
                mutual_exclusion,
            ),
            property(
                "well-formedness",
                "A process enters only if it was asked to, once for each request, and leaves only where it is.",
                Safety,
                Nodes,
                well_formedness,
            ),
            property(
                "deadlock-freedom",
                "In the end no correct process waits while nobody is in the critical section.",
                Liveness,
                Nodes,
                deadlock_freedom,
            ),
            property(
                "starvation-freedom",
                "Every correct process that wants to enter does, provided that nobody stays inside for ever.",
                Liveness,
                Nodes,
                starvation_freedom,
            ),
            property(
                "happened-before-fairness",
                "A request that happened before another one, as far as messages tell, is served first.",
                Safety,
                Order,
                happened_before_fairness,
            ),
        ]
    }

    fn looks_at_messages(property: &str) -> bool {
        property == "happened-before-fairness"
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "waiting",
                about: "From the request to enter to being inside.",
                unit: Unit::Time,
                take: sessions::waiting,
            },
            Measure {
                name: "handover",
                about: "From one process's leaving to the next one's entering, where somebody waits for it.",
                unit: Unit::Time,
                take: sessions::handovers,
            },
        ]
    }
}

fn mutual_exclusion(history: &History<'_, MutualExclusion>) -> Verdict {
    let mut inside: Option<(ProcessId, u64)> = None;
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Output(Output::Enter) => {
                if let Some((other, since)) = inside.filter(|(other, _)| *other != step.node) {
                    let because = format!("{} enters while {other} is inside", step.node);
                    return Verdict::violated([since, step.event], because);
                }
                inside = Some((step.node, step.event));
                examined += 1;
            }
            What::Output(Output::Exit) | What::Crash => {
                inside = inside.filter(|(node, _)| *node != step.node)
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

fn well_formedness(history: &History<'_, MutualExclusion>) -> Verdict {
    // Of each process, how many requests are open, and since when it is inside.
    let mut all: Vec<(u64, Option<u64>)> = vec![(0, None); history.nodes as usize];
    let mut examined = 0;
    for step in &history.steps {
        let node = step.node;
        let (wanted, inside) = &mut all[node.index()];
        match step.what {
            What::Request(Request::Enter(_) | Request::EnterUntilExit) => *wanted += 1,
            What::Output(Output::Enter) => {
                if let Some(since) = inside.replace(step.event) {
                    return Verdict::violated([since, step.event], format!("{node} enters twice"));
                }
                if *wanted == 0 {
                    return Verdict::violated([step.event], format!("{node} enters without being asked to"));
                }
                *wanted -= 1;
                examined += 1;
            }
            What::Output(Output::Exit) => {
                if inside.take().is_none() {
                    return Verdict::violated([step.event], format!("{node} leaves without being inside"));
                }
                examined += 1;
            }
            What::Crash => (*wanted, *inside) = (0, None),
            _ => {}
        }
    }
    Verdict::of(examined)
}

/// The first request of a correct process that was never served, if any.
fn waiting<'a>(history: &History<'_, MutualExclusion>, sessions: &'a Sessions) -> Option<&'a Session> {
    let correct = history.correct();
    sessions.all.iter().find(|session| session.entered.is_none() && correct[session.node.index()])
}

fn deadlock_freedom(history: &History<'_, MutualExclusion>) -> Verdict {
    let sessions: &Sessions = history.digest();
    let entered = sessions.all.iter().filter(|session| session.entered.is_some()).count() as u64;
    let Some(waiting) = waiting(history, sessions) else { return Verdict::of(entered) };
    if sessions.all.iter().any(Session::is_inside) {
        return Verdict::of(entered);
    }
    let because = format!("{} waits for ever though nobody is inside", waiting.node);
    Verdict::unmet(history.end, [waiting.requested], because)
}

/// Lamport's third condition: if everybody who enters leaves, every request is served.
fn starvation_freedom(history: &History<'_, MutualExclusion>) -> Verdict {
    let sessions: &Sessions = history.digest();
    let correct = history.correct();
    let stays = |session: &Session| session.is_inside() && (session.stays || !correct[session.node.index()]);
    let served = |session: &&Session| session.entered.is_some() && correct[session.node.index()];
    match waiting(history, sessions) {
        Some(waiting) if !sessions.all.iter().any(stays) => {
            Verdict::unmet(history.end, [waiting.requested], format!("{} never enters", waiting.node))
        }
        Some(_) | None => Verdict::of(sessions.all.iter().filter(served).count() as u64),
    }
}
