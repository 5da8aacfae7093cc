//! Matrix clocks (Wuu, Bernstein 1984) and their mutants.

use super::{internal, received, send, stamp};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::matrix_clock::{Config, MatrixClock},
    problems::logical_clock::{Event, LogicalClock, Output, Request, Stamp},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A receipt takes over what the sender believed of the receiver in place of what the sender knew.
    WrongRow,
    /// What this process knows is taken to be known to everybody.
    OwnRowOnly,
    /// Who is written to is taken to know it at once.
    TrustsTheNetwork,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    matrix: Vec<Vec<u64>>,
    stable: Vec<u64>,
    sent: u64,
}

impl Process for Mutant {
    type Problem = LogicalClock;
    type Config = Bug;
    type Message = (u64, Vec<Vec<u64>>);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("matrix-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let size = ctx.group_size();
        Self { bug: *bug, matrix: vec![vec![0; size]; size], stable: vec![0; size], sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Internal(note) => self.happen(ctx, Event::Internal(note)),
            Request::Send { to, .. } => {
                self.sent += 1;
                self.happen(ctx, Event::Send { to, id: self.sent });
                ctx.send(to, (self.sent, self.matrix.clone()));
                if self.bug == Bug::TrustsTheNetwork {
                    self.merge(to.index(), &self.matrix[ctx.me().index()].clone());
                }
            }
        }
    }

    fn on_message(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (id, theirs): (u64, Vec<Vec<u64>>),
    ) {
        let me = ctx.me().index();
        let row = if self.bug == Bug::WrongRow { me } else { from.index() };
        self.merge(me, &theirs[row]);
        for (process, row) in theirs.iter().enumerate() {
            self.merge(process, row);
        }
        self.happen(ctx, received(from, id));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn merge(&mut self, row: usize, theirs: &[u64]) {
        for (mine, theirs) in self.matrix[row].iter_mut().zip(theirs) {
            *mine = (*mine).max(*theirs);
        }
    }

    fn happen(&mut self, ctx: &mut Context<'_, Self>, event: Event) {
        let me = ctx.me().index();
        self.matrix[me][me] += 1;
        stamp(ctx, event, Stamp::Matrix(self.matrix.clone()));
        for of in ctx.group() {
            let column = self.matrix.iter().map(|row| row[of.index()]);
            let own = self.matrix[me][of.index()];
            let events = if self.bug == Bug::OwnRowOnly { own } else { column.min().unwrap_or(0) };
            if events > self.stable[of.index()] {
                self.stable[of.index()] = events;
                ctx.produce(Output::Stable { of, events });
            }
        }
    }
}

const PROMISES: &[&str] =
    &["clock-condition", "converse", "exact-knowledge", "matrix-guarantee", "everybody-knows", "stability"];

/// One process's news goes to the others, and word of it comes back.
fn round() -> Trial<LogicalClock> {
    Trial::of(3, [internal(0, 0), send(1, 0, 1), send(2, 0, 2), send(30, 1, 0), send(31, 2, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [round(), round().fifo()] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<MatrixClock>(&Config::default(), PROMISES);
        trial.duplicating().survives::<MatrixClock>(&Config::default(), PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    Trial::of(2, [send(0, 0, 1)]).kills::<Mutant>(&Bug::WrongRow, "exact-knowledge", (1, 1));
    Trial::of(2, [send(0, 0, 1)]).kills::<Mutant>(&Bug::WrongRow, "clock-condition", (1, 1));
    Trial::of(3, [send(0, 0, 1)]).kills::<Mutant>(&Bug::OwnRowOnly, "everybody-knows", (1, 1));
    let hasty = Trial::of(2, [send(0, 0, 1), internal(1, 0)]);
    hasty.kills::<Mutant>(&Bug::TrustsTheNetwork, "matrix-guarantee", (1, 0));
    hasty.kills::<Mutant>(&Bug::TrustsTheNetwork, "everybody-knows", (1, 0));
}

/// Two processes and no message: what happens at one can never become known to both.
#[test]
fn a_crashed_process_freezes_stability() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: None };
    let alone = Trial::of(2, [internal(1, 0)]).with(0, crash.clone());
    alone.kills::<MatrixClock>(&Config::default(), "stability", (0, 0));
    round().with(20, crash).kills::<MatrixClock>(&Config::default(), "stability", (3, 3));
}

#[test]
fn losses_cost_stability_and_nothing_else() {
    let lossy = round().losing(30);
    lossy.survives::<MatrixClock>(&Config::default(), &PROMISES[..5]);
    assert!(lossy.search::<MatrixClock>(&Config::default(), "stability").is_some());
}
