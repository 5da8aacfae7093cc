//! Mutual exclusion by path reversal: a request follows the chain of last requesters, and everybody it passes learns of
//! the newest one.
//!
//! Naimi, Trehel, Arnold, "A log(N) distributed mutual exclusion algorithm based on path reversal" (1996), section 3.
//!
//! ```text
//! p --request(p)--> q --request(p)--> r, with the token     q and r now believe that p has it next
//! r --token--> p
//! ```

use super::parts::section::{Alarm, Section, Wish};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NaimiTrehel {
    section: Section,
    /// `father` (also `last`): who asked last, as far as this process knows; none when that was itself.
    father: Option<ProcessId>,
    /// `next`: who gets the token after this process.
    next: Option<ProcessId>,
    /// Whether the token is here.
    token: bool,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who has the token at first; the first node unless said otherwise.
    pub holder: Option<ProcessId>,
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To who is believed to have asked last.
    Request {
        /// Who wants the token.
        origin: ProcessId,
    },
    /// The token: enter.
    Token,
}

impl Process for NaimiTrehel {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "naimi-trehel",
        summary: "A request runs to who asked last and stands in line behind it; its path is turned round on the way.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[("request", "towards who asked last: this process wants the token"), ("token", "enter")],
        cost: "0 to N messages for each entry, about ln N on average; 1 delay from one to the next",
        breaks: &[
            "the token is lost, or its holder crashes: nobody enters any more (deadlock-freedom)",
            "a lost request takes with it all who queue behind it (starvation-freedom)",
        ],
        source: "Naimi, Trehel, Arnold, A log(N) distributed mutual exclusion algorithm based on path reversal (1996), section 3",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("0", "N")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let holder = config.holder.unwrap_or(ProcessId(0));
        let token = holder == ctx.me();
        Self { section: Section::default(), father: (!token).then_some(holder), next: None, token }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        match message {
            Message::Request { origin } => self.on_ask(ctx, origin),
            Message::Token => self.on_token(ctx),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl NaimiTrehel {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// Asks who is believed to have asked last; from now on that is this process itself.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        match self.father.take() {
            Some(father) => ctx.send(father, Message::Request { origin: ctx.me() }),
            None if self.token => self.section.enter(ctx),
            None => {}
        }
    }

    /// Upon a request: pass it on; or, when this process asked last, give the token or remember who gets it.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, origin: ProcessId) {
        // Nobody outside the group can be given anything.
        if origin.index() >= ctx.group_size() {
            return;
        }
        match self.father.replace(origin) {
            Some(father) => ctx.send(father, Message::Request { origin }),
            None if self.section.is_waiting() || self.section.is_inside() => self.next = Some(origin),
            None if self.token => self.pass(ctx, origin),
            None => {}
        }
    }

    /// Upon the token: enter.
    fn on_token(&mut self, ctx: &mut Context<'_, Self>) {
        self.token = true;
        if self.section.is_waiting() {
            self.section.enter(ctx);
        }
    }

    fn pass(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        self.token = false;
        ctx.send(to, Message::Token);
    }

    /// Leaves; the token goes to who is next, if anybody.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        if let Some(next) = self.next.take() {
            self.pass(ctx, next);
        }
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }
}
