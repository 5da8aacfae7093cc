//! A trace that was read becomes a history: its JSON becomes requests and outputs again.

use crate::{
    process::{End, History, Problem, ProcessId, Step, Time, What},
    trace::{Event, EventKind, Trace},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The requests and outputs of a trace, as values of its problem.
#[derive(Clone, Debug)]
pub struct Typed<Pr: Problem> {
    requests: Vec<Pr::Request>,
    outputs: Vec<Pr::Output>,
}

/// An event that is not of the trace's problem.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("event {event}: {because}")]
pub struct Mismatch {
    /// The event.
    pub event: u64,
    /// What does not fit.
    pub because: String,
}

impl<Pr: Problem> Typed<Pr> {
    /// Reads the requests and outputs of a trace.
    ///
    /// # Errors
    /// The first event whose body is none of the problem's requests or outputs.
    pub fn of(trace: &Trace) -> Result<Self, Mismatch> {
        let mut typed = Self { requests: Vec::new(), outputs: Vec::new() };
        trace.names.scope(|| {
            for event in &trace.events {
                match event.kind {
                    EventKind::Request => typed.requests.push(read(event)?),
                    EventKind::Output => typed.outputs.push(read(event)?),
                    _ => {}
                }
            }
            Ok(typed)
        })
    }

    /// The trace as properties see it. A trace without its last line was cut short.
    ///
    /// # Errors
    /// The first event that lacks what its kind needs.
    pub fn history(&self, trace: &Trace) -> Result<History<'_, Pr>, Mismatch> {
        let (mut requests, mut outputs) = (self.requests.iter(), self.outputs.iter());
        let mut steps = Vec::new();
        for event in &trace.events {
            let lacks = |what: &str| Mismatch { event: event.index, because: format!("it lacks {what}") };
            let message = || event.message.ok_or_else(|| lacks("its message (`m`)"));
            let what = match event.kind {
                EventKind::Boot | EventKind::Restart => What::Boot,
                EventKind::Request => match requests.next() {
                    Some(request) if event.why.is_none() => What::Request(request),
                    _ => continue,
                },
                EventKind::Output => match outputs.next() {
                    Some(output) => What::Output(output),
                    None => continue,
                },
                EventKind::Send => What::Send {
                    message: message()?,
                    to: event.to.ok_or_else(|| lacks("its receiver (`to`)"))?,
                },
                EventKind::Receive => What::Receive {
                    message: message()?,
                    from: event.from.ok_or_else(|| lacks("its sender (`from`)"))?,
                },
                EventKind::Timer => What::Timer,
                EventKind::Crash => What::Crash,
                EventKind::Pause => What::Pause,
                EventKind::Resume => What::Resume,
                _ => continue,
            };
            let node: ProcessId = event.node.ok_or_else(|| lacks("its node (`n`)"))?;
            steps.push(Step { event: event.index, time: Time(event.time), node, what });
        }
        let end = trace.footer.as_ref().map_or(End::CutShort, |footer| footer.ended);
        Ok(History::new(trace.names.len() as u32, steps, end))
    }
}

fn read<T: DeserializeOwned>(event: &Event) -> Result<T, Mismatch> {
    let body = event.body.clone().unwrap_or(Value::Null);
    serde_json::from_value(body).map_err(|error| Mismatch { event: event.index, because: error.to_string() })
}
