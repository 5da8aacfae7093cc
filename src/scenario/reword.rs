//! What serde says, in words for people who write scenarios.

use super::{
    Misfit,
    findings::{Finding, Place},
    path::{self, Path, Segment},
    suggest::{enumerate, nearest},
};
use serde_json::Value;

/// Why a value inside `root`, which stands at `base`, does not fit.
pub(super) fn reword(base: &Path, misfit: &Misfit, root: &Value) -> Finding {
    let path = base.join(misfit.path.iter().cloned());
    let value = path::look(root, &Path(misfit.path.clone()));
    let message = misfit.message.as_str();
    if let Some((name, names)) = unknown(message, "unknown field `") {
        return unknown_key(path, name, &names);
    }
    if let Some((name, names)) = unknown(message, "unknown variant `") {
        return unknown_value(path, value, name, &names);
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let mut finding = Finding::new(Place::Value(path), format!("the key `{name}` is missing here"));
        finding.hint(format!("add `{name}: ...`"));
        return finding;
    }
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) =
            message.strip_prefix(prefix).and_then(|rest| rest.rsplit_once(", expected "))
        {
            return wrong_type(path, value, found, expected);
        }
    }
    // Our own messages say what to write behind a semicolon.
    let (message, remedy) = message.split_once("; ").unwrap_or((message, ""));
    let mut finding = Finding::new(Place::Value(path), message.replace("sequence", "list"));
    match remedy {
        "" => {}
        short if short.starts_with("write ") && short.len() < 50 => finding.hint = Some(short.into()),
        long => finding.help = Some(long.into()),
    }
    finding
}

/// Name and alternatives of "unknown field `x`, expected one of `a`, `b`".
fn unknown<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let rest = message.strip_prefix(prefix)?;
    let (name, expected) =
        rest.rsplit_once("`, expected ").or_else(|| rest.rsplit_once("`, there are no "))?;
    // The alternatives stand between backticks: every second piece.
    Some((name, expected.split('`').skip(1).step_by(2).collect()))
}

fn unknown_key(path: Path, name: &str, names: &[&str]) -> Finding {
    // serde_json points at the map for keys it looks up by itself, serde_path_to_error at the key.
    let path = match path.0.last() {
        Some(Segment::Key(last)) if last == name => path,
        _ => path.key(name),
    };
    let mut finding = Finding::new(Place::Key(path), format!("unknown key `{name}`"));
    choose(&mut finding, name, names, "keys here are");
    finding.meant = nearest(name, names.iter().copied()).map(str::to_owned);
    finding
}

fn unknown_value(path: Path, value: Option<&Value>, name: &str, names: &[&str]) -> Finding {
    let what = match path.last_key() {
        Some("node" | "crash" | "restart" | "pause" | "resume") => "node",
        Some("any") => "number of nodes",
        Some("topology") => "topology",
        Some("distribution") => "distribution",
        Some("channel") => "channel",
        Some("order") => "order",
        Some("routing") => "routing",
        Some("request") => "request",
        Some("event") => "kind of event",
        _ if matches!(path.0.first(), Some(Segment::Key(key)) if key == "expect" || key == "sometimes") => {
            "verdict"
        }
        _ => "value",
    };
    let as_key = value.is_some_and(|value| value.get(name).is_some());
    let place = if as_key { Place::Key(path.key(name)) } else { Place::Value(path) };
    let mut finding = Finding::new(place, format!("unknown {what} `{name}`"));
    choose(&mut finding, name, names, "one of these is expected:");
    finding
}

/// Adds which of `names` was meant, or all of them.
pub(super) fn choose(finding: &mut Finding, written: &str, names: &[&str], introduction: &str) {
    match nearest(written, names.iter().copied()) {
        Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
        None if names.is_empty() => finding.hint("nothing can be set here"),
        None => finding.help(format!("{introduction} {}", enumerate(names.iter().copied()))),
    };
}

