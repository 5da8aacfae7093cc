//! Text to a tree of plain values: syntax, duplicate keys, merge keys, tags; what the tree means comes later.

use super::{
    findings::{Finding, Findings, Place},
    path::{Path, Segment},
    positions::Positions,
    syntax,
};
use serde::de::{self, Deserialize, DeserializeSeed};
use serde_json::{Map, Value};
use std::fmt;

/// The tree of a text, or nothing when there is no use in looking further.
pub(super) fn read(text: &str, findings: &mut Findings) -> Option<Value> {
    if let Some(place) = too_deep(text) {
        findings.add(syntax::too_deep(Place::Bytes(place, 1)));
        return None;
    }
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let mut reading =
        Reading { path: Path::top(), duplicates: false, odd_keys: false, findings: Findings::default() };
    let tree = match documents.next() {
        Some(document) => Node(&mut reading).deserialize(document),
        None => Ok(Value::Null),
    };
    let tree = match tree {
        Ok(tree) => tree,
        Err(error) => {
            findings.add(syntax::mistake(&error, text));
            return None;
        }
    };
    if documents.next().is_some() {
        findings.add(second_document(text));
        return None;
    }
    if tree.is_null() {
        let empty = Finding::new(Place::File, "the file is empty");
        findings.add(empty).help("a scenario begins with `version: 1`; `synod new` writes one to start from");
        return None;
    }
    if !tree.is_object() {
        let wrong =
            Finding::new(Place::Value(Path::top()), "a scenario is a map of keys, this is something else");
        findings.add(wrong).help("a scenario begins with `version: 1`");
        return None;
    }
    findings.list.append(&mut reading.findings.list);
    if reading.duplicates {
        duplicates(text, findings);
    }
    if reading.odd_keys {
        odd_keys(text, findings);
    }
    Some(tree)
}

/// How many brackets may be open. The parser takes a time that grows with their square before it counts them.
const OPEN: usize = 1000;

/// The bracket that is too many, wherever brackets stand: nobody has a thousand of them open in a quoted text.
fn too_deep(text: &str) -> Option<usize> {
    let mut open: usize = 0;
    text.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > OPEN
    })
}

/// What is known while a tree is built.
struct Reading {
    path: Path,
    duplicates: bool,
    odd_keys: bool,
    findings: Findings,
}

/// Builds one value of the tree.
struct Node<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(value.to_string().into())
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(value.to_string().into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // JSON has no infinity; as text it is refused by whoever wants a number.
        Ok(serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (tag, content) = tagged.variant::<String>()?;
        let path = self.0.path.clone();
        let remedy = "remove it, or quote the text if it begins with `!`";
        self.0.findings.value(path, format!("tags such as `!{tag}` are not used here")).hint(remedy);
        let _content: de::IgnoredAny = de::VariantAccess::newtype_variant(content)?;
        Ok(Value::Null)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            self.0.path.0.push(Segment::Index(values.len()));
            let value = list.next_element_seed(Node(self.0))?;
            self.0.path.0.pop();
            match value {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        while let Some(Key(key)) = entries.next_key()? {
            let Some(key) = key else {
                self.0.odd_keys = true;
                entries.next_value::<de::IgnoredAny>()?;
                continue;
            };
            self.0.path.0.push(Segment::Key(key.clone()));
            let value = entries.next_value_seed(Node(self.0))?;
            if key == "<<" {
                self.0.merge(value, &mut merged);
            } else if map.contains_key(&key) {
                self.0.duplicates = true;
            } else {
                map.insert(key, value);
            }
            self.0.path.0.pop();
        }
        for (key, value) in merged {
            map.entry(key).or_insert(value);
        }
        Ok(Value::Object(map))
    }
}

impl Reading {
    /// Notes what a merge key brings; what is written itself wins over it, and the first of several over the next.
    fn merge(&mut self, value: Value, merged: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(map) => merged.extend(map),
            Value::Array(list) if list.iter().all(Value::is_object) => {
                list.into_iter().for_each(|map| self.merge(map, merged));
            }
            _ => {
                let path = self.path.clone();
                self.findings
                    .value(path, "`<<` takes over the keys of a map, and this is none")
                    .hint("write *name here");
            }
        }
    }
}

/// A key: text, or a number or boolean as text; nothing for others.
struct Key(Option<String>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut reading =
            Reading { path: Path::top(), duplicates: false, odd_keys: false, findings: Findings::default() };
        Ok(Self(match Node(&mut reading).deserialize(deserializer)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }))
    }
}

fn second_document(text: &str) -> Finding {
    let place = Positions::of(text).and_then(|positions| positions.second_document());
    let place = place.map_or(Place::File, |(start, length)| Place::Bytes(start, length));
    let mut finding = Finding::new(place, "a second document begins here; one scenario per file");
    finding.help(
        "a line of three dashes (`---`) begins a new document: put what follows into a file of its own",
    );
    finding
}

/// All keys that stand twice in a map.
fn duplicates(text: &str, findings: &mut Findings) {
    let found = Positions::of(text).map(|positions| positions.duplicates()).unwrap_or_default();
    if found.is_empty() {
        findings.add(Finding::new(Place::File, "a key stands twice in one map"));
    }
    for (key, first, second) in found {
        let place = Place::Bytes(second.0, second.1);
        findings
            .add(Finding::new(place, format!("the key `{key}` stands twice in this map")))
            .hint("remove one")
            .other(Place::Bytes(first.0, first.1), "first here");
    }
}

/// All keys that are no names.
fn odd_keys(text: &str, findings: &mut Findings) {
    let found = Positions::of(text).map(|positions| positions.odd_keys()).unwrap_or_default();
    let places = found.into_iter().map(|(start, length)| Place::Bytes(start, length)).collect::<Vec<_>>();
    for place in if places.is_empty() { vec![Place::File] } else { places } {
        let message = "a key must be a name here, not a list, a map or nothing";
        findings.add(Finding::new(place, message)).hint("put text in quotes");
    }
}
