//! Everything that a search meets gets a number; what a process does is worked out once for each of its states and
//! each thing that can happen to it.

use super::{
    Refusal,
    environment::Environment,
    node::{Input, Kept, Message, Node, OVERDUE, Standing, Timer, sooner},
    table::Steady,
};
use crate::process::{
    Actors, Choices, Deed, Keep, Part, ProcessId, Sees, Stored, Time, TimerRange, fingerprint,
};
use crate::world::{Quantity, Setup, World};
use indexmap::IndexMap;
use std::{ops::Range, sync::Arc};

/// What follows when something happens to a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// How the hash of the whole state changes, where that depends on nothing else.
    pub(super) delta: u128,
    /// What it shows to properties that look at the order of what different nodes show; zero when nothing.
    pub(super) shown: u128,
    /// The node afterwards.
    pub(super) node: u32,
    /// What it sent: places in the list of what was sent.
    pub(super) first_sent: u32,
    pub(super) sent: u32,
    /// How many messages it sent, those included that no link carries.
    pub(super) tries: u32,
    /// Whether `delta` is all.
    pub(super) plain: bool,
    /// Whether it crashed on the way.
    pub(super) crashed: bool,
}

impl Step {
    pub(super) fn sent(&self) -> Range<usize> {
        self.first_sent as usize..(self.first_sent + self.sent) as usize
    }
}

/// A node, what happens to it, and after how many messages it crashes meanwhile.
pub(super) type Cue = (u32, Input, Option<u32>);

/// The numbers of everything, and the processes themselves.
pub(super) struct Interner {
    actors: Box<dyn Actors>,
    world: World,
    setup: Arc<Setup>,
    sees: Option<Sees>,
    /// Values that were kept, by sort.
    kept: [IndexMap<u128, u32, Steady>; 4],
    pub(super) nodes: IndexMap<u128, Node, Steady>,
    pub(super) messages: IndexMap<u128, Message, Steady>,
    pub(super) environments: IndexMap<u128, Arc<Environment>, Steady>,
    cues: IndexMap<Cue, (u32, u32), Steady>,
    pub(super) steps: Vec<Step>,
    pub(super) sent: Vec<u32>,
    /// What the process chose in each step.
    pub(super) answers: Vec<Vec<u32>>,
    /// Why the search cannot go on.
    pub(super) refusal: Option<Refusal>,
}

/// More alternatives in one step are not looked at.
const ALTERNATIVES: usize = 1 << 13;

/// What a step comes to, before it has a number.
struct Outcome {
    node: Node,
    sent: Vec<u32>,
    shown: u128,
    answers: Vec<u32>,
    crashed: bool,
    tries: u32,
}

/// What properties may see of a node, with what tells one from another.
#[derive(Clone, Copy, Hash)]
enum Sight {
    Boot,
    Request(u32),
    Output(u128),
    Crash,
    Pause,
    Resume,
    Send(ProcessId),
    Receive(ProcessId, u128),
    Timer,
}

impl Interner {
    pub(super) fn new(setup: Arc<Setup>, mut actors: Box<dyn Actors>, sees: Option<Sees>, seed: u64) -> Self {
        let mut world = World::new(setup.clone());
        world.reset(seed);
        actors.reset(setup.names.len(), Keep::Everything);
        Self {
            actors,
            world,
            setup,
            sees,
            kept: Default::default(),
            nodes: IndexMap::default(),
            messages: IndexMap::default(),
            environments: IndexMap::default(),
            cues: IndexMap::default(),
            steps: Vec::new(),
            sent: Vec::new(),
            answers: Vec::new(),
            refusal: None,
        }
    }

    /// A node that has not started.
    pub(super) fn absent(&mut self, who: ProcessId) -> u32 {
        self.actors.reset(self.setup.names.len(), Keep::Everything);
        let stable = self.keep(Part::Stable(who));
        let (timers, asked) = (Vec::new(), Vec::new());
        self.node(Node { who, standing: Standing::Absent, stable, timers, drawn: 0, asked, history: 0 })
    }

    pub(super) fn environment(&mut self, environment: &Environment) -> u32 {
        let entry = self.environments.entry(environment.print());
        let place = entry.index() as u32;
        entry.or_insert_with(|| Arc::new(environment.clone()));
        place
    }

