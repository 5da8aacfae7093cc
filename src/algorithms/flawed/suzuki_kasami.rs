//! Mutual exclusion by a token that is asked for by broadcast, with a mistake to choose.
//!
//! Suzuki, Kasami, "A distributed mutual exclusion algorithm" (1985), section 3. Every site has RN, the numbers of the
//! requests it has heard of; the token carries LN, the numbers of those that were served, and the queue. The first site
//! has the token at first.

use super::{
    super::parts::section::Section,
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One participant.
pub type SuzukiKasamiFlawed = Sketch<SuzukiKasami>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// A lab sheet's version: every site has an LN of its own, the token carries none.
    LnAtTheSite,
    /// Nobody notes in LN which requests were served.
    LnNotUpdated,
    /// RN is what came last, not the highest.
    RnAssigned,
    /// An idle holder gives the token to whoever asks, also for what was served already.
    NoCheck,
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
    Token {
        /// LN: the number of the last request of each process that was served.
        served: Vec<u64>,
        /// Q: who gets the token next.
        queue: VecDeque<ProcessId>,
    },
}

/// Suzuki's and Kasami's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SuzukiKasami {
    mistake: Mistake,
    /// RN.
    requested: Vec<u64>,
    /// LN: the token's where it is here, else what this site remembers.
    served: Vec<u64>,
    /// Q, where the token is here.
    queue: Option<VecDeque<ProcessId>>,
}

impl Rules for SuzukiKasami {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "suzuki-kasami-flawed",
        summary: "Suzuki's and Kasami's token for mutual exclusion with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to everybody: I want the token, for the n-th time"),
            ("token", "enter; with everybody's last request that was served, and the queue"),
        ],
        cost: "N messages for each entry, none for who has the token",
        breaks: &[
            "mistake: ln-at-the-site: a site takes a new request for one that it has served (deadlock-freedom)",
            "mistake: ln-not-updated: nobody's second request is due (deadlock-freedom)",
            "mistake: rn-assigned: an old request that comes late undoes a new one (deadlock-freedom)",
            "mistake: no-check: an old request that comes late takes the token away (deadlock-freedom)",
        ],
        source: "Suzuki, Kasami, A distributed mutual exclusion algorithm (1985), section 3",
    };

    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Mistake, (): ()) -> Self {
        let none = vec![0; ctx.group_size()];
        let queue = (ctx.me() == ProcessId(0)).then(VecDeque::new);
        Self { mistake: *mistake, requested: none.clone(), served: none, queue }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        if self.queue.is_some() {
            return section.enter(ctx);
        }
        let number = &mut self.requested[ctx.me().index()];
        *number = number.saturating_add(1);
        ctx.broadcast(Message::Request { number: *number });
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request { number } => self.on_ask(ctx, section, from, number),
            Message::Token { served, queue } => self.on_token(ctx, section, served, queue),
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let me = ctx.me().index();
        if self.mistake != Mistake::LnNotUpdated {
            self.served[me] = self.requested[me];
        }
        let Some(queue) = &mut self.queue else { return };
        for place in (me + 1..self.served.len()).chain(0..me) {
            let process = ProcessId(place as u32);
            if self.requested[place] == self.served[place].saturating_add(1) && !queue.contains(&process) {
                queue.push_back(process);
            }
        }
        if let Some(next) = queue.pop_front() {
            self.pass(ctx, next);
        }
    }
}

impl SuzukiKasami {
    fn on_ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &Section, from: ProcessId, number: u64) {
        let known = &mut self.requested[from.index()];
        *known = if self.mistake == Mistake::RnAssigned { number } else { number.max(*known) };
        let due = *known == self.served[from.index()].saturating_add(1) || self.mistake == Mistake::NoCheck;
        if !section.is_inside() && due {
            self.pass(ctx, from);
        }
    }

    fn on_token(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        served: Vec<u64>,
        queue: VecDeque<ProcessId>,
    ) {
        if self.mistake != Mistake::LnAtTheSite {
            self.served = served;
        }
        self.queue = Some(queue);
        if section.is_waiting() {
            section.enter(ctx);
        }
    }

    /// Gives the token away, if it is here.
    fn pass(&mut self, ctx: &mut Ctx<'_, Self>, to: ProcessId) {
        if let Some(queue) = self.queue.take() {
            ctx.send(to, Message::Token { served: self.served.clone(), queue });
        }
    }
}
