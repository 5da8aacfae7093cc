//! What serde says, in words for people who write scenarios.

use super::{
    findings::{Finding, Place},
    path::{Path, Segment},
    suggest::{enumerate, nearest},
};

/// The mistake that serde describes as `message`, at `path`.
pub(super) fn reword(path: Path, message: &str) -> Finding {
    if let Some((name, names)) = unknown(message, "unknown field `") {
        return unknown_key(path, name, &names);
    }
    if let Some((name, names)) = unknown(message, "unknown variant `") {
        return unknown_value(path, name, &names);
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Finding::new(Place::Value(path), format!("the key `{name}` is missing here"));
    }
    if let Some(name) = message.strip_prefix("unknown node `").and_then(|rest| rest.strip_suffix('`')) {
        return Finding::new(Place::Value(path), format!("unknown node `{name}`"));
    }
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) =
            message.strip_prefix(prefix).and_then(|rest| rest.rsplit_once(", expected "))
        {
            return wrong_type(path, found, expected);
        }
    }
    Finding::new(Place::Value(path), message.replace("sequence", "list"))
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
    finding
}

fn unknown_value(path: Path, name: &str, names: &[&str]) -> Finding {
    let last = path.last_key().map(str::to_owned);
    let what = match last.as_deref() {
        Some("node" | "crash" | "restart" | "pause" | "resume") => "node",
        Some("any") => "number of nodes",
        Some(key @ ("topology" | "distribution" | "channel" | "order" | "routing" | "request" | "heal")) => {
            key
        }
        _ if matches!(path.0.first(), Some(Segment::Key(key)) if key == "expect") => "verdict",
        _ => "value",
    };
    let as_key = matches!(path.0.last(), Some(Segment::Key(last)) if last == name);
    let place = if as_key { Place::Key(path) } else { Place::Value(path) };
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

fn wrong_type(path: Path, found: &str, expected: &str) -> Finding {
    let text_expected = matches!(expected, "a string" | "a borrowed string" | "a character");
    let number = found.strip_prefix("integer `").or_else(|| found.strip_prefix("floating point `"));
    let boolean = found.strip_prefix("boolean `");
    let plain = number.or(boolean).and_then(|rest| rest.strip_suffix('`'));
    let mut finding = Finding::new(
        Place::Value(path),
        format!(
            "expected {}, found {}",
            expected_words(expected),
            found_words(found, plain, boolean.is_some())
        ),
    );
    if let (true, Some(plain)) = (text_expected, plain) {
        finding.hint(format!("write \"{plain}\" in quotes"));
    }
    finding
}

fn expected_words(expected: &str) -> String {
    match expected {
        "u64" | "u32" | "u16" | "u8" | "usize" => "a whole number, not negative".into(),
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

fn found_words(found: &str, plain: Option<&str>, boolean: bool) -> String {
    match (found, plain) {
        ("null" | "unit value" | "Option value", _) => "nothing".into(),
        ("map", _) => "a map".into(),
        ("sequence", _) => "a list".into(),
        (_, Some(plain)) if boolean => format!("`{plain}`"),
        (_, Some(plain)) => format!("the number {plain}"),
        ("unit variant", _) => "a name alone".into(),
        ("newtype variant" | "struct variant" | "tuple variant", _) => "a name with a value".into(),
        _ => {
            found.strip_prefix("string ").map_or_else(|| found.to_owned(), |text| format!("the text {text}"))
        }
    }
}

/// The key that a message of serde calls unknown.
pub(super) fn unknown_key_of(message: &str) -> Option<&str> {
    unknown(message, "unknown field `").map(|(name, _)| name)
}
