//! Values with a short and a long form: a name or a map, a number or a list or a map.

use super::{
    plan::{Bound, Expected},
    raw::{AlgorithmMap, AnyOf, Node, Shapes},
    raw_search::Happening,
};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};
use serde_json::Value;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A list whose entries may be empty, as they are after a mistake in one of them.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct List<T>(pub(super) Vec<Option<T>>);

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        <Vec<T>>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<T>>::json_schema(generator)
    }
}

/// A name, or a map that says more.
#[derive(Debug)]
pub(super) enum Short<M> {
    Name(String),
    Map(M),
}

/// A map that has a short form.
pub(super) trait Long: JsonSchema {
    /// What is expected, for serde's messages.
    const EXPECTED: &'static str;
    /// The names that the short form may have; empty when they are not known here.
    const NAMES: &'static [&'static str] = &[];

    /// A name was written that is none of [`Long::NAMES`]: what to say when there is more to say than that.
    fn refuse(_name: &str) -> Option<String> {
        None
    }
}

impl<'de, M: Long + Deserialize<'de>> Deserialize<'de> for Short<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<M>(PhantomData<M>);
        impl<'de, M: Long + Deserialize<'de>> de::Visitor<'de> for Visitor<M> {
            type Value = Short<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(M::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Short<M>, E> {
                if M::NAMES.is_empty() || M::NAMES.contains(&name) {
                    return Ok(Short::Name(name.into()));
                }
                Err(M::refuse(name).map_or_else(|| E::unknown_variant(name, M::NAMES), E::custom))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Short<M>, A::Error> {
                M::deserialize(MapAccessDeserializer::new(map)).map(Short::Map)
            }
        }
        deserializer.deserialize_any(Visitor(PhantomData))
    }
}

impl<M: Long> JsonSchema for Short<M> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}OrName", M::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = if M::NAMES.is_empty() {
            json_schema!({"type": "string"})
        } else {
            json_schema!({"type": "string", "enum": M::NAMES})
        };
        let map = generator.subschema_for::<M>();
        json_schema!({"anyOf": [name, map]})
    }
}

impl Long for AlgorithmMap {
    const EXPECTED: &'static str = "the name of an algorithm, or {name: ..., config: {...}}";
}

impl Long for AnyOf {
    const EXPECTED: &'static str = "the name of one node, or {any: one | minority | majority | all}";
}

impl Long for Shapes {
    const EXPECTED: &'static str = "the name of a topology, or a map with one key such as {edges: [[a, b]]}";
    const NAMES: &'static [&'static str] =
        &["complete", "ring", "line", "star", "tree", "grid", "torus", "hypercube"];

    fn refuse(name: &str) -> Option<String> {
        let example = match name {
            "random-regular" => "{random-regular: {degree: 4}}",
            "erdos-renyi" => "{erdos-renyi: {p: 0.1}}",
            "small-world" => "{small-world: {neighbours: 4, rewire: 10%}}",
            "scale-free" => "{scale-free: {links: 2}}",
            "edges" => "{edges: [[a, b], [b, c]]}",
            _ => return None,
        };
        Some(format!("the topology `{name}` needs to know more; write {example}"))
    }
}

