//! A history of mutual exclusion, sorted: what became of each request to enter.

use super::{MutualExclusion, Output, Request};
use crate::process::{History, ProcessId, What};

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

/// All requests to enter, in the order in which they were made.
pub(super) fn sessions(history: &History<'_, MutualExclusion>) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    // For each process: its sessions in its present life, and which of them is the next to enter.
    let mut own: Vec<(Vec<usize>, usize)> = vec![(Vec::new(), 0); history.nodes as usize];
    for step in &history.steps {
        let (mine, next) = &mut own[step.node.index()];
        match step.what {
            What::Request(request @ (Request::Enter(_) | Request::EnterUntilExit)) => {
                mine.push(sessions.len());
                let stays = *request == Request::EnterUntilExit;
                let (node, requested) = (step.node, step.event);
                sessions.push(Session { node, requested, stays, entered: None, over: false });
            }
            What::Output(Output::Enter) => {
                let Some(session) = mine.get(*next) else { continue };
                sessions[*session].entered = Some(step.event);
                *next += 1;
            }
            What::Output(Output::Exit) => {
                let Some(session) = next.checked_sub(1) else { continue };
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
    sessions
}
