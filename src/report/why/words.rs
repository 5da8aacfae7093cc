//! Events as sentences.

use super::past::Past;
use crate::process::{Names, ProcessId, Time};
use crate::report::{Messages, flow, flow::variant, plain};
use crate::trace::{Event, EventKind};

/// What happens, in one sentence without a full stop.
pub(super) fn sentence(event: &Event, messages: &Messages<'_>, past: &Past<'_>, names: &Names) -> String {
    let name = |id: Option<ProcessId>| id.map_or_else(|| "somebody".into(), |id| plain(&names.name(id)));
    let node = name(event.node);
    let body = event.body.as_ref().map_or_else(String::new, variant);
    let (from, to) = (name(messages.sender(event)), name(messages.receiver(event)));
    let message = || {
        let kind = messages.kind(event).map_or_else(|| "message".into(), plain);
        event.message.map_or_else(|| kind.clone(), |number| format!("{kind} #{number}"))
    };
    // How long after its cause, where that says something.
    let later = |what: &str| {
        let cause = event.cause.and_then(|cause| past.event(cause)).map(|cause| cause.time);
        let passed = cause.map(|cause| event.time.saturating_sub(cause)).filter(|passed| *passed > 0);
        passed.map_or_else(String::new, |passed| format!(", {} after {what}", Time(passed)))
    };
    match event.kind {
        EventKind::Boot if event.cause.is_some() => format!("{node} starts again with what it saved"),
        EventKind::Boot => format!("{node} starts"),
        EventKind::Request => match &event.why {
            Some(why) => format!("{node} is asked in vain ({}): {body}", plain(why)),
            None => format!("{node} is asked: {body}"),
        },
        EventKind::Output => format!("{node} says: {body}"),
        EventKind::Send => {
            let content = messages.content(event).map_or_else(String::new, |content| format!("  {content}"));
            format!("{node} sends {} to {to}{content}", message())
        }
        EventKind::Receive => format!("{node} receives {} from {from}{}", message(), later("it was sent")),
        EventKind::Drop => {
            let why = event.why.as_deref().unwrap_or("nobody knows why");
            let why = if why == "loss" { "it is lost".into() } else { plain(why) };
            format!("{} from {from} to {to} does not arrive: {why}", message())
        }
        EventKind::Duplicate => format!("the network makes a copy of {} from {from} to {to}", message()),
        EventKind::TimerSet => set(event, &node),
        EventKind::Timer => format!("the timer {body} of {node} runs out{}", later("it was set")),
        EventKind::Save => format!("{node} saves {body}"),
        EventKind::Crash => format!("{node} crashes"),
        EventKind::Restart => format!("{node} is restarted"),
        EventKind::Pause => format!("{node} is paused"),
        EventKind::Resume => format!("{node} goes on"),
        EventKind::Partition => {
            format!("the network is parted: {}", event.body.as_ref().map_or_else(String::new, flow))
        }
        EventKind::Heal => "the network is healed".into(),
        EventKind::Cut => format!("a link is cut: {body}"),
        EventKind::Link => format!("a link changes: {body}"),
        EventKind::Clock => format!("the clock of {node} is changed: {body}"),
        EventKind::Choice => format!("{node} draws {body}"),
        EventKind::Note => format!("a note says {body}"),
    }
}

/// `a sets the timer resend, which runs 50ms`.
fn set(event: &Event, node: &str) -> String {
    let body = event.body.as_ref();
    let timer = body.and_then(|body| body.get("timer")).map_or_else(|| "timer".into(), variant);
    let runs = body.and_then(|body| body.get("runs")).and_then(serde_json::Value::as_u64);
    let runs = runs.map_or_else(String::new, |runs| format!(", which runs {}", Time(runs)));
    format!("{node} sets the timer {timer}{runs}")
}
