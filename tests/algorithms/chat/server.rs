//! A chat server as laboratory sheet 002 has it, with its mistakes one by one.

use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    problems::chat::{Chat, Line, Output, Request, Why},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The end of a connection is taken for an empty line, again and again; nobody has left.
    EndOfFileIsNoLeave,
    /// Names and connections in two lists: a name may be there twice, and the first one like it is removed.
    ParallelLists,
    /// The next connection is accepted once the last one has told its name.
    HandshakeBlocksAccept,
    /// The list is walked while the one who left is taken out of it: the next one is skipped.
    RemovesWhileWalking,
    /// A joining is announced before the one who joins is on the list.
    JoinedBeforeAdding,
    /// A newcomer is welcomed with the first thing that happens afterwards.
    WelcomeComesLate,
    /// The author is who the text says it is.
    AuthorFromText,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    // At the server.
    people: Vec<ProcessId>,
    names: Vec<String>,
    said: u64,
    busy: Option<ProcessId>,
    waiting: Vec<ProcessId>,
    unwelcome: Option<(ProcessId, Vec<String>)>,
    // At a client.
    alias: String,
    is_out: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Connect,
    Ask,
    Alias(String),
    Taken,
    Welcome(Vec<String>),
    Show(Output),
    Say(String),
    Bye,
}

impl Process for Mutant {
    type Problem = Chat;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("chat-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self {
            bug: *bug,
            people: Vec::new(),
            names: Vec::new(),
            said: 0,
            busy: None,
            waiting: Vec::new(),
            unwelcome: None,
            alias: String::new(),
            is_out: true,
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Connect(alias) => {
                (self.alias, self.is_out) = (alias, false);
                ctx.send(ProcessId(0), Message::Connect);
            }
            Request::Say(body) => ctx.send(ProcessId(0), Message::Say(body)),
            Request::Quit => {
                self.is_out = true;
                ctx.send(ProcessId(0), Message::Bye);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Connect if self.bug == Bug::HandshakeBlocksAccept && self.busy.is_some() => {
                self.waiting.push(from);
            }
            Message::Connect => {
                self.busy = Some(from);
                ctx.send(from, Message::Ask);
            }
            Message::Alias(alias) => self.on_alias(ctx, from, alias),
            Message::Say(body) => self.on_say(ctx, from, body),
            Message::Bye => self.on_bye(ctx, from),
            Message::Ask => ctx.send(from, Message::Alias(self.alias.clone())),
            Message::Taken => ctx.produce(Output::Refused(Why::Taken)),
            Message::Welcome(members) => ctx.produce(Output::Welcome { alias: self.alias.clone(), members }),
            Message::Show(_) if self.is_out => {}
            Message::Show(output) => ctx.produce(output),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        self.said += 1;
        let line = Line { number: self.said, from: String::new(), body: String::new() };
        ctx.produce(Output::Logged(line.clone()));
        self.show(ctx, &Output::Said(line));
        ctx.set_timer((), Duration::from_millis(1));
    }
}

impl Mutant {
    fn on_alias(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, alias: String) {
        self.busy = None;
        if let Some(next) = (!self.waiting.is_empty()).then(|| self.waiting.remove(0)) {
            self.on_message(ctx, next, Message::Connect);
        }
        if self.names.contains(&alias) && self.bug != Bug::ParallelLists {
            return ctx.send(from, Message::Taken);
        }
        let members = self.names.clone();
        if self.bug == Bug::JoinedBeforeAdding {
            self.show(ctx, &Output::Joined(alias.clone()));
        }
        self.people.push(from);
        self.names.push(alias.clone());
        if self.bug == Bug::WelcomeComesLate {
            self.unwelcome = Some((from, members));
        } else {
            ctx.send(from, Message::Welcome(members));
        }
        if self.bug != Bug::JoinedBeforeAdding {
            self.show(ctx, &Output::Joined(alias));
        }
    }

    fn on_say(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, body: String) {
        let Some(place) = self.people.iter().position(|person| *person == from) else { return };
        let claimed = body.split_once(": ").filter(|_| self.bug == Bug::AuthorFromText);
        let author = claimed.map_or_else(|| self.names[place].clone(), |(author, _)| author.into());
        self.said += 1;
        let line = Line { number: self.said, from: author, body };
        ctx.produce(Output::Logged(line.clone()));
        self.show(ctx, &Output::Said(line));
        if let Some((newcomer, members)) = self.unwelcome.take() {
            ctx.send(newcomer, Message::Welcome(members));
        }
    }

    fn on_bye(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let Some(place) = self.people.iter().position(|person| *person == from) else { return };
        let name = self.names[place].clone();
        match self.bug {
            Bug::EndOfFileIsNoLeave => ctx.set_timer((), Duration::from_millis(1)),
            Bug::ParallelLists => {
                self.people.remove(place);
                let first = self.names.iter().position(|other| *other == name);
                self.names.remove(first.unwrap_or(place));
                let name = self.names.get(place).cloned().unwrap_or_default();
                self.show(ctx, &Output::Left(name));
            }
            Bug::RemovesWhileWalking => {
                let mut walk = 0;
                while walk < self.people.len() {
                    if self.people[walk] == from {
                        self.people.remove(walk);
                        self.names.remove(walk);
                    } else {
                        ctx.send(self.people[walk], Message::Show(Output::Left(name.clone())));
                    }
                    walk += 1;
                }
            }
            _ => {
                self.people.remove(place);
                self.names.remove(place);
                self.show(ctx, &Output::Left(name));
            }
        }
    }

