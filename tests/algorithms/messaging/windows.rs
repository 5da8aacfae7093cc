//! Sliding windows (Stenning 1976; Tanenbaum, sections 3.4.2 and 3.4.3) and their mutants.

use super::{deliver, link, offered, sent, taken_apart, taking};
use crate::trial::{Found, Trial};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use synod::{
    algorithms::{go_back_n::GoBackN, parts::window, selective_repeat::SelectiveRepeat},
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Selective repeat: what was delivered is not acknowledged again.
    NoAckBelowTheWindow,
    /// Go-back-N: an acknowledgement is taken for that of one message.
    NotCumulative,
    /// Go-back-N: the receiver says what it got, not what it delivered last.
    AcksWhatItGets,
    /// One message more than the window allows is sent.
    OneTooMany,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
struct Settings {
    bug: Bug,
    selective: bool,
    window: u64,
    space: u64,
    timeout: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Sender {
    base: u64,
    next: u64,
    waiting: VecDeque<String>,
    acked: BTreeSet<u64>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    settings: Settings,
    out: BTreeMap<ProcessId, Sender>,
    in_: BTreeMap<ProcessId, (u64, BTreeMap<u64, String>)>,
}

impl Process for Mutant {
    type Problem = Messaging;
    type Config = Settings;
    type Message = (u64, Option<String>);
    /// To whom, and for selective repeat which.
    type Timer = (ProcessId, u64);
    type Stable = ();
    const DESCRIPTION: Description = Description::named("window-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, settings: &Settings, (): ()) -> Self {
        Self { settings: *settings, ..Self::default() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let (to, body) = taken_apart(request, ctx.group_size());
        for to in to {
            self.out.entry(to).or_default().waiting.push_back(body.clone());
            self.fill(ctx, to);
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: (u64, Option<String>)) {
        match message {
            (number, Some(body)) if self.settings.selective => self.keep(ctx, from, number, body),
            (number, Some(body)) => self.take(ctx, from, number, body),
            (number, None) => self.acknowledged(ctx, from, number),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (to, only): (ProcessId, u64)) {
        let Some(sender) = self.out.get(&to) else { return };
        for place in sender.base..sender.next {
            if !self.settings.selective || place == only {
                let body = sender.waiting[(place - sender.base) as usize].clone();
                ctx.send(to, (place % self.settings.space, Some(body)));
            }
        }
        ctx.set_timer((to, only), self.patience());
    }
}

impl Mutant {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.settings.timeout)
    }

    fn fill(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let (settings, patience) = (self.settings, self.patience());
        let window = settings.window + u64::from(settings.bug == Bug::OneTooMany);
        let Some(sender) = self.out.get_mut(&to) else { return };
        while sender.next < sender.base + window && sender.next - sender.base < sender.waiting.len() as u64 {
            let body = sender.waiting[(sender.next - sender.base) as usize].clone();
            ctx.send(to, (sender.next % settings.space, Some(body)));
            if settings.selective || sender.base == sender.next {
                ctx.set_timer((to, if settings.selective { sender.next } else { 0 }), patience);
            }
            sender.next += 1;
        }
    }

    /// Go-back-N's receiver.
    fn take(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, number: u64, body: String) {
        let (delivered, _) = self.in_.entry(from).or_default();
        if number == *delivered % self.settings.space {
            *delivered += 1;
            deliver(ctx, from, *delivered, body);
        }
        match (self.settings.bug, delivered.checked_sub(1)) {
            (Bug::AcksWhatItGets, _) => ctx.send(from, (number, None)),
            (_, Some(last)) => ctx.send(from, (last % self.settings.space, None)),
            (_, None) => {}
        }
    }

    /// Selective repeat's receiver.
    fn keep(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, number: u64, body: String) {
        let Settings { bug, window, space, .. } = self.settings;
        let (delivered, early) = self.in_.entry(from).or_default();
        let inside = (*delivered..*delivered + window).find(|place| place % space == number);
        let below = (delivered.saturating_sub(window)..*delivered).any(|place| place % space == number);
        if inside.is_some() || below && bug != Bug::NoAckBelowTheWindow {
            ctx.send(from, (number, None));
        }
        if let Some(place) = inside {
            early.entry(place).or_insert(body);
        }
        while let Some(body) = early.remove(delivered) {
            *delivered += 1;
            deliver(ctx, from, *delivered, body);
        }
    }

    fn acknowledged(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, number: u64) {
        let (settings, patience) = (self.settings, self.patience());
        let Some(sender) = self.out.get_mut(&from) else { return };
        let Some(place) = (sender.base..sender.next).find(|place| place % settings.space == number) else {
            return;
        };
        let single = settings.selective || settings.bug == Bug::NotCumulative;
        sender.acked.extend(if single { place } else { sender.base }..=place);
        if settings.selective {
            ctx.cancel_timer((from, place));
        }
        while sender.acked.remove(&sender.base) {
            sender.waiting.pop_front();
            sender.base += 1;
            ctx.produce(Output::Acknowledged { to: from, id: sender.base });
        }
        if !settings.selective {
            ctx.set_timer((from, 0), patience);
            if sender.base == sender.next {
                ctx.cancel_timer((from, 0));
            }
        }
        self.fill(ctx, from);
    }
}

const PROMISES: &[&str] =
    &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"];

fn go_back(window: u64, space: u64) -> Settings {
    Settings { bug: Bug::None, selective: false, window, space, timeout: 25 }
}

fn selective(window: u64, space: u64) -> Settings {
    Settings { selective: true, ..go_back(window, space) }
}

/// The same settings for the algorithms themselves.
fn real(settings: Settings) -> window::Config {
    let (window, sequence_space) = (settings.window as u32, settings.space as u32);
    window::Config { window, sequence_space, timeout: Duration::from_millis(settings.timeout) }
}

/// This world is survived by both transcriptions.
fn survived(trial: &Trial<Messaging>, settings: Settings) {
    trial.survives::<Mutant>(&settings, PROMISES);
    if settings.selective {
        trial.survives::<SelectiveRepeat>(&real(settings), PROMISES);
    } else {
        trial.survives::<GoBackN>(&real(settings), PROMISES);
    }
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    let both_ways =
        sent(2, &[(0, 0, &[1]), (1, 1, &[0]), (2, 0, &[1]), (3, 0, &[1]), (4, 1, &[0]), (9, 0, &[1])]);
    for trial in [offered(6), both_ways] {
        for trial in [trial.clone().fifo(), trial.fifo().duplicating().losing(25)] {
            survived(&trial, go_back(3, 4));
            survived(&trial, go_back(2, 3));
            survived(&trial, selective(2, 4));
            survived(&trial, selective(3, 6));
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let bad = |count| offered(count).fifo().losing(25).until(2_000);
    let with = |settings, bug| Settings { bug, ..settings };
    bad(4).kills::<Mutant>(&with(selective(2, 4), Bug::NoAckBelowTheWindow), "reliable-delivery", (90, 90));
    bad(4).kills::<Mutant>(&with(go_back(3, 4), Bug::AcksWhatItGets), "honest-acknowledgement", (4, 3));
    bad(4).kills::<Mutant>(&with(go_back(3, 4), Bug::NotCumulative), "reliable-delivery", (500, 500));
    bad(4).kills::<Mutant>(&with(go_back(1, 2), Bug::OneTooMany), "honest-acknowledgement", (5, 4));
    bad(5).kills::<Mutant>(&with(selective(1, 2), Bug::OneTooMany), "prefix", (8, 8));
}

/// A violation of this property by both transcriptions, after exactly so many messages in the second.
#[track_caller]
fn breaks(trial: &Trial<Messaging>, settings: Settings, property: &str, (sent, received): (u64, u64)) {
    let found = trial.search::<Mutant>(&settings, property);
    assert_eq!(found, Some(Found { sent, received, seed: 0 }), "{settings:?}");
    if settings.selective {
        trial.kills::<SelectiveRepeat>(&real(settings), property, (sent, received));
    } else {
        trial.kills::<GoBackN>(&real(settings), property, (sent, received));
    }
}

/// Links of 2 ms and 10 ms back; the second message is lost.
fn the_second_is_lost(times: &[u64]) -> Trial<Messaging> {
    let all: Vec<(u64, u32, &[u32])> = times.iter().map(|at| (*at, 0, &[1][..])).collect();
    let trial = taking(taking(sent(2, &all), 0, 1, 2), 1, 0, 10).fifo();
    trial.with(0, Action::Drop { links: link(0, 1), kind: None, nth: 2 })
}

/// Museum 37: the sender believes that three were delivered, the receiver has one.
#[test]
fn go_back_n_with_two_numbers_and_a_window_of_two() {
    let trial = the_second_is_lost(&[1, 1, 1]);
    breaks(&trial, go_back(2, 2), "honest-acknowledgement", (5, 4));
    trial.survives::<GoBackN>(
        &real(go_back(2, 3)),
        &["honest-acknowledgement", "prefix", "reliable-delivery"],
    );
}

/// Museum 38: an acknowledgement said again comes when the number is in use again.
#[test]
fn go_back_n_with_four_numbers_and_a_window_of_four() {
    let trial = the_second_is_lost(&[1, 1, 2, 13, 13]);
    breaks(&trial, go_back(4, 4), "honest-acknowledgement", (7, 4));
    trial.survives::<GoBackN>(
        &real(go_back(4, 5)),
        &["honest-acknowledgement", "prefix", "reliable-delivery"],
    );
}

/// Quick links, and acknowledgements that come just too late; nothing is lost.
fn late_acknowledgements(times: &[u64]) -> Trial<Messaging> {
    let all: Vec<(u64, u32, &[u32])> = times.iter().map(|at| (*at, 0, &[1][..])).collect();
    taking(taking(sent(2, &all), 0, 1, 1), 1, 0, 25).fifo()
}

/// Museum 39: delivered are 0, 1, 2 and 0 again.
#[test]
fn selective_repeat_with_three_numbers_and_a_window_of_two() {
    let trial = late_acknowledgements(&[0, 5, 5]);
    breaks(&trial, selective(2, 3), "integrity", (8, 5));
    breaks(&trial, selective(2, 3), "prefix", (8, 5));
    trial.survives::<SelectiveRepeat>(&real(selective(2, 4)), &["integrity", "prefix", "reliable-delivery"]);
}

#[test]
fn selective_repeat_with_four_numbers_and_a_window_of_three() {
    let trial = late_acknowledgements(&[0, 5, 5, 5]);
    breaks(&trial, selective(3, 4), "integrity", (10, 6));
    trial.survives::<SelectiveRepeat>(&real(selective(3, 6)), &["integrity", "prefix", "reliable-delivery"]);
}

/// What is no museum piece: windows within their numbers break when a link reorders.
#[test]
fn windows_need_links_that_keep_order() {
    let impatient = |settings| window::Config { timeout: Duration::from_millis(12), ..real(settings) };
    let found = offered(6).search::<GoBackN>(&impatient(go_back(1, 2)), "prefix");
    assert!(found.is_some(), "a window of one is the alternating bit");
    let found = offered(8).search::<SelectiveRepeat>(&impatient(selective(1, 2)), "prefix");
    assert!(found.is_some(), "a window of one is the alternating bit");
}

/// The receiver crashes between the acknowledgement and the delivery, in the middle of a step.
#[test]
fn a_receiver_delivers_before_it_acknowledges() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: Some(1) };
    let trial = offered(1).fifo().until(500).with(0, crash);
    trial.kills::<Mutant>(&selective(1, 2), "honest-acknowledgement", (3, 3));
    trial.survives::<SelectiveRepeat>(&real(selective(1, 2)), &["honest-acknowledgement"]);
    trial.survives::<GoBackN>(&real(go_back(1, 2)), &["honest-acknowledgement"]);
}
