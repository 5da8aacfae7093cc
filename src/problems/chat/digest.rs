//! A history of a chat, sorted: who was in when and under which name, and who said what.

use super::{Chat, Output, Request, Why};
use crate::process::{History, ProcessId, What};

/// No such thing.
pub(super) const NONE: u32 = u32::MAX;

/// One stay of a user in the room, as the user knows it.
pub(super) struct Stay<'a> {
    pub(super) user: ProcessId,
    pub(super) alias: &'a str,
    /// Who was in before.
    pub(super) members: &'a [String],
    /// The event of its welcome.
    pub(super) begin: u64,
    /// The event that ended it.
    pub(super) end: Option<u64>,
    /// Whether the user ended it: it quit or crashed, and was not put out.
    pub(super) own_will: bool,
}

impl Stay<'_> {
    /// Whether it had begun before an event and was not over by then.
    pub(super) fn covers(&self, event: u64) -> bool {
        self.begin < event && self.end.is_none_or(|end| event < end)
    }
}

/// Something that a user who was in wanted to say.
pub(super) struct Saying<'a> {
    pub(super) event: u64,
    pub(super) stay: u32,
    pub(super) body: &'a str,
}

/// A line on a user's screen.
pub(super) struct Shown<'a> {
    pub(super) event: u64,
    pub(super) user: ProcessId,
    /// During which stay, or [`NONE`] when the user was not in.
    pub(super) stay: u32,
    pub(super) output: &'a Output,
}

/// A wish to be let in.
pub(super) struct Attempt {
    pub(super) event: u64,
    pub(super) user: ProcessId,
    /// Whether it was answered, or the user thought better of it.
    pub(super) settled: bool,
}

/// A history, sorted. Everything is in order of events.
pub(super) struct Digest<'a> {
    pub(super) correct: Vec<bool>,
    pub(super) stays: Vec<Stay<'a>>,
    pub(super) sayings: Vec<Saying<'a>>,
    pub(super) shown: Vec<Shown<'a>>,
    pub(super) attempts: Vec<Attempt>,
    /// What the server wrote down.
    pub(super) log: Vec<(u64, &'a super::Line)>,
    now: Vec<u32>,
    trying: Vec<u32>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Chat>) -> Self {
        let none = vec![NONE; history.nodes as usize];
        let mut digest = Self {
            correct: history.correct().to_vec(),
            stays: Vec::new(),
            sayings: Vec::new(),
            shown: Vec::new(),
            attempts: Vec::new(),
            log: Vec::new(),
            now: none.clone(),
            trying: none,
        };
        for step in &history.steps {
            match step.what {
                What::Request(request) => digest.asked(step.event, step.node, request),
                What::Output(output) => digest.told(step.event, step.node, output),
                What::Crash => digest.over(step.event, step.node, true),
                What::Boot
                | What::Send { .. }
                | What::Receive { .. }
                | What::Timer
                | What::Pause
                | What::Resume => {}
            }
        }
        digest
    }

    fn asked(&mut self, event: u64, user: ProcessId, request: &'a Request) {
        let now = self.now[user.index()];
        match request {
            Request::Connect(_) if now == NONE && self.trying[user.index()] == NONE => {
                self.trying[user.index()] = self.attempts.len() as u32;
                self.attempts.push(Attempt { event, user, settled: false });
            }
            Request::Say(body) if now != NONE => self.sayings.push(Saying { event, stay: now, body }),
            Request::Connect(_) | Request::Say(_) => {}
            Request::Quit => self.over(event, user, true),
        }
    }

    fn told(&mut self, event: u64, user: ProcessId, output: &'a Output) {
        match output {
            Output::Welcome { alias, members } => {
                self.over(event, user, false);
                self.now[user.index()] = self.stays.len() as u32;
                self.stays.push(Stay { user, alias, members, begin: event, end: None, own_will: false });
            }
            Output::Refused(Why::Taken | Why::Timeout) => self.over(event, user, false),
            Output::Refused(Why::Outside | Why::Already | Why::Server) => {}
            Output::Logged(line) => self.log.push((event, line)),
            Output::Joined(_) | Output::Said(_) | Output::Left(_) => {
                self.shown.push(Shown { event, user, stay: self.now[user.index()], output });
            }
        }
    }

    /// A stay ends, if there is one, and an attempt at one is settled.
    fn over(&mut self, event: u64, user: ProcessId, own_will: bool) {
        let tried = std::mem::replace(&mut self.trying[user.index()], NONE);
        if let Some(attempt) = self.attempts.get_mut(tried as usize) {
            attempt.settled = true;
        }
        let stay = std::mem::replace(&mut self.now[user.index()], NONE);
        if let Some(stay) = self.stays.get_mut(stay as usize) {
            (stay.end, stay.own_will) = (Some(event), own_will);
        }
    }

    /// The stays of correct users that lasted to the end of the run, with their places.
    pub(super) fn lasting(&self) -> impl Iterator<Item = (u32, &Stay<'a>)> {
        let all = (0_u32..).zip(&self.stays);
        all.filter(|(_, stay)| stay.end.is_none() && self.correct[stay.user.index()])
    }

    /// What was said by whom under which name.
    pub(super) fn author(&self, saying: &Saying<'a>) -> &Stay<'a> {
        &self.stays[saying.stay as usize]
    }
}
