//! Every job is executed, once, and its asker hears of it.

use super::{JobId, LoadBalancing, digest::Digest};
use crate::process::{History, Verdict};

/// What a job is called in verdicts.
pub(super) fn name(id: JobId) -> String {
    format!("job {} of {}", id.number, id.from)
}

/// Liveness of load sharing: no job is lost.
pub(super) fn completion(history: &History<'_, LoadBalancing>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for (id, job) in digest.jobs.iter().filter(|(id, _)| correct[id.from.index()]) {
        if job.executed.is_empty() {
            let events: Vec<u64> =
                std::iter::once(job.asked).chain(job.given.iter().map(|(event, _)| *event)).collect();
            return Verdict::unmet(history.end, events, format!("{} is never executed", name(*id)));
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// At most once, but for crashes; and nothing from nowhere.
pub(super) fn exactly_once(history: &History<'_, LoadBalancing>) -> Verdict {
    let digest = Digest::of(history);
    if let Some((event, id)) = digest.stray {
        return Verdict::violated([event], format!("nobody asked for {}", name(id)));
    }
    let mut examined = 0;
    for (id, job) in &digest.jobs {
        for (told, verb) in [(&job.started, "begun"), (&job.executed, "executed")] {
            if let [(first, one), (second, other), ..] = told[..]
                && !digest.went_down(job)
            {
                let because = format!("{} is {verb} twice: at {one} and at {other}", name(*id));
                return Verdict::violated([first, second], because);
            }
        }
        for (event, at) in &job.executed {
            if !job.started.iter().any(|(start, node)| start < event && node == at) {
                let because = format!("{at} has executed {} before it began", name(*id));
                return Verdict::violated([*event], because);
            }
        }
        examined += u64::from(!job.executed.is_empty());
    }
    Verdict::of(examined)
}

/// Who asks hears of the end.
pub(super) fn answered(history: &History<'_, LoadBalancing>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for (id, job) in digest.jobs.iter().filter(|(id, _)| correct[id.from.index()]) {
        if job.done.is_empty() {
            let because = format!("{} never hears of the end of {}", id.from, name(*id));
            return Verdict::unmet(history.end, [job.asked], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// What is reported done is done.
pub(super) fn honest_answer(history: &History<'_, LoadBalancing>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for (id, job) in &digest.jobs {
        let Some(done) = job.done.first() else { continue };
        if let Some(again) = job.done.get(1) {
            return Verdict::violated([*done, *again], format!("{} is reported done twice", name(*id)));
        }
        if job.executed.first().is_none_or(|(event, _)| event > done) {
            let because = format!("{} is reported done before it is executed", name(*id));
            return Verdict::violated([*done], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// How long each job waits for its beginning; nanoseconds.
pub(super) fn waiting(history: &History<'_, LoadBalancing>) -> Vec<u64> {
    let digest = Digest::of(history);
    let spans = digest.jobs.values().filter_map(|job| Some((job.asked, job.started.first()?.0)));
    spans.filter_map(|(asked, began)| nanoseconds(history, asked, began)).collect()
}

/// How long each job takes in all; nanoseconds.
pub(super) fn response(history: &History<'_, LoadBalancing>) -> Vec<u64> {
    let digest = Digest::of(history);
    let spans = digest.jobs.values().filter_map(|job| Some((job.asked, job.executed.first()?.0)));
    spans.filter_map(|(asked, ended)| nanoseconds(history, asked, ended)).collect()
}

/// The time between two events.
pub(super) fn nanoseconds(history: &History<'_, LoadBalancing>, first: u64, second: u64) -> Option<u64> {
    history.between(first, second).map(|time| time.as_nanos() as u64)
}
