//! A history of jobs, sorted out: what happened to each, and at which worker.

use super::{Output, Request, Work};
use crate::process::{History, ProcessId, What};
use std::collections::BTreeMap;

/// A client, and the number of its job.
pub(super) type Id = (ProcessId, u64);

/// When what happened to a job: events, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Job {
    pub(super) submitted: Option<u64>,
    pub(super) accepted: Option<u64>,
    pub(super) assigned: Vec<u64>,
    pub(super) started: Vec<u64>,
    pub(super) executed: Vec<u64>,
    pub(super) done: Vec<u64>,
    pub(super) rejected: Vec<u64>,
}

/// What happens at the dispatcher, and at workers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Accept(Id),
    Assign(Id),
    Start(Id),
    Execute(Id),
    Crash,
}

pub(super) struct Digest {
    pub(super) jobs: BTreeMap<Id, Job>,
    /// In order, with event and node.
    pub(super) acts: Vec<(u64, ProcessId, Act)>,
}

impl Digest {
    pub(super) fn of(history: &History<'_, Work>) -> Self {
        let mut digest = Self { jobs: BTreeMap::new(), acts: Vec::new() };
        let mut asked = vec![0; history.nodes as usize];
        for step in &history.steps {
            let (event, node) = (step.event, step.node);
            match step.what {
                What::Request(Request::Submit { .. }) => {
                    asked[node.index()] += 1;
                    digest.job((node, asked[node.index()])).submitted = Some(event);
                }
                What::Output(output) => digest.hear(event, node, output),
                What::Crash => digest.acts.push((event, node, Act::Crash)),
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

    fn hear(&mut self, event: u64, node: ProcessId, output: &Output) {
        let act = match *output {
            Output::Done { job } => return self.job((node, job)).done.push(event),
            Output::Rejected { job } => return self.job((node, job)).rejected.push(event),
            Output::Accepted { client, job } => {
                self.job((client, job)).accepted.get_or_insert(event);
                Act::Accept((client, job))
            }
            Output::Assigned { client, job, .. } => {
                self.job((client, job)).assigned.push(event);
                Act::Assign((client, job))
            }
            Output::Started { client, job } => {
                self.job((client, job)).started.push(event);
                Act::Start((client, job))
            }
            Output::Executed { client, job } => {
                self.job((client, job)).executed.push(event);
                Act::Execute((client, job))
            }
        };
        self.acts.push((event, node, act));
    }

    fn job(&mut self, id: Id) -> &mut Job {
        self.jobs.entry(id).or_default()
    }
}
