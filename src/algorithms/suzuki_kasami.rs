//! Mutual exclusion by a token that is asked for by broadcast, and that carries the queue of those who wait.
//!
//! Suzuki, Kasami, "A distributed mutual exclusion algorithm" (1985), section 3.
//!
//! ```text
//! p --request(1)--> q, r     q, outside with the token, --token{served, queue}--> p, inside
//! ```

use super::parts::section::{Alarm, Section, Wish};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SuzukiKasami {
    section: Section,
    /// RN: the number of the last request of each process that was heard of.
    requested: Vec<u64>,
    /// The token, where it is.
    token: Option<Token>,
}

/// What the holder knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Token {
    /// LN: the number of the last request of each process that was served.
    pub served: Vec<u64>,
    /// Q: who gets the token next.
    pub queue: VecDeque<ProcessId>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who has the token at first; the first node unless said otherwise.
    pub holder: Option<ProcessId>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To everybody: I want the token.
    Request {
        /// Which of the sender's requests it is, counted from 1.
        number: u64,
    },
    /// The token: enter.
    Token(Token),
}

impl Process for SuzukiKasami {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "suzuki-kasami",
        summary: "Who has the token may enter; who wants it asks everybody, and it goes round in order of its own queue.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to everybody: I want the token, for the n-th time"),
            ("token", "enter; with everybody's last request that was served, and the queue"),
        ],
        cost: "N messages for each entry, none for who has the token; 1 delay from one to the next",
        breaks: &[
            "the token is lost, or its holder crashes: nobody enters any more (deadlock-freedom)",
            "a lost request: its process is passed over (starvation-freedom)",
            "the first holder restarts after a crash and brings a second token (mutual-exclusion)",
        ],
        source: "Suzuki, Kasami, A distributed mutual exclusion algorithm (1985), section 3",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("0", "N")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let nodes = ctx.group_size();
        let holds = config.holder.unwrap_or(ProcessId(0)) == ctx.me();
        let token = holds.then(|| Token { served: vec![0; nodes], queue: VecDeque::new() });
        Self { section: Section::default(), requested: vec![0; nodes], token }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { number } => self.on_ask(ctx, from, number),
            Message::Token(token) => self.on_token(ctx, token),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl SuzukiKasami {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// P1: enter with the token, else ask everybody for it.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        if self.token.is_some() {
            return self.section.enter(ctx);
        }
        let number = &mut self.requested[ctx.me().index()];
        *number = number.saturating_add(1);
        ctx.broadcast(Message::Request { number: *number });
    }

    /// P2: note the request; a token that nobody uses goes to a process whose last request is still to be served.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, number: u64) {
        let requested = &mut self.requested[from.index()];
        *requested = number.max(*requested);
        if self.section.is_inside() {
            return;
        }
        if let Some(token) =
            self.token.take_if(|token| token.served[from.index()].saturating_add(1) == *requested)
        {
            ctx.send(from, Message::Token(token));
        }
    }

    /// Upon the token: enter.
    fn on_token(&mut self, ctx: &mut Context<'_, Self>, token: Token) {
        // A token of another size is nobody's.
        if token.served.len() != ctx.group_size() {
            return;
        }
        self.token = Some(token);
        if self.section.is_waiting() {
            self.section.enter(ctx);
        }
    }

    /// P1, after the critical section: note that this request is served, put those who wait into the queue, beginning
    /// after this process, and pass the token on.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        let (me, nodes) = (ctx.me().index(), ctx.group_size());
        if let Some(mut token) = self.token.take() {
            token.served[me] = self.requested[me];
            for place in (me + 1..nodes).chain(0..me) {
                let process = ProcessId(place as u32);
                let waits = self.requested[place] == token.served[place].saturating_add(1);
                if waits && !token.queue.contains(&process) {
                    token.queue.push_back(process);
                }
            }
            match token.queue.pop_front() {
                Some(next) if next.index() < nodes => ctx.send(next, Message::Token(token)),
                Some(_) | None => self.token = Some(token),
            }
        }
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }
}
