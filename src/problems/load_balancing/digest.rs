//! A history job by job.

use super::{JobId, LoadBalancing, Output, Request};
use crate::process::{History, ProcessId, What};
use std::collections::BTreeMap;

/// Everything that happened to one job.
#[derive(Clone, Debug, Default)]
pub(super) struct Job<'a> {
    /// The request.
    pub(super) asked: u64,
    pub(super) key: Option<&'a str>,
    /// To whom it was assigned or moved, and when.
    pub(super) given: Vec<(u64, ProcessId)>,
    pub(super) started: Vec<(u64, ProcessId)>,
    pub(super) executed: Vec<(u64, ProcessId)>,
    pub(super) done: Vec<u64>,
}

/// All jobs, and what befell the servers.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest<'a> {
    pub(super) jobs: BTreeMap<JobId, Job<'a>>,
    /// The last crash of each process.
    pub(super) crashes: BTreeMap<ProcessId, u64>,
    /// The first output about a job that nobody asked for.
    pub(super) stray: Option<(u64, JobId)>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, LoadBalancing>) -> Self {
        let mut digest = Self::default();
        // How many jobs each process was asked for, and how many of them last.
        let mut asked = vec![(0_u64, 0_u64); history.nodes as usize];
        for step in &history.steps {
            let (event, node) = (step.event, step.node);
            match &step.what {
                What::Request(request) => {
                    let (all, last) = &mut asked[node.index()];
                    *last = request.jobs().unwrap_or_default();
                    let key = match request {
                        Request::Job { key, .. } => key.as_deref(),
                        Request::Fork { .. } | Request::Drain(_) | Request::Add(_) => None,
                    };
                    for number in *all + 1..=*all + *last {
                        let job = Job { asked: event, key, ..Job::default() };
                        digest.jobs.insert(JobId { from: node, number }, job);
                    }
                    *all += *last;
                }
                What::Output(Output::Refused { .. }) => {
                    let (all, last) = &mut asked[node.index()];
                    for number in *all - *last + 1..=*all {
                        digest.jobs.remove(&JobId { from: node, number });
                    }
                    *all -= std::mem::take(last);
                }
                What::Output(output) => digest.note(event, node, output),
                What::Crash => {
                    digest.crashes.insert(node, event);
                }
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

    fn note(&mut self, event: u64, node: ProcessId, output: &Output) {
        let (Output::Assigned { job: id, .. }
        | Output::Moved { job: id, .. }
        | Output::Started { job: id }
        | Output::Executed { job: id }
        | Output::Done { job: id }) = output
        else {
            return;
        };
        let Some(job) = self.jobs.get_mut(id) else {
            self.stray.get_or_insert((event, *id));
            return;
        };
        match output {
            Output::Assigned { server: to, .. } | Output::Moved { to, .. } => job.given.push((event, *to)),
            Output::Started { .. } => job.started.push((event, node)),
            Output::Executed { .. } => job.executed.push((event, node)),
            Output::Done { .. } => job.done.push(event),
            Output::Serving { .. }
            | Output::Sharing { .. }
            | Output::Lost { .. }
            | Output::Refused { .. } => {}
        }
    }

    /// Whether somebody who had this job crashed afterwards.
    pub(super) fn went_down(&self, job: &Job<'_>) -> bool {
        let mut had = job.given.iter().chain(&job.started);
        had.any(|(event, server)| self.crashes.get(server).is_some_and(|crash| crash > event))
    }
}
