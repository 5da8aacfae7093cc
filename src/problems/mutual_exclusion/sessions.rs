//! A history of mutual exclusion, sorted: what became of each request to enter.

use super::{MutualExclusion, Output, Request};
use crate::process::{Digest, History, ProcessId, Step, What};

/// One request to enter, and what became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Session {
    pub(super) node: ProcessId,
    /// Which event asked for it.
    pub(super) requested: u64,
    /// Whether it ends only when the application says so.
    pub(super) stays: bool,
    /// Which event entered.
    pub(super) entered: Option<u64>,
    /// Whether it is over: by leaving, or by a crash.
    pub(super) over: bool,
}

impl Session {
    /// Whether its process is in the critical section at the end.
    pub(super) fn is_inside(&self) -> bool {
        self.entered.is_some() && !self.over
    }
}

/// All requests to enter.
#[derive(Default)]
pub(super) struct Sessions {
    /// In the order in which they were made.
    pub(super) all: Vec<Session>,
    /// For each process: its sessions in its present life, and which of them is the next to enter.
    own: Vec<(Vec<usize>, usize)>,
}

impl Digest<MutualExclusion> for Sessions {
    fn read(&mut self, history: &History<'_, MutualExclusion>) {
        self.all.clear();
        self.own.resize(history.nodes as usize, (Vec::new(), 0));
        for (mine, next) in &mut self.own {
            mine.clear();
            *next = 0;
        }
        for step in &history.steps {
            self.note(step);
        }
    }
}

impl Sessions {
    fn note(&mut self, step: &Step<'_, MutualExclusion>) {
        let sessions = &mut self.all;
        let (mine, next) = &mut self.own[step.node.index()];
        match step.what {
            What::Request(request @ (Request::Enter(_) | Request::EnterUntilExit)) => {
                mine.push(sessions.len());
                let stays = *request == Request::EnterUntilExit;
                let (node, requested) = (step.node, step.event);
                sessions.push(Session { node, requested, stays, entered: None, over: false });
            }
            What::Output(Output::Enter) => {
                let Some(session) = mine.get(*next) else { return };
                sessions[*session].entered = Some(step.event);
                *next += 1;
            }
            What::Output(Output::Exit) => {
                let Some(session) = next.checked_sub(1) else { return };
                sessions[mine[session]].over = true;
            }
            What::Crash => {
                for session in mine.drain(..) {
                    sessions[session].over = true;
                }
                *next = 0;
            }
            What::Request(Request::Exit) => {
                let open = next.checked_sub(1).filter(|last| !sessions[mine[*last]].over).unwrap_or(*next);
                if let Some(session) = mine.get(open) {
                    sessions[*session].stays = false;
                }
            }
            What::Boot
            | What::Send { .. }
            | What::Receive { .. }
            | What::Timer
            | What::Pause
            | What::Resume => {}
        }
    }
}

/// How long each request that is served waits; nanoseconds.
pub(super) fn waiting(history: &History<'_, MutualExclusion>) -> Vec<u64> {
    let served = |session: &Session| history.between(session.requested, session.entered?);
    history.digest::<Sessions>().all.iter().filter_map(served).map(|wait| wait.as_nanos() as u64).collect()
}

/// The synchronization delay (Singhal, Shivaratri, section 6.2): how long the section stands empty though another
/// process waits for it; nanoseconds.
pub(super) fn handovers(history: &History<'_, MutualExclusion>) -> Vec<u64> {
    let mut wanted = vec![0_u64; history.nodes as usize];
    let mut left = None;
    let mut handovers = Vec::new();
    for step in &history.steps {
        let mine = step.node.index();
        match step.what {
            What::Request(Request::Enter(_) | Request::EnterUntilExit) => wanted[mine] += 1,
            What::Output(Output::Enter) => {
                wanted[mine] = wanted[mine].saturating_sub(1);
                handovers.extend(left.take().map(|left| step.time.since(left).as_nanos() as u64));
            }
            What::Output(Output::Exit) => {
                let mut others = (0..).zip(&wanted).filter(|(node, wanted)| *node != mine && **wanted > 0);
                left = others.next().map(|_| step.time);
            }
            What::Crash => wanted[mine] = 0,
            _ => {}
        }
    }
    handovers
}
