//! What a correction must achieve: the true time, within the bound that is announced, and never the same time twice.

use super::{ClockSync, Output, Request};
use crate::{
    problems::nanoseconds::Nanoseconds,
    process::{History, ProcessId, Verdict, What},
};

pub(super) fn error_bound(history: &History<'_, ClockSync>) -> Verdict {
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Adjusted { reading, bound, round: None, .. }) = step.what else { continue };
        let error = Nanoseconds::of(reading.wide() - i128::from(step.time.0));
        if error.wide().abs() > bound.wide() {
            let (node, time) = (step.node, step.time);
            let because = format!(
                "{node}'s clock shows {reading} at {time}: it is wrong by {error}, not by {bound} at most"
            );
            return Verdict::violated([step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn offset_bound(history: &History<'_, ClockSync>) -> Verdict {
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Measured { against, reading, offset, bound }) = step.what else { continue };
        let offset_true = Nanoseconds::of(i128::from(step.time.0) - reading.wide());
        if (offset.wide() - offset_true.wide()).abs() > bound.wide() {
            let node = step.node;
            let because = format!(
                "{node} measures {offset} against {against}, give or take {bound}, but is off by {offset_true}"
            );
            return Verdict::violated([step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn monotone(history: &History<'_, ClockSync>) -> Verdict {
    let mut last: Vec<Option<(Nanoseconds, u64)>> = vec![None; history.nodes as usize];
    let mut examined = 0;
    for step in &history.steps {
        let last = &mut last[step.node.index()];
        match step.what {
            What::Output(Output::Correcting { reading, .. } | Output::Adjusted { reading, .. }) => {
                if let Some((before, event)) = last.replace((*reading, step.event)) {
                    if *reading < before {
                        let node = step.node;
                        let because = format!("{node}'s clock shows {before}, and {reading} after that");
                        return Verdict::violated([event, step.event], because);
                    }
                    examined += 1;
                }
            }
            // Who restarts has forgotten its correction, and begins anew.
            What::Crash => *last = None,
            _ => {}
        }
    }
    Verdict::of(examined)
}

pub(super) fn progress(history: &History<'_, ClockSync>) -> Verdict {
    answered(history, "to anything", |output| {
        matches!(output, Output::Adjusted { .. } | Output::Failed { .. })
    })
}

pub(super) fn adjustment(history: &History<'_, ClockSync>) -> Verdict {
    answered(history, "to a correction", |output| matches!(output, Output::Adjusted { .. }))
}

/// Every request of a correct process has such an output after it; one output may answer several requests.
fn answered(history: &History<'_, ClockSync>, to_what: &str, answers: fn(&Output) -> bool) -> Verdict {
    let correct = history.correct();
    let mut open: Vec<Vec<u64>> = vec![Vec::new(); history.nodes as usize];
    let mut examined = 0;
    for step in history.steps.iter().filter(|step| correct[step.node.index()]) {
        let open = &mut open[step.node.index()];
        match step.what {
            What::Request(Request::Sync) => open.push(step.event),
            What::Output(output) if answers(output) => {
                examined += open.len() as u64;
                open.clear();
            }
            _ => {}
        }
    }
    let first = open.iter().zip(0..).filter_map(|(open, node)| Some((*open.first()?, ProcessId(node)))).min();
    if let Some((event, node)) = first {
        return Verdict::unmet(history.end, [event], format!("{node}'s request never leads {to_what}"));
    }
    Verdict::of(examined)
}