fn wrong_type(path: Path, value: Option<&Value>, found: &str, expected: &str) -> Finding {
    if let (Some(Value::String(name)), true) = (value, expected.ends_with(" variant")) {
        let mut finding = Finding::new(Place::Value(path), format!("`{name}` needs to know more"));
        finding.hint(format!("write {{{name}: ...}}"));
        return finding;
    }
    let choices = if expected == "string or map" { choices(&path) } else { None };
    let expected = choices.map_or_else(|| expected_words(expected), |choices| choices.into());
    let hint = remedy(&path, value, &expected);
    let mut finding =
        Finding::new(Place::Value(path), format!("expected {expected}, found {}", found_words(found, value)));
    finding.hint = hint;
    finding
}

/// The values of keys that have few.
fn choices(path: &Path) -> Option<&'static str> {
    match path.last_key()? {
        "channel" => Some("raw, fifo, reliable or reliable-fifo"),
        "routing" => Some("none or shortest-path"),
        "distribution" => Some("uniform, normal, exponential, pareto or lognormal"),
        "order" => Some("any or fifo"),
        "heal" => Some("all, partitions, cuts or links"),
        "any" => Some("one, minority, majority or all"),
        "vary" => Some("order, delay, loss, duplicate, crash, pause, partition or clock"),
        _ if matches!(path.0.first(), Some(Segment::Key(key)) if key == "expect") => {
            Some("holds, violated, undecided or vacuous")
        }
        _ => None,
    }
}

/// What to write instead, where the value lets it be guessed.
fn remedy(path: &Path, value: Option<&Value>, expected: &str) -> Option<String> {
    match (value?, expected) {
        (value @ (Value::Number(_) | Value::Bool(_)), "text") => Some(format!("write \"{value}\" in quotes")),
        (Value::String(text), "true or false") => match text.to_lowercase().as_str() {
            "yes" | "y" | "on" => Some("write true".into()),
            "no" | "n" | "off" => Some("write false".into()),
            _ => None,
        },
        (Value::String(text), "a list") if !text.contains(char::is_whitespace) => {
            Some(format!("write [{text}]"))
        }
        (Value::Object(_) | Value::String(_), "a list") => match path.last_key()? {
            "events" => Some("begin each entry with `- {at: ...`".into()),
            "links" => Some("begin each entry with `- `".into()),
            _ => Some("write [a, b], say".into()),
        },
        (Value::Array(_), _) => match path.last_key()? {
            "crash" | "restart" | "pause" | "resume" | "node" => Some("write one event for each".into()),
            _ => None,
        },
        (_, "nothing") => Some("leave this out".into()),
        _ => None,
    }
}

fn expected_words(expected: &str) -> String {
    match expected {
        "u64" | "u32" | "u16" | "u8" | "usize" => "a whole number, 0 or more".into(),
        "i64" | "i32" | "isize" => "a whole number".into(),
        "f64" | "f32" => "a number".into(),
        "a string" | "a borrowed string" => "text".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        "unit" => "nothing".into(),
        "string or map" => "a name, or a map with one key".into(),
        "variant identifier" | "field identifier" => "a name".into(),
        "map with a single key" => "a map with one key".into(),
        other if other.starts_with("struct ") || other.starts_with("enum ") => "a map".into(),
        other if other.starts_with("struct variant") => "a map".into(),
        other if other.starts_with("tuple") || other.starts_with("a tuple") => "a list".into(),
        other => other.replace("a sequence", "a list"),
    }
}

fn found_words(found: &str, value: Option<&Value>) -> String {
    match value {
        Some(Value::Null) => "nothing".into(),
        Some(Value::Bool(value)) => format!("`{value}`"),
        Some(Value::Number(number)) => format!("the number {number}"),
        Some(Value::String(text)) => format!("the text {text:?}"),
        Some(Value::Array(_)) => "a list".into(),
        Some(Value::Object(_)) => "a map".into(),
        None => found.replace("sequence", "list"),
    }
}

/// The key that a message of serde calls unknown.
pub(super) fn unknown_key_of(message: &str) -> Option<&str> {
    unknown(message, "unknown field `").map(|(name, _)| name)
}
