//! What all flawed algorithms for mutual exclusion share: the critical section, its timer, what the application asks.

use super::{
    super::parts::section::{Alarm, Section, Wish},
    Config,
};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Process, ProcessId, Value},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, hash::Hash};

/// The context of a sketch.
pub type Ctx<'a, R> = Context<'a, Sketch<R>>;

/// The rules of an algorithm, in which mistakes can be made.
pub trait Rules: Send + Clone + Eq + Hash + Debug + 'static {
    /// What can be done wrong.
    type Mistake: Send + Serialize + DeserializeOwned + Default + Clone + Debug + 'static;
    /// What processes send each other.
    type Message: Value;
    /// What survives a crash.
    type Stable: Value + Default;

    /// What `synod describe` prints.
    const DESCRIPTION: Description;

    /// The first state, or the one after a crash.
    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Self::Mistake, stable: Self::Stable) -> Self;
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
}

/// One participant that obeys these rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sketch<R> {
    section: Section,
    rules: R,
}

impl<R: Rules> Process for Sketch<R> {
    type Problem = MutualExclusion;
    type Config = Config<R::Mistake>;
    type Message = R::Message;
    type Timer = Alarm;
    type Stable = R::Stable;

    const DESCRIPTION: Description = R::DESCRIPTION;

    fn boot(ctx: &mut Context<'_, Self>, config: &Self::Config, stable: R::Stable) -> Self {
        Self { section: Section::default(), rules: R::begin(ctx, &config.mistake, stable) }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match self.section.on_request(request) {
            Wish::Enter => self.rules.ask(ctx, &mut self.section),
            Wish::Exit => self.leave(ctx),
            Wish::Nothing => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: R::Message) {
        self.rules.hear(ctx, &mut self.section, from, message);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.leave(ctx),
        }
    }
}

impl<R: Rules> Sketch<R> {
    fn leave(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        self.rules.leave(ctx);
        if self.section.open_next() == Wish::Enter {
            self.rules.ask(ctx, &mut self.section);
        }
    }
}
