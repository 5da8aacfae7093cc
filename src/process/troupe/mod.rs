//! The processes of a run with everything that has their types, behind a face without types: drivers are written, and
//! compiled, once for all algorithms.

mod bodies;
mod interned;
mod timers;
mod values;

pub use interned::{Interned, Part, Stored};
pub use values::{Exchange, Kept, Table, Values};

use super::{
    Choices, Context, Effect, Effects, Input, Process, ProcessId, Request, Scene, TimerRange, kind_of, step,
};
use bodies::Bodies;
use interned::Depot;
use std::collections::BTreeMap;
use timers::Timers;
use values::{NO_VALUE, size_of_json};

/// What the processes of a run start from.
#[derive(Clone, Debug)]
pub struct Cast<P: Process> {
    /// The configuration of every process.
    pub config: P::Config,
    /// Of processes that have their own, instead.
    pub configs: BTreeMap<ProcessId, P::Config>,
    /// What the planned actions ask for.
    pub requests: Vec<Request<P>>,
}

impl<P: Process> Default for Cast<P> {
    fn default() -> Self {
        Self { config: P::Config::default(), configs: BTreeMap::new(), requests: Vec::new() }
    }
}

/// An [`Effect`] that a driver applies: values are named by their places. `value` is a value's place among the kept
/// ones, where values are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Send a message to one process.
    Send {
        /// The receiver.
        to: ProcessId,
        /// Where the message is.
        slot: u32,
        /// Its place among the kept messages.
        value: u32,
        /// Its kind, where [`Actors::deeds`] was asked.
        kind: &'static str,
    },
    /// Send a message to those whom [`Actors::target`] names at the places from `first` to before `last`.
    Multicast {
        /// The first receiver's place.
        first: u32,
        /// The place after the last receiver's.
        last: u32,
        /// Where the message is.
        slot: u32,
        /// Its place among the kept messages.
        value: u32,
        /// Its kind, where [`Actors::deeds`] was asked.
        kind: &'static str,
    },
    /// Send a message to everybody else.
    Broadcast {
        /// Where the message is.
        slot: u32,
        /// Its place among the kept messages.
        value: u32,
        /// Its kind, where [`Actors::deeds`] was asked.
        kind: &'static str,
    },
    /// Start a timer, or start it anew.
    SetTimer {
        /// The timer's place; a timer that is set again keeps it.
        slot: u32,
        /// How long it runs on the process's own clock.
        range: TimerRange,
        /// Its place among the kept timers.
        value: u32,
    },
    /// A timer that ran was stopped.
    CancelTimer {
        /// The timer's place, free from now on.
        slot: u32,
    },
    /// Something was saved.
    Save {
        /// Its place among what was saved.
        value: u32,
    },
    /// The application was told something.
    Produce {
        /// Its place among the kept outputs.
        value: u32,
    },
    /// A choice was made.
    Chose {
        /// How many alternatives there were.
        options: u32,
        /// Which one was taken.
        chosen: u32,
    },
}

/// Which values of a run are kept for its recording.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Keep {
    /// None.
    #[default]
    Nothing,
    /// What properties judge: outputs.
    Outputs,
    /// Messages, timers and what is saved as well.
    Everything,
}

