//! The broadcast orders against their definitions, spelled out and slow, on random histories without crashes.

use std::collections::BTreeSet;
use synod::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{End, History, Problem, ProcessId, Step, Time, Verdict, What},
};

#[path = "common/dice.rs"]
mod dice;
use dice::Dice;

/// A message: its sender and its number among the sender's messages.
type Name = (u32, u64);

/// What happens at a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Says(Name),
    Hears(Name),
}

/// A random history of `nodes` processes: what is heard was said before, once at each process, the own copy at once or
/// never. Order is left to chance, but mostly kept, so that both verdicts are common.
fn random(dice: &mut Dice, nodes: u32) -> Vec<(u32, Act)> {
    let echo = dice.below(2) == 0;
    let tidy = dice.below(4);
    let mut acts = Vec::new();
    let mut said = vec![0; nodes as usize];
    let mut waiting: Vec<Vec<Name>> = vec![Vec::new(); nodes as usize];
    for _ in 0..4 + dice.below(26) {
        let node = dice.below(nodes.into()) as u32;
        let open = &mut waiting[node as usize];
        if dice.below(4) == 0 || open.is_empty() {
            said[node as usize] += 1;
            let name = (node, said[node as usize]);
            acts.push((node, Act::Says(name)));
            if echo {
                acts.push((node, Act::Hears(name)));
            }
            for (_, others) in waiting.iter_mut().enumerate().filter(|(other, _)| *other != node as usize) {
                others.push(name);
            }
        } else {
            let place = if dice.below(8) < 5 + tidy { 0 } else { dice.below(open.len() as u64) as usize };
            acts.push((node, Act::Hears(open.remove(place))));
        }
    }
    acts
}

fn judged(property: &str, nodes: u32, acts: &[(u32, Act)]) -> Verdict {
    let request = Request::Broadcast("m".into());
    let outputs: Vec<Option<Output>> = acts
        .iter()
        .map(|(_, act)| match act {
            Act::Says(_) => None,
            Act::Hears((from, id)) => {
                let (from, body) = (ProcessId(*from), "m".into());
                Some(Output::Deliver(Delivery { number: None, from, id: *id, body }))
            }
        })
        .collect();
    let steps = (0..).zip(acts.iter().zip(&outputs)).map(|(event, ((node, _), output))| Step {
        event,
        time: Time(event),
        node: ProcessId(*node),
        what: output.as_ref().map_or(What::Request(&request), What::Output),
    });
    let history = History::new(nodes, steps.collect(), End::Quiescent);
    let property = Broadcast::properties().into_iter().find(|known| known.name == property);
    (property.expect("it is a property of the problem").check)(&history)
}

/// The names that a node hears, in order, as far as `acts` go.
fn heard(node: u32, acts: &[(u32, Act)]) -> Vec<Name> {
    let mine = acts.iter().filter(|(at, _)| *at == node);
    mine.filter_map(|(_, act)| if let Act::Hears(name) = act { Some(*name) } else { None }).collect()
}

/// Everything that goes causally before each broadcast: what its sender had said or heard, and all before that.
fn pasts(acts: &[(u32, Act)]) -> Vec<(Name, BTreeSet<Name>)> {
    let mut pasts: Vec<(Name, BTreeSet<Name>)> = Vec::new();
    for (place, (node, act)) in acts.iter().enumerate() {
        let Act::Says(name) = *act else { continue };
        let mut past = BTreeSet::new();
        for (at, Act::Says(earlier) | Act::Hears(earlier)) in &acts[..place] {
            if at == node {
                past.insert(*earlier);
                past.extend(pasts.iter().filter(|(known, _)| known == earlier).flat_map(|(_, past)| past));
            }
        }
        pasts.push((name, past));
    }
    pasts
}

/// The place of the first delivery that comes without one of these messages; the receiver's own count as known.
fn first_without(acts: &[(u32, Act)], before: impl Fn(Name) -> Vec<Name>) -> Option<u64> {
    let wrong = |place: &usize| {
        let (node, Act::Hears(name)) = acts[*place] else { return false };
        let known = heard(node, &acts[..*place]);
        before(name).into_iter().any(|earlier| earlier.0 != node && !known.contains(&earlier))
    };
    (0..acts.len()).find(wrong).map(|place| place as u64)
}

#[test]
fn fifo_and_causal_order_are_violated_exactly_where_their_definitions_say() {
    let (mut kept, mut broken) = (0, 0);
    for seed in 0..4_000 {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.below(4) as u32;
        let acts = random(&mut dice, nodes);
        let pasts = pasts(&acts);
        let past =
            |name: Name| pasts.iter().find(|(known, _)| *known == name).expect("it was said").1.clone();
        let fifo = first_without(&acts, |(from, id)| (1..id).map(|earlier| (from, earlier)).collect());
        let causal = first_without(&acts, |name| past(name).into_iter().collect());
        for (property, wanted) in [("fifo-order", fifo), ("causal-order", causal)] {
            let verdict = judged(property, nodes, &acts);
            let found = match &verdict {
                Verdict::Violated { events, .. } => events.last().copied(),
                Verdict::Holds { .. } | Verdict::Vacuous => None,
                Verdict::Undecided { .. } => panic!("nothing is open"),
            };
            assert_eq!(found, wanted, "seed {seed}: {property}: {verdict:?}\n{acts:?}");
            *(if wanted.is_some() { &mut broken } else { &mut kept }) += 1;
        }
    }
    assert!(kept > 1_000 && broken > 1_000, "{kept} kept, {broken} broken");
}

#[test]
fn total_order_is_violated_exactly_when_two_processes_differ() {
    let (mut kept, mut broken) = (0, 0);
    for seed in 0..4_000 {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.below(4) as u32;
        let acts = random(&mut dice, nodes);
        let orders: Vec<Vec<Name>> = (0..nodes).map(|node| heard(node, &acts)).collect();
        let differ = |p: &Vec<Name>, q: &Vec<Name>| {
            let at_q = |name: &Name| q.iter().position(|other| other == name);
            let common: Vec<usize> = p.iter().filter_map(at_q).collect();
            !common.is_sorted()
        };
        let wanted = orders.iter().any(|p| orders.iter().any(|q| differ(p, q)));
        let verdict = judged("total-order", nodes, &acts);
        assert_eq!(matches!(verdict, Verdict::Violated { .. }), wanted, "seed {seed}: {verdict:?}\n{acts:?}");
        *(if wanted { &mut broken } else { &mut kept }) += 1;
    }
    assert!(kept > 500 && broken > 500, "{kept} kept, {broken} broken");
}

/// The hierarchy of Hadzilacos and Toueg: causal order implies FIFO order, and total order implies neither.
#[test]
fn causal_order_implies_fifo_order() {
    let holds = |verdict: &Verdict| !matches!(verdict, Verdict::Violated { .. });
    let mut total_alone = 0;
    for seed in 0..4_000 {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.below(4) as u32;
        let acts = random(&mut dice, nodes);
        let [fifo, causal, total] =
            ["fifo-order", "causal-order", "total-order"].map(|name| holds(&judged(name, nodes, &acts)));
        assert!(fifo || !causal, "seed {seed}: {acts:?}");
        total_alone += u64::from(total && !fifo);
    }
    assert!(total_alone > 0);
}
