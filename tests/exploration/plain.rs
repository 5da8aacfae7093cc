//! Exploration by the book, to hold the real one against: whole states in a set, every delivery from each.
//!
//! Messages overtake each other; none is lost, none is duplicated. No requests, faults, timers or choices.

use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeMap;
use synod::process::{
    Context, Effect, Effects, Input, LocalTime, Neighbours, Process, ProcessId, Scene, step,
};

/// The processes, and how many of each message are under way: to whom, from whom, what.
type State<P> = (Vec<P>, BTreeMap<Envelope<P>, u32>);
type Envelope<P> = (ProcessId, ProcessId, <P as Process>::Message);

/// How many states a group of processes can reach, and how many deliveries there are in all of them together,
/// with one more for the first state.
pub(crate) fn count<P: Process>(nodes: u32, config: &P::Config) -> (u64, u64) {
    let mut seen = IndexSet::from([first::<P>(nodes, config)]);
    let mut transitions = 1;
    let mut place = 0;
    while let Some(state) = seen.get_index(place).cloned() {
        for envelope in state.1.keys() {
            seen.insert(delivered(&state, envelope));
            transitions += 1;
        }
        place += 1;
    }
    (seen.len() as u64, transitions)
}

/// In how many orders the messages can arrive: how many ways lead through the states from the first one to an end.
pub(crate) fn orders<P: Process>(nodes: u32, config: &P::Config) -> u128 {
    let mut seen = IndexMap::from([(first::<P>(nodes, config), 1_u128)]);
    let (mut place, mut orders) = (0, 0);
    // Every way to a state has the same length, so all of them are known when its turn comes.
    while let Some((state, ways)) = seen.get_index(place).map(|(state, ways)| (state.clone(), *ways)) {
        if state.1.is_empty() {
            orders += ways;
        }
        for envelope in state.1.keys() {
            *seen.entry(delivered(&state, envelope)).or_insert(0) += ways;
        }
        place += 1;
    }
    orders
}

/// Everybody has booted.
fn first<P: Process>(nodes: u32, config: &P::Config) -> State<P> {
    let mut state: State<P> = (Vec::new(), BTreeMap::new());
    for me in (0..nodes).map(ProcessId) {
        let (mut effects, mut choices) = (Effects::new(), ());
        let mut ctx = Context::new(scene(me, nodes), &mut effects, &mut choices);
        let process = P::boot(&mut ctx, config, P::Stable::default());
        state.0.push(process);
        apply(effects, me, nodes, &mut state.1);
    }
    state
}

/// The state after one of the messages has arrived.
fn delivered<P: Process>(state: &State<P>, envelope: &Envelope<P>) -> State<P> {
    let (mut processes, mut under_way) = state.clone();
    let left = under_way.get_mut(envelope).expect("it is one of those under way");
    *left -= 1;
    if *left == 0 {
        under_way.remove(envelope);
    }
    let (me, from, message) = envelope.clone();
    let nodes = processes.len() as u32;
    let (mut effects, mut choices) = (Effects::new(), ());
    let mut ctx = Context::new(scene(me, nodes), &mut effects, &mut choices);
    step(&mut processes[me.index()], &mut ctx, Input::Message { from, message });
    apply(effects, me, nodes, &mut under_way);
    (processes, under_way)
}

fn scene(me: ProcessId, nodes: u32) -> Scene<'static> {
    Scene {
        me,
        group_size: nodes,
        neighbours: Neighbours::everybody(me, nodes),
        now: LocalTime(0),
        clock_read: None,
    }
}

fn apply<P: Process>(
    effects: Effects<P>,
    me: ProcessId,
    nodes: u32,
    under_way: &mut BTreeMap<Envelope<P>, u32>,
) {
    let Effects { list, targets } = effects;
    let mut send = |to, message| *under_way.entry((to, me, message)).or_default() += 1;
    for effect in list {
        match effect {
            Effect::Send { to, message } => send(to, message),
            Effect::Multicast { targets: range, message } => {
                for to in &targets[range.start as usize..range.end as usize] {
                    send(*to, message.clone());
                }
            }
            Effect::Broadcast { message } => {
                for to in (0..nodes).map(ProcessId).filter(|to| *to != me) {
                    send(to, message.clone());
                }
            }
            Effect::SetTimer { .. }
            | Effect::CancelTimer { .. }
            | Effect::Save { .. }
            | Effect::Produce { .. }
            | Effect::Chose { .. } => panic!("only messages are understood here"),
        }
    }
}