/// The processes of a run, their messages and timers, as drivers see them.
///
/// A driver lets a process take a step, then takes its deeds one by one and applies each before it takes the next.
/// Messages wait at places (`slot`) until every delivery was heard or released.
pub trait Actors: Values + Interned + Send {
    /// Starts a run of so many processes, none of them booted; `keep` says which values are kept for a recording.
    fn reset(&mut self, nodes: usize, keep: Keep);
    /// The process `scene.me` boots with what it saved last. Gives, as all steps do, whether it wants anything done.
    fn boot(&mut self, scene: Scene<'_>, choices: &mut dyn Choices) -> bool;
    /// A process is asked for the request with this number.
    fn ask(&mut self, request: u32, scene: Scene<'_>, choices: &mut dyn Choices) -> bool;
    /// A process gets the message at `slot`.
    fn hear(&mut self, slot: u32, scene: Scene<'_>, choices: &mut dyn Choices) -> bool;
    /// The timer at `slot` runs out.
    fn expire(&mut self, slot: u32, scene: Scene<'_>, choices: &mut dyn Choices) -> bool;
    /// What the last step wants done next; nothing when all is done.
    fn deed(&mut self) -> Option<Deed>;
    /// Everything that the last step wants done, where nothing will be left undone. Every message is expected by all to
    /// whom it goes.
    fn deeds(&mut self, deeds: &mut Vec<Deed>);
    /// What the last step still wants done is left undone.
    fn forget_deeds(&mut self);
    /// A receiver of a multicast.
    fn target(&self, place: u32) -> ProcessId;
    /// A process loses its state and its timers.
    fn crash(&mut self, node: ProcessId);
    /// Whether a process has a state.
    fn is_up(&self, node: ProcessId) -> bool;
    /// A process's state in words.
    fn state(&self, node: ProcessId) -> Option<String>;
    /// Who sent the message at `slot`.
    fn sender(&self, slot: u32) -> ProcessId;
    /// The message at `slot` once more, at another place.
    fn copy(&mut self, slot: u32) -> u32;
    /// How many deliveries of the message at `slot` there will be; without any it is forgotten.
    fn expect(&mut self, slot: u32, deliveries: u32);
    /// One delivery less of the message at `slot`.
    fn release(&mut self, slot: u32);
    /// The kind of the message at `slot`.
    fn kind(&self, slot: u32) -> &'static str;
    /// How many bytes the message at `slot` has as JSON.
    fn size(&self, slot: u32) -> u32;
    /// The places of a process's running timers, in order of their names.
    fn timers(&self, node: ProcessId) -> &[u32];
    /// Takes in a message that comes from outside, for one delivery; gives its place. `json` is a message as
    /// [`Values::put`] writes it.
    ///
    /// # Errors
    /// When it is none of the algorithm's messages.
    fn admit(&mut self, from: ProcessId, json: &[u8]) -> serde_json::Result<u32>;
    /// One more request that can be asked for; gives its number.
    ///
    /// # Errors
    /// When it is none of the problem's requests.
    fn add_request(&mut self, json: &[u8]) -> serde_json::Result<u32>;
    /// What a process finds in its stable storage when it boots.
    ///
    /// # Errors
    /// When it is nothing that the algorithm saves.
    fn restore(&mut self, node: ProcessId, json: &[u8]) -> serde_json::Result<()>;
    /// Forgets the values kept so far, and the requests from number `requests` on.
    fn forget_values(&mut self, requests: u32);
}

/// All processes of a run of `P`.
pub struct Troupe<P: Process> {
    config: P::Config,
    configs: BTreeMap<ProcessId, P::Config>,
    processes: Vec<Option<P>>,
    stable: Vec<P::Stable>,
    bodies: Bodies<P::Message>,
    timers: Timers<P::Timer>,
    effects: Effects<P>,
    /// Whose deeds are taken.
    acting: ProcessId,
    keep: Keep,
    kept: Kept<P>,
    depot: Depot<P>,
}

impl<P: Process> Troupe<P> {
    /// Processes that start from `cast`.
    pub fn new(cast: Cast<P>) -> Self {
        let Cast { config, configs, requests } = cast;
        Self {
            config,
            configs,
            processes: Vec::new(),
            stable: Vec::new(),
            bodies: Bodies::new(),
            timers: Timers::new(),
            effects: Effects::new(),
            acting: ProcessId(0),
            keep: Keep::Nothing,
            kept: Kept::new(requests),
            depot: Depot::new(),
        }
    }

    /// The processes as they stand; none for one that is down or has not started.
    pub fn processes(&self) -> &[Option<P>] {
        &self.processes
    }

    /// The values that were kept.
    pub fn kept(&self) -> &Kept<P> {
        &self.kept
    }

    #[inline(always)]
    fn step(&mut self, scene: Scene<'_>, choices: &mut dyn Choices, input: Input<P>) -> bool {
        let Some(process) = &mut self.processes[scene.me.index()] else { return false };
        self.effects.targets.clear();
        step(process, &mut Context::new(scene, &mut self.effects, choices), input);
        self.acted(scene.me)
    }

    #[inline(always)]
    fn keeps_all(&self) -> bool {
        self.keep == Keep::Everything
    }

    /// Deeds are taken from the end.
    #[inline(always)]
    fn acted(&mut self, node: ProcessId) -> bool {
        self.acting = node;
        if self.effects.list.len() > 1 {
            self.effects.list.reverse();
        }
        !self.effects.list.is_empty()
    }

    /// What an effect means to a driver; nothing when it is the end of a timer that does not run.
    #[inline(always)]
    fn deed_of(&mut self, effect: Effect<P>) -> Option<Deed> {
        Some(match effect {
            Effect::Send { to, message } => {
                let (slot, value) = self.put(message);
                Deed::Send { to, slot, value, kind: "" }
            }
            Effect::Multicast { targets, message } => {
                let (slot, value) = self.put(message);
                Deed::Multicast { first: targets.start, last: targets.end, slot, value, kind: "" }
            }
            Effect::Broadcast { message } => {
                let (slot, value) = self.put(message);
                Deed::Broadcast { slot, value, kind: "" }
            }
            Effect::SetTimer { timer, range } => {
                let value = if self.keeps_all() { self.kept.timer(&timer) } else { NO_VALUE };
                Deed::SetTimer { slot: self.timers.set(self.acting, timer), range, value }
            }
            Effect::CancelTimer { timer } => {
                Deed::CancelTimer { slot: self.timers.cancel(self.acting, &timer)? }
            }
            Effect::Save { stable } => {
                let value = if self.keeps_all() { self.kept.saved(&stable) } else { NO_VALUE };
                self.stable[self.acting.index()] = stable;
                Deed::Save { value }
            }
            Effect::Produce { output } => {
                let kept = self.keep >= Keep::Outputs;
                Deed::Produce { value: if kept { self.kept.output(output) } else { NO_VALUE } }
            }
            Effect::Chose { options, chosen } => Deed::Chose { options, chosen },
        })
    }

    /// Puts a message where so many deliveries find it; gives its kind, too.
    #[inline(always)]
    fn put_for(&mut self, message: P::Message, receivers: u32) -> (u32, u32, &'static str) {
        let kind = kind_of(&message);
        let (slot, value) = self.put(message);
        self.bodies.expect(slot, receivers);
        (slot, value, kind)
    }

    /// Puts a message where deliveries find it.
    #[inline(always)]
    fn put(&mut self, message: P::Message) -> (u32, u32) {
        let value = if self.keeps_all() { self.kept.message(&message) } else { NO_VALUE };
        (self.bodies.insert(message, self.acting), value)
    }
}

impl<P: Process> Actors for Troupe<P> {
    fn reset(&mut self, nodes: usize, keep: Keep) {
        self.processes.clear();
        self.processes.resize(nodes, None);
        self.stable.clear();
        self.stable.resize(nodes, P::Stable::default());
        self.bodies.clear();
        self.timers.clear();
        self.effects.clear();
        self.keep = keep;
        self.kept.clear();
    }

    fn boot(&mut self, scene: Scene<'_>, choices: &mut dyn Choices) -> bool {
        let node = scene.me;
        let config = self.configs.get(&node).unwrap_or(&self.config);
        let stable = self.stable[node.index()].clone();
        self.effects.targets.clear();
        let mut ctx = Context::new(scene, &mut self.effects, choices);
        self.processes[node.index()] = Some(P::boot(&mut ctx, config, stable));
        self.acted(node)
    }

    fn ask(&mut self, request: u32, scene: Scene<'_>, choices: &mut dyn Choices) -> bool {
        let request = self.kept.exchange.requests[request as usize].clone();
        self.step(scene, choices, Input::Request(request))
    }

    #[inline]
    fn hear(&mut self, slot: u32, scene: Scene<'_>, choices: &mut dyn Choices) -> bool {
        let from = self.bodies.from(slot);
        let message = self.bodies.take(slot);
        self.step(scene, choices, Input::Message { from, message })
    }

    fn expire(&mut self, slot: u32, scene: Scene<'_>, choices: &mut dyn Choices) -> bool {
        let Some(timer) = self.timers.expire(slot) else { return false };
        self.step(scene, choices, Input::Timer(timer))
    }

    #[inline]
    fn deed(&mut self) -> Option<Deed> {
        loop {
            let effect = self.effects.list.pop()?;
            if let Some(deed) = self.deed_of(effect) {
                return Some(deed);
            }
        }
    }

    fn deeds(&mut self, deeds: &mut Vec<Deed>) {
        while let Some(effect) = self.effects.list.pop() {
            match effect {
                Effect::Send { to, message } => {
                    let (slot, value, kind) = self.put_for(message, 1);
                    deeds.push(Deed::Send { to, slot, value, kind });
                }
                Effect::Multicast { targets, message } => {
                    let (first, last) = (targets.start, targets.end);
                    let (slot, value, kind) = self.put_for(message, last - first);
                    deeds.push(Deed::Multicast { first, last, slot, value, kind });
                }
                Effect::Broadcast { message } => {
                    let (slot, value, kind) = self.put_for(message, self.processes.len() as u32 - 1);
                    deeds.push(Deed::Broadcast { slot, value, kind });
                }
                other => deeds.extend(self.deed_of(other)),
            }
        }
    }

    #[inline]
    fn forget_deeds(&mut self) {
        self.effects.clear();
    }

    #[inline]
    fn target(&self, place: u32) -> ProcessId {
        self.effects.targets[place as usize]
    }

    fn crash(&mut self, node: ProcessId) {
        self.processes[node.index()] = None;
        self.timers.forget(node);
    }

    #[inline]
    fn is_up(&self, node: ProcessId) -> bool {
        self.processes[node.index()].is_some()
    }

    fn state(&self, node: ProcessId) -> Option<String> {
        self.processes[node.index()].as_ref().map(|process| format!("{process:?}"))
    }

    #[inline]
    fn sender(&self, slot: u32) -> ProcessId {
        self.bodies.from(slot)
    }

    fn copy(&mut self, slot: u32) -> u32 {
        self.bodies.copy(slot)
    }

    #[inline]
    fn expect(&mut self, slot: u32, deliveries: u32) {
        self.bodies.expect(slot, deliveries);
    }

    fn release(&mut self, slot: u32) {
        self.bodies.release(slot);
    }

    fn kind(&self, slot: u32) -> &'static str {
        kind_of(self.bodies.message(slot))
    }

    fn size(&self, slot: u32) -> u32 {
        size_of_json(self.bodies.message(slot))
    }

    fn timers(&self, node: ProcessId) -> &[u32] {
        self.timers.of(node)
    }

    fn admit(&mut self, from: ProcessId, json: &[u8]) -> serde_json::Result<u32> {
        let slot = self.bodies.insert(serde_json::from_slice(json)?, from);
        self.bodies.expect(slot, 1);
        Ok(slot)
    }

    fn add_request(&mut self, json: &[u8]) -> serde_json::Result<u32> {
        let requests = &mut self.kept.exchange.requests;
        requests.push(serde_json::from_slice(json)?);
        Ok(requests.len() as u32 - 1)
    }

    fn restore(&mut self, node: ProcessId, json: &[u8]) -> serde_json::Result<()> {
        self.stable[node.index()] = serde_json::from_slice(json)?;
        Ok(())
    }

    fn forget_values(&mut self, requests: u32) {
        self.kept.clear();
        self.kept.exchange.requests.truncate(requests as usize);
    }
}