    fn node(&mut self, node: Node) -> u32 {
        let entry = self.nodes.entry(fingerprint(&node));
        let place = entry.index() as u32;
        entry.or_insert(node);
        place
    }

    /// The world's own draw for an action that leaves open whom it concerns.
    pub(super) fn draw(&mut self, quantity: Quantity, number: u32, able: Vec<ProcessId>) -> Vec<ProcessId> {
        self.world.draw_nodes(quantity, number, able)
    }

    fn keep(&mut self, part: Part) -> Kept {
        let sort = match part {
            Part::Process(_) => 0,
            Part::Stable(_) => 1,
            Part::Message(_) => 2,
            Part::Timer(_) | Part::Output(_) => 3,
        };
        let print = self.actors.fingerprint(part);
        let actors = &mut self.actors;
        let place = *self.kept[sort].entry(print).or_insert_with(|| actors.store(part));
        Kept { place, print }
    }

    /// What follows: places in the list of steps, one for each combination of what the process may choose.
    pub(super) fn steps_of(&mut self, cue: Cue) -> (u32, u32) {
        if let Some(steps) = self.cues.get(&cue) {
            return *steps;
        }
        let first = self.steps.len() as u32;
        let mut answers = Vec::new();
        loop {
            let (outcome, mut trail) = self.outcome(cue, Some(&answers));
            self.number(cue, outcome);
            // The next combination: the last choice that has another alternative.
            while trail.last().is_some_and(|(options, chosen)| chosen + 1 == *options) {
                trail.pop();
            }
            let Some(last) = trail.last_mut() else { break };
            last.1 += 1;
            answers = trail.into_iter().map(|(_, chosen)| chosen).collect();
            if self.steps.len() - first as usize >= ALTERNATIVES {
                self.refusal.get_or_insert(Refusal::Alternatives);
                break;
            }
        }
        let steps = (first, self.steps.len() as u32 - first);
        self.cues.insert(cue, steps);
        steps
    }

    /// A node boots when the run begins; what it chooses is what the seed says.
    pub(super) fn boot(&mut self, node: u32) -> u32 {
        let (outcome, _) = self.outcome((node, Input::Boot, None), None);
        self.number((node, Input::Boot, None), outcome);
        self.steps.len() as u32 - 1
    }

    fn number(&mut self, (before, input, _): Cue, outcome: Outcome) {
        let Outcome { node, sent, shown, answers, crashed, tries } = outcome;
        let print = |interner: &Self, message: u32| *message_at(interner, message).0;
        let node = self.node(node);
        let mut delta = self.node_print(node).wrapping_sub(self.node_print(before));
        let mut plain = !crashed && (shown == 0 || self.sees < Some(Sees::Order));
        if let Input::Hear(heard) = input {
            delta = delta.wrapping_sub(print(self, heard));
            plain &= !message_at(self, heard).1.fifo;
        }
        for message in &sent {
            delta = delta.wrapping_add(print(self, *message));
            plain &= !message_at(self, *message).1.fifo;
        }
        let first_sent = self.sent.len() as u32;
        self.sent.extend_from_slice(&sent);
        let sent = sent.len() as u32;
        self.steps.push(Step { delta, shown, node, first_sent, sent, tries, plain, crashed });
        self.answers.push(answers);
    }

    fn node_print(&self, node: u32) -> u128 {
        *self.nodes.get_index(node as usize).unwrap_or_else(|| unreachable!("a number is somebody's")).0
    }

