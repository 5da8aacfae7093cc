//! A process that does what it is asked, to look at the world through.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::process::{Context, Description, Problem, Process, ProcessId, Property};

/// A problem without properties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Probing {}

/// What a probe can be asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Send so many letters to one node.
    Send(ProcessId, u64),
    /// Send a letter to everybody else.
    Broadcast,
    /// Send a telegram to one node: a message of another kind.
    Telegram(ProcessId),
    /// Set the timer of this name.
    Timer(u8, Duration),
    /// Set it for anything between two times.
    TimerBetween(u8, Duration, Duration),
    /// Set it and stop it again.
    SetAndCancel(u8, Duration),
    /// Put a number into stable storage.
    Save(u64),
    /// Choose one of so many.
    Choose(u32),
}

/// What a probe tells. Clock readings are in nanoseconds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// It booted and found this saved.
    Booted(u64),
    /// A letter with this number came.
    Heard(ProcessId, u64),
    /// A timer of this name ran out when the clock showed this.
    RanOut(u8, i64),
    /// What was chosen.
    Chose(u32),
}

/// What probes send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Mail {
    /// A letter with its number among the sender's letters, counted from 1.
    Letter(u64),
    /// Another kind of message.
    Telegram(u64),
}

impl Problem for Probing {
    const NAME: &'static str = "probing";
    type Request = Ask;
    type Output = Told;
    const REQUESTS: &'static [synod::process::Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<synod::process::Measure<Self>> {
        Vec::new()
    }
}

/// The process.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Probe {
    sent: u64,
}

impl Process for Probe {
    type Problem = Probing;
    type Config = ();
    type Message = Mail;
    type Timer = u8;
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "probe",
        summary: "Does what it is asked.",
        assumes: &[],
        promises: &[],
        messages: &[("Letter", "a numbered letter"), ("Telegram", "something else")],
        cost: "what is asked for",
        breaks: &[],
        source: "this test",
    };

    fn boot(ctx: &mut Context<'_, Self>, (): &(), stable: u64) -> Self {
        ctx.produce(Told::Booted(stable));
        Self { sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Ask) {
        match request {
            Ask::Send(to, count) => {
                for _ in 0..count {
                    self.sent += 1;
                    ctx.send(to, Mail::Letter(self.sent));
                }
            }
            Ask::Broadcast => {
                self.sent += 1;
                ctx.broadcast(Mail::Letter(self.sent));
            }
            Ask::Telegram(to) => {
                self.sent += 1;
                ctx.send(to, Mail::Telegram(self.sent));
            }
            Ask::Timer(name, runs) => ctx.set_timer(name, runs),
            Ask::TimerBetween(name, min, max) => ctx.set_timer(name, min..=max),
            Ask::SetAndCancel(name, runs) => {
                ctx.set_timer(name, runs);
                ctx.cancel_timer(name);
            }
            Ask::Save(number) => ctx.save(number),
            Ask::Choose(options) => {
                let chosen = ctx.choose(options);
                ctx.produce(Told::Chose(chosen));
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Mail) {
        match message {
            Mail::Letter(number) | Mail::Telegram(number) => ctx.produce(Told::Heard(from, number)),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: u8) {
        ctx.produce(Told::RanOut(timer, ctx.now().0));
    }
}