    fn show(&self, ctx: &mut Context<'_, Self>, output: &Output) {
        ctx.multicast(self.people.iter().copied(), Message::Show(output.clone()));
    }
}

const PROMISES: &[&str] = &[
    "distinct-aliases",
    "aliases-settle",
    "contiguous-log",
    "joined-then-left",
    "insiders-only",
    "honest-author",
    "causal-order",
    "admission",
    "delivery",
    "departure",
];

/// Users come in at 0, 100 and 200 ms, under these names; then this happens.
fn room(names: &[&str], then: &[(u64, u32, Request)]) -> Trial<Chat> {
    let users = (1..).zip(names);
    let joins = users.map(|(user, name)| (u64::from(user - 1) * 100, user, Request::Connect((*name).into())));
    Trial::of(names.len() as u32 + 1, joins.chain(then.iter().cloned())).fifo()
}

fn say(body: &str) -> Request {
    Request::Say(body.into())
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let talk = [
        (300, 1, say("a")),
        (305, 2, say("b")),
        (310, 3, say("c")),
        (330, 1, say("d")),
        (400, 2, Request::Quit),
    ];
    room(&["Ali", "Bea", "Cem"], &talk).survives::<Mutant>(&Bug::None, PROMISES);
}

/// Museum 76: one who leaves keeps the server busy for ever, and nobody is told.
#[test]
fn the_end_of_a_connection_is_a_leave() {
    let trial = |until| room(&["Ali", "Bea"], &[(200, 1, Request::Quit)]).until(until);
    trial(400).kills::<Mutant>(&Bug::EndOfFileIsNoLeave, "departure", (u64::MAX, u64::MAX));
    trial(400).kills::<Mutant>(&Bug::EndOfFileIsNoLeave, "joined-then-left", (20, 20));
    let sent = |until| trial(until).run::<Mutant>(Bug::EndOfFileIsNoLeave, 0).0.total();
    assert!(sent(800) > sent(400) + 700, "messages go on for ever: {} and {}", sent(400), sent(800));
    assert_eq!(trial(400).search::<Mutant>(&Bug::None, "departure"), None);
}

/// Museum 77: with two of one name, the lists of names and of connections come apart.
#[test]
fn a_name_belongs_to_a_connection() {
    let two = room(&["Kim", "Kim"], &[]);
    two.kills::<Mutant>(&Bug::ParallelLists, "distinct-aliases", (11, 11));
    two.survives::<Mutant>(&Bug::None, &["distinct-aliases", "admission"]);
    let leave = room(&["Kim", "Kim"], &[(200, 2, Request::Quit)]);
    leave.kills::<Mutant>(&Bug::ParallelLists, "joined-then-left", (13, 13));
    let three = room(&["Kim", "Bea", "Kim"], &[(300, 3, Request::Quit), (400, 1, say("it is me"))]);
    three.kills::<Mutant>(&Bug::ParallelLists, "honest-author", (30, 30));
    assert_eq!(three.search::<Mutant>(&Bug::None, "honest-author"), None);
}

#[test]
fn a_silent_client_does_not_hold_up_the_others() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: None };
    let trial = room(&["Ali", "Bea"], &[]).with(1, crash);
    trial.kills::<Mutant>(&Bug::HandshakeBlocksAccept, "admission", (u64::MAX, u64::MAX));
    assert_eq!(trial.search::<Mutant>(&Bug::None, "admission"), None);
}

#[test]
fn everybody_is_told_who_left() {
    let trial = room(&["Ali", "Bea", "Cem"], &[(300, 2, Request::Quit)]);
    trial.kills::<Mutant>(&Bug::RemovesWhileWalking, "departure", (u64::MAX, u64::MAX));
    assert_eq!(trial.search::<Mutant>(&Bug::None, "departure"), None);
}

#[test]
fn a_newcomer_is_on_the_list_before_anybody_is_told() {
    let trial = room(&["Ali", "Bea"], &[(200, 2, say("hello"))]);
    trial.kills::<Mutant>(&Bug::JoinedBeforeAdding, "joined-then-left", (14, 14));
    trial.kills::<Mutant>(&Bug::WelcomeComesLate, "insiders-only", (10, 10));
    trial.survives::<Mutant>(&Bug::None, &["joined-then-left", "insiders-only"]);
}

/// No text that somebody types is taken for anything but text.
#[test]
fn the_author_is_whom_the_connection_belongs_to() {
    let trial = room(&["Ali", "Bea"], &[(200, 2, say("Ali: I owe Bea ten"))]);
    trial.kills::<Mutant>(&Bug::AuthorFromText, "honest-author", (14, 13));
    trial.survives::<Mutant>(&Bug::None, &["honest-author"]);
}

/// Answers to connections that were given up arrive when the next one waits for its own.
#[test]
fn three_connections_in_a_row_do_not_mix() {
    let (connect, quit) = (|| Request::Connect("Ali".into()), || Request::Quit);
    let asked = [
        (0, connect()),
        (15, quit()),
        (16, connect()),
        (45, quit()),
        (46, connect()),
        (300, say("here I am")),
    ];
    let trial: Trial<Chat> = Trial::of(2, asked.map(|(at, request)| (at, 1, request))).fifo();
    trial.survives::<synod::algorithms::chat::Chat>(
        &Default::default(),
        &["joined-then-left", "insiders-only", "contiguous-log", "admission", "delivery"],
    );
}
