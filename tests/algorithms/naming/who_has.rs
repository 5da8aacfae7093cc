//! Asking everybody (RFC 826) and its mutants.

use super::{asked, register, resolve};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::broadcast_naming::{self, BroadcastNaming},
    problems::naming::{Naming, Output, Request},
    process::{Context, Description, LocalTime, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// One question, and silence is a no.
    NoRetry,
    /// What is kept is kept for ever.
    NeverExpires,
    /// Whoever has a name that begins so answers.
    PrefixMatch,
    /// The answer to any question is taken for the answer to this one.
    AnyAnswer,
}

const TTL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(60);
const ATTEMPTS: u32 = 40;

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    bug: Bug,
    asked: u64,
    own: BTreeMap<String, String>,
    cache: BTreeMap<String, (String, LocalTime)>,
    open: BTreeMap<u64, (String, LocalTime, u32)>,
}

impl Process for Mutant {
    type Problem = Naming;
    type Config = Bug;
    /// A question, or an answer.
    type Message = (u64, String, Option<String>);
    type Timer = u64;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("who-has-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        ctx.produce(Output::Lifetime(TTL));
        Self { bug: *bug, ..Self::default() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        let id = self.asked;
        match request {
            Request::Register { name, address } => {
                self.own.insert(name.clone(), address.clone());
                ctx.produce(Output::Registered { id, name, address });
            }
            Request::Unregister(_) => {}
            Request::Resolve(name) => {
                let fresh = |expires: &LocalTime| *expires > ctx.now() || self.bug == Bug::NeverExpires;
                if let Some((address, _)) = self.cache.get(&name).filter(|(_, expires)| fresh(expires)) {
                    let address = address.clone();
                    return ctx.produce(Output::Resolved { id, name, address, hops: 0, cached: true });
                }
                let attempts = if self.bug == Bug::NoRetry { 1 } else { ATTEMPTS };
                self.open.insert(id, (name, ctx.now(), attempts));
                self.on_timer(ctx, id);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Self::Message) {
        let (id, name, answer) = message;
        let Some(address) = answer else {
            let fits = |own: &str| own == name || self.bug == Bug::PrefixMatch && own.starts_with(&name);
            let found = self.own.iter().find(|(own, _)| fits(own)).map(|(_, address)| address.clone());
            return found.into_iter().for_each(|address| ctx.send(from, (id, name.clone(), Some(address))));
        };
        let id = if self.bug == Bug::AnyAnswer { self.open.keys().next().copied().unwrap_or(id) } else { id };
        let Some((name, since, _)) = self.open.remove(&id) else { return };
        ctx.cancel_timer(id);
        self.cache.insert(name.clone(), (address.clone(), since.after(TTL)));
        ctx.produce(Output::Resolved { id, name, address, hops: 1, cached: false });
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Some((name, _, left)) = self.open.get_mut(&id) else { return };
        let name = name.clone();
        if *left == 0 {
            self.open.remove(&id);
            return ctx.produce(Output::NotFound { id, name, hops: 1, cached: false });
        }
        *left -= 1;
        ctx.broadcast((id, name, None));
        ctx.set_timer(id, TIMEOUT);
    }
}

/// Two names; one of them moves; both are asked for before and after.
fn printers() -> Trial<Naming> {
    asked(
        3,
        [
            (0, 1, register("printer", "a")),
            (0, 2, register("plotter", "b")),
            (10, 0, resolve("printer")),
            (10, 0, resolve("plotter")),
            (90, 0, resolve("printer")),
            (120, 1, register("printer", "c")),
            (300, 0, resolve("printer")),
            (300, 0, resolve("p")),
        ],
    )
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let config = broadcast_naming::Config { ttl: TTL, timeout: TIMEOUT, attempts: ATTEMPTS };
    for trial in [printers(), printers().losing(20).duplicating()] {
        let promises = ["answered", "available", "truth", "bounded-staleness"];
        trial.survives::<Mutant>(&Bug::None, &promises);
        trial.survives::<BroadcastNaming>(&config, &promises);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    printers().losing(20).kills::<Mutant>(&Bug::NoRetry, "truth", (4, 2));
    printers().kills::<Mutant>(&Bug::NeverExpires, "bounded-staleness", (10, 8));
    printers().kills::<Mutant>(&Bug::PrefixMatch, "truth", (20, 20));
    printers().kills::<Mutant>(&Bug::AnyAnswer, "truth", (12, 8));
}
