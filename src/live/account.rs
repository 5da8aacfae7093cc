//! What the faults of a live run touched: its trace once more, against the same timeline in the same world.
//!
//! No single process knows: a node that is killed takes its account with it, and one that stands still notices nothing. The
//! merged trace has all of it. Each sending is handed to the network again, which draws as it drew; what was dropped on
//! arrival tells which barrier stood there; and what should have happened while a node stood still, and happened later, is
//! what its pause held up.

use super::agenda::Agenda;
use crate::{
    process::{ProcessId, Time},
    scenario::Plan,
    trace::{Event, EventKind, Trace},
    world::{Consequence, Fault, Reason, World},
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
    let numbers = |kind: EventKind, number: fn(&Event) -> Option<u64>| {
        trace.events.iter().filter(move |event| event.kind == kind).filter_map(number).collect()
    };
    let account = Account {
        agenda: Agenda::new(&world),
        world,
        heard: numbers(EventKind::Receive, |event| event.message),
        ran_out: numbers(EventKind::Timer, |event| event.cause),
        timers: BTreeMap::new(),
        held: BTreeMap::new(),
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
    /// The settings of timers that ran out.
    ran_out: BTreeSet<u64>,
    /// The timers that run: their settings, by node and name.
    timers: BTreeMap<(ProcessId, String), u64>,
    /// Who is to be reached by something at which time, by its number.
    held: BTreeMap<(Time, u64), ProcessId>,
    consequences: Vec<Consequence>,
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
            let held = self.held.first_key_value().map(|((at, _), _)| *at).filter(|at| *at <= to);
            match (planned, held) {
                (Some(planned), held) if held.is_none_or(|held| planned <= held) => {
                    let mut consequences = std::mem::take(&mut self.consequences);
                    let timers = &self.timers;
                    let runs = |node: ProcessId| timers.keys().any(|(owner, _)| *owner == node);
                    self.agenda.play(&mut self.world, planned, &runs, &mut consequences);
                    self.carry_out(&mut consequences);
                    self.consequences = consequences;
                }
                (_, Some(_)) => {
                    if let Some((_, node)) = self.held.pop_first() {
                        self.world.reach(node);
                    }
                }
                (_, None) => return,
            }
        }
    }

    fn carry_out(&mut self, consequences: &mut Vec<Consequence>) {
        for consequence in consequences.drain(..) {
            match consequence {
                // It finds a node that stands still, or is down.
                Consequence::Asked { node, .. } => drop(self.world.reach(node)),
                Consequence::Crashed(node) => self.timers.retain(|(owner, _), _| *owner != node),
                Consequence::Restarted(_)
                | Consequence::Paused(_)
                | Consequence::Resumed(_)
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
            EventKind::Drop if event.why.as_deref().is_some_and(is_on_arrival) => {
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
        // Over several links it takes longer than to the first hop, and is held up there.
        if transit.lost.is_none() && event.message.is_some_and(|message| self.heard.contains(&message)) {
            self.held.insert((transit.at, event.index), transit.hop);
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
            self.held.insert((due, event.index), node);
        }
    }
}

/// Whether this is a reason not to take in a message that has come.
fn is_on_arrival(why: &str) -> bool {
    [Reason::Partition, Reason::Cut, Reason::Down, Reason::NotStarted]
        .iter()
        .any(|reason| reason.name() == why)
}
