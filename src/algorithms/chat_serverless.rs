//! A chat room without a server: everybody tells everybody, in causal order, and keeps its own list of who is in.
//!
//! Over the causal broadcast of Birman, Schiper, Stephenson, "Lightweight causal and atomic group multicast" (1991),
//! section 5.1. Without a server nobody decides who may have a name; so whoever wants one asks everybody, and of two who
//! want one at once the lower process gets it: mutual exclusion after Ricart and Agrawala (1981), one name one resource.
//!
//! ```text
//! p  --claim(Kim)--> everybody             q  --claim(Kim)--> everybody, at once
//! everybody  --free--> p                   p  --taken--> q, for p is lower; q is refused, and tells p: free
//! p  --join(Kim)--> everybody              from here on p is in, and tells everybody: taken
//! ```

use super::parts::causal::{Causal, Stamp};
use crate::{
    problems::chat::{Chat, Line, Output, Request, Why},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChatServerless {
    causal: Causal<News>,
    config: Config,
    standing: Standing,
    /// How many names this process has asked for.
    claims: u64,
    /// Who is in under which name, as far as this process has heard.
    holders: BTreeMap<ProcessId, String>,
}

/// Where a process stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Standing {
    /// It is not in the room.
    Out,
    /// It has asked for a name, and these have not answered.
    Claiming {
        alias: String,
        waiting: BTreeSet<ProcessId>,
        /// What those who have answered knew: this process must know it, too, before it is in.
        needed: Vec<u64>,
    },
    /// It is in under this name.
    In(String),
}

/// What somebody does.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum News {
    Join(String),
    Say(String),
    Leave,
}

/// What participants send each other. Every stamp is a vector of how many messages of each process the sender knew, its
/// own included; the others are no part of the conversation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// May I have this name?
    Claim {
        /// Which of the sender's claims it is.
        claim: u64,
        /// The name.
        alias: String,
    },
    /// As for me, you may.
    Free {
        /// Which claim this answers.
        claim: u64,
        /// What the sender knew: whoever had the name before has left in it.
        stamp: Stamp,
    },
    /// Somebody has it, or I want it and am before you.
    Taken {
        /// Which claim this answers.
        claim: u64,
    },
    /// I am in.
    Join {
        /// What the sender knew.
        stamp: Stamp,
        /// Under this name.
        alias: String,
    },
    /// I say this.
    Say {
        /// What the sender knew.
        stamp: Stamp,
        /// What.
        body: String,
    },
    /// I am not in any more.
    Leave {
        /// What the sender knew.
        stamp: Stamp,
    },
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether to ask everybody for a name first. Without, two may take one name at once.
    pub ask: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { ask: true }
    }
}

