//! Matrix clocks: what everybody knows of everybody, so that what all know can be forgotten.
//!
//! Wuu and Bernstein, "Efficient solutions to the replicated log and dictionary problems" (1984), section 3; Sarin and
//! Lynch, "Discarding obsolete information in a replicated database system" (1987).
//!
//! ```text
//! M_p[q][r]: of how many events of r does p know that q knows; row p is p's own vector clock.
//! When every row has k or more in column r, everybody knows the first k events of r.
//! ```

use super::parts::letters::Letters;
use crate::{
    problems::logical_clock::{Event, LogicalClock, Output, Request, Stamp},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MatrixClock {
    config: Config,
    kept: Kept,
}

/// What a process knows; saved at every event when the clock is to survive a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// M, row by row.
    matrix: Vec<Vec<u64>>,
    letters: Letters,
    /// How many events of each process were announced as known to everybody.
    stable: Vec<u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message of the application.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// W: the stamp of its sending.
        stamp: Vec<Vec<u64>>,
        /// What it says.
        body: String,
    },
}

/// How the clock is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the clock is saved at every event, so that it survives a crash.
    pub durable: bool,
}

impl Process for MatrixClock {
    type Problem = LogicalClock;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = Kept;

    const DESCRIPTION: Description = Description {
        name: "matrix-clock",
        summary: "Stamps every event with what everybody is known to know, and tells which events everybody knows.",
        assumes: &[
            "a closed group; nothing of the network",
            "who restarts after a crash has saved its clock (`durable: true`)",
            "that everybody keeps writing to everybody, for events to become known to all (stability, not promised)",
        ],
        promises: &["clock-condition", "converse", "exact-knowledge", "matrix-guarantee", "everybody-knows"],
        messages: &[("data", "a message of the application, with the stamp of its sending")],
        cost: "no message of its own; a matrix of N*N numbers in every message",
        breaks: &[
            "one crashed or silent process: nothing new is known to everybody any more (stability)",
            "a restart without `durable`: the clock begins again (clock-condition)",
        ],
        source: "Wuu, Bernstein, Efficient solutions to the replicated log and dictionary problems (1984); Sarin, Lynch (1987)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Kept) -> Self {
        let size = ctx.group_size();
        let mut kept = stable;
        kept.matrix.resize(size, vec![0; size]);
        kept.stable.resize(size, 0);
        Self { config: *config, kept }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Internal(note) => self.on_internal(ctx, note),
            Request::Send { to, body } => self.on_send(ctx, to, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, stamp, body } => self.on_data(ctx, from, id, &stamp, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl MatrixClock {
    fn on_internal(&mut self, ctx: &mut Context<'_, Self>, note: String) {
        self.tick(ctx, Event::Internal(note));
    }

    /// A message carries the stamp of its sending.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let id = self.kept.letters.number();
        self.tick(ctx, Event::Send { to, id });
        ctx.send(to, Message::Data { id, stamp: self.kept.matrix.clone(), body });
    }

    /// The sender's row tells what it knew: now this process knows that too. Every row tells what was known of its
    /// owner's knowledge: nobody forgets, so the larger number is the newer one.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        id: u64,
        stamp: &[Vec<u64>],
        body: String,
    ) {
        if !self.kept.letters.is_new(from, id) {
            return;
        }
        if let Some(row) = stamp.get(from.index()) {
            merge(&mut self.kept.matrix[ctx.me().index()], row);
        }
        for (mine, theirs) in self.kept.matrix.iter_mut().zip(stamp) {
            merge(mine, theirs);
        }
        self.tick(ctx, Event::Receive { from, id, body });
    }

    /// Every event counts in its own process's own entry.
    fn tick(&mut self, ctx: &mut Context<'_, Self>, event: Event) {
        let own = &mut self.kept.matrix[ctx.me().index()][ctx.me().index()];
        *own = own.saturating_add(1);
        let stable = self.advance_stable();
        if self.config.durable {
            ctx.save(self.kept.clone());
        }
        ctx.produce(Output::Stamped { event, stamp: Stamp::Matrix(self.kept.matrix.clone()) });
        for (of, events) in stable {
            ctx.produce(Output::Stable { of, events });
        }
    }

    /// The columns whose smallest entry has grown: what everybody knows of that process.
    fn advance_stable(&mut self) -> Vec<(ProcessId, u64)> {
        let Kept { matrix, stable, .. } = &mut self.kept;
        let mut advanced = Vec::new();
        for (column, known) in stable.iter_mut().enumerate() {
            let everybody = matrix.iter().map(|row| row[column]).min().unwrap_or(0);
            if everybody > *known {
                *known = everybody;
                advanced.push((ProcessId(column as u32), everybody));
            }
        }
        advanced
    }
}

/// Entry by entry the larger one.
fn merge(mine: &mut [u64], theirs: &[u64]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine = (*mine).max(*theirs);
    }
}
