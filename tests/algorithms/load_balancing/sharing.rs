//! Load sharing by senders, by receivers and by thieves, transcribed once more, and its mutants.

use super::jobs;
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use synod::{
    algorithms::{
        receiver_initiated::{self, ReceiverInitiated},
        sender_initiated::{self, SenderInitiated},
        work_stealing::{self, WorkStealing},
    },
    problems::load_balancing::{JobId, LoadBalancing, Output, Patience, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A sender's question is answered with yes, and no place is kept.
    NoReservation,
    /// A job that was passed on is passed on again when it finds others.
    PassesOnAgain,
    /// Who finds no work never looks again.
    NoRetry,
    /// A job is given away that is being executed.
    GivesAwayWhatItExecutes,
    /// Two jobs are given away at once.
    GivesTwo,
    /// A thief gets a copy.
    KeepsWhatIsStolen,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Who {
    #[default]
    Senders,
    Receivers,
    Thieves,
}

/// Threshold 1 throughout; a job is its name and its milliseconds.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    who: Who,
    bug: Bug,
    asked: u64,
    /// The first one is in work.
    queue: VecDeque<(JobId, u64)>,
    /// Places that are kept.
    reserved: u32,
    /// What nobody has taken yet, and whom to ask.
    offered: VecDeque<((JobId, u64), Vec<ProcessId>)>,
    foreign: Vec<JobId>,
    /// Whom to ask for work.
    round: Option<Vec<ProcessId>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Probe,
    Load(bool),
    Poll,
    None,
    Task((JobId, u64)),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Timer {
    Finished,
    Retry,
}

const PATIENCE: Duration = Duration::from_millis(180);

impl Mutant {
    fn accept(&mut self, ctx: &mut Context<'_, Self>, task: (JobId, u64)) {
        self.queue.push_back(task);
        if self.queue.len() == 1 {
            self.begin(ctx);
        }
    }

    fn begin(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some((job, millis)) = self.queue.front() {
            ctx.produce(Output::Started { job: *job });
            ctx.set_timer(Timer::Finished, Duration::from_millis(*millis));
        }
    }

    fn others(ctx: &Context<'_, Self>) -> Vec<ProcessId> {
        ctx.group().filter(|id| *id != ctx.me()).collect()
    }

    fn is_full(&self) -> bool {
        self.queue.len() + self.reserved as usize >= 1
    }

    /// A sender asks the next one for the first job that it offers.
    fn offer(&mut self, ctx: &mut Context<'_, Self>) {
        let Some((task, others)) = self.offered.front_mut() else { return };
        if others.is_empty() {
            let task = *task;
            self.offered.pop_front();
            self.accept(ctx, task);
            return self.offer(ctx);
        }
        let place = ctx.choose(others.len() as u32) as usize;
        ctx.send(others.remove(place), Message::Probe);
    }

    fn arrives(&mut self, ctx: &mut Context<'_, Self>, task: (JobId, u64)) {
        if self.who != Who::Senders || !self.is_full() {
            return self.accept(ctx, task);
        }
        self.offered.push_back((task, Self::others(ctx)));
        if self.offered.len() == 1 {
            self.offer(ctx);
        }
    }

    fn look(&mut self, ctx: &mut Context<'_, Self>) {
        if self.who == Who::Senders || !self.queue.is_empty() {
            self.round = None;
            return;
        }
        let round = self.round.get_or_insert_with(|| Self::others(ctx));
        if round.is_empty() {
            self.round = None;
            if self.bug != Bug::NoRetry {
                ctx.set_timer(Timer::Retry, Duration::from_millis(40));
            }
            return;
        }
        let place = ctx.choose(round.len() as u32) as usize;
        ctx.send(round.remove(place), Message::Poll);
    }

    fn on_poll(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let newest = self.queue.iter().rposition(|(job, _)| !self.foreign.contains(job));
        let place = match (self.who, self.bug) {
            (Who::Receivers, Bug::GivesAwayWhatItExecutes) => newest,
            (Who::Receivers, _) => newest.filter(|place| *place > 0),
            _ => (self.queue.len() > 1).then_some(1),
        };
        let Some(place) = place else { return ctx.send(from, Message::None) };
        let task = self.queue[place];
        if self.bug != Bug::KeepsWhatIsStolen && !(self.bug == Bug::GivesAwayWhatItExecutes && place == 0) {
            self.queue.remove(place);
        }
        ctx.produce(Output::Moved { job: task.0, to: from });
        ctx.send(from, Message::Task(task));
        if self.bug == Bug::GivesTwo && self.queue.len() > 1 {
            self.bug = Bug::None;
            self.on_poll(ctx, from);
            self.bug = Bug::GivesTwo;
        }
    }
}

impl Process for Mutant {
    type Problem = LoadBalancing;
    type Config = (Who, Bug);
    type Message = Message;
    type Timer = Timer;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("sharing-mutant");

    fn boot(ctx: &mut Context<'_, Self>, (who, bug): &(Who, Bug), (): ()) -> Self {
        let patience = (*who != Who::Senders).then_some(Patience(PATIENCE));
        ctx.produce(Output::Sharing { threshold: 1, patience });
        let mut mutant = Self { who: *who, bug: *bug, ..Self::default() };
        mutant.look(ctx);
        mutant
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Job { size, .. } = request else { return };
        self.asked += 1;
        let job = JobId { from: ctx.me(), number: self.asked };
        self.arrives(ctx, (job, size.as_millis() as u64));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Probe => {
                let ok = !self.is_full();
                self.reserved += u32::from(ok && self.bug != Bug::NoReservation);
                ctx.send(from, Message::Load(ok));
            }
            Message::Load(true) => {
                let Some((task, _)) = self.offered.pop_front() else { return };
                ctx.produce(Output::Moved { job: task.0, to: from });
                ctx.send(from, Message::Task(task));
                self.offer(ctx);
            }
            Message::Load(false) => self.offer(ctx),
            Message::Poll => self.on_poll(ctx, from),
            Message::None => self.look(ctx),
            Message::Task(task) => {
                self.reserved = self.reserved.saturating_sub(1);
                self.foreign.push(task.0);
                self.round = None;
                match self.bug {
                    Bug::PassesOnAgain => self.arrives(ctx, task),
                    _ => self.accept(ctx, task),
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Finished => {
                if let Some((job, _)) = self.queue.pop_front() {
                    ctx.produce(Output::Executed { job });
                }
                self.begin(ctx);
                self.look(ctx);
            }
            Timer::Retry => self.look(ctx),
        }
    }
}

/// Two have too much at the same time, and the others nothing.
fn crowded(nodes: u32) -> Trial<LoadBalancing> {
    jobs(nodes, (0..8).map(|at| (at / 2, (at % 2) as u32, 90))).until(1_500)
}

/// One has everything, in two batches.
fn lopsided(nodes: u32) -> Trial<LoadBalancing> {
    jobs(nodes, (0..3).map(|_| (1, 0, 90)).chain((0..3).map(|_| (500, 0, 90)))).until(1_500)
}

const SENDERS: &[&str] = &["completion", "exactly-once", "at-most-one-transfer", "no-overload"];
const RECEIVERS: &[&str] =
    &["completion", "exactly-once", "at-most-one-transfer", "no-overload", "no-idling"];
const THIEVES: &[&str] = &["completion", "exactly-once", "no-overload", "no-idling"];

#[test]
fn without_a_bug_they_keep_their_promises() {
    for nodes in [2, 3] {
        for trial in [crowded(nodes + 1), lopsided(nodes)] {
            trial.survives::<Mutant>(&(Who::Senders, Bug::None), SENDERS);
            trial.survives::<SenderInitiated>(&sender_initiated::Config::default(), SENDERS);
        }
        let patience = Some(Patience(PATIENCE));
        let receivers = receiver_initiated::Config { patience, ..Default::default() };
        lopsided(nodes).survives::<Mutant>(&(Who::Receivers, Bug::None), RECEIVERS);
        lopsided(nodes).survives::<ReceiverInitiated>(&receivers, RECEIVERS);
        let thieves = work_stealing::Config { patience, ..Default::default() };
        lopsided(nodes).survives::<Mutant>(&(Who::Thieves, Bug::None), THIEVES);
        lopsided(nodes).survives::<WorkStealing>(&thieves, THIEVES);
    }
}

/// Two senders are promised one place: two questions, two answers, two jobs.
#[test]
fn a_promise_that_is_not_kept_in_mind_is_given_twice() {
    crowded(3).kills::<Mutant>(&(Who::Senders, Bug::NoReservation), "no-overload", (6, 4));
}

#[test]
fn a_job_that_is_passed_on_again_wanders() {
    crowded(3).kills::<Mutant>(&(Who::Senders, Bug::PassesOnAgain), "at-most-one-transfer", (26, 26));
}

/// One question in vain, before there is any work, and its answer.
#[test]
fn who_never_looks_again_sleeps_beside_the_work() {
    let late = jobs(2, [(60, 0, 200), (60, 0, 200)]).until(1_000);
    for who in [Who::Receivers, Who::Thieves] {
        late.kills::<Mutant>(&(who, Bug::NoRetry), "no-idling", (4, 4));
        late.survives::<Mutant>(&(who, Bug::None), &["no-idling", "completion"]);
    }
    let patience = Some(Patience(PATIENCE));
    let receivers = receiver_initiated::Config { retry: Duration::ZERO, patience, ..Default::default() };
    late.kills::<ReceiverInitiated>(&receivers, "no-idling", (0, 0));
    let thieves = work_stealing::Config { retry: Duration::ZERO, patience, ..Default::default() };
    late.kills::<WorkStealing>(&thieves, "no-idling", (0, 0));
}

#[test]
fn a_job_that_is_given_away_while_it_runs_is_begun_twice() {
    let bug = (Who::Receivers, Bug::GivesAwayWhatItExecutes);
    lopsided(2).kills::<Mutant>(&bug, "exactly-once", (6, 6));
}

#[test]
fn two_jobs_for_one_question_are_too_many() {
    lopsided(2).kills::<Mutant>(&(Who::Receivers, Bug::GivesTwo), "no-overload", (10, 10));
}

#[test]
fn a_thief_that_gets_a_copy_executes_it_again() {
    lopsided(2).kills::<Mutant>(&(Who::Thieves, Bug::KeepsWhatIsStolen), "exactly-once", (10, 10));
}

/// Who crashes with the job of another has lost it.
#[test]
fn a_job_is_lost_with_whoever_it_was_passed_on_to() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: None };
    let trial = jobs(2, [(0, 0, 300), (1, 0, 300)]).with(80, crash);
    trial.kills::<SenderInitiated>(&sender_initiated::Config::default(), "completion", (3, 3));
    // Who crashes before it is asked costs some patience, and no more.
    let early = jobs(2, [(10, 0, 300), (11, 0, 300)])
        .with(5, Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: None });
    early.survives::<SenderInitiated>(&sender_initiated::Config::default(), &["completion", "exactly-once"]);
}
