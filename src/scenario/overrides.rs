//! `--set network.loss=5%`: a key of the scenario gets another value before the scenario is looked at.

use super::{
    findings::{Finding, Findings, Place},
    path::{Path, Segment},
    read,
};
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// One override: `key.path=value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// The key, with points between its parts; places in lists are numbers counted from 0.
    pub key: String,
    /// The value, as it would stand in the file.
    pub value: String,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().into(), value: value.trim().into() })
            }
            _ => Err(format!("`{text}` is no override; write KEY=VALUE, such as network.loss=5%")),
        }
    }
}

impl Override {
    /// One override for each value where several stand in a list, with commas between them: `nodes=4,8,16`. A comma in
    /// brackets or quotes belongs to a value.
    pub fn values(&self) -> Vec<Self> {
        let mut values = vec![String::new()];
        let (mut depth, mut quote) = (0_u32, None);
        for c in self.value.chars() {
            match (c, quote) {
                ('"' | '\'', None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                ('[' | '{', None) => depth += 1,
                (']' | '}', None) => depth = depth.saturating_sub(1),
                (',', None) if depth == 0 => {
                    values.push(String::new());
                    continue;
                }
                _ => {}
            }
            values.last_mut().expect("there is always one").push(c);
        }
        let one = |value: String| Self { key: self.key.clone(), value: value.trim().to_owned() };
        values.into_iter().map(one).collect()
    }

    /// The key as a path.
    pub(super) fn path(&self) -> Path {
        let segment = |part: &str| match part.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key(part.into()),
        };
        Path(self.key.split('.').map(segment).collect())
    }
}

/// Applies `overrides` to `tree`, in order.
pub(super) fn apply(tree: &mut Value, overrides: &[Override], findings: &mut Findings) {
    for change in overrides {
        let refused = |message: String| Finding::new(Place::Set(change.key.clone()), message);
        if change.key.split('.').any(str::is_empty) {
            findings.add(refused("a part of the key is missing".into())).hint("write network.loss=5%, say");
            continue;
        }
        let mut inner = Findings::default();
        // An empty value takes the key away, as an empty value in the file would.
        let wrapped = read::read(&format!("value: {}", change.value), &mut inner);
        match wrapped {
            Some(mut wrapped)
                if inner.is_empty() && wrapped.as_object().is_some_and(|map| map.len() == 1) =>
            {
                if let Err(message) = put(tree, &change.path().0, wrapped["value"].take()) {
                    findings.add(refused(message));
                }
            }
            _ => {
                let message = format!("`{}` is not a value as it could stand in the file", change.value);
                findings.add(refused(message)).hint("put text with special characters in quotes");
            }
        }
    }
}

/// Puts `value` at `path`, making maps on the way.
fn put(tree: &mut Value, path: &[Segment], value: Value) -> Result<(), String> {
    let mut place = tree;
    for (depth, segment) in path.iter().enumerate() {
        if depth == 1 {
            lengthen(place, &path[0]);
        }
        place = match (place, segment) {
            (Value::Array(list), Segment::Index(index)) => {
                let length = list.len();
                let missing = || format!("there is no entry {index}: the list has {length}, counted from 0");
                list.get_mut(*index).ok_or_else(missing)?
            }
            (Value::Array(list), Segment::Key(key)) => {
                return Err(format!(
                    "`{key}` must be a number here: the list has {} entries, counted from 0",
                    list.len()
                ));
            }
            (place, Segment::Key(key)) => map_of(place).entry(key.clone()).or_insert(Value::Null),
            (place, Segment::Index(index)) => map_of(place).entry(index.to_string()).or_insert(Value::Null),
        };
    }
    *place = value;
    Ok(())
}

/// The map at `place`; anything else there gives way to one.
fn map_of(place: &mut Value) -> &mut Map<String, Value> {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    place.as_object_mut().expect("it has just been made a map")
}

/// Writes the short form of the key `name` in its long form, so that something can be put into it.
fn lengthen(place: &mut Value, name: &Segment) {
    let Segment::Key(name) = name else { return };
    let long = match (name.as_str(), &*place) {
        ("algorithm", Value::String(algorithm)) => json!({ "name": algorithm }),
        ("nodes", Value::Number(count)) => {
            // More would not be meant; the loader says what is wrong with the number.
            let count = count.as_u64().unwrap_or(0).min(100_000);
            (1..=count).map(|number| (format!("n{number}"), Value::Null)).collect::<Map<_, _>>().into()
        }
        ("nodes", Value::Array(list)) => {
            let names = list.iter().filter_map(Value::as_str);
            names.map(|name| (name.to_owned(), Value::Null)).collect::<Map<_, _>>().into()
        }
        _ => return,
    };
    *place = long;
}
