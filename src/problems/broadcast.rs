//! Broadcast: what one process says, all shall hear; in which order decides the property.
//!
//! Properties after Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related problems"
//! (1994), sections 3 and 4. A message is known by its sender and its number among the sender's broadcasts. What a
//! process says counts as known to itself: its own copy is judged by `self-delivery` alone, so that a variant that
//! gives the sender nothing back can be judged by the others.

use crate::process::{History, Problem, ProcessId, Property, PropertyKind, Step, Verdict, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The broadcast problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broadcast {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Say this to everybody.
    Broadcast(String),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// Somebody said this.
    Deliver(Delivery),
}

/// A message that is delivered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its place in the one order that all see, counted from 1, where the algorithm numbers messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Who said it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// What was said.
    pub body: String,
}

/// A message's name: who said it, and which of the sender's messages it is.
type Name = (ProcessId, u64);

impl Problem for Broadcast {
    const NAME: &'static str = "broadcast";
    type Request = Request;
    type Output = Output;

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        let property = |name, about, kind, check| Property { name, about, kind, check };
        vec![
            property(
                "validity",
                "What a correct process broadcasts, every other correct process delivers.",
                Liveness,
                validity,
            ),
            property(
                "self-delivery",
                "A correct process delivers its own broadcasts.",
                Liveness,
                self_delivery,
            ),
            property(
                "agreement",
                "What one correct process delivers, all correct processes but its sender deliver.",
                Liveness,
                agreement,
            ),
            property(
                "uniform-agreement",
                "What any process delivers, even one that crashes, all correct processes but its sender deliver.",
                Liveness,
                uniform_agreement,
            ),
            property(
                "integrity",
                "Every message is delivered at most once, and only if it was broadcast before.",
                Safety,
                integrity,
            ),
            property(
                "fifo-order",
                "The messages of one sender are delivered in the order it broadcast them.",
                Safety,
                fifo_order,
            ),
            property(
                "causal-order",
                "No message is delivered before one that it may answer.",
                Safety,
                causal_order,
            ),
            property(
                "total-order",
                "Any two processes deliver the messages that both deliver in the same order.",
                Safety,
                total_order,
            ),
        ]
    }
}

/// One delivery in a history.
#[derive(Clone, Copy)]
struct Heard<'a> {
    event: u64,
    at: ProcessId,
    name: Name,
    delivery: &'a Delivery,
}

/// One broadcast in a history.
#[derive(Clone, Copy)]
struct Said<'a> {
    event: u64,
    name: Name,
    body: &'a str,
}

/// A history, sorted.
struct Digest<'a> {
    said: Vec<Said<'a>>,
    /// All deliveries, in order.
    heard: Vec<Heard<'a>>,
    /// Each process's deliveries, in order, as places in `heard`.
    at: Vec<Vec<usize>>,
    correct: Vec<bool>,
}

impl<'a> Digest<'a> {
    fn of(history: &History<'a, Broadcast>) -> Self {
        let nodes = history.nodes as usize;
        let mut numbers = vec![0; nodes];
        let mut digest = Self {
            said: Vec::new(),
            heard: Vec::new(),
            at: vec![Vec::new(); nodes],
            correct: history.correct(),
        };
        for step in &history.steps {
            let Step { event, node, .. } = *step;
            match step.what {
                What::Request(Request::Broadcast(body)) => {
                    numbers[node.index()] += 1;
                    digest.said.push(Said { event, name: (node, numbers[node.index()]), body });
                }
                What::Output(Output::Deliver(delivery)) => {
                    digest.at[node.index()].push(digest.heard.len());
                    let name = (delivery.from, delivery.id);
                    digest.heard.push(Heard { event, at: node, name, delivery });
                }
                What::Boot
                | What::Send { .. }
                | What::Receive { .. }
                | What::Timer
                | What::Crash
                | What::Pause
                | What::Resume => {}
            }
        }
        digest
    }

    /// For each process, its first delivery of each message, in the order of the messages' names.
    fn first_heard(&self) -> Vec<BTreeMap<Name, u64>> {
        let first = |places: &Vec<usize>| {
            let mut first = BTreeMap::new();
            for place in places {
                first.entry(self.heard[*place].name).or_insert(self.heard[*place].event);
            }
            first
        };
        self.at.iter().map(first).collect()
    }

    fn correct_others(&self, than: ProcessId) -> impl Iterator<Item = ProcessId> + '_ {
        let all = (0..self.correct.len() as u32).map(ProcessId);
        all.filter(move |node| *node != than && self.correct[node.index()])
    }
}

