//! A history of calls, sorted out: what was asked, executed and answered.

use super::{Answer, Output, Request, Rpc, Why};
use crate::process::{History, ProcessId, What};
use std::collections::BTreeMap;

/// Something that a process was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) event: u64,
    /// Which life of the process, counted from 1.
    pub(super) life: u64,
    pub(super) request: &'a Request,
}

/// An execution.
#[derive(Clone, Copy)]
pub(super) struct Execution<'a> {
    pub(super) event: u64,
    pub(super) server: ProcessId,
    pub(super) call: Call,
    pub(super) answer: &'a Answer,
}

/// What became of a request.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a> {
    pub(super) event: u64,
    pub(super) call: Call,
    pub(super) result: Result<&'a Answer, Why>,
}

/// A caller, and the number of its request.
pub(super) type Call = (ProcessId, u64);

pub(super) struct Digest<'a> {
    /// Of every process, in order.
    pub(super) asked: Vec<Vec<Asked<'a>>>,
    /// All executions, in order.
    pub(super) executions: Vec<Execution<'a>>,
    /// All answers and failures, in order.
    pub(super) outcomes: Vec<Outcome<'a>>,
    /// When each process crashed.
    pub(super) crashes: Vec<(u64, ProcessId)>,
    by_call: BTreeMap<Call, Vec<u32>>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Rpc>) -> Self {
        let nodes = history.nodes as usize;
        let mut lives = vec![0; nodes];
        let mut digest = Self {
            asked: vec![Vec::new(); nodes],
            executions: Vec::new(),
            outcomes: Vec::new(),
            crashes: Vec::new(),
            by_call: BTreeMap::new(),
        };
        for step in &history.steps {
            let (event, node) = (step.event, step.node);
            match step.what {
                What::Boot => lives[node.index()] += 1,
                What::Crash => digest.crashes.push((event, node)),
                What::Request(request) => {
                    digest.asked[node.index()].push(Asked { event, life: lives[node.index()], request });
                }
                What::Output(Output::Answered { call, answer }) => {
                    digest.outcomes.push(Outcome { event, call: (node, *call), result: Ok(answer) });
                }
                What::Output(Output::Failed { call, why }) => {
                    digest.outcomes.push(Outcome { event, call: (node, *call), result: Err(*why) });
                }
                What::Output(Output::Executed { client, call, answer }) => {
                    let (server, call) = (node, (*client, *call));
                    digest.by_call.entry(call).or_default().push(digest.executions.len() as u32);
                    digest.executions.push(Execution { event, server, call, answer });
                }
                What::Send { .. } | What::Receive { .. } | What::Timer | What::Pause | What::Resume => {}
            }
        }
        digest
    }

    /// What was asked for by this number.
    pub(super) fn request(&self, (client, call): Call) -> Option<Asked<'a>> {
        let place = usize::try_from(call).ok()?.checked_sub(1)?;
        self.asked.get(client.index())?.get(place).copied()
    }

    /// All requests, caller by caller.
    pub(super) fn requests(&self) -> impl Iterator<Item = (Call, Asked<'a>)> + '_ {
        let of_one = |(node, asked): (u32, &'_ Vec<Asked<'a>>)| {
            let all: Vec<_> =
                (1..).zip(asked).map(|(call, asked)| ((ProcessId(node), call), *asked)).collect();
            all
        };
        (0..).zip(&self.asked).flat_map(of_one)
    }

    /// The executions of a request, in order.
    pub(super) fn executions_of(&self, call: Call) -> impl Iterator<Item = &Execution<'a>> {
        let places = self.by_call.get(&call).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &self.executions[*place as usize])
    }

    /// Of every request that was executed, how often.
    pub(super) fn repetitions(&self) -> impl Iterator<Item = u64> + '_ {
        self.by_call.values().map(|executions| executions.len() as u64)
    }

    /// What became of each request; the first outcome of several.
    pub(super) fn ends(&self) -> BTreeMap<Call, Outcome<'a>> {
        let mut ends = BTreeMap::new();
        for outcome in &self.outcomes {
            ends.entry(outcome.call).or_insert(*outcome);
        }
        ends
    }
}
