//! What the faults of a live run touched: its trace once more, against the same timeline in the same world.
//!
//! No single process knows: a node that is killed takes its account with it, and one that stands still notices nothing. The
//! merged trace has all of it. Each sending is handed to the network again, which draws as it drew. What a barrier kept out
//! tells of that barrier; everything else reaches its node when it was to, and finds it running, standing still or down.

use super::agenda::Agenda;
use crate::{
    process::{ProcessId, Time},
    scenario::Plan,
    trace::{Event, EventKind, Trace},
    world::{Arrival, Consequence, Fault, Reason, World},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// The faults of the scenario, with what each touched in the run that this trace tells of. Of a trace of one node alone it is
/// what that node saw.
pub fn account(plan: &Plan, trace: &Trace) -> Vec<Fault> {
    let mut world = World::new(Arc::new(plan.setup.clone()));
    world.reset(trace.header.seed.parse().unwrap_or(plan.seed));
    let numbers = |is: fn(&Event) -> bool, number: fn(&Event) -> Option<u64>| {
        trace.events.iter().filter(|event| is(event)).filter_map(number).collect()
    };
    let account = Account {
        agenda: Agenda::new(&world),
        world,
        heard: numbers(|event| event.kind == EventKind::Receive, |event| event.message),
        kept_out: numbers(is_kept_out, |event| event.message),
        ran_out: numbers(|event| event.kind == EventKind::Timer, |event| event.cause),
        timers: BTreeMap::new(),
        coming: BTreeMap::new(),
        backlog: Vec::new(),
        consequences: Vec::new(),
    };
    let names = plan.setup.names.clone();
    names.scope(|| account.of(trace, plan.setup.until.unwrap_or(Time::NEVER)))
}

struct Account {
    world: World,
    agenda: Agenda,
    /// The messages that were received.
    heard: BTreeSet<u64>,
    /// The messages that a barrier kept out.
    kept_out: BTreeSet<u64>,
    /// The settings of timers that ran out.
    ran_out: BTreeSet<u64>,
    /// The timers that run: their settings, by node and name.
    timers: BTreeMap<(ProcessId, String), u64>,
    /// What reaches whom at which time, by its number.
    coming: BTreeMap<(Time, u64), Coming>,
    /// What waits for somebody who stands still.
    backlog: Vec<Coming>,
    consequences: Vec<Consequence>,
}

/// Something that reaches a node.
#[derive(Clone, Copy, Debug)]
struct Coming {
    to: ProcessId,
    /// Of a message that nobody has seen again, its sender.
    from: Option<ProcessId>,
}

impl Account {
    fn of(mut self, trace: &Trace, until: Time) -> Vec<Fault> {
        for event in &trace.events {
            self.play(Time(event.time));
            self.follow(event);
        }
        self.play(until);
        self.world.faults().to_vec()
    }

    /// The timeline up to `to`, and who is reached by what on the way. At one time the timeline comes first.
    fn play(&mut self, to: Time) {
        loop {
            let planned = self.agenda.due(&self.world).filter(|at| *at <= to);
            let coming = self.coming.first_key_value().map(|((at, _), _)| *at).filter(|at| *at <= to);
            match (planned, coming) {
                (Some(planned), coming) if coming.is_none_or(|coming| planned <= coming) => {
                    let mut consequences = std::mem::take(&mut self.consequences);
                    let timers = &self.timers;
                    let runs = |node: ProcessId| timers.keys().any(|(owner, _)| *owner == node);
                    self.agenda.play(&mut self.world, planned, &runs, &mut consequences);
                    self.carry_out(&mut consequences);
                    self.consequences = consequences;
                }
                (_, Some(_)) => {
                    if let Some((_, coming)) = self.coming.pop_first() {
                        self.come(coming);
                    }
                }
                (_, None) => return,
            }
        }
    }

    fn come(&mut self, coming: Coming) {
        let arrival = match coming.from {
            Some(from) => self.world.arrive(from, coming.to),
            None => self.world.reach(coming.to),
        };
        if arrival == Arrival::Waits {
            self.backlog.push(coming);
        }
    }

    /// What waited for a node is handled, or finds it down.
    fn release(&mut self, node: ProcessId) {
        let (released, rest) = std::mem::take(&mut self.backlog).into_iter().partition(|one| one.to == node);
        self.backlog = rest;
        let released: Vec<Coming> = released;
        released.into_iter().for_each(|one| self.come(Coming { from: None, ..one }));
    }

    fn carry_out(&mut self, consequences: &mut Vec<Consequence>) {
        for consequence in consequences.drain(..) {
            match consequence {
                // It finds a node that stands still, or is down.
                Consequence::Asked { node, .. } => self.come(Coming { to: node, from: None }),
                Consequence::Crashed(node) => {
                    self.timers.retain(|(owner, _), _| *owner != node);
                    self.release(node);
                }
                Consequence::Resumed(node) => self.release(node),
                Consequence::Restarted(_)
                | Consequence::Paused(_)
                | Consequence::ClockChanged(_)
                | Consequence::NetworkChanged(_)
                | Consequence::NetworkRestored(_)
                | Consequence::Later { .. } => {}
            }
        }
    }

    fn follow(&mut self, event: &Event) {
        let Some(node) = event.node else { return };
        let body = event.body.as_ref();
        let names = self.world.names().clone();
        let named = |body: Option<&Value>, key: &str| names.find(body?.get(key)?.as_str()?);
        match event.kind {
            EventKind::Send => self.send(event, node),
            EventKind::Receive => self.world.handle(node),
            EventKind::Request if event.why.is_none() => self.world.handle(node),
            EventKind::Timer => {
                self.timers.retain(|_, set| Some(*set) != event.cause);
                self.world.handle(node);
            }
            EventKind::TimerSet => self.set_timer(event, node),
            EventKind::Drop if is_kept_out(event) => {
                if let Some(from) = named(body, "via").or(event.from) {
                    self.world.arrive(from, node);
                }
            }
            EventKind::Note => {
                let passes = body.and_then(|body| body.get("passes-on"));
                if let (Some(from), Some(to)) = (named(passes, "from"), named(passes, "to")) {
                    self.world.pass_on(Time(event.time), from, node, to, 0);
                }
            }
            EventKind::Boot
            | EventKind::Request
            | EventKind::Output
            | EventKind::Drop
            | EventKind::Duplicate
            | EventKind::Save
            | EventKind::Crash
            | EventKind::Restart
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock
            | EventKind::Choice => {}
        }
    }

    fn send(&mut self, event: &Event, from: ProcessId) {
        let (Some(to), now) = (event.to, Time(event.time)) else { return };
        let kind = event.message_kind.as_deref().unwrap_or_default();
        let transit = self.world.send(now, from, to, 0, kind);
        let message = event.message.unwrap_or(u64::MAX);
        if transit.lost.is_none() && !self.kept_out.contains(&message) {
            let from = (!self.heard.contains(&message)).then_some(from);
            self.coming.insert((transit.at, event.index), Coming { to: transit.hop, from });
        }
        let mut consequences = std::mem::take(&mut self.consequences);
        self.world.sent(now, from, &mut consequences);
        self.agenda.remember(0, &mut consequences);
        self.carry_out(&mut consequences);
        self.consequences = consequences;
    }

    fn set_timer(&mut self, event: &Event, node: ProcessId) {
        let Some(body) = &event.body else { return };
        self.timers.insert((node, body["timer"].to_string()), event.index);
        if self.ran_out.contains(&event.index) {
            let now = Time(event.time);
            let length = Duration::from_nanos(body["runs"].as_u64().unwrap_or(0));
            let due = self.world.shows(node, now).after(length);
            let due = self.world.reaches(node, due, now);
            self.coming.insert((due, event.index), Coming { to: node, from: None });
        }
    }
}

/// Whether an event tells of a message that a barrier kept out. Who finds a node down is written down by that node's next
/// life, or by nobody.
fn is_kept_out(event: &Event) -> bool {
    let why = event.why.as_deref();
    let kept_out = [Reason::Partition, Reason::Cut].iter().any(|reason| why == Some(reason.name()));
    event.kind == EventKind::Drop && kept_out
}
