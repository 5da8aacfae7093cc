//! Planned actions take place: the timeline of a scenario acts on the world.

use super::{
    Action, ClockChange, Fault, Heal, Planned, Quantity, Targets, World,
    draws::{Purpose, finish},
    faults::Doomed,
    nodes::Status,
};
use crate::process::{ProcessId, Time};
use std::time::Duration;

/// What an action means for the processes; the driver carries it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consequence {
    /// A node is asked for something: the scenario's request with this number.
    Asked {
        /// Who.
        node: ProcessId,
        /// What for.
        request: u32,
    },
    /// A node lost its state and its timers.
    Crashed(ProcessId),
    /// A node boots with what it saved.
    Restarted(ProcessId),
    /// A node stands still.
    Paused(ProcessId),
    /// A node goes on.
    Resumed(ProcessId),
    /// A node's clock changed, and with it when its timers run out.
    ClockChanged(ProcessId),
    /// The network changed: the planned action with this number.
    NetworkChanged(u32),
    /// What the planned action with this number changed in the network is over.
    NetworkRestored(u32),
    /// Something ends later: to be handed to [`World::end`] then.
    Later {
        /// When.
        at: Time,
        /// What.
        ending: Ending,
    },
}

/// The end of something that lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// A crashed node restarts, if it is still the same crash.
    Restart {
        /// Which node.
        node: ProcessId,
        /// Which of its lives ended.
        life: u32,
    },
    /// A paused node goes on, if it is still the same pause.
    Resume {
        /// Which node.
        node: ProcessId,
        /// What paused it.
        fault: u32,
    },
    /// A partition, a cut or a changed link ends.
    Network {
        /// Whose end it is.
        fault: u32,
        /// The planned action.
        planned: u32,
    },
    /// A change of a clock ends.
    Clock {
        /// Whose.
        node: ProcessId,
        /// What changed it.
        fault: u32,
    },
}

impl World {
    /// Who is asked for what by the planned action with this number, if that is all there is to it.
    #[inline]
    pub(crate) fn asked(&self, number: u32) -> Option<(ProcessId, u32)> {
        match self.setup.agenda[number as usize].action {
            Action::Request { targets: Targets::Node(node), request } => Some((node, request)),
            _ => None,
        }
    }

    /// The planned action with this number takes place. What it means for processes is pushed to `consequences`;
    /// `timers` says whether a node has timers running.
    pub fn enact(
        &mut self,
        now: Time,
        number: u32,
        timers: &dyn Fn(ProcessId) -> bool,
        consequences: &mut Vec<Consequence>,
    ) {
        let setup = self.setup.clone();
        let planned = &setup.agenda[number as usize];
        // What is no fault has no account, and touches nothing.
        let fault = match &planned.action {
            Action::Request { .. } | Action::Restart(_) | Action::Resume(_) | Action::Heal(_) => u32::MAX,
            action => self.faults.open(account(planned, number, now, action)),
        };
        match &planned.action {
            // A request to a node that is down is not lost in silence: the driver records that it was.
            Action::Request { targets: Targets::Node(node), request } => {
                consequences.push(Consequence::Asked { node: *node, request: *request });
            }
            Action::Request { targets, request } => {
                for node in self.pick(*targets, number, |status| status.is_up()) {
                    consequences.push(Consequence::Asked { node, request: *request });
                }
            }
            Action::Crash { targets, after_sends } => {
                for node in self.pick(*targets, number, Status::is_up) {
                    match after_sends {
                        Some(remaining) if *remaining > 0 => {
                            let restart_after = planned.lasts;
                            self.faults.doom(Doomed { node, remaining: *remaining, fault, restart_after });
                        }
                        _ => self.crash(now, node, fault, planned.lasts, timers(node), consequences),
                    }
                }
            }
            Action::Restart(targets) => {
                for node in self.pick(*targets, number, Status::is_down) {
                    self.restart(node, consequences);
                }
            }
            Action::Pause(targets) => {
                for node in self.pick(*targets, number, |status| status.is_up() && !status.is_paused()) {
                    self.pause(now, node, fault, planned.lasts, consequences);
                }
            }
            Action::Resume(targets) => {
                for node in self.pick(*targets, number, |status| status.is_paused()) {
                    self.resume(node, consequences);
                }
            }
            Action::Clock(targets, change) => {
                for node in self.pick(*targets, number, |_| true) {
                    self.change_clock(now, node, *change, fault, timers(node), consequences);
                    if let Some(lasts) = planned.lasts {
                        consequences.push(later(now, lasts, Ending::Clock { node, fault }));
                    }
                }
            }
            Action::Partition(_)
            | Action::Cut(_)
            | Action::Link(..)
            | Action::Heal(_)
            | Action::Drop { .. } => {
                self.change_network(now, number, planned, fault, consequences);
            }
        }
    }

    /// Something that lasted ends.
    pub fn end(&mut self, now: Time, ending: Ending, consequences: &mut Vec<Consequence>) {
        match ending {
            Ending::Restart { node, life } => {
                if self.nodes.status(node).is_down() && self.nodes.life(node) == life {
                    self.restart(node, consequences);
                }
            }
            Ending::Resume { node, fault } => {
                if self.nodes.status(node).is_paused() && self.nodes.fault_of(node) == Some(fault) {
                    self.resume(node, consequences);
                }
            }
            Ending::Network { fault, planned } => {
                // A `heal` may have come before.
                if self.faults.end(fault) || self.links.unpatch(Some(fault)) > 0 {
                    consequences.push(Consequence::NetworkRestored(planned));
                }
            }
            Ending::Clock { node, fault } => {
                self.clock_mut(node).undo(fault, now);
                consequences.push(Consequence::ClockChanged(node));
            }
        }
    }