/// Who takes part: a number, a list of names, or a map from names to what is particular about them.
#[derive(Debug)]
pub(super) enum Nodes {
    Count(u64),
    List(Vec<Option<String>>),
    Map(IndexMap<String, Option<Node>>),
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Nodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of nodes, a list of names, or a map from names to settings")
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Nodes, E> {
                Ok(Nodes::Count(count))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Nodes, A::Error> {
                <Vec<Option<String>>>::deserialize(de::value::SeqAccessDeserializer::new(list))
                    .map(Nodes::List)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Nodes, A::Error> {
                <IndexMap<String, Option<Node>>>::deserialize(MapAccessDeserializer::new(map)).map(Nodes::Map)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Nodes {
    fn schema_name() -> Cow<'static, str> {
        "Nodes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let node = generator.subschema_for::<Option<Node>>();
        json_schema!({
            "description": "Who takes part: a number (n1 to nN), a list of names, or a map from names to settings.",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 16_000_000},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
                {"type": "object", "additionalProperties": node, "minProperties": 1}
            ]
        })
    }
}

/// What should come of a run: two fixed keys, and the properties.
#[derive(Debug, Default)]
pub(super) struct Expect {
    pub(super) verdicts: IndexMap<String, Option<Expected>>,
    pub(super) messages: Option<IndexMap<String, Option<Bound>>>,
    pub(super) outputs: Option<IndexMap<String, Option<Vec<Value>>>>,
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Expect;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from properties to verdicts, such as {total-order: holds}")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
                let mut expect = Expect::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "messages" => expect.messages = map.next_value()?,
                        "outputs" => expect.outputs = map.next_value()?,
                        _ => {
                            let verdict = map.next_value()?;
                            expect.verdicts.insert(key, verdict);
                        }
                    }
                }
                Ok(expect)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> Cow<'static, str> {
        "Expect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let verdict = generator.subschema_for::<Expected>();
        let bound = generator.subschema_for::<Bound>();
        json_schema!({
            "description": "What should come of the run; every checked property holds unless it says otherwise.",
            "type": "object",
            "properties": {
                "messages": {
                    "description": "How many messages are sent, by kind or in `total`.",
                    "type": "object",
                    "additionalProperties": bound
                },
                "outputs": {
                    "description": "Exactly what nodes tell their applications, in order.",
                    "type": "object",
                    "additionalProperties": {"type": "array"}
                }
            },
            "additionalProperties": verdict
        })
    }
}

/// Something that ought to happen in some run: five fixed keys, and the properties.
#[derive(Debug, Default)]
pub(super) struct Claim {
    /// Whatever is no other key; whether it is a property is seen later.
    pub(super) verdicts: IndexMap<String, Value>,
    pub(super) messages: Option<IndexMap<String, Option<Bound>>>,
    pub(super) outputs: Option<IndexMap<String, Option<Vec<Value>>>>,
    pub(super) output: Option<Value>,
    pub(super) event: Option<Happening>,
    pub(super) node: Option<String>,
    pub(super) after: Option<Value>,
}

/// The keys of a [`Claim`] that are no properties.
pub(super) const CLAIM_KEYS: [&str; 6] = ["messages", "outputs", "output", "event", "node", "after"];

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Claim;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map such as {event: crash, node: n1} or {messages: {reply: \"> 2\"}}")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Claim, A::Error> {
                let mut claim = Claim::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "messages" => claim.messages = map.next_value()?,
                        "outputs" => claim.outputs = map.next_value()?,
                        "output" => claim.output = map.next_value()?,
                        "event" => claim.event = map.next_value()?,
                        "node" => claim.node = map.next_value()?,
                        "after" => claim.after = map.next_value()?,
                        _ => drop(claim.verdicts.insert(key, map.next_value()?)),
                    }
                }
                Ok(claim)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Claim {
    fn schema_name() -> Cow<'static, str> {
        "Claim".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let verdict = generator.subschema_for::<Expected>();
        let bound = generator.subschema_for::<Bound>();
        let event = generator.subschema_for::<Happening>();
        json_schema!({
            "description": "Something that ought to happen in some run; all of its keys in the same one.",
            "type": "object",
            "minProperties": 1,
            "properties": {
                "messages": {
                    "description": "How many messages are sent, by kind or in `total`.",
                    "type": "object",
                    "additionalProperties": bound
                },
                "outputs": {
                    "description": "Exactly what nodes tell their applications, in order.",
                    "type": "object",
                    "additionalProperties": {"type": "array"}
                },
                "output": {"description": "A node tells its application this; maps may have more."},
                "event": event,
                "node": {"description": "At which node; any when absent.", "type": "string"},
                "after": {"description": "The last thing that the node told its application before."}
            },
            "additionalProperties": verdict
        })
    }
}