fn validity(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let heard = digest.first_heard();
    let mut examined = 0;
    for said in &digest.said {
        let (sender, id) = said.name;
        if !digest.correct[sender.index()] {
            continue;
        }
        for node in digest.correct_others(sender) {
            if !heard[node.index()].contains_key(&said.name) {
                let because = format!("{node} never delivers message {id} of {sender}, {:?}", said.body);
                return Verdict::unmet(history.end, [said.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

fn self_delivery(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let heard = digest.first_heard();
    let mut examined = 0;
    for said in &digest.said {
        let (sender, id) = said.name;
        if !digest.correct[sender.index()] {
            continue;
        }
        if !heard[sender.index()].contains_key(&said.name) {
            let because = format!("{sender} never delivers its own message {id}, {:?}", said.body);
            return Verdict::unmet(history.end, [said.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn agreement(history: &History<'_, Broadcast>) -> Verdict {
    agreement_with(history, false)
}

fn uniform_agreement(history: &History<'_, Broadcast>) -> Verdict {
    agreement_with(history, true)
}

fn agreement_with(history: &History<'_, Broadcast>, uniform: bool) -> Verdict {
    let digest = Digest::of(history);
    let everybody_heard = digest.first_heard();
    let mut witnesses: BTreeMap<Name, (ProcessId, u64)> = BTreeMap::new();
    for (node, heard) in everybody_heard.iter().enumerate() {
        for (name, event) in heard {
            if uniform || digest.correct[node] {
                witnesses.entry(*name).or_insert((ProcessId(node as u32), *event));
            }
        }
    }
    let mut examined = 0;
    for ((sender, id), (witness, event)) in witnesses {
        for node in digest.correct_others(sender).filter(|node| *node != witness) {
            if !everybody_heard[node.index()].contains_key(&(sender, id)) {
                let because = format!("{witness} delivers message {id} of {sender}, but {node} never does");
                return Verdict::unmet(history.end, [event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

fn integrity(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let said: BTreeMap<Name, &Said<'_>> = digest.said.iter().map(|said| (said.name, said)).collect();
    let mut seen: BTreeMap<(ProcessId, Name), u64> = BTreeMap::new();
    for heard in &digest.heard {
        let Heard { event, at, name: (sender, id), delivery } = *heard;
        if let Some(first) = seen.insert((at, heard.name), event) {
            return Verdict::violated(
                [first, event],
                format!("{at} delivers message {id} of {sender} twice"),
            );
        }
        match said.get(&heard.name) {
            None => {
                let because = format!("{at} delivers message {id} of {sender}, who never broadcast it");
                return Verdict::violated([event], because);
            }
            Some(said) if said.event > event => {
                let because = format!("{at} delivers message {id} of {sender} before it was broadcast");
                return Verdict::violated([event, said.event], because);
            }
            Some(said) if said.body != delivery.body => {
                let because = format!(
                    "{at} delivers {:?} as message {id} of {sender}, who said {:?}",
                    delivery.body, said.body
                );
                return Verdict::violated([said.event, event], because);
            }
            Some(_) => {}
        }
    }
    Verdict::of(digest.heard.len() as u64)
}

fn fifo_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    let mut last: BTreeMap<(ProcessId, ProcessId), (u64, u64)> = BTreeMap::new();
    for heard in &digest.heard {
        let Heard { event, at, name: (sender, id), .. } = *heard;
        let (before, before_event) = last.insert((at, sender), (id, event)).unwrap_or((0, event));
        if id != before + 1 {
            let because = match before {
                0 => format!("{at} delivers message {id} of {sender} before its message {}", before + 1),
                _ => format!("{at} delivers message {id} of {sender} right after its message {before}"),
            };
            return Verdict::violated([before_event, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Causal precedence as Hadzilacos and Toueg define it (section 3.3.3): a process that broadcasts m' has broadcast
/// or delivered m before. It is found from the history, never taken from the algorithm's own clocks.
fn causal_order(history: &History<'_, Broadcast>) -> Verdict {
    let nodes = history.nodes as usize;
    // How many messages of each sender a process knows, and how many each message builds on.
    let mut known = vec![vec![0_u64; nodes]; nodes];
    let mut builds_on: BTreeMap<Name, Vec<u64>> = BTreeMap::new();
    let mut events: BTreeMap<(ProcessId, Name), u64> = BTreeMap::new();
    let mut delivered = vec![vec![Vec::<u64>::new(); nodes]; nodes];
    let mut examined = 0;
    for step in &history.steps {
        let me = step.node.index();
        match step.what {
            What::Request(Request::Broadcast(_)) => {
                let before = known[me].clone();
                known[me][me] += 1;
                builds_on.insert((step.node, known[me][me]), before);
            }
            What::Output(Output::Deliver(delivery)) => {
                let name = (delivery.from, delivery.id);
                if delivery.from == step.node {
                    continue;
                }
                let Some(past) = builds_on.get(&name) else { continue };
                for (sender, needed) in past.iter().enumerate().filter(|(sender, _)| *sender != me) {
                    let missing = (1..=*needed).find(|id| !delivered[me][sender].contains(id));
                    if let Some(missing) = missing {
                        let because = format!(
                            "{} delivers message {} of {} without message {missing} of {}, on which it builds",
                            step.node,
                            delivery.id,
                            delivery.from,
                            ProcessId(sender as u32),
                        );
                        return Verdict::violated([step.event], because);
                    }
                    examined += u64::from(*needed > 0);
                }
                let past = past.clone();
                for (count, needed) in known[me].iter_mut().zip(&past) {
                    *count = (*count).max(*needed);
                }
                let count = &mut known[me][delivery.from.index()];
                *count = (*count).max(delivery.id);
                delivered[me][delivery.from.index()].push(delivery.id);
                events.insert((step.node, name), step.event);
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

fn total_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let heard = digest.first_heard();
    let mut examined = 0;
    for p in 0..heard.len() {
        for q in p + 1..heard.len() {
            // What both deliver, in p's order, must be in q's order too.
            let mut common: Vec<(u64, u64, Name)> = heard[p]
                .iter()
                .filter_map(|(name, at_p)| Some((*at_p, *heard[q].get(name)?, *name)))
                .collect();
            common.sort_unstable();
            for pair in common.windows(2) {
                let ((p1, q1, (s1, m1)), (p2, q2, (s2, m2))) = (pair[0], pair[1]);
                if q1 > q2 {
                    let (p, q) = (ProcessId(p as u32), ProcessId(q as u32));
                    let because = format!(
                        "{p} delivers message {m1} of {s1} before message {m2} of {s2}, {q} the other way round"
                    );
                    return Verdict::violated([p1, p2, q1, q2], because);
                }
                examined += 1;
            }
        }
    }
    Verdict::of(examined)
}
