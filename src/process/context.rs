//! What a handler sees of the world and how it acts on it: a `Context` that only pushes typed effects.

use super::{Choices, LocalTime, Output, Process, ProcessId, TimerRange};
use std::{cell::Cell, ops::Range};

/// Something a process wants done, applied by the driver in order after the handler has returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect<P: Process> {
    /// Send a message to one process.
    Send {
        /// The receiver.
        to: ProcessId,
        /// What it is told.
        message: P::Message,
    },
    /// Send one message to several processes: those at these places of [`Effects::targets`].
    Multicast {
        /// Where the receivers stand.
        targets: Range<u32>,
        /// What they are told.
        message: P::Message,
    },
    /// Send one message to every other member of the group, in order of their ids.
    Broadcast {
        /// What they are told.
        message: P::Message,
    },
    /// Start a timer, or start it anew when it is running.
    SetTimer {
        /// Its name.
        timer: P::Timer,
        /// How long it runs on the process's own clock.
        range: TimerRange,
    },
    /// Stop a timer; nothing happens when it is not running.
    CancelTimer {
        /// Its name.
        timer: P::Timer,
    },
    /// Write to stable storage, before any later effect of the same step leaves the process.
    Save {
        /// What survives a crash from now on.
        stable: P::Stable,
    },
    /// Tell the application above.
    Produce {
        /// What it is told.
        output: Output<P>,
    },
    /// A choice was made; it has been answered already and stands here for the record.
    Chose {
        /// How many alternatives there were.
        options: u32,
        /// Which one was taken.
        chosen: u32,
    },
}

/// The buffer that handlers push into. The driver owns it and uses it again for every step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effects<P: Process> {
    /// The effects, in the order in which they were asked for.
    pub list: Vec<Effect<P>>,
    /// The receivers of all multicasts in `list`, one after the other.
    pub targets: Vec<ProcessId>,
}

impl<P: Process> Effects<P> {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self { list: Vec::new(), targets: Vec::new() }
    }

    /// Forgets the effects, keeps the memory.
    pub fn clear(&mut self) {
        self.list.clear();
        self.targets.clear();
    }
}

impl<P: Process> Default for Effects<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a process can see of its surroundings: the same for every handler of one step.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Who the process is.
    pub me: ProcessId,
    /// How many processes there are; their ids are `0..group_size`.
    pub group_size: u32,
    /// Whom it has a link to.
    pub neighbours: Neighbours<'a>,
    /// What its own clock shows.
    pub now: LocalTime,
    /// Set when the process looks at its clock: a search must know whether time matters.
    pub clock_read: Option<&'a Cell<bool>>,
}

/// The processes that one process has a link to, in order of their ids. Looked up only when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Neighbours<'a> {
    me: ProcessId,
    links: Links<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Links<'a> {
    /// To everybody else of a group of this size.
    Everybody(u32),
    /// To those in the first half of the node's part of the table, which begins where `starts` says.
    Table { starts: &'a [u32], table: &'a [u32] },
}

impl<'a> Neighbours<'a> {
    /// Everybody else of a group of this size.
    #[inline]
    pub fn everybody(me: ProcessId, group_size: u32) -> Self {
        Self { me, links: Links::Everybody(group_size) }
    }

    /// Those listed in a table: a process's part of it begins at `starts[me]`, ends before `starts[me + 1]`, and has
    /// its neighbours in order in its first half; the second half is the table's owner's.
    #[inline]
    pub fn in_table(me: ProcessId, starts: &'a [u32], table: &'a [u32]) -> Self {
        Self { me, links: Links::Table { starts, table } }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self.links {
            Links::Everybody(group_size) => group_size.saturating_sub(1) as usize,
            Links::Table { .. } => self.listed().len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a link to `id`.
    pub fn contains(&self, id: ProcessId) -> bool {
        match self.links {
            Links::Everybody(group_size) => id != self.me && id.0 < group_size,
            Links::Table { .. } => self.listed().binary_search(&id.0).is_ok(),
        }
    }

    /// All of them, in order.
    #[inline]
    pub fn iter(&self) -> NeighbourIter<'a> {
        let range = match self.links {
            Links::Everybody(group_size) => 0..group_size,
            Links::Table { .. } => 0..0,
        };
        NeighbourIter { range, me: self.me.0, listed: self.listed().iter() }
    }

    /// Those that a table lists.
    #[inline]
    pub(crate) fn listed(&self) -> &'a [u32] {
        let Links::Table { starts, table } = self.links else { return &[] };
        let (start, end) = (starts[self.me.index()], starts[self.me.index() + 1]);
        &table[start as usize..(start + (end - start) / 2) as usize]
    }
}

/// The neighbours of a process, one after the other.
#[derive(Clone, Debug)]
pub struct NeighbourIter<'a> {
    range: Range<u32>,
    me: u32,
    listed: std::slice::Iter<'a, u32>,
}

