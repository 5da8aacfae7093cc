//! A server of jobs: it executes one at a time, in the order in which they came.

use crate::{
    problems::load_balancing::{JobId, LoadBalancing, Output},
    process::{Context, Process, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// A job as servers pass it around.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub job: JobId,
    /// How long it takes at a server of speed 1.
    #[serde(with = "duration")]
    pub size: Duration,
}

/// The timer: the job in work is executed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Finished;

/// What a server has to do. Its owner's timers have a case for [`Finished`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Station {
    speed: u32,
    working: Option<Task>,
    waiting: VecDeque<Task>,
}

impl Station {
    /// A server that is so many times as fast as one of speed 1, and has nothing to do.
    pub fn of(speed: u32) -> Self {
        Self { speed: speed.max(1), working: None, waiting: VecDeque::new() }
    }

    /// How many jobs are here, the one in work included.
    pub fn jobs(&self) -> usize {
        self.waiting.len() + usize::from(self.working.is_some())
    }

    /// A job comes in; it begins at once when there is no other.
    pub fn accept<P>(&mut self, ctx: &mut Context<'_, P>, task: Task)
    where
        P: Process<Problem = LoadBalancing, Timer: From<Finished>>,
    {
        self.waiting.push_back(task);
        self.begin(ctx);
    }

    /// The job in work is executed, and the next one begins.
    pub fn finish<P>(&mut self, ctx: &mut Context<'_, P>) -> Option<Task>
    where
        P: Process<Problem = LoadBalancing, Timer: From<Finished>>,
    {
        let task = self.working.take()?;
        ctx.produce(Output::Executed { job: task.job });
        self.begin(ctx);
        Some(task)
    }

    /// Gives away the job that came last and has not begun, of those that may be given away.
    pub fn give_away(&mut self, may: impl Fn(&Task) -> bool) -> Option<Task> {
        let place = self.waiting.iter().rposition(may)?;
        self.waiting.remove(place)
    }

    fn begin<P>(&mut self, ctx: &mut Context<'_, P>)
    where
        P: Process<Problem = LoadBalancing, Timer: From<Finished>>,
    {
        if self.working.is_some() {
            return;
        }
        let Some(task) = self.waiting.pop_front() else { return };
        ctx.produce(Output::Started { job: task.job });
        ctx.set_timer(Finished.into(), task.size / self.speed);
        self.working = Some(task);
    }
}
