//! Singhal's heuristic (1989) as it is commonly transcribed: it blocks three processes after eight messages.
//!
//! Singhal, "A heuristically-aided algorithm for mutual exclusion in distributed systems" (1989), as retold in Singhal,
//! Shivaratri, "Advanced concepts in operating systems", section 6.11. Everybody keeps a guess at everybody's state and
//! asks only those of whom it believes that they ask, too. The guesses can go wrong for good: this one has a mistake
//! without choosing any. Naimi and Trehel's algorithm does what it was meant to do.

use super::{
    super::parts::section::Section,
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};

/// One participant.
pub type SinghalFlawed = Sketch<Singhal>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing but what the common transcription does wrong.
    #[default]
    None,
    /// Who wants to enter and hears of somebody new who does, does not ask it.
    DoesNotAskBack,
}

/// What a process is believed to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// R: it wants to enter.
    Requesting,
    /// E: it is inside.
    Executing,
    /// H: it has the token and does not need it.
    Holding,
    /// N: none of these.
    Neither,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// I want to enter.
    Request {
        /// Which of the sender's requests it is, counted from 1.
        number: u64,
    },
    /// The token: enter.
    Token {
        /// TSV: what everybody is believed to do.
        states: Vec<State>,
        /// TSN: everybody's last request that the token has heard of.
        numbers: Vec<u64>,
    },
}

/// Singhal's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Singhal {
    mistake: Mistake,
    /// SV.
    states: Vec<State>,
    /// SN.
    numbers: Vec<u64>,
    /// TSV and TSN, where the token is here.
    token: Option<(Vec<State>, Vec<u64>)>,
}

impl Rules for Singhal {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "singhal-flawed",
        summary: "Singhal's heuristic token for mutual exclusion as it is commonly transcribed, which can block: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        // What the paper promises besides, that everybody gets in, the common transcription does not keep.
        promises: &["mutual-exclusion", "well-formedness"],
        messages: &[
            ("request", "to those who are believed to ask, too: I want the token, for the n-th time"),
            ("token", "enter; with what everybody is believed to do"),
        ],
        cost: "up to N messages for each entry",
        breaks: &[
            "an old request makes two processes believe that the other one does not ask (deadlock-freedom)",
            "mistake: does-not-ask-back: the same, sooner (deadlock-freedom)",
        ],
        source: "Singhal, A heuristically-aided algorithm for mutual exclusion in distributed systems (1989); Singhal, Shivaratri, Advanced concepts in operating systems, section 6.11",
    };

    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Mistake, (): ()) -> Self {
        let (nodes, me) = (ctx.group_size(), ctx.me().index());
        // The staircase: everybody believes that those before it ask.
        let mut states: Vec<State> =
            (0..nodes).map(|other| if other < me { State::Requesting } else { State::Neither }).collect();
        if me == 0 {
            states[0] = State::Holding;
        }
        let token = (me == 0).then(|| (vec![State::Neither; nodes], vec![0; nodes]));
        Self { mistake: *mistake, states, numbers: vec![0; nodes], token }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        let me = ctx.me();
        if self.token.is_some() {
            self.states[me.index()] = State::Executing;
            return section.enter(ctx);
        }
        self.states[me.index()] = State::Requesting;
        let number = self.numbers[me.index()].saturating_add(1);
        self.numbers[me.index()] = number;
        let asked =
            ctx.group().filter(|other| *other != me && self.states[other.index()] == State::Requesting);
        ctx.multicast(asked, Message::Request { number });
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request { number } if number <= self.numbers[from.index()] => {}
            Message::Request { number } => self.on_ask(ctx, from, number),
            Message::Token { states, numbers } => {
                self.token = Some((states, numbers));
                self.states[ctx.me().index()] = State::Executing;
                if section.is_waiting() {
                    section.enter(ctx);
                }
            }
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let me = ctx.me().index();
        let Some((mut states, mut numbers)) = self.token.take() else { return };
        self.states[me] = State::Neither;
        states[me] = State::Neither;
        let nodes = states.len();
        for other in 0..nodes {
            // Who knows the younger request knows better: that is where it goes wrong.
            if self.numbers[other] > numbers[other] {
                states[other] = self.states[other];
                numbers[other] = self.numbers[other];
            } else {
                self.states[other] = states[other];
                self.numbers[other] = numbers[other];
            }
        }
        let next = (me + 1..nodes).chain(0..me).find(|other| self.states[*other] == State::Requesting);
        if let Some(next) = next {
            ctx.send(ProcessId(next as u32), Message::Token { states, numbers });
        } else {
            self.states[me] = State::Holding;
            self.token = Some((states, numbers));
        }
    }
}

impl Singhal {
    fn on_ask(&mut self, ctx: &mut Ctx<'_, Self>, from: ProcessId, number: u64) {
        let me = ctx.me().index();
        self.numbers[from.index()] = number;
        let before = std::mem::replace(&mut self.states[from.index()], State::Requesting);
        match self.states[me] {
            State::Neither | State::Executing => {}
            State::Requesting => {
                if before != State::Requesting && self.mistake != Mistake::DoesNotAskBack {
                    ctx.send(from, Message::Request { number: self.numbers[me] });
                }
            }
            State::Holding => {
                let Some((mut states, mut numbers)) = self.token.take() else { return };
                states[from.index()] = State::Requesting;
                numbers[from.index()] = number;
                self.states[me] = State::Neither;
                ctx.send(from, Message::Token { states, numbers });
            }
        }
    }
}