    /// What one thing that happens to a node comes to, and what the process chose among how many.
    fn outcome(&mut self, (number, input, cut): Cue, answers: Option<&[u32]>) -> (Outcome, Vec<(u32, u32)>) {
        let node = self.nodes[number as usize].clone();
        let mut stage = Stage { outcome: Outcome::of(node), sees: self.sees };
        let mut trail = Vec::new();
        match (input, stage.outcome.node.standing) {
            (Input::Boot, Standing::Absent | Standing::Down)
            | (Input::Hear(_) | Input::Expire | Input::Ask(_) | Input::AskNext, Standing::Up(_)) => {
                trail = self.act(&mut stage, input, cut, answers);
            }
            (Input::Ask(request), Standing::Paused(_)) => stage.outcome.node.asked.push(request),
            (Input::Crash, Standing::Up(_) | Standing::Paused(_)) => stage.crash(),
            (Input::Pause, Standing::Up(process)) => {
                stage.outcome.node.standing = Standing::Paused(process);
                stage.see(Sight::Pause);
            }
            (Input::Resume, Standing::Paused(process)) => {
                stage.outcome.node.standing = Standing::Up(process);
                stage.see(Sight::Resume);
            }
            (Input::Pass(time), _) => {
                let timers = &mut stage.outcome.node.timers;
                timers.iter_mut().for_each(|timer| timer.left = sooner(timer.left, time));
            }
            // Whoever is not there hears nothing.
            (
                Input::Boot
                | Input::Hear(_)
                | Input::Expire
                | Input::Ask(_)
                | Input::AskNext
                | Input::Crash
                | Input::Pause
                | Input::Resume,
                _,
            ) => {}
        }
        stage.outcome.answers = trail.iter().map(|(_, chosen)| *chosen).collect();
        (stage.outcome, trail)
    }

    /// The process takes a step.
    fn act(
        &mut self,
        stage: &mut Stage,
        input: Input,
        cut: Option<u32>,
        answers: Option<&[u32]>,
    ) -> Vec<(u32, u32)> {
        let node = &mut stage.outcome.node;
        let who = node.who;
        self.actors.reset(self.setup.names.len(), Keep::Everything);
        self.actors.recall(Stored::Stable(who, node.stable.place));
        if let Standing::Up(process) = node.standing {
            self.actors.recall(Stored::Process(who, process.place));
        }
        let actors = &mut self.actors;
        let mut running: Vec<(u32, Timer)> = node
            .timers
            .iter()
            .map(|timer| (actors.recall(Stored::Timer(who, timer.name.place)), *timer))
            .collect();
        let mut oracle = Oracle { answers: answers.unwrap_or_default(), trail: Vec::new() };
        let (scene, mut chooser) = self.world.stage(who, Time::ZERO);
        let choices: &mut dyn Choices = if answers.is_some() { &mut oracle } else { &mut chooser };
        match input {
            Input::Boot => {
                stage.see(Sight::Boot);
                actors.boot(scene, choices);
            }
            Input::Hear(message) => {
                let message = message_in(&self.messages, message).1;
                stage.see(Sight::Receive(message.from, message.stamp));
                let slot = actors.recall(Stored::Message(message.from, message.body.place));
                actors.hear(slot, scene, choices);
            }
            Input::Expire => {
                stage.see(Sight::Timer);
                let (slot, _) = running.remove(0);
                actors.expire(slot, scene, choices);
            }
            Input::Ask(request) => {
                stage.see(Sight::Request(request));
                actors.ask(request, scene, choices);
            }
            Input::AskNext => {
                let request = node.asked.remove(0);
                stage.see(Sight::Request(request));
                actors.ask(request, scene, choices);
            }
            Input::Crash | Input::Pause | Input::Resume | Input::Pass(_) => {
                unreachable!("the process does not notice")
            }
        }
        self.apply(stage, &mut running, cut);
        if self.world.clock_read() {
            self.refusal.get_or_insert(Refusal::ClockRead);
        }
        oracle.trail
    }

