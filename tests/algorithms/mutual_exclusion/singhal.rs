//! Singhal's heuristic (1989) as it is commonly transcribed: it blocks three processes after eight messages.
//!
//! Singhal, "A heuristically-aided algorithm for mutual exclusion in distributed systems" (1989), as retold in Singhal,
//! Shivaratri, "Advanced concepts in operating systems", section 6.11. Everybody keeps a guess at everybody's state and
//! asks only those of whom it believes that they ask, too. The guesses can go wrong for good: hence it is no algorithm
//! that a scenario can name, but an exhibit. Naimi and Trehel's does what it was meant to do.

use super::{
    least, needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched},
    wants,
};
use crate::trial::{Trial, planned};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::{naimi_trehel::NaimiTrehel, parts::section::Section},
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
    world::{Action, LinkPatch, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Who wants to enter and hears of somebody new who does, does not ask it.
    DoesNotAskBack,
}

/// What a process is believed to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum State {
    Requesting,
    Executing,
    Holding,
    Neither,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Request(u64),
    Token(Vec<State>, Vec<u64>),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Heuristic {
    bug: Bug,
    states: Vec<State>,
    numbers: Vec<u64>,
    token: Option<(Vec<State>, Vec<u64>)>,
}

impl Sketch for Heuristic {
    type Bug = Bug;
    type Message = Message;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: Bug) -> Self {
        let (nodes, me) = (ctx.group_size(), ctx.me().index());
        // The staircase: everybody believes that those before it ask.
        let mut states: Vec<State> =
            (0..nodes).map(|other| if other < me { State::Requesting } else { State::Neither }).collect();
        if me == 0 {
            states[0] = State::Holding;
        }
        let token = (me == 0).then(|| (vec![State::Neither; nodes], vec![0; nodes]));
        Self { bug, states, numbers: vec![0; nodes], token }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        let me = ctx.me();
        if self.token.is_some() {
            self.states[me.index()] = State::Executing;
            return section.enter(ctx);
        }
        self.states[me.index()] = State::Requesting;
        self.numbers[me.index()] += 1;
        let asked: Vec<ProcessId> = ctx
            .group()
            .filter(|other| *other != me && self.states[other.index()] == State::Requesting)
            .collect();
        ctx.multicast(asked, Message::Request(self.numbers[me.index()]));
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        let me = ctx.me().index();
        match message {
            Message::Request(number) if number <= self.numbers[from.index()] => {}
            Message::Request(number) => {
                self.numbers[from.index()] = number;
                let before = std::mem::replace(&mut self.states[from.index()], State::Requesting);
                match self.states[me] {
                    State::Neither | State::Executing => {}
                    State::Requesting => {
                        if before != State::Requesting && self.bug != Bug::DoesNotAskBack {
                            ctx.send(from, Message::Request(self.numbers[me]));
                        }
                    }
                    State::Holding => {
                        let Some((mut states, mut numbers)) = self.token.take() else { return };
                        states[from.index()] = State::Requesting;
                        numbers[from.index()] = number;
                        self.states[me] = State::Neither;
                        ctx.send(from, Message::Token(states, numbers));
                    }
                }
            }
            Message::Token(states, numbers) => {
                self.token = Some((states, numbers));
                self.states[me] = State::Executing;
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
        match next {
            Some(next) => ctx.send(ProcessId(next as u32), Message::Token(states, numbers)),
            None => {
                self.states[me] = State::Holding;
                self.token = Some((states, numbers));
            }
        }
    }
}

type Exhibit = Sketched<Heuristic>;

/// Three processes that want to enter up to twice, in every order and in many rhythms.
fn many() -> Vec<Trial<MutualExclusion>> {
    let mut trials = Vec::new();
    for place in 0..81_u32 {
        let order = [place / 27, place / 9 % 3, place / 3 % 3, place % 3];
        let wishes: Vec<(u64, u32)> = (0..).step_by(5).zip(order).collect();
        trials.push(wants(3, 15, &wishes));
    }
    trials
}

/// Museum 25: n3's first request reaches n2 when n2 is inside, and when it has long been served; n2 notes it, and learns
/// from the token that it is over. Now n3 does not ask n2, which has the token, and n2 does not know that n3 asks.
#[test]
fn singhals_heuristic_as_it_is_told_blocks_three_processes() {
    let slow = LinkPatch { delay: Some(Duration::from_millis(160)), ..LinkPatch::default() };
    let link = LinkPattern::Directed { from: Some(ProcessId(2)), to: Some(ProcessId(1)) };
    let mut slowed = planned(0, Action::Link(link, slow));
    slowed.lasts = Some(Duration::from_millis(5));
    let mut trial = wants(3, 30, &[(1, 2), (60, 0), (120, 1), (250, 2)]);
    trial.setup.agenda.insert(0, slowed);
    needs::<Exhibit>(&[trial.clone()], &Bug::None, "deadlock-freedom", (8, 8));
    // Links that keep order do not help.
    needs::<Exhibit>(&[trial.clone().fifo()], &Bug::None, "deadlock-freedom", (8, 8));
    trial.survives::<Exhibit>(&Bug::None, &["mutual-exclusion"]);
    trial.survives::<NaimiTrehel>(&Default::default(), PROMISES);
}

/// Museum 26.
#[test]
fn without_asking_back_it_blocks_even_sooner() {
    needs::<Exhibit>(&many(), &Bug::DoesNotAskBack, "deadlock-freedom", (4, 4));
    assert_eq!(least::<Exhibit>(&many(), &Bug::None, "mutual-exclusion"), None);
}
