//! The critical section as the application sees it: who wants to enter, who is inside, when it is time to leave.
//!
//! Every algorithm for mutual exclusion has one. It keeps requests that come while an earlier one is open, makes them
//! one after the other, and sets the timer that ends a stay; when to enter is the algorithm's business.

use crate::{
    problems::mutual_exclusion::{MutualExclusion, Output, Request},
    process::{Context, Process},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// The timer: a stay in the critical section is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// It is time to leave.
    Leave,
}

/// What an algorithm has to do when its application asks for something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Ask for the critical section.
    Enter,
    /// Leave it.
    Exit,
    /// Nothing now.
    Nothing,
}

/// The critical section as one process sees it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Section {
    phase: Phase,
    /// How long each stay that is wanted shall last, where that is known; the first is the one that is open.
    wanted: VecDeque<Option<Duration>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
enum Phase {
    #[default]
    Outside,
    Waiting,
    Inside,
}

impl Section {
    /// Whether this process has asked for the critical section and is not there yet.
    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// Whether this process is in the critical section.
    pub fn is_inside(&self) -> bool {
        self.phase == Phase::Inside
    }

    /// Upon a request of the application. Only one is open at a time.
    pub fn on_request(&mut self, request: Request) -> Wish {
        match request {
            Request::Enter(stay) => self.wanted.push_back(Some(stay)),
            Request::EnterUntilExit => self.wanted.push_back(None),
            Request::Exit => return self.on_exit_request(),
        }
        self.open_next()
    }

    /// Who is inside leaves; who waits will leave at once.
    fn on_exit_request(&mut self) -> Wish {
        if self.is_inside() {
            return Wish::Exit;
        }
        if let Some(stay) = self.wanted.front_mut() {
            *stay = Some(Duration::ZERO);
        }
        Wish::Nothing
    }

    /// The next request, if there is one and none is open: it is open from now on.
    pub fn open_next(&mut self) -> Wish {
        if self.phase != Phase::Outside || self.wanted.is_empty() {
            return Wish::Nothing;
        }
        self.phase = Phase::Waiting;
        Wish::Enter
    }

    /// This process enters the critical section.
    pub fn enter<P>(&mut self, ctx: &mut Context<'_, P>)
    where
        P: Process<Problem = MutualExclusion, Timer: From<Alarm>>,
    {
        self.phase = Phase::Inside;
        ctx.produce(Output::Enter);
        if let Some(Some(stay)) = self.wanted.front() {
            ctx.set_timer(Alarm::Leave.into(), *stay);
        }
    }

    /// This process leaves the critical section.
    pub fn exit<P>(&mut self, ctx: &mut Context<'_, P>)
    where
        P: Process<Problem = MutualExclusion, Timer: From<Alarm>>,
    {
        self.phase = Phase::Outside;
        self.wanted.pop_front();
        ctx.cancel_timer(Alarm::Leave.into());
        ctx.produce(Output::Exit);
    }
}