    /// A node that was to crash in the middle of sending does so now.
    pub(crate) fn crash_doomed(&mut self, now: Time, doomed: Doomed, consequences: &mut Vec<Consequence>) {
        // Sending at all means that there was a state to lose.
        self.crash(now, doomed.node, doomed.fault, doomed.restart_after, true, consequences);
    }

    fn crash(
        &mut self,
        now: Time,
        node: ProcessId,
        fault: u32,
        lasts: Option<Duration>,
        timers: bool,
        consequences: &mut Vec<Consequence>,
    ) {
        if timers || self.nodes.status(node).has_handled() {
            self.faults.touch(fault);
        }
        let life = self.nodes.crash(node, fault);
        consequences.push(Consequence::Crashed(node));
        if let Some(lasts) = lasts {
            consequences.push(later(now, lasts, Ending::Restart { node, life }));
        }
    }

    fn restart(&mut self, node: ProcessId, consequences: &mut Vec<Consequence>) {
        self.nodes.boot(node);
        consequences.push(Consequence::Restarted(node));
    }

    fn pause(
        &mut self,
        now: Time,
        node: ProcessId,
        fault: u32,
        lasts: Option<Duration>,
        consequences: &mut Vec<Consequence>,
    ) {
        self.nodes.pause(node, fault);
        consequences.push(Consequence::Paused(node));
        if let Some(lasts) = lasts {
            consequences.push(later(now, lasts, Ending::Resume { node, fault }));
        }
    }

    fn resume(&mut self, node: ProcessId, consequences: &mut Vec<Consequence>) {
        self.nodes.resume(node);
        consequences.push(Consequence::Resumed(node));
    }

    fn change_network(
        &mut self,
        now: Time,
        number: u32,
        planned: &Planned,
        fault: u32,
        consequences: &mut Vec<Consequence>,
    ) {
        match &planned.action {
            Action::Partition(groups) => self.faults.partition(fault, self.setup.names.len() as u32, groups),
            Action::Cut(links) => self.faults.cut(fault, links.clone()),
            Action::Link(links, patch) => self.links.patch(fault, links.clone(), patch.clone()),
            Action::Heal(heal) => {
                self.faults.heal(*heal);
                if matches!(heal, Heal::All | Heal::Links) {
                    self.links.unpatch(None);
                }
            }
            Action::Drop { links, kind, nth } => {
                // Armed in silence: what it drops is what a trace shows.
                self.faults.drop_nth(fault, links.clone(), kind.clone(), *nth);
                return;
            }
            Action::Request { .. }
            | Action::Crash { .. }
            | Action::Restart(_)
            | Action::Pause(_)
            | Action::Resume(_)
            | Action::Clock(..) => unreachable!("only what concerns the network comes here"),
        }
        consequences.push(Consequence::NetworkChanged(number));
        if let Some(lasts) = planned.lasts {
            consequences.push(later(now, lasts, Ending::Network { fault, planned: number }));
        }
    }

    fn change_clock(
        &mut self,
        now: Time,
        node: ProcessId,
        change: ClockChange,
        fault: u32,
        timers: bool,
        consequences: &mut Vec<Consequence>,
    ) {
        self.clock_mut(node).change(change, fault, now);
        if timers {
            self.faults.touch(fault);
        } else {
            self.nodes.watch_clock(node, fault);
        }
        consequences.push(Consequence::ClockChanged(node));
    }

    /// The nodes that an action concerns, among those it can apply to.
    fn pick(&mut self, targets: Targets, number: u32, applies: fn(Status) -> bool) -> Vec<ProcessId> {
        let quantity = match targets {
            Targets::Node(node) if applies(self.nodes.status(node)) => return vec![node],
            Targets::Node(_) => return Vec::new(),
            Targets::Any(quantity) => quantity,
        };
        let able = self.setup.names.ids().filter(|node| applies(self.nodes.status(*node))).collect();
        self.draw_nodes(quantity, number, able)
    }

    /// So many of the nodes that the planned action with this number can apply to, as the seed says.
    pub(crate) fn draw_nodes(
        &mut self,
        quantity: Quantity,
        number: u32,
        mut able: Vec<ProcessId>,
    ) -> Vec<ProcessId> {
        if quantity == Quantity::All {
            return able;
        }
        // Drawn for the time and not for the place in the agenda, and each node draws its own lot: what else is
        // planned and who else takes part changes nothing about it.
        let (before, at) = (&self.setup.agenda[..number as usize], self.setup.agenda[number as usize].at);
        let twins = before.iter().rev().take_while(|planned| planned.at == at);
        let rank = twins.filter(|planned| planned.action.is_drawn()).count() as u64;
        let word = self.draws.draw(Purpose::Pick, at.0, rank);
        able.sort_unstable_by_key(|node| finish(word, self.setup.names.key(*node)));
        able.truncate(quantity.of(self.setup.names.len()));
        able.sort_unstable();
        able
    }
}

fn later(now: Time, lasts: Duration, ending: Ending) -> Consequence {
    Consequence::Later { at: now.after(lasts), ending }
}

fn account(planned: &Planned, number: u32, now: Time, action: &Action) -> Fault {
    Fault {
        entry: planned.entry,
        planned: number,
        at: now,
        kind: action.name(),
        touched: 0,
        may_miss: planned.may_miss,
    }
}
