//! What a scenario means: everything checked, everything named, every default filled in.

use super::{Claim, Schedule, live::Live, raw_search::Vary};
use crate::{
    process::{ProcessId, Verdict},
    world::Setup,
};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// What a scenario means.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is called.
    pub name: String,
    /// What it shows; empty when it does not say.
    pub about: String,
    /// Where randomness comes from.
    pub seed: u64,
    /// What the nodes run.
    pub algorithm: String,
    /// The algorithm's configuration, defaults included.
    pub config: Value,
    /// The configuration of nodes that have one of their own: the algorithm's with the node's keys over it.
    pub node_configs: BTreeMap<ProcessId, Value>,
    /// The layer under the algorithm.
    pub channel: Channel,
    /// The world and what happens in it.
    pub setup: Setup,
    /// What [`crate::world::Action::Request`] counts into; equal requests share a place.
    pub requests: Vec<Value>,
    /// The properties that are judged.
    pub checks: Vec<String>,
    /// What should come of the run.
    pub expect: Expect,
    /// What ought to happen in some run of a search.
    pub sometimes: Vec<Claim>,
    /// The `note` of events, by entry.
    pub notes: BTreeMap<u32, String>,
    /// Where nodes listen in a live run.
    pub addresses: BTreeMap<ProcessId, String>,
    /// What `synod fuzz` varies.
    pub fuzz: Option<Fuzz>,
    /// What `synod live` needs.
    pub live: Option<Live>,
    /// An exact order of events.
    pub schedule: Option<Schedule>,
    /// The scenario again with every default written out and every override applied: loading it gives this plan.
    pub resolved: Value,
}

/// The layer under the algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Channel {
    /// Messages as the network treats them.
    #[default]
    Raw,
    /// In the order in which they were sent.
    Fifo,
    /// Repeated until they arrive, and delivered once.
    Reliable,
    /// Both.
    ReliableFifo,
}

impl Channel {
    /// As a scenario says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Fifo => "fifo",
            Self::Reliable => "reliable",
            Self::ReliableFifo => "reliable-fifo",
        }
    }
}

/// What should come of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expect {
    /// The verdict on every checked property.
    pub verdicts: IndexMap<String, Expected>,
    /// How many messages are sent, by kind; `total` for all of them.
    pub messages: IndexMap<String, Bound>,
    /// Exactly what nodes tell their applications, in order.
    pub outputs: BTreeMap<ProcessId, Vec<Value>>,
}

/// A verdict that is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// It holds in every instance.
    Holds,
    /// It is violated, which is the lesson.
    Violated,
    /// The run ends too early to tell.
    Undecided,
    /// There is no instance to judge.
    Vacuous,
    /// It holds, or there is no instance to judge: what is expected of an algorithm's promises when a scenario has no
    /// `check`.
    NotViolated,
}

impl Expected {
    /// As a scenario says it: the name of the [`crate::process::Verdict`] that is expected.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Undecided => "undecided",
            Self::Vacuous => "vacuous",
            Self::NotViolated => "not-violated",
        }
    }

    /// Whether a verdict is this one.
    pub fn is_met_by(self, verdict: &Verdict) -> bool {
        match self {
            Self::NotViolated => matches!(verdict, Verdict::Holds { .. } | Verdict::Vacuous),
            Self::Holds | Self::Violated | Self::Undecided | Self::Vacuous => self.name() == verdict.name(),
        }
    }
}

/// What `synod fuzz` varies.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fuzz {
    /// How many runs.
    pub runs: Option<u64>,
    /// What differs between them.
    pub vary: Option<Vec<Vary>>,
    /// How many faults a run has at most.
    pub faults: Option<u32>,
}

/// How many of something there should be: `6`, `<= 18`, `> 0`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound {
    comparison: Comparison,
    number: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Comparison {
    Equal,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// How comparisons are written; the longer before those they begin with.
const COMPARISONS: [(&str, Comparison); 5] = [
    ("==", Comparison::Equal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

impl Bound {
    /// Exactly this many.
    pub fn exactly(number: u64) -> Self {
        Self { comparison: Comparison::Equal, number }
    }

    /// Reads `6` or `<= 18`.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (comparison, number) = COMPARISONS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)))
            .unwrap_or((Comparison::Equal, text));
        let number = number.trim();
        match number.parse() {
            Ok(number) if comparison != Comparison::Below || number > 0 => Ok(Self { comparison, number }),
            _ => Err(format!("`{text}` is not a number of messages; write 6, \"<= 18\" or \"> 0\", say")),
        }
    }

    /// Whether `count` is within it.
    pub fn allows(&self, count: u64) -> bool {
        match self.comparison {
            Comparison::Equal => count == self.number,
            Comparison::Below => count < self.number,
            Comparison::AtMost => count <= self.number,
            Comparison::Above => count > self.number,
            Comparison::AtLeast => count >= self.number,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match COMPARISONS.iter().find(|(_, comparison)| *comparison == self.comparison) {
            Some((sign, comparison)) if *comparison != Comparison::Equal => {
                write!(f, "{sign} {}", self.number)
            }
            _ => write!(f, "{}", self.number),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Bound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of messages such as 6 or \"<= 18\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bound, E> {
                Ok(Bound::exactly(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bound, E> {
                Bound::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Bound {
    fn schema_name() -> Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many: 6, \"<= 18\", \"> 0\".",
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^\s*(==|<=|>=|<|>)?\s*[0-9]+\s*$"}
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_compares_as_it_is_written() {
        for (text, allowed, refused) in
            [("6", 6, 7), ("== 6", 6, 5), ("<= 18", 18, 19), (">=2", 2, 1), ("< 5", 4, 5), (">  1", 2, 1)]
        {
            let bound = Bound::parse(text).unwrap();
            assert!(bound.allows(allowed) && !bound.allows(refused), "{text}");
            assert_eq!(Bound::parse(&bound.to_string()), Ok(bound));
        }
        for wrong in ["", "six", "=> 3", "<= -1", "< 0", "1.5", "<"] {
            assert!(Bound::parse(wrong).is_err(), "{wrong}");
        }
    }
}