impl Iterator for NeighbourIter<'_> {
    type Item = ProcessId;

    #[inline]
    fn next(&mut self) -> Option<ProcessId> {
        if let Some(id) = self.listed.next() {
            return Some(ProcessId(*id));
        }
        let id = self.range.next()?;
        if id == self.me { self.range.next().map(ProcessId) } else { Some(ProcessId(id)) }
    }
}

/// A handler's view of the world. Everything it does is pushed into a buffer and applied afterwards, in order.
pub struct Context<'a, P: Process> {
    scene: Scene<'a>,
    effects: &'a mut Effects<P>,
    choices: &'a mut dyn Choices,
}

impl<'a, P: Process> Context<'a, P> {
    /// A context for one step; `effects` receives what the handler asks for.
    #[inline]
    pub fn new(scene: Scene<'a>, effects: &'a mut Effects<P>, choices: &'a mut dyn Choices) -> Self {
        Self { scene, effects, choices }
    }

    /// Who this process is.
    #[inline]
    pub fn me(&self) -> ProcessId {
        self.scene.me
    }

    /// Everybody, this process included, in order of their ids.
    pub fn group(&self) -> impl ExactSizeIterator<Item = ProcessId> + use<P> {
        (0..self.scene.group_size).map(ProcessId)
    }

    /// How many processes there are, this one included.
    #[inline]
    pub fn group_size(&self) -> usize {
        self.scene.group_size as usize
    }

    /// Whom this process has a link to.
    #[inline]
    pub fn neighbours(&self) -> Neighbours<'a> {
        self.scene.neighbours
    }

    /// What this process's own clock shows. A scenario may skew it, step it, let it drift or freeze it.
    #[inline]
    pub fn now(&self) -> LocalTime {
        if let Some(read) = self.scene.clock_read {
            read.set(true);
        }
        self.scene.now
    }

    /// Sends `message` to `to`. A process may send to itself: that message arrives at once and cannot be lost.
    #[inline]
    pub fn send(&mut self, to: ProcessId, message: P::Message) {
        self.effects.list.push(Effect::Send { to, message });
    }

    /// Sends `message` to every other member of the group, one point-to-point message each, in order of their ids.
    #[inline]
    pub fn broadcast(&mut self, message: P::Message) {
        self.effects.list.push(Effect::Broadcast { message });
    }

    /// Sends `message` to each of `targets`, one point-to-point message each, in the order given.
    #[inline]
    pub fn multicast(&mut self, targets: impl IntoIterator<Item = ProcessId>, message: P::Message) {
        let start = self.effects.targets.len() as u32;
        self.effects.targets.extend(targets);
        let end = self.effects.targets.len() as u32;
        self.effects.list.push(Effect::Multicast { targets: start..end, message });
    }

    /// Starts `timer`; it runs out after a time within `range` on this process's own clock. The driver picks the
    /// time. A timer that is running already starts anew.
    #[inline]
    pub fn set_timer(&mut self, timer: P::Timer, range: impl Into<TimerRange>) {
        self.effects.list.push(Effect::SetTimer { timer, range: range.into() });
    }

    /// Stops `timer`; nothing happens when it is not running.
    #[inline]
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.effects.list.push(Effect::CancelTimer { timer });
    }

    /// Writes to stable storage; what is saved last is what `boot` gets after a crash. It is safely written
    /// before any later effect of this step leaves the process.
    #[inline]
    pub fn save(&mut self, stable: P::Stable) {
        self.effects.list.push(Effect::Save { stable });
    }

    /// Tells the application above.
    #[inline]
    pub fn produce(&mut self, output: Output<P>) {
        self.effects.list.push(Effect::Produce { output });
    }

    /// Picks one of `options` alternatives at random: a number below `options`.
    ///
    /// # Panics
    /// When `options` is 0: there is nothing to choose from.
    pub fn choose(&mut self, options: u32) -> u32 {
        assert!(options > 0, "there must be something to choose from");
        let chosen = self.choices.choose(options);
        assert!(chosen < options, "a choice must be one of the alternatives");
        self.effects.list.push(Effect::Chose { options, chosen });
        chosen
    }

    /// A context for a process that lives inside this one (an algorithm above a channel layer): it sees the same
    /// scene and the same choices, and its effects go to `effects` for this process to translate.
    pub fn nested<'b, Q: Process>(&'b mut self, effects: &'b mut Effects<Q>) -> Context<'b, Q>
    where
        'a: 'b,
    {
        Context { scene: self.scene, effects, choices: &mut *self.choices }
    }

    /// Records a choice that a nested process made.
    pub fn note_choice(&mut self, options: u32, chosen: u32) {
        self.effects.list.push(Effect::Chose { options, chosen });
    }
}
