//! What a trace says of a planned action: its particulars as JSON, with the names in force.

use super::{Action, ClockChange, Heal, LinkPatch, LinkPattern, Probability};
use crate::process::format_duration;
use serde_json::{Map, Value, json};

impl Action {
    /// The change of the network that this action is, or its end, as a trace tells it: the kind of event by name, and what
    /// it says.
    pub(crate) fn change(&self, restored: bool) -> (&'static str, Value) {
        match self {
            _ if restored => ("heal", json!({ self.name(): self.particulars() })),
            Self::Partition(_) | Self::Cut(_) | Self::Link(..) => (self.name(), self.particulars()),
            _ => ("heal", self.particulars()),
        }
    }

    /// The particulars of an action on the network, as a trace shows them.
    pub(crate) fn particulars(&self) -> Value {
        match self {
            Self::Partition(groups) => json!(groups),
            Self::Cut(links) => links.particulars(),
            Self::Link(links, patch) => {
                let mut all = links.particulars();
                if let Value::Object(all) = &mut all {
                    all.append(&mut patch.particulars());
                }
                all
            }
            Self::Heal(heal) => json!(match heal {
                Heal::All => "all",
                Heal::Partitions => "partitions",
                Heal::Cuts => "cuts",
                Heal::Links => "links",
            }),
            Self::Clock(_, ClockChange::Step(by)) => json!({ "step": by }),
            Self::Clock(_, ClockChange::Drift(drift)) => json!({ "drift": drift }),
            Self::Clock(_, ClockChange::Freeze) => json!("freeze"),
            Self::Drop { links, kind, nth } => {
                let mut all = links.particulars();
                all["kind"] = json!(kind);
                all["nth"] = json!(nth);
                all
            }
            Self::Request { .. }
            | Self::Crash { .. }
            | Self::Restart(_)
            | Self::Pause(_)
            | Self::Resume(_) => Value::Null,
        }
    }
}

impl LinkPattern {
    fn particulars(&self) -> Value {
        match self {
            Self::Between(nodes) => json!({ "between": nodes }),
            Self::Directed { from: Some(from), to: Some(to) } => json!({ "from": from, "to": to }),
            Self::Directed { from: Some(from), to: None } => json!({ "from": from }),
            Self::Directed { from: None, to: Some(to) } => json!({ "to": to }),
            Self::Directed { from: None, to: None } => json!({}),
        }
    }
}

impl LinkPatch {
    fn particulars(&self) -> Map<String, Value> {
        let LinkPatch { delay, jitter, distribution, loss, duplicate, reorder, corrupt, rate, limit, fifo } =
            self;
        let mut all = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                all.insert(key.into(), value);
            }
        };
        let percent = |likely: &Probability| json!(format!("{}%", (likely.fraction() * 1e6).round() / 1e4));
        put("delay", delay.map(|delay| json!(format_duration(delay))));
        put("jitter", jitter.map(|jitter| json!(format_duration(jitter))));
        put("distribution", distribution.map(|shape| json!(format!("{shape:?}").to_lowercase())));
        put("loss", loss.as_ref().map(percent));
        put("duplicate", duplicate.as_ref().map(percent));
        put("reorder", reorder.as_ref().map(percent));
        put("corrupt", corrupt.as_ref().map(percent));
        put("rate", rate.map(|rate| json!(format!("{rate}bit"))));
        put("limit", limit.map(|limit| json!(limit)));
        put("order", fifo.map(|fifo| json!(if fifo { "fifo" } else { "any" })));
        all
    }
}
