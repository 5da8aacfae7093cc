//! Strategies: who answers what happens next, one file each.

mod delay_bounded;
mod doubling;
mod follow;
mod onward;
mod pct;
mod timed;
mod walk;

pub use delay_bounded::DelayBounded;
pub use doubling::Doubling;
pub use follow::{Follow, Misstep};
pub use onward::Onward;
pub use pct::Pct;
pub use timed::Timed;
pub use walk::Walk;

use crate::{
    process::ProcessId,
    simulate::{Entry, Occasion},
    world::{Answers, Ending, below},
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Something that is pending.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// As the event loop knows it.
    pub entry: Entry,
    /// Where a message comes from just now.
    pub from: ProcessId,
    /// The kind of a message, where kinds are looked up.
    pub kind: &'static str,
    /// Its number among everything that was ever pending in this run: the same after the same beginning.
    pub serial: u64,
    /// Whether its link delivers in order.
    pub fifo: bool,
    /// What ends, where that is what it is about.
    pub ending: Option<Ending>,
}

impl Offer {
    /// Its place in the order of time.
    pub fn rank(&self) -> (u64, u64) {
        (self.entry.time, self.entry.key)
    }

    /// Whether it is a message.
    pub fn is_message(&self) -> bool {
        matches!(self.entry.occasion(), Occasion::Delivery(_) | Occasion::Hop(_))
    }

    /// Whether it is a timer.
    pub fn is_timer(&self) -> bool {
        matches!(self.entry.occasion(), Occasion::Timer(_))
    }

    pub(super) fn is_timer_of(&self, node: u32) -> bool {
        self.entry.to == node && self.is_timer()
    }

    /// Whether it was sent before `other` on the same link. It was if it is pending and stands before it.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.is_message() && self.from == other.from && self.entry.to == other.entry.to
    }

    /// Whether it is a message of the same kind on the same link.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.from == other.from && self.entry.to == other.entry.to
    }
}

/// What becomes of what is picked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fate {
    /// It happens.
    Happens,
    /// The message is lost.
    Lost,
    /// The message is under way twice; the original stays pending.
    Twice,
}

/// What happens next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pick {
    /// Its place among what is pending.
    pub place: u32,
    /// What becomes of it.
    pub fate: Fate,
    /// When, in nanoseconds; never before what happened last. At the time of the entry when absent.
    pub at: Option<u64>,
}

impl Pick {
    /// It happens at its own time.
    pub fn happens(place: u32) -> Self {
        Self { place, fate: Fate::Happens, at: None }
    }
}

/// What a strategy looks at: the less, the faster it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looks {
    /// Nothing: the earliest always happens next, and it is not asked.
    Nothing,
    /// What is enabled; what processes choose it leaves to the seed. Among what is pending there may be what has happened
    /// already.
    Enabled,
    /// What is pending, and what of it is enabled.
    Everything,
}

/// Answers what happens next. The bodies here are those of a strategy that only picks; one that wraps another, or follows
/// a schedule, has its own.
pub trait Strategy {
    /// A run begins.
    fn begin(&mut self);
    /// Becomes the strategy of another run, with its seed and its bound (copies, depth or delays), in the memory that it
    /// has; gives false when it cannot, and is no use any more.
    fn renew(&mut self, _seed: u64, _bound: u32) -> bool {
        false
    }
    /// Picks one of the `enabled` places of `pending`, of which there is at least one; the run ends, cut short, when
    /// there is none to its liking. `now` is the time of what happened last.
    fn pick(&mut self, pending: &[Offer], enabled: &[u32], now: u64) -> Option<Pick>;
    /// What it looks at when it picks, in the run that begins.
    fn looks(&self) -> Looks {
        Looks::Everything
    }
    /// Whether it wants to know the kinds of messages.
    fn names_kinds(&self) -> bool {
        false
    }
    /// What the process chooses in the step that was picked last and how long its timers run, as far as it says.
    fn answers(&self) -> Answers<'_> {
        Answers::default()
    }
    /// A process made a choice in that step.
    fn note_choice(&mut self, _options: u32, _chosen: u32) {}
    /// A process told its application something in that step. Few care.
    fn note_output(&mut self) {}
    /// Whether it was this that ended the last run.
    fn stopped(&self) -> bool {
        false
    }
    /// The first step of a schedule that did not fit in the last run.
    fn misstep(&self) -> Option<&Misstep> {
        None
    }
    /// The steps of a schedule that fitted in the last run, where one was followed.
    fn fitting(&self) -> Option<&[usize]> {
        None
    }
}

/// Draws of a strategy: a stream from a run's seed. It is made ready when the first is drawn.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    seed: u64,
    purpose: &'static [u8; 8],
    generator: Option<ChaCha8Rng>,
}

impl Dice {
    pub(super) fn new(seed: u64, purpose: &'static [u8; 8]) -> Self {
        Self { seed, purpose, generator: None }
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let (seed, purpose) = (self.seed, self.purpose);
        let generator = self.generator.get_or_insert_with(|| {
            let mut key = *b"................synod: searching";
            key[..8].copy_from_slice(&seed.to_le_bytes());
            key[8..16].copy_from_slice(purpose);
            ChaCha8Rng::from_seed(key)
        });
        below(generator.next_u64(), bound)
    }
}
