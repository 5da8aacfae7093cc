//! What ought to happen in some run of a search, or the search looked in the wrong places.

use super::{
    Happening, Reader,
    findings::{Place, at},
    fit,
    path::Path,
    plan::{Bound, Expected},
    reword::reword,
    shorthand::{self, CLAIM_KEYS},
};
use crate::process::ProcessId;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// Something that ought to happen in some run: all of this in the same one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claim {
    /// What the scenario calls it.
    pub name: String,
    /// Verdicts on checked properties.
    pub verdicts: IndexMap<String, Expected>,
    /// How many messages are sent, by kind; `total` for all of them.
    pub messages: IndexMap<String, Bound>,
    /// Exactly what nodes tell their applications, in order.
    pub outputs: BTreeMap<ProcessId, Vec<Value>>,
    /// Something that happens at a moment of the run.
    pub moment: Option<Moment>,
}

/// Something that happens at a moment of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    /// What.
    pub sight: Sight,
    /// Where; anywhere when absent.
    pub node: Option<ProcessId>,
    /// The last thing that this node told its application before, since it was last booted.
    pub after: Option<Value>,
}

/// What happens at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// A node tells its application this; maps may have more.
    Output(Value),
    /// An event of this kind.
    Event(Happening),
}

/// A claim as an example.
const EXAMPLE: &str = "write {event: crash, node: n1} or {messages: {total: \"> 9\"}}, say";

impl Reader<'_> {
    /// What ought to happen in some run.
    pub(super) fn sometimes(
        &mut self,
        raw: Option<IndexMap<String, Option<shorthand::Claim>>>,
        checks: &[String],
    ) -> Vec<Claim> {
        let mut claims = Vec::new();
        for (name, raw) in raw.unwrap_or_default() {
            let path = at("sometimes").key(&name);
            let Some(raw) = raw else {
                let finding = self.findings.missing(path, "it is not said here what ought to happen");
                finding.map(|finding| finding.help(EXAMPLE));
                continue;
            };
            claims.push(self.claim(name, raw, &path, checks));
        }
        claims
    }

    fn claim(&mut self, name: String, raw: shorthand::Claim, path: &Path, checks: &[String]) -> Claim {
        let mut claim = Claim { name, ..Claim::default() };
        let says_nothing = raw.verdicts.is_empty() && raw.messages.is_none() && raw.outputs.is_none();
        if says_nothing && raw.output.is_none() && raw.event.is_none() && !self.findings.excused(path) {
            let finding = self.findings.key(path.clone(), "this says nothing that could happen in a run");
            finding.help(EXAMPLE);
        }
        for (property, verdict) in raw.verdicts {
            let path = path.key(&property);
            if !self.expected_property(path.clone(), &property, checks, &CLAIM_KEYS) {
                continue;
            }
            match fit::<Expected>(&verdict) {
                Ok(verdict) => drop(claim.verdicts.insert(property, verdict)),
                Err(misfit) => drop(self.findings.add(reword(&path, &misfit, &verdict))),
            }
        }
        for (kind, bound) in raw.messages.unwrap_or_default() {
            if kind != "total" {
                self.message_kind(&kind, Place::Key(path.key("messages").key(&kind)));
            }
            claim.messages.extend(bound.map(|bound| (kind, bound)));
        }
        for (name, outputs) in raw.outputs.unwrap_or_default() {
            let node = self.claimed_node(&name, path.key("outputs").key(&name));
            claim.outputs.extend(node.zip(outputs));
        }
        claim.moment = self.moment(raw.output, raw.event, (raw.node, raw.after), path);
        claim
    }

    fn moment(
        &mut self,
        output: Option<Value>,
        event: Option<Happening>,
        (node, after): (Option<String>, Option<Value>),
        path: &Path,
    ) -> Option<Moment> {
        let particulars = [("node", node.is_some()), ("after", after.is_some())];
        let mut particulars = particulars.into_iter().filter_map(|(key, is_there)| is_there.then_some(key));
        let node = node.and_then(|name| self.claimed_node(&name, path.key("node")));
        let sight = match (output, event) {
            (Some(_), Some(_)) => {
                let message = "`output` and `event` are two moments, and a claim has one";
                self.findings.key(path.key("event"), message).hint("make two claims of it");
                return None;
            }
            (Some(output), None) => Sight::Output(output),
            (None, Some(event)) => Sight::Event(event),
            (None, None) => {
                let excused = self.findings.excused(&path.key("event"));
                for key in particulars.filter(|_| !excused) {
                    let message = format!("`{key}` is about a moment, and there is none here");
                    let finding = self.findings.key(path.key(key), message);
                    finding.help("say what happens there: `output: ...` or `event: crash`");
                }
                return None;
            }
        };
        if let (Sight::Event(event), Some(key)) = (&sight, particulars.next())
            && event.is_everywhere()
        {
            let name = event.name();
            let message = format!("a {name} happens to the network, so `{key}` means nothing here");
            self.findings.key(path.key(key), message).hint("remove it");
            return None;
        }
        Some(Moment { sight, node, after })
    }

    fn claimed_node(&mut self, name: &str, path: Path) -> Option<ProcessId> {
        let node = self.names.as_ref().and_then(|names| names.find(name));
        if node.is_none() {
            self.unknown_node(path, name);
        }
        node
    }
}
