//! Rumour mongering (Demers et al. 1987, section 1.4) and its mutants.

use super::{deliver, said, synchronous};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::rumor::{Config, Rumor, Variant},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A contact with somebody who did not know makes it interesting again.
    CounterStartsAnew,
    /// Who hears it is removed before it has told anybody.
    NeverTells,
    /// Who knows it already hears it again.
    NoMemory,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
struct Settings {
    bug: Bug,
    k: u32,
}

/// Feedback and counter, one rumour.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    settings: Settings,
    /// What was heard, by whom it was said, and how many knew it already.
    heard: BTreeMap<ProcessId, (String, u32)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Message {
    Rumor(ProcessId, String),
    Known(ProcessId, bool),
}

const PERIOD: Duration = Duration::from_millis(100);

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Settings;
    type Message = Message;
    type Timer = ProcessId;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("rumor-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, settings: &Settings, (): ()) -> Self {
        Self { settings: *settings, heard: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.infect(ctx, ctx.me(), body);
        ctx.set_timer(ctx.me(), PERIOD);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Rumor(origin, body) => {
                let known = self.heard.contains_key(&origin);
                ctx.send(from, Message::Known(origin, known));
                if !known || self.settings.bug == Bug::NoMemory {
                    self.infect(ctx, origin, body);
                }
            }
            Message::Known(origin, known) => {
                let Some((_, count)) = self.heard.get_mut(&origin) else { return };
                *count += u32::from(known);
                if !known && self.settings.bug == Bug::CounterStartsAnew {
                    *count = 0;
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, origin: ProcessId) {
        let Some((body, count)) = self.heard.get(&origin) else { return };
        if *count < self.settings.k {
            let (me, size) = (ctx.me().0, ctx.group_size() as u32);
            let peer = ProcessId((me + 1 + ctx.choose(size - 1)) % size);
            ctx.send(peer, Message::Rumor(origin, body.clone()));
            ctx.set_timer(origin, PERIOD);
        }
    }
}

impl Mutant {
    fn infect(&mut self, ctx: &mut Context<'_, Self>, origin: ProcessId, body: String) {
        deliver(ctx, origin, 1, body.clone());
        self.heard.entry(origin).or_insert((body, 0));
        if self.settings.bug != Bug::NeverTells {
            ctx.set_timer(origin, PERIOD);
        }
    }
}

fn mutant(bug: Bug, k: u32) -> Settings {
    Settings { bug, k }
}

/// How many contacts there were, and how many heard it.
fn spread(trial: &Trial<Broadcast>, bug: Bug, k: u32, seed: u64) -> (u64, u64) {
    let (counts, outputs) = trial.run::<Mutant>(mutant(bug, k), seed);
    (counts.total() / 2, outputs.len() as u64)
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for k in 1..=3 {
        // Of two, the other is told at once: there is no residue.
        said(2, &[(0, 0)]).survives::<Mutant>(&mutant(Bug::None, k), &["validity", "integrity"]);
        said(2, &[(0, 0)]).survives::<Rumor>(&Config { k, ..Default::default() }, &["validity", "integrity"]);
        let many = said(6, &[(0, 0), (50, 3), (60, 4)]).duplicating();
        many.survives::<Mutant>(&mutant(Bug::None, k), &["self-delivery", "integrity"]);
        for variant in [Variant::Feedback, Variant::Blind] {
            let config = Config { variant, k, ..Default::default() };
            many.survives::<Rumor>(&config, &["self-delivery", "integrity"]);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    // The sender tells, the one who heard it does not: of three one is left out, whatever happens.
    said(3, &[(0, 0)]).kills::<Mutant>(&mutant(Bug::NeverTells, 1), "validity", (4, 4));
    said(2, &[(0, 0)]).kills::<Mutant>(&mutant(Bug::NoMemory, 1), "integrity", (4, 4));
}

/// (k+1)I-1 contacts, not one more; what a useful contact revives is told more often.
#[test]
fn a_counter_that_starts_anew_breaks_the_traffic_formula() {
    let trial = synchronous(30, 0);
    let formula = |k: u32, reach: u64| u64::from(k + 1) * reach - 1;
    let (mut more, k) = (0, 3);
    for seed in 0..30 {
        let (contacts, reach) = spread(&trial, Bug::None, k, seed);
        assert_eq!(contacts, formula(k, reach));
        let (contacts, reach) = spread(&trial, Bug::CounterStartsAnew, k, seed);
        more += u32::from(contacts > formula(k, reach));
    }
    assert!(more > 15, "{more} of 30 runs cost more");
}

/// The lesson: a few never hear it, though nothing fails.
#[test]
fn there_is_a_residue() {
    said(5, &[(0, 0)]).kills::<Rumor>(&Config { k: 1, ..Default::default() }, "validity", (16, 16));
    said(5, &[(0, 0)]).kills::<Mutant>(&mutant(Bug::None, 1), "validity", (16, 16));
}
