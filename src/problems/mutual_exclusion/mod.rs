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

mod sessions;

use crate::process::{Example, History, Problem, ProcessId, Property, PropertyKind, Verdict, What, duration};
use serde::{Deserialize, Serialize};
use sessions::{Session, sessions};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

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

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        let property = |name, about, kind, check| Property { name, about, kind, check };
        vec![
            property(
                "mutual-exclusion",
                "At no time is more than one process in the critical section.",
                Safety,
                mutual_exclusion,
            ),
            property(
                "well-formedness",
                "A process enters only if it was asked to, once for each request, and leaves only where it is.",
                Safety,
                well_formedness,
            ),
            property(
                "deadlock-freedom",
                "In the end no correct process waits while nobody is in the critical section.",
                Liveness,
                deadlock_freedom,
            ),
            property(
                "starvation-freedom",
                "Every correct process that wants to enter does, provided that nobody stays inside for ever.",
                Liveness,
                starvation_freedom,
            ),
            property(
                "happened-before-fairness",
                "A request that happened before another one, as far as messages tell, is served first.",
                Safety,
                happened_before_fairness,
            ),
        ]
    }
}

fn mutual_exclusion(history: &History<'_, MutualExclusion>) -> Verdict {
    let mut inside: BTreeMap<ProcessId, u64> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Output(Output::Enter) => {
                let other = inside.iter().find(|(other, _)| **other != step.node);
                if let Some((other, since)) = other {
                    let because = format!("{} enters while {other} is inside", step.node);
                    return Verdict::violated([*since, step.event], because);
                }
                inside.insert(step.node, step.event);
                examined += 1;
            }
            What::Output(Output::Exit) | What::Crash => drop(inside.remove(&step.node)),
            _ => {}
        }
    }
    Verdict::of(examined)
}

fn well_formedness(history: &History<'_, MutualExclusion>) -> Verdict {
    let nodes = history.nodes as usize;
    let (mut wanted, mut inside) = (vec![0_u64; nodes], vec![None; nodes]);
    let mut examined = 0;
    for step in &history.steps {
        let (node, mine) = (step.node, step.node.index());
        match step.what {
            What::Request(Request::Enter(_) | Request::EnterUntilExit) => wanted[mine] += 1,
            What::Output(Output::Enter) => {
                if let Some(since) = inside[mine].replace(step.event) {
                    return Verdict::violated([since, step.event], format!("{node} enters twice"));
                }
                if wanted[mine] == 0 {
                    return Verdict::violated([step.event], format!("{node} enters without being asked to"));
                }
                wanted[mine] -= 1;
                examined += 1;
            }
            What::Output(Output::Exit) => {
                if inside[mine].take().is_none() {
                    return Verdict::violated([step.event], format!("{node} leaves without being inside"));
                }
                examined += 1;
            }
            What::Crash => (wanted[mine], inside[mine]) = (0, None),
            _ => {}
        }
    }
    Verdict::of(examined)
}

/// The first request of a correct process that was never served, if any.
fn waiting<'a>(history: &History<'_, MutualExclusion>, sessions: &'a [Session]) -> Option<&'a Session> {
    let correct = history.correct();
    sessions.iter().find(|session| session.entered.is_none() && correct[session.node.index()])
}

fn deadlock_freedom(history: &History<'_, MutualExclusion>) -> Verdict {
    let sessions = sessions(history);
    let entered = sessions.iter().filter(|session| session.entered.is_some()).count() as u64;
    let Some(waiting) = waiting(history, &sessions) else { return Verdict::of(entered) };
    if sessions.iter().any(Session::is_inside) {
        return Verdict::of(entered);
    }
    let because = format!("{} waits for ever though nobody is inside", waiting.node);
    Verdict::unmet(history.end, [waiting.requested], because)
}

/// Lamport's third condition: if everybody who enters leaves, every request is served.
fn starvation_freedom(history: &History<'_, MutualExclusion>) -> Verdict {
    let sessions = sessions(history);
    let correct = history.correct();
    let stays = |session: &Session| session.is_inside() && (session.stays || !correct[session.node.index()]);
    let served = |session: &&Session| session.entered.is_some() && correct[session.node.index()];
    match waiting(history, &sessions) {
        Some(waiting) if !sessions.iter().any(stays) => {
            Verdict::unmet(history.end, [waiting.requested], format!("{} never enters", waiting.node))
        }
        Some(_) | None => Verdict::of(sessions.iter().filter(served).count() as u64),
    }
}

