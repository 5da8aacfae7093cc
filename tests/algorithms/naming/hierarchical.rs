//! Recursive resolution with caches (RFC 1034) and its mutants.

use super::{asked, at_depth, chain, register, resolve};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::hierarchical_naming::{self, HierarchicalNaming, Resolution},
    problems::naming::{Naming, Output, Request},
    process::{Context, Description, LocalTime, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Whoever keeps a copy counts its time anew.
    TimeBeginsAnew,
    /// What is kept is kept longer each time it is used.
    RefreshedByReading,
    /// A server forgets which answer is to which question.
    AnswersCrossed,
    /// The last label of a name is taken for the first.
    OrderReversed,
    /// A label that is missing is no answer.
    NoClearNo,
}

const TTL: Duration = Duration::from_millis(200);

/// Servers 0, 1, 2 have the zones of `chain(3)`; the others ask 0.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    bug: Bug,
    asked: u64,
    records: BTreeMap<String, String>,
    cache: BTreeMap<String, (Option<String>, LocalTime)>,
    /// By number: who asked, with which number, for what, when.
    open: BTreeMap<u64, (Option<ProcessId>, u64, String, LocalTime)>,
    questions: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Ask(u64, String),
    Answer(u64, Option<String>, bool, u64),
    Register(String, String),
    Registered(String, String),
}

impl Mutant {
    fn ask(
        &mut self,
        ctx: &mut Context<'_, Self>,
        next: u32,
        from: Option<ProcessId>,
        id: u64,
        name: String,
    ) {
        let now = ctx.now();
        let kept = self.cache.get_mut(&name).filter(|(_, expires)| *expires > now);
        if let Some((address, expires)) = kept {
            let (address, left) = (address.clone(), expires.since(now) as u64);
            if self.bug == Bug::RefreshedByReading {
                *expires = now.after(TTL);
            }
            return self.answer(ctx, from, id, name, address, (true, left));
        }
        self.questions += 1;
        self.open.insert(self.questions, (from, id, name.clone(), now));
        ctx.send(ProcessId(next), Message::Ask(self.questions, name));
    }

    fn answer(
        &self,
        ctx: &mut Context<'_, Self>,
        from: Option<ProcessId>,
        id: u64,
        name: String,
        address: Option<String>,
        (cached, left): (bool, u64),
    ) {
        match (from, address) {
            (Some(from), address) => ctx.send(from, Message::Answer(id, address, cached, left)),
            (None, Some(address)) => ctx.produce(Output::Resolved { id, name, address, hops: 1, cached }),
            (None, None) => ctx.produce(Output::NotFound { id, name, hops: 1, cached }),
        }
    }
}

impl Process for Mutant {
    type Problem = Naming;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("zones-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let mut process = Self { bug: *bug, ..Self::default() };
        let me = ctx.me().0;
        if me < 3 {
            let address = format!("10.0.0.{me}");
            process.records.insert("x".into(), address.clone());
            ctx.produce(Output::Serves { name: at_depth(me), address });
        }
        ctx.produce(Output::Lifetime(TTL));
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        match request {
            Request::Resolve(name) => self.ask(ctx, 0, None, self.asked, name),
            Request::Register { name, address } => {
                let server = ProcessId(name.matches("a/").count() as u32);
                ctx.send(server, Message::Register(name, address));
            }
            Request::Unregister(_) => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ask(id, name) => {
                let (first, rest) = match self.bug {
                    Bug::OrderReversed => name.rsplit_once('/').map(|(rest, last)| (last, rest)).unzip(),
                    _ => name.split_once('/').unzip(),
                };
                match (first, rest) {
                    (Some("a"), Some(rest)) if ctx.me().0 < 2 => {
                        self.ask(ctx, ctx.me().0 + 1, Some(from), id, rest.to_owned());
                    }
                    _ => {
                        let address = self.records.get(&name).cloned();
                        if address.is_some() || self.bug != Bug::NoClearNo {
                            ctx.send(from, Message::Answer(id, address, false, TTL.as_nanos() as u64));
                        }
                    }
                }
            }
            Message::Answer(id, address, cached, left) => {
                let crossed = || self.open.keys().next().copied();
                let id = if self.bug == Bug::AnswersCrossed { crossed().unwrap_or(id) } else { id };
                let Some((from, upstream, name, since)) = self.open.remove(&id) else { return };
                let expires = match self.bug {
                    Bug::TimeBeginsAnew => ctx.now().after(TTL),
                    _ => since.after(Duration::from_nanos(left)),
                };
                self.cache.insert(name.clone(), (address.clone(), expires));
                let left = u64::try_from(expires.since(ctx.now())).unwrap_or(0);
                self.answer(ctx, from, upstream, name, address, (cached, left));
            }
            Message::Register(name, address) => {
                self.records.insert("x".into(), address.clone());
                ctx.send(from, Message::Registered(name, address));
            }
            Message::Registered(name, address) => {
                ctx.produce(Output::Registered { id: self.asked, name, address });
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// Nodes 3 and 4 ask for names at depth 2, which moves; and for names that there are not.
fn questions() -> Trial<Naming> {
    let deep = at_depth(2);
    let mut list = vec![(0, 3, resolve(&deep)), (0, 4, resolve(&at_depth(1))), (0, 4, resolve("a/nothing"))];
    list.push((120, 5, register(&deep, "10.1.1.1")));
    list.extend((0..10).map(|turn| (150 + turn * 45, 3 + (turn % 2) as u32, resolve(&deep))));
    asked(6, list)
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let promises = ["answered", "available", "truth", "bounded-staleness"];
    questions().survives::<Mutant>(&Bug::None, &promises);
    for resolution in [Resolution::Iterative, Resolution::Recursive] {
        let config = hierarchical_naming::Config { resolution, ttl: TTL, negative_ttl: TTL, ..chain(3) };
        questions().survives::<HierarchicalNaming>(&config, &promises);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let plenty = (60, 60);
    questions().kills::<Mutant>(&Bug::TimeBeginsAnew, "bounded-staleness", plenty);
    questions().kills::<Mutant>(&Bug::RefreshedByReading, "bounded-staleness", plenty);
    questions().kills::<Mutant>(&Bug::AnswersCrossed, "truth", plenty);
    questions().kills::<Mutant>(&Bug::OrderReversed, "truth", plenty);
    questions().kills::<Mutant>(&Bug::NoClearNo, "available", plenty);
}
