//! The registry: a table of names, and its mutants.

use super::{bind, crash, increment, lookup, restart, unbind};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    algorithms::rpc::{Config, Rpc},
    problems::rpc::{self, Answer, Output, Reference, Request, objects::Interface},
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A name that is taken is given away again.
    BindOverwrites,
    /// Anybody may unbind.
    AnybodyUnbinds,
    /// A client looks a name up once and for all.
    OldReference,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    asked: u64,
    table: BTreeMap<String, Reference>,
    found: BTreeMap<String, Reference>,
}

impl Process for Mutant {
    type Problem = rpc::Rpc;
    type Config = Bug;
    type Message = (u64, Result<Request, Answer>);
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("registry-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, asked: 0, table: BTreeMap::new(), found: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        if let Request::Lookup { name } = &request
            && let Some(reference) = self.found.get(name).filter(|_| self.bug == Bug::OldReference)
        {
            let answer = Answer::Found(*reference);
            return ctx.produce(Output::Answered { call: self.asked, answer });
        }
        ctx.send(ProcessId(0), (self.asked, Ok(request)));
    }

    fn on_message(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (call, message): (u64, Result<Request, Answer>),
    ) {
        match message {
            Ok(request) => {
                let answer = self.apply(from, call, request);
                ctx.produce(Output::Executed { client: from, call, answer: answer.clone() });
                ctx.send(from, (call, Err(answer)));
            }
            Err(answer) => {
                if let Answer::Found(reference) = &answer {
                    self.found.insert(super::NAME.into(), *reference);
                }
                ctx.produce(Output::Answered { call, answer });
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, (): ()) {}
}

impl Mutant {
    fn apply(&mut self, client: ProcessId, call: u64, request: Request) -> Answer {
        match request {
            Request::Bind { name, object } | Request::Rebind { name, object } => {
                if self.table.contains_key(&name) && self.bug != Bug::BindOverwrites {
                    return Answer::AlreadyBound;
                }
                let reference = Reference { server: client, life: 1, object: call, interface: object };
                self.table.insert(name, reference);
                Answer::Bound
            }
            Request::Unbind { name } | Request::Call { name, .. } => match self.table.get(&name) {
                None => Answer::NotBound,
                Some(bound) if bound.server != client && self.bug != Bug::AnybodyUnbinds => Answer::NotOwner,
                Some(_) => {
                    self.table.remove(&name);
                    Answer::Unbound
                }
            },
            Request::Lookup { name } => {
                self.table.get(&name).map_or(Answer::NotBound, |reference| Answer::Found(*reference))
            }
        }
    }
}

fn contended() -> Trial<rpc::Rpc> {
    let echo = Interface::Echo;
    Trial::of(
        4,
        [bind(0, 1, echo), bind(1, 2, echo), lookup(20, 3), unbind(60, 1), unbind(61, 2), lookup(100, 3)],
    )
}

#[test]
fn a_registry_is_a_table() {
    contended().survives::<Mutant>(&Bug::None, &["registry", "matching", "at-least-once", "answered"]);
    contended().survives::<Rpc>(&Config::default(), &["registry", "matching", "exactly-once"]);
    let lossy = contended().duplicating().losing(20);
    lossy.survives::<Rpc>(&Config { attempts: 0, ..Config::default() }, &["registry", "exactly-once"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    contended().kills::<Mutant>(&Bug::BindOverwrites, "registry", (4, 4));
    contended().kills::<Mutant>(&Bug::AnybodyUnbinds, "registry", (10, 10));
    contended().kills::<Mutant>(&Bug::OldReference, "at-least-once", (12, 12));
}

/// Three nodes, four messages: a server that restarts must not take an old reference for a new object with its number.
#[test]
fn a_stale_reference_is_refused() {
    let asked = [
        bind(0, 1, Interface::Counter),
        lookup(100, 2),
        bind(300, 1, Interface::Counter),
        increment(400, 2),
        lookup(500, 2),
    ];
    let trial = Trial::of(3, asked).with(200, crash(1)).with(210, restart(1));
    for seed in 0..50 {
        let (_, outputs) = trial.run::<Rpc>(Config::default(), seed);
        let stale = Output::Failed { call: 2, why: rpc::Why::StaleReference };
        assert!(outputs.contains(&(ProcessId(2), stale)), "{outputs:?}");
    }
}