    /// Does what the step asked for.
    fn apply(&mut self, stage: &mut Stage, running: &mut Vec<(u32, Timer)>, cut: Option<u32>) {
        let who = stage.outcome.node.who;
        let mut left = cut.unwrap_or(u32::MAX);
        while left > 0
            && let Some(deed) = self.actors.deed()
        {
            match deed {
                Deed::Send { to, slot, .. } => self.send(stage, slot, &[to], &mut left),
                Deed::Multicast { first, last, slot, .. } => {
                    let to: Vec<ProcessId> = (first..last).map(|place| self.actors.target(place)).collect();
                    self.send(stage, slot, &to, &mut left);
                }
                Deed::Broadcast { slot, .. } => {
                    let to: Vec<ProcessId> = self.setup.names.ids().filter(|to| *to != who).collect();
                    self.send(stage, slot, &to, &mut left);
                }
                Deed::SetTimer { slot, range, .. } => {
                    running.retain(|(other, _)| *other != slot);
                    let left = self.length(&mut stage.outcome.node, range);
                    let name = self.keep(Part::Timer(slot));
                    let place = running.partition_point(|(_, timer)| timer.left <= left);
                    running.insert(place, (slot, Timer { name, left }));
                }
                Deed::CancelTimer { slot } => running.retain(|(other, _)| *other != slot),
                Deed::Save { .. } => {}
                Deed::Produce { value } => {
                    let output = self.actors.fingerprint(Part::Output(value));
                    stage.see(Sight::Output(output));
                }
                Deed::Chose { .. } => {}
            }
        }
        self.actors.forget_deeds();
        stage.outcome.node.stable = self.keep(Part::Stable(who));
        stage.outcome.node.timers = running.iter().map(|(_, timer)| *timer).collect();
        stage.outcome.node.standing = Standing::Up(self.keep(Part::Process(who)));
        if left == 0 {
            stage.crash();
            stage.outcome.crashed = true;
        }
    }

    /// Sends one message to each receiver, up to so many.
    fn send(&mut self, stage: &mut Stage, slot: u32, receivers: &[ProcessId], left: &mut u32) {
        let from = stage.outcome.node.who;
        let body = self.keep(Part::Message(slot));
        let kind = self.actors.kind(slot);
        for to in receivers.iter().copied().take(*left as usize) {
            *left -= u32::from(*left < u32::MAX);
            stage.outcome.tries += 1;
            stage.see(Sight::Send(to));
            if to != from && !self.world.neighbours(from).contains(to) {
                continue;
            }
            let stamp = if self.sees >= Some(Sees::Causality) { stage.outcome.node.history } else { 0 };
            let fifo = self.setup.is_fifo(from, to);
            let message = Message { from, to, body, stamp, kind, fifo };
            let entry = self.messages.entry(message.print());
            stage.outcome.sent.push(entry.index() as u32);
            entry.or_insert(message);
        }
        self.actors.expect(slot, 0);
    }

    /// How long a timer runs, in nanoseconds.
    fn length(&mut self, node: &mut Node, range: TimerRange) -> i64 {
        self.world.count_lengths(node.who, node.drawn);
        node.drawn += u32::from(range.min < range.max);
        let length = self.world.timer_length(node.who, range);
        i64::try_from(length.as_nanos()).unwrap_or(i64::MAX).max(OVERDUE)
    }
}

fn message_in(messages: &IndexMap<u128, Message, Steady>, message: u32) -> (&u128, &Message) {
    messages.get_index(message as usize).unwrap_or_else(|| unreachable!("a number is some message's"))
}

fn message_at(interner: &Interner, message: u32) -> (&u128, &Message) {
    message_in(&interner.messages, message)
}

/// A step while it is taken.
struct Stage {
    outcome: Outcome,
    sees: Option<Sees>,
}

impl Stage {
    /// Properties see this, as far as any looks at it.
    fn see(&mut self, sight: Sight) {
        let causal = matches!(sight, Sight::Send(_) | Sight::Receive(..) | Sight::Timer);
        let needed = if causal { Sees::Causality } else { Sees::Nodes };
        if self.sees < Some(needed) {
            return;
        }
        let Outcome { node, shown, .. } = &mut self.outcome;
        node.history = fingerprint(&(node.history, sight));
        if !causal {
            *shown = fingerprint(&(*shown, node.who, sight));
        }
    }

    fn crash(&mut self) {
        let node = &mut self.outcome.node;
        node.standing = Standing::Down;
        node.timers.clear();
        node.asked.clear();
        self.see(Sight::Crash);
    }
}

impl Outcome {
    fn of(node: Node) -> Self {
        Self { node, sent: Vec::new(), shown: 0, answers: Vec::new(), crashed: false, tries: 0 }
    }
}

/// Answers choices as told, then with the first alternative, and keeps what it answered.
struct Oracle<'a> {
    answers: &'a [u32],
    trail: Vec<(u32, u32)>,
}

impl Choices for Oracle<'_> {
    fn choose(&mut self, options: u32) -> u32 {
        let chosen = self.answers.get(self.trail.len()).copied().unwrap_or(0);
        self.trail.push((options, chosen));
        chosen
    }
}
