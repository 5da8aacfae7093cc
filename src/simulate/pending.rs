//! What is still to happen, and who says what happens next.

use super::{Entry, Queue};
use crate::{
    process::ProcessId,
    world::{Answers, Ending, Reason},
};

/// What an entry's `what` means: three bits of tag above a place.
pub(super) const DELIVERY: u32 = 0;
pub(super) const HOP: u32 = 1 << 29;
pub(super) const TIMER: u32 = 2 << 29;
pub(super) const PLANNED: u32 = 3 << 29;
pub(super) const ENDING: u32 = 4 << 29;
pub(super) const BOOT: u32 = 5 << 29;
pub(super) const ASK: u32 = 6 << 29;
pub(super) const TAG: u32 = 7 << 29;

/// An entry's key: its sequence number above four bits that say why the message does not arrive.
pub(super) const fn key(sequence: u64, lost: Option<Reason>) -> u64 {
    sequence << 4 | if let Some(reason) = lost { reason as u64 } else { 0 }
}

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// The message at this place reaches its receiver.
    Delivery(u32),
    /// A message under way over several links comes to a node on its way.
    Hop(u32),
    /// The timer at this place runs out.
    Timer(u32),
    /// The planned action with this number takes place.
    Planned(u32),
    /// Something that lasted ends.
    Ending(u32),
    /// A node starts late.
    Boot,
    /// A node that stood still is asked for the request with this number.
    Ask(u32),
}

impl Entry {
    /// What it is about.
    pub fn occasion(&self) -> Occasion {
        let place = self.what & !TAG;
        match self.what & TAG {
            DELIVERY => Occasion::Delivery(place),
            HOP => Occasion::Hop(place),
            TIMER => Occasion::Timer(place),
            PLANNED => Occasion::Planned(place),
            ENDING => Occasion::Ending(place),
            BOOT => Occasion::Boot,
            ASK => Occasion::Ask(place),
            _ => unreachable!("an entry has one of these tags"),
        }
    }

    /// The same message, which the network loses instead of delivering it.
    #[must_use]
    pub fn lost(self) -> Self {
        Self { key: self.key & !15 | Reason::Loss as u64, ..self }
    }

    /// Whether the network has lost it already: what is left is that this shows.
    pub fn is_lost(&self) -> bool {
        self.key & 15 != 0
    }
}

/// Whether anything happens next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing is left.
    Nothing,
    /// The entry, which is pending no longer.
    Happens,
    /// The network makes a second copy of this delivery, which stays pending.
    Twice,
}

/// What is still to happen. Who implements it decides the order of a run.
pub trait Pending {
    /// Forgets everything, keeps the memory.
    fn clear(&mut self);
    /// Puts an entry in.
    fn push(&mut self, entry: Entry);
    /// Puts in the delivery of a message from a neighbour.
    fn push_delivery(&mut self, entry: Entry, from: ProcessId, kind: &dyn Fn() -> &'static str);
    /// The timer at this place was stopped, or runs out at another time: what was pushed for it is out of date. It need
    /// not be taken out.
    fn cancel_timer(&mut self, slot: u32);
    /// What happens next is put into `entry`.
    fn next(&mut self, entry: &mut Entry) -> Next;
    /// Entries that come soon, if there are some that were not asked for yet: time to read ahead what they need.
    fn take_fresh(&mut self) -> &[Entry];
    /// Puts in the end of something that lasts.
    fn push_ending(&mut self, entry: Entry, ending: Ending);
    /// What the process chooses in the step that comes now and how long its timers run, as far as that is decided here.
    fn answers(&self) -> Answers<'_>;
    /// A process made a choice in the step that was taken last.
    fn note_choice(&mut self, options: u32, chosen: u32);
    /// A process told its application something in the step that was taken last.
    fn note_output(&mut self);
}

/// Earliest first.
impl Pending for Queue {
    fn clear(&mut self) {
        Queue::clear(self);
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        Queue::push(self, entry);
    }

    #[inline]
    fn push_delivery(&mut self, entry: Entry, _from: ProcessId, _kind: &dyn Fn() -> &'static str) {
        Queue::push(self, entry);
    }

    #[inline]
    fn cancel_timer(&mut self, _slot: u32) {}

    #[inline]
    fn next(&mut self, entry: &mut Entry) -> Next {
        if self.pop_into(entry) { Next::Happens } else { Next::Nothing }
    }

    #[inline]
    fn take_fresh(&mut self) -> &[Entry] {
        Queue::take_fresh(self)
    }

    #[inline]
    fn push_ending(&mut self, entry: Entry, _ending: Ending) {
        Queue::push(self, entry);
    }

    #[inline]
    fn answers(&self) -> Answers<'_> {
        Answers::default()
    }

    #[inline]
    fn note_choice(&mut self, _options: u32, _chosen: u32) {}

    #[inline]
    fn note_output(&mut self) {}
}
