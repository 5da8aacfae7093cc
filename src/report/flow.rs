//! Values on one line, as YAML writes them in flow style; nothing in them can control a terminal.

use serde_json::Value;
use std::fmt::Write as _;

/// A value in flow style: `{from: pravin, id: 1, body: "Hi there"}`. Text that could be taken for something else
/// stands in quotes.
pub fn flow(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Text without quotes, in which whatever does not show, or moves what does, is escaped.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| escape(c, &mut out));
    out
}

/// A value that may be an enum's: `broadcast "Hi there"` for `{broadcast: "Hi there"}`, else as [`flow`] has it.
pub(super) fn variant(value: &Value) -> String {
    match only_entry(value) {
        Some((name, Value::Null)) => scalar(name),
        Some((name, inside)) => format!("{} {}", scalar(name), flow(inside)),
        None => flow(value),
    }
}

/// What a message says besides its kind, which is its enum variant's name.
pub(super) fn content(kind: Option<&str>, body: &Value) -> Option<String> {
    match only_entry(body) {
        Some((name, inside)) if kind == Some(name) => (!inside.is_null()).then(|| flow(inside)),
        _ if body.as_str() == kind && kind.is_some() => None,
        _ => Some(flow(body)),
    }
}

fn only_entry(value: &Value) -> Option<(&str, &Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    entries.iter().next().map(|(name, value)| (name.as_str(), value))
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write!(out, "{number}").expect("memory takes it"),
        Value::String(text) => write_scalar(text, out),
        Value::Array(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write(value, out);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (place, (name, value)) in entries.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_scalar(name, out);
                out.push_str(": ");
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn scalar(text: &str) -> String {
    let mut out = String::new();
    write_scalar(text, &mut out);
    out
}

fn write_scalar(text: &str, out: &mut String) {
    if is_bare(text) {
        return out.push_str(text);
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            _ => escape(c, out),
        }
    }
    out.push('"');
}

/// Whether text without quotes is still text.
fn is_bare(text: &str) -> bool {
    let mut characters = text.chars();
    let begins = characters.next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    begins
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@'))
        && !matches!(text, "null" | "true" | "false")
        && !text.starts_with("0x")
        && !text.starts_with("0o")
        && text.parse::<f64>().is_err()
}

fn escape(c: char, out: &mut String) {
    let written = match c {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        '\0'..=' ' | '\u{7f}'..='\u{9f}' if c != ' ' => write!(out, "\\x{:02x}", u32::from(c)),
        _ if !is_hidden(c) => return out.push(c),
        '\0'..='\u{ffff}' => write!(out, "\\u{:04x}", u32::from(c)),
        _ => write!(out, "\\U{:08x}", u32::from(c)),
    };
    written.expect("memory takes it");
}

/// Characters that do not show, or that turn the direction of others.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn values_read_like_yaml() {
        assert_eq!(
            flow(&json!({"from": "pravin", "id": 1, "body": "Hi"})),
            "{from: pravin, id: 1, body: Hi}"
        );
        assert_eq!(
            flow(&json!(["", "null", "7", "a b", null, true])),
            r#"["", "null", "7", "a b", null, true]"#
        );
        assert_eq!(flow(&json!("\u{1b}[31m\"\u{202e}\u{85}\n")), r#""\x1b[31m\"\u202e\x85\n""#);
        assert_eq!(variant(&json!({"broadcast": "Hi there"})), "broadcast \"Hi there\"");
        assert_eq!(variant(&json!({"release": null})), "release");
        assert_eq!(content(Some("token"), &json!("token")), None);
        assert_eq!(content(Some("token"), &json!({"token": 3})).as_deref(), Some("3"));
    }

    proptest! {
        #[test]
        fn text_comes_back_from_yaml(text in "\\PC*|[\\x00-\\x7f]*") {
            let back: String = serde_yaml::from_str(&flow(&json!(text))).expect("it is YAML");
            prop_assert_eq!(back, text);
        }
    }
}
