//! A receiver with guards: what it is not asked for waits until it is.
//!
//! Sinha, "Distributed operating systems" (1997), section 3.10, selective and nonselective receivers; Hoare,
//! "Communicating sequential processes" (1978), section 2.3, guards.
//!
//! ```text
//! q --data--> p      p has asked for r: q's message waits
//! r --data--> p      p hands on r's
//! p asks for anybody: p hands on q's
//! ```

use crate::{
    problems::reception::{Output, Reception, Request, admits},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant, sender and receiver alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GuardedReceiver {
    /// How many messages this process has sent, and how often it has asked for one.
    sent: u64,
    asked: u64,
    /// Receives that have not been answered, in the order in which they were made.
    open: Vec<(u64, Vec<ProcessId>)>,
    /// Messages that nobody has asked for, in the order in which they came.
    waiting: Vec<(ProcessId, Message)>,
}

/// The scenario's `algorithm.config`: there is nothing to say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What is said.
        body: String,
    },
}

impl Process for GuardedReceiver {
    type Problem = Reception;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "guarded-receiver",
        summary: "A receiver says from whom it wants to hear next; what others send waits until they are asked for.",
        assumes: &["perfect FIFO links: nothing is lost, duplicated or overtaken", "nobody crashes"],
        promises: &["guarded", "integrity", "fifo", "progress"],
        messages: &[("data", "somebody's message")],
        cost: "1 message each; what is not asked for waits at the receiver, without a limit",
        breaks: &[
            "one lost message: who asks for it waits for ever (progress)",
            "links that do not keep order: a later message is received first (fifo)",
        ],
        source: "Sinha, Distributed operating systems (1997), section 3.10; Hoare, Communicating sequential processes (1978), section 2.3",
    };

    fn boot(_ctx: &mut Context<'_, Self>, _config: &Config, (): ()) -> Self {
        Self { sent: 0, asked: 0, open: Vec::new(), waiting: Vec::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Send { to, body } => self.on_send(ctx, to, body),
            Request::Receive(senders) => self.on_receive(ctx, senders),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match self.open.iter().position(|(_, senders)| admits(senders, from)) {
            Some(place) => {
                let (receive, _) = self.open.remove(place);
                Self::hand_on(ctx, receive, from, message);
            }
            None => self.waiting.push((from, message)),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl GuardedReceiver {
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        self.sent += 1;
        ctx.send(to, Message::Data { id: self.sent, body });
    }

    /// The oldest message that is asked for, or the next one that will be.
    fn on_receive(&mut self, ctx: &mut Context<'_, Self>, senders: Vec<ProcessId>) {
        self.asked += 1;
        match self.waiting.iter().position(|(from, _)| admits(&senders, *from)) {
            Some(place) => {
                let (from, message) = self.waiting.remove(place);
                Self::hand_on(ctx, self.asked, from, message);
            }
            None => self.open.push((self.asked, senders)),
        }
    }

    fn hand_on(ctx: &mut Context<'_, Self>, receive: u64, from: ProcessId, message: Message) {
        let Message::Data { id, body } = message;
        ctx.produce(Output::Received { receive, from, id, body });
    }
}
