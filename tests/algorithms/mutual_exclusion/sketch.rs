//! What all transcriptions have in common: the critical section, its timer, and what the application asks.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt::Debug, hash::Hash};
use synod::{
    algorithms::parts::section::{Alarm, Section, Wish},
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Process, ProcessId, Value},
};

/// The context of a transcription.
pub(super) type Ctx<'a, S> = Context<'a, Sketched<S>>;

/// The rules of an algorithm, with bugs that can be switched on.
pub(super) trait Sketch: Send + Clone + Eq + Hash + Debug + 'static {
    type Bug: Send + Serialize + DeserializeOwned + Default + Copy + Eq + Hash + Debug + 'static;
    type Message: Value;

    /// The first state.
    fn begin(ctx: &mut Ctx<'_, Self>, bug: Self::Bug) -> Self;
    /// The application wants to enter.
    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section);
    /// A message arrives.
    fn hear(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        from: ProcessId,
        message: Self::Message,
    );
    /// The process has left.
    fn leave(&mut self, ctx: &mut Ctx<'_, Self>);
    /// Its patience is over.
    fn lose_patience(&mut self, _ctx: &mut Ctx<'_, Self>, _section: &mut Section) {}
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sketched<S> {
    section: Section,
    rules: S,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) enum Timer {
    Leave,
    Patience,
}

impl From<Alarm> for Timer {
    fn from(alarm: Alarm) -> Self {
        match alarm {
            Alarm::Leave => Self::Leave,
        }
    }
}

impl<S: Sketch> Process for Sketched<S> {
    type Problem = MutualExclusion;
    type Config = S::Bug;
    type Message = S::Message;
    type Timer = Timer;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("sketch");

    fn boot(ctx: &mut Context<'_, Self>, bug: &S::Bug, (): ()) -> Self {
        Self { section: Section::default(), rules: S::begin(ctx, *bug) }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match self.section.on_request(request) {
            Wish::Enter => self.rules.ask(ctx, &mut self.section),
            Wish::Exit => self.leave(ctx),
            Wish::Nothing => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: S::Message) {
        self.rules.hear(ctx, &mut self.section, from, message);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Leave => self.leave(ctx),
            Timer::Patience => self.rules.lose_patience(ctx, &mut self.section),
        }
    }
}

impl<S: Sketch> Sketched<S> {
    fn leave(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        self.rules.leave(ctx);
        if self.section.open_next() == Wish::Enter {
            self.rules.ask(ctx, &mut self.section);
        }
    }
}

/// What every algorithm for mutual exclusion promises.
pub(super) const PROMISES: &[&str] =
    &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"];
