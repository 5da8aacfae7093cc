//! A process that a table drives, and properties that look as closely as they may: whatever a reduction loses of what a
//! property sees, sooner or later one of them tells.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    explore::exhaustive::{Explored, Refusal, Settings, explore},
    process::{
        Context, Description, Example, History, Measure, Problem, Process, ProcessId, Property, PropertyKind,
        Sees, Verdict, What,
    },
    registry::Registry,
    scenario::{Plan, reload},
};

/// What puppets are asked and what they tell: letters.
#[derive(Debug)]
pub(crate) enum Puppetry {}

impl Problem for Puppetry {
    const NAME: &'static str = "puppetry";
    type Request = u8;
    type Output = u8;
    const REQUESTS: &'static [Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        let property = |name, sees, check| Property {
            name,
            about: "A digest of what it sees is not 0.",
            kind: PropertyKind::Safety,
            sees,
            check,
        };
        vec![
            property("nodes-3", Sees::Nodes, |history| verdict(nodes(history), 3)),
            property("nodes-7", Sees::Nodes, |history| verdict(nodes(history), 7)),
            property("causality-3", Sees::Causality, |history| verdict(causality(history), 3)),
            property("causality-7", Sees::Causality, |history| verdict(causality(history), 7)),
            property("order-3", Sees::Order, |history| verdict(order(history), 3)),
            property("order-7", Sees::Order, |history| verdict(order(history), 7)),
            property("times", Sees::Times, |history| verdict(order(history), 3)),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

fn verdict(digest: u64, modulus: u64) -> Verdict {
    if digest.is_multiple_of(modulus) { Verdict::violated([], "the digest is 0") } else { Verdict::of(1) }
}

fn mix(digest: u64, word: u64) -> u64 {
    let mut bits = (digest ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^ bits >> 31
}

/// What an application sees of a step.
fn visible(what: &What<'_, Puppetry>) -> Option<u64> {
    Some(match what {
        What::Boot => 1,
        What::Request(letter) => 100 + u64::from(**letter),
        What::Output(letter) => 200 + u64::from(**letter),
        What::Crash => 2,
        What::Pause => 3,
        What::Resume => 4,
        What::Send { .. } | What::Receive { .. } | What::Timer => return None,
    })
}

fn whole(digests: &[u64]) -> u64 {
    digests.iter().fold(17, |digest, word| mix(digest, *word))
}

fn nodes(history: &History<'_, Puppetry>) -> u64 {
    let mut digests = vec![1; history.nodes as usize];
    for step in &history.steps {
        if let Some(word) = visible(&step.what) {
            let digest = &mut digests[step.node.index()];
            *digest = mix(*digest, word);
        }
    }
    whole(&digests)
}

/// Each node's sequence, each message by what its sender had done before.
fn causality(history: &History<'_, Puppetry>) -> u64 {
    let mut digests = vec![1; history.nodes as usize];
    let mut sent: BTreeMap<u64, u64> = BTreeMap::new();
    for step in &history.steps {
        let digest = &mut digests[step.node.index()];
        match &step.what {
            What::Send { message, to } => {
                *digest = mix(*digest, 300 + u64::from(to.0));
                sent.insert(*message, *digest);
            }
            What::Receive { message, .. } => *digest = mix(*digest, sent[message]),
            What::Timer => *digest = mix(*digest, 5),
            other => *digest = mix(*digest, visible(other).expect("the others are visible")),
        }
    }
    whole(&digests)
}

fn order(history: &History<'_, Puppetry>) -> u64 {
    let steps = history.steps.iter().filter_map(|step| Some((step.node, visible(&step.what)?)));
    steps.fold(causality(history), |digest, (node, word)| mix(mix(digest, u64::from(node.0)), word))
}

/// What a puppet does: by its own number, its state, and the letter that it gets.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Script {
    /// What each node sends when it boots: to whom, which letter.
    pub(crate) boot: Vec<Vec<(u32, u8)>>,
    /// By node, state and letter; nothing happens beyond.
    pub(crate) table: Vec<Vec<Vec<Reaction>>>,
}

/// What a puppet does about a letter.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) next: u8,
    pub(crate) sends: Vec<(u32, u8)>,
    pub(crate) tells: Option<u8>,
    /// A letter that comes by itself after so many milliseconds.
    pub(crate) sets: Option<(u8, u64)>,
    pub(crate) cancels: Option<u8>,
    /// How many states there are to choose from, from `next` on.
    pub(crate) chooses: u8,
}

/// A process that a table drives.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Puppet {
    script: Script,
    state: u8,
}

/// What puppets send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Letter(u8);

impl Process for Puppet {
    type Problem = Puppetry;
    type Config = Script;
    type Message = Letter;
    type Timer = u8;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("puppet");

    fn boot(ctx: &mut Context<'_, Self>, config: &Script, _stable: ()) -> Self {
        for (to, letter) in config.boot.get(ctx.me().index()).into_iter().flatten() {
            ctx.send(ProcessId(*to), Letter(*letter));
        }
        Self { script: config.clone(), state: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: u8) {
        self.react(ctx, request);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Letter) {
        self.react(ctx, message.0);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: u8) {
        self.react(ctx, timer);
    }
}

impl Puppet {
    fn react(&mut self, ctx: &mut Context<'_, Self>, letter: u8) {
        let states = self.script.table.get(ctx.me().index());
        let letters = states.and_then(|states| states.get(usize::from(self.state)));
        let Some(reaction) = letters.and_then(|letters| letters.get(usize::from(letter))).cloned() else {
            return;
        };
        self.state = reaction.next;
        if reaction.chooses > 1 {
            self.state += ctx.choose(u32::from(reaction.chooses)) as u8;
        }
        if let Some(timer) = reaction.cancels {
            ctx.cancel_timer(timer);
        }
        for (to, letter) in reaction.sends {
            ctx.send(ProcessId(to), Letter(letter));
        }
        if let Some((timer, length)) = reaction.sets {
            let length = Duration::from_millis(length);
            ctx.set_timer(timer, length..=length);
        }
        if let Some(told) = reaction.tells {
            ctx.produce(told);
        }
    }
}

/// A scenario of puppets: `more` is laid over it.
pub(crate) fn scenario(nodes: usize, script: &Script, check: &[&str], more: Value) -> Plan {
    let mut scenario = json!({
        "version": 1,
        "name": "puppets",
        "algorithm": {"name": "puppet", "config": script},
        "nodes": nodes,
        "check": check,
        "network": {"delay": "1ms"},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        scenario[key] = value.clone();
    }
    reload("puppets", &scenario, &registry()).unwrap_or_else(|mistakes| panic!("{mistakes}\n{scenario}"))
}

pub(crate) fn registry() -> Registry {
    Registry::empty().with::<Puppet>()
}

/// Searches all there is.
pub(crate) fn search(plan: &Plan, settings: &Settings) -> Result<Explored, Refusal> {
    let registry = registry();
    explore(&registry.subject(plan).expect("puppets are known"), settings, &mut |_| false)
}