/// Lamport's second condition: requests are served in the order in which they were made, as far as there is one. It
/// is found from the messages of the history, never taken from the algorithm's own clocks. Those of a reliable channel,
/// which acknowledges and repeats, are among them, though the process above hears nothing of them: no algorithm can
/// promise this over such a channel.
fn happened_before_fairness(history: &History<'_, MutualExclusion>) -> Verdict {
    let nodes = history.nodes as usize;
    let mut known = Knowledge::of(nodes);
    // For each process: its requests that are open, the one that is made first; how many it made, and how many of
    // them are over, or have at least been served.
    let mut queued: Vec<VecDeque<u64>> = vec![VecDeque::new(); nodes];
    let mut made: Vec<Vec<Made>> = vec![Vec::new(); nodes];
    let mut served = vec![0; nodes];
    let mut examined = 0;
    for step in &history.steps {
        let mine = step.node.index();
        match step.what {
            What::Request(Request::Enter(_) | Request::EnterUntilExit) => {
                queued[mine].push_back(step.event);
                if queued[mine].len() == 1 {
                    made[mine].push(Made { event: step.event, after: known.request(mine) });
                }
            }
            What::Output(Output::Enter) => {
                let Some(Made { event, after }) = made[mine].get(served[mine]) else { continue };
                for (other, known) in after.iter().enumerate().filter(|(other, _)| *other != mine) {
                    let known = *known as usize;
                    if served[other] < known {
                        let first = made[other][served[other]].event;
                        let because = format!(
                            "{} enters before {}, whose request it could know of",
                            step.node,
                            ProcessId(other as u32)
                        );
                        return Verdict::violated([first, *event, step.event], because);
                    }
                    examined += u64::from(known > 0);
                }
                served[mine] += 1;
            }
            What::Output(Output::Exit) => {
                queued[mine].pop_front();
                if let Some(event) = queued[mine].front() {
                    made[mine].push(Made { event: *event, after: known.request(mine) });
                }
            }
            What::Crash => {
                queued[mine].clear();
                served[mine] = made[mine].len();
            }
            What::Send { message, to } => known.send(step.node, to, message),
            What::Receive { message, from } => known.receive(from, step.node, message),
            What::Boot | What::Request(Request::Exit) | What::Timer | What::Pause | What::Resume => {}
        }
    }
    Verdict::of(examined)
}

/// A request that was made.
#[derive(Clone)]
struct Made {
    event: u64,
    /// How many requests of each process happened before it.
    after: Vec<u32>,
}

/// How many requests of each process every process can know of: a vector clock that counts requests.
struct Knowledge {
    now: Vec<Vec<u32>>,
    /// Which of `kept` is the same as `now`, if any.
    current: Vec<Option<usize>>,
    kept: Vec<Vec<u32>>,
    links: BTreeMap<(ProcessId, ProcessId), Link>,
}

/// What was sent from one process to another.
#[derive(Default)]
struct Link {
    /// Each message, which of `kept` its sender knew then, and whether it has come.
    sent: Vec<(u64, usize, bool)>,
    /// How many from the first on have come without a gap.
    heard: usize,
}

impl Knowledge {
    fn of(nodes: usize) -> Self {
        let (kept, links) = (Vec::new(), BTreeMap::new());
        Self { now: vec![vec![0; nodes]; nodes], current: vec![None; nodes], kept, links }
    }

    /// A process makes a request: gives what it knows of, this one included.
    fn request(&mut self, mine: usize) -> Vec<u32> {
        self.now[mine][mine] += 1;
        self.current[mine] = None;
        self.now[mine].clone()
    }

    fn send(&mut self, from: ProcessId, to: ProcessId, message: u64) {
        let sender = from.index();
        let current = *self.current[sender].get_or_insert_with(|| {
            self.kept.push(self.now[sender].clone());
            self.kept.len() - 1
        });
        self.links.entry((from, to)).or_default().sent.push((message, current, false));
    }

    /// A message is heard when it has come, and everything that was sent before it on the same way: a channel under
    /// the process may hold it back till then. So what is found is never too much, and with FIFO links it is all.
    fn receive(&mut self, from: ProcessId, to: ProcessId, message: u64) {
        let Some(link) = self.links.get_mut(&(from, to)) else { return };
        let Ok(place) = link.sent.binary_search_by_key(&message, |(sent, ..)| *sent) else { return };
        link.sent[place].2 = true;
        let fresh = link.sent[link.heard..].iter().take_while(|(.., came)| *came).count();
        if fresh == 0 {
            return;
        }
        link.heard += fresh;
        let (_, last, _) = link.sent[link.heard - 1];
        let mine = to.index();
        for (now, known) in self.now[mine].iter_mut().zip(&self.kept[last]) {
            if *now < *known {
                *now = *known;
                self.current[mine] = None;
            }
        }
    }
}