impl Process for ChatServerless {
    type Problem = Chat;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "chat-serverless",
        summary: "Everybody tells everybody what it says, in causal order, and keeps its own list of who is in.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "a closed group of processes, in the room or not, and nobody crashes",
        ],
        promises: &[
            "distinct-aliases",
            "aliases-settle",
            "joined-then-left",
            "insiders-only",
            "honest-author",
            "causal-order",
            "admission",
            "delivery",
            "departure",
        ],
        messages: &[
            ("claim", "to everybody: may I have this name?"),
            ("free", "to who claims a name: as for me, you may"),
            ("taken", "to who claims a name: somebody has it, or wants it and is before you"),
            ("join", "to everybody: I am in under this name"),
            ("say", "to everybody: what I say"),
            ("leave", "to everybody: I am not in any more"),
        ],
        cost: "3(N-1) messages and 2 delays to join (more, until what the others knew has come too), N-1 to say something or to leave, with N processes in the group, in the room or not",
        breaks: &[
            "a crash: nobody notices (departure), and nobody gets a name any more (admission)",
            "without `ask`, two take one name at once (distinct-aliases)",
            "expecting one order: lines that know nothing of each other are shown in different orders, and there is no log",
        ],
        source: "Birman, Schiper, Stephenson, Lightweight causal and atomic group multicast (1991), section 5.1; Ricart, Agrawala, An optimal algorithm for mutual exclusion in computer networks (1981); laboratory sheet 002 without its server",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self {
            causal: Causal::new(ctx.group_size()),
            config: *config,
            standing: Standing::Out,
            claims: 0,
            holders: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Connect(alias) => self.on_connect(ctx, alias),
            Request::Say(body) => self.on_say_request(ctx, body),
            Request::Quit => self.on_quit(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Claim { claim, alias } => self.on_claim(ctx, from, claim, &alias),
            Message::Free { claim, stamp } => self.on_free(ctx, from, claim, &stamp),
            Message::Taken { claim } => self.on_taken(ctx, claim),
            Message::Join { stamp, alias } => self.on_news(ctx, from, stamp, News::Join(alias)),
            Message::Say { stamp, body } => self.on_news(ctx, from, stamp, News::Say(body)),
            Message::Leave { stamp } => self.on_news(ctx, from, stamp, News::Leave),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl ChatServerless {
    /// The user wants in: a name that nobody is known to have is asked for.
    fn on_connect(&mut self, ctx: &mut Context<'_, Self>, alias: String) {
        if self.standing != Standing::Out {
            return ctx.produce(Output::Refused(Why::Already));
        }
        if self.holders.values().any(|held| *held == alias) {
            return ctx.produce(Output::Refused(Why::Taken));
        }
        self.claims += 1;
        let me = ctx.me();
        let waiting: BTreeSet<ProcessId> =
            ctx.group().filter(|other| *other != me && self.config.ask).collect();
        if waiting.is_empty() {
            return self.join(ctx, alias);
        }
        ctx.broadcast(Message::Claim { claim: self.claims, alias: alias.clone() });
        self.standing = Standing::Claiming { alias, waiting, needed: vec![0; ctx.group_size()] };
    }

    /// Somebody wants a name. Who has it, or knows who has, says so; of two who want it the lower one gets it.
    fn on_claim(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, claim: u64, alias: &str) {
        let known = self.holders.iter().any(|(holder, held)| *holder != from && held == alias);
        let wanted = matches!(&self.standing, Standing::Claiming { alias: own, .. } if own == alias);
        if known || wanted && ctx.me() < from {
            return ctx.send(from, Message::Taken { claim });
        }
        if wanted {
            self.refuse(ctx);
        }
        ctx.send(from, Message::Free { claim, stamp: self.causal.known().into() });
    }

    /// One more has nothing against it.
    fn on_free(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, claim: u64, stamp: &[u64]) {
        let Standing::Claiming { waiting, needed, .. } = &mut self.standing else { return };
        if claim != self.claims {
            return;
        }
        waiting.remove(&from);
        for (needed, known) in needed.iter_mut().zip(stamp) {
            *needed = (*needed).max(*known);
        }
        self.join_if_free(ctx);
    }

    /// Once all have said so, and everything they knew then has come here too, the name is this process's: so its joining
    /// comes after the leaving of whoever had the name before, with everybody.
    fn join_if_free(&mut self, ctx: &mut Context<'_, Self>) {
        let Standing::Claiming { alias, waiting, needed } = &mut self.standing else { return };
        let knows_all = needed.iter().zip(self.causal.known()).all(|(needed, known)| needed <= known);
        if waiting.is_empty() && knows_all {
            let alias = std::mem::take(alias);
            self.join(ctx, alias);
        }
    }

    fn on_taken(&mut self, ctx: &mut Context<'_, Self>, claim: u64) {
        if matches!(self.standing, Standing::Claiming { .. }) && claim == self.claims {
            self.refuse(ctx);
        }
    }

    fn refuse(&mut self, ctx: &mut Context<'_, Self>) {
        self.standing = Standing::Out;
        ctx.produce(Output::Refused(Why::Taken));
    }

    /// In, and everybody shall know.
    fn join(&mut self, ctx: &mut Context<'_, Self>, alias: String) {
        let (me, stamp) = (ctx.me(), self.causal.stamp(ctx.me()));
        let members = self.holders.values().cloned().collect();
        self.holders.insert(me, alias.clone());
        self.standing = Standing::In(alias.clone());
        ctx.broadcast(Message::Join { stamp, alias: alias.clone() });
        ctx.produce(Output::Welcome { alias: alias.clone(), members });
        ctx.produce(Output::Joined(alias));
    }

    fn on_say_request(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        let Standing::In(from) = self.standing.clone() else {
            return ctx.produce(Output::Refused(Why::Outside));
        };
        let (me, stamp) = (ctx.me(), self.causal.stamp(ctx.me()));
        let number = stamp[me.index()];
        ctx.broadcast(Message::Say { stamp, body: body.clone() });
        ctx.produce(Output::Said(Line { number, from, body }));
    }

    /// The user wants out. Who was only asking for a name has told nobody anything yet.
    fn on_quit(&mut self, ctx: &mut Context<'_, Self>) {
        match std::mem::replace(&mut self.standing, Standing::Out) {
            Standing::Out => ctx.produce(Output::Refused(Why::Outside)),
            Standing::Claiming { .. } => {}
            Standing::In(_) => {
                self.holders.remove(&ctx.me());
                let stamp = self.causal.stamp(ctx.me());
                ctx.broadcast(Message::Leave { stamp });
            }
        }
    }

    /// What has its turn in causal order is taken in; everything else waits.
    fn on_news(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: Stamp, news: News) {
        self.causal.receive(from, stamp, news);
        while let Some((from, stamp, news)) = self.causal.take_turn() {
            match (news, self.holders.get(&from).cloned()) {
                (News::Join(alias), _) => {
                    self.holders.insert(from, alias.clone());
                    self.show(ctx, Output::Joined(alias));
                }
                (News::Say(body), Some(author)) => {
                    let number = stamp[from.index()];
                    self.show(ctx, Output::Said(Line { number, from: author, body }));
                }
                (News::Leave, Some(alias)) => {
                    self.holders.remove(&from);
                    self.show(ctx, Output::Left(alias));
                }
                (News::Say(_) | News::Leave, None) => {}
            }
        }
        self.join_if_free(ctx);
    }

    /// Only who is in is shown what happens.
    fn show(&self, ctx: &mut Context<'_, Self>, output: Output) {
        if matches!(self.standing, Standing::In(_)) {
            ctx.produce(output);
        }
    }
}
