//! A chat room without a server, and its mutants.

use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::chat_serverless::{ChatServerless, Config},
    problems::chat::{Chat, Line, Output, Request, Why},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, LinkPatch, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Whatever comes is shown.
    NoHoldBack,
    /// Of two who want one name at once, neither gives way.
    NobodyGivesWay,
    /// Who has a name does not say so.
    NobodyObjects,
    /// Who leaves tells only those lower than itself.
    LeavesInSilence,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Claim(String),
    Answer(bool),
    News(Vec<u64>, News),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum News {
    Join(String),
    Say(String),
    Leave,
}

/// One claim in a process's life, no more.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    claim: Option<String>,
    free: usize,
    is_in: bool,
    seen: Vec<u64>,
    held_back: Vec<(ProcessId, Vec<u64>, News)>,
    holders: BTreeMap<ProcessId, String>,
}

impl Process for Mutant {
    type Problem = Chat;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("serverless-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let (seen, held_back, holders) = (vec![0; ctx.group_size()], Vec::new(), BTreeMap::new());
        Self { bug: *bug, claim: None, free: 0, is_in: false, seen, held_back, holders }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Connect(alias) => {
                ctx.broadcast(Message::Claim(alias.clone()));
                self.claim = Some(alias);
            }
            Request::Say(body) => self.tell(ctx, News::Say(body)),
            Request::Quit => {
                self.tell(ctx, News::Leave);
                self.is_in = false;
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Claim(alias) => {
                let known =
                    self.holders.values().any(|held| *held == alias) && self.bug != Bug::NobodyObjects;
                let wanted = !self.is_in && self.claim.as_ref() == Some(&alias);
                let yields = wanted && from < ctx.me() && self.bug != Bug::NobodyGivesWay;
                if yields {
                    self.claim = None;
                    ctx.produce(Output::Refused(Why::Taken));
                }
                let objects = known || wanted && ctx.me() < from && self.bug != Bug::NobodyGivesWay;
                ctx.send(from, Message::Answer(!objects));
            }
            Message::Answer(true) => {
                self.free += 1;
                if let Some(alias) = self.claim.clone().filter(|_| self.free == ctx.group_size() - 1) {
                    self.is_in = true;
                    let members = self.holders.values().cloned().collect();
                    ctx.produce(Output::Welcome { alias: alias.clone(), members });
                    self.tell(ctx, News::Join(alias));
                }
            }
            Message::Answer(false) => {
                if self.claim.take().is_some() {
                    ctx.produce(Output::Refused(Why::Taken));
                }
            }
            Message::News(stamp, news) => {
                self.held_back.push((from, stamp, news));
                self.show_all(ctx);
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn tell(&mut self, ctx: &mut Context<'_, Self>, news: News) {
        let me = ctx.me();
        self.seen[me.index()] += 1;
        let lower_only = self.bug == Bug::LeavesInSilence && news == News::Leave;
        let others = ctx.group().filter(|other| *other != me && (!lower_only || *other < me));
        ctx.multicast(others.collect::<Vec<ProcessId>>(), Message::News(self.seen.clone(), news.clone()));
        self.show(ctx, me, self.seen[me.index()], news);
    }

    fn show_all(&mut self, ctx: &mut Context<'_, Self>) {
        let has_turn = |seen: &[u64], from: ProcessId, stamp: &[u64]| {
            let mut all = stamp.iter().zip(seen).enumerate();
            all.all(|(place, (needed, seen))| needed <= &(seen + u64::from(place == from.index())))
        };
        let ready = |(from, stamp, _): &(ProcessId, Vec<u64>, News)| {
            self.bug == Bug::NoHoldBack || has_turn(&self.seen, *from, stamp)
        };
        if let Some(place) = self.held_back.iter().position(ready) {
            let (from, stamp, news) = self.held_back.remove(place);
            let number = stamp[from.index()];
            self.seen[from.index()] = self.seen[from.index()].max(number);
            self.show(ctx, from, number, news);
            self.show_all(ctx);
        }
    }

    fn show(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, number: u64, news: News) {
        let output = match news {
            News::Join(alias) => {
                self.holders.insert(from, alias.clone());
                Some(Output::Joined(alias))
            }
            News::Say(body) => {
                self.holders.get(&from).map(|from| Output::Said(Line { number, from: from.clone(), body }))
            }
            News::Leave => self.holders.remove(&from).map(Output::Left),
        };
        let own_leave = from == ctx.me() && matches!(output, Some(Output::Left(_)));
        if let Some(output) = output.filter(|_| self.is_in && !own_leave) {
            ctx.produce(output);
        }
    }
}

/// Two who want one name at once.
fn race() -> Trial<Chat> {
    Trial::of(3, [1, 2].map(|user| (0, user, Request::Connect("Kim".into()))))
}

#[test]
fn of_two_who_want_one_name_at_once_one_gets_it() {
    race().survives::<ChatServerless>(
        &Config { ask: true },
        &["distinct-aliases", "aliases-settle", "admission"],
    );
}

#[test]
fn a_name_taken_without_asking_may_be_taken_twice() {
    race().kills::<ChatServerless>(&Config { ask: false }, "distinct-aliases", (4, 0));
    race().kills::<ChatServerless>(&Config { ask: false }, "aliases-settle", (4, 4));
}

/// Three users come in one after the other.
fn three(then: &[(u64, u32, Request)]) -> Trial<Chat> {
    let joins = [0, 1, 2].map(|user| (u64::from(user) * 100, user, Request::Connect(format!("u{user}"))));
    Trial::of(3, joins.into_iter().chain(then.iter().cloned()))
}

/// A question, whose way to node 2 is long, and its answer.
fn dialogue() -> Trial<Chat> {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(2)) };
    let patch = LinkPatch { delay: Some(Duration::from_millis(90)), ..LinkPatch::default() };
    let say = |body: &str| Request::Say(body.into());
    three(&[(400, 0, say("question")), (430, 1, say("answer"))]).with(390, Action::Link(links, patch))
}

const PROMISES: &[&str] = &[
    "distinct-aliases",
    "aliases-settle",
    "joined-then-left",
    "insiders-only",
    "honest-author",
    "causal-order",
    "admission",
    "delivery",
];

#[test]
fn without_a_bug_it_keeps_its_promises() {
    dialogue().survives::<Mutant>(&Bug::None, PROMISES);
    race().survives::<Mutant>(&Bug::None, &["distinct-aliases", "aliases-settle", "admission"]);
    three(&[(400, 1, Request::Quit)]).survives::<Mutant>(&Bug::None, &["departure", "insiders-only"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    dialogue().kills::<Mutant>(&Bug::NoHoldBack, "causal-order", (22, 22));
    race().kills::<Mutant>(&Bug::NobodyGivesWay, "distinct-aliases", (12, 12));
    let late =
        Trial::of(3, [(0, 1, Request::Connect("Kim".into())), (100, 2, Request::Connect("Kim".into()))]);
    late.kills::<Mutant>(&Bug::NobodyObjects, "distinct-aliases", (12, 12));
    assert_eq!(late.search::<Mutant>(&Bug::None, "distinct-aliases"), None);
    three(&[(400, 1, Request::Quit)]).kills::<Mutant>(&Bug::LeavesInSilence, "departure", (19, 19));
}

/// Node 2 has heard neither of Kim's joining nor of its leaving when it asks for the name, and everybody else says that it
/// is free: it waits for both.
#[test]
fn a_name_is_taken_over_after_its_last_holder_has_left_with_everybody() {
    let link = |milliseconds| {
        let links = LinkPattern::Directed { from: Some(ProcessId(1)), to: Some(ProcessId(2)) };
        let delay = Some(Duration::from_millis(milliseconds));
        Action::Link(links, LinkPatch { delay, ..LinkPatch::default() })
    };
    let connect = |alias: &str| Request::Connect(alias.into());
    let asked =
        [(0, 0, connect("Ali")), (100, 1, connect("Kim")), (445, 1, Request::Quit), (455, 2, connect("Kim"))];
    let trial = Trial::of(3, asked).with(0, link(300)).with(450, link(10));
    trial.survives::<ChatServerless>(
        &Config::default(),
        &["joined-then-left", "distinct-aliases", "admission"],
    );
}
