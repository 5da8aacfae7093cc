//! YAML for people: a key a line, and what belongs together on one line.

use serde_json::{Map, Value};

/// The keys of a scenario whose entries get a line each.
const LISTS: [&str; 3] = ["events", "links", "steps"];

/// What a scenario need not say, because it is so anyway.
fn is_default(key: &str, value: &Value) -> bool {
    match (key, value) {
        (_, Value::Null) => true,
        ("channel", Value::String(text)) => text == "raw",
        ("topology", Value::String(text)) => text == "complete",
        ("routing", Value::String(text)) => text == "none",
        ("links" | "events", Value::Array(list)) => list.is_empty(),
        ("events-limit", Value::Number(number)) => number.as_u64() == Some(crate::world::EVENT_LIMIT),
        ("network", Value::Object(map)) => map.is_empty(),
        ("about", Value::String(text)) => text.is_empty(),
        _ => false,
    }
}

/// A scenario in the form of [`crate::scenario::Plan::resolved`], without what it need not say.
pub(super) fn scenario(whole: &Value) -> String {
    let mut text = String::new();
    let Some(map) = whole.as_object() else { return text };
    for (key, value) in map {
        let value = if key == "network" { network(value) } else { value.clone() };
        if is_default(key, &value) {
            continue;
        }
        match &value {
            Value::Array(list) if LISTS.contains(&key.as_str()) => {
                text.push_str(&format!("{key}:\n"));
                block(list, "  ", &mut text);
            }
            Value::Object(map) if key == "schedule" => {
                text.push_str("schedule:\n");
                for (key, value) in map {
                    match value {
                        Value::Array(list) if !list.is_empty() => {
                            text.push_str(&format!("  {key}:\n"));
                            block(list, "    ", &mut text);
                        }
                        other => text.push_str(&format!("  {key}: {}\n", self::value(other))),
                    }
                }
            }
            other => text.push_str(&format!("{key}: {}\n", self::value(other))),
        }
    }
    text
}

fn block(list: &[Value], indent: &str, text: &mut String) {
    for entry in list {
        text.push_str(&format!("{indent}- {}\n", value(entry)));
    }
}

/// The settings of the network that differ from the ordinary.
fn network(value: &Value) -> Value {
    let ordinary = |key: &str, value: &Value| match value.as_str() {
        Some(text) => {
            matches!((key, text), ("distribution", "uniform") | ("order", "any"))
                || text == "0s"
                || text == "0%"
        }
        None => false,
    };
    let Some(map) = value.as_object() else { return value.clone() };
    let kept = map.iter().filter(|(key, value)| !ordinary(key, value));
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>())
}

/// A value on one line.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => word(text),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(self::value).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| format!("{}: {}", word(key), self::value(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A text, quoted where YAML would read something else into it.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '%' | '/');
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let spoken = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let is_duration = text.len() < 12
        && text.chars().next().is_some_and(|c| c.is_ascii_digit())
        && text.chars().last().is_some_and(|c| c.is_ascii_alphabetic() || c == '%')
        && !text.contains(['e', 'E', 'x', 'o', '_', '-', '/']);
    let ordinary = begins && !spoken.contains(&text.to_ascii_lowercase().as_str());
    if text.chars().all(plain) && (ordinary || is_duration) {
        text.to_owned()
    } else {
        // Every JSON string is a YAML string.
        Value::String(text.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_reads_as_what_it_was(text in "\\PC{0,12}|[0-9a-zA-Z._%-]{0,6}", number in any::<i64>()) {
            let whole = serde_json::json!({"a": [text, number, null, true], "b c": {"x": text}});
            let read: Value = serde_yaml::from_str(&value(&whole)).unwrap();
            prop_assert_eq!(read, whole);
        }
    }
}
