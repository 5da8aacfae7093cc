//! What is wrong with a text that is no YAML, in words that help.

use super::findings::{Finding, Place};

/// What is wrong with a text that is no YAML.
pub(super) fn mistake(error: &serde_yaml::Error, text: &str) -> Finding {
    let full = error.to_string();
    // The parser adds one or two places, which are shown instead.
    let (problem, context) = full.split_once(", while ").unwrap_or((&full, ""));
    let context_place = place_in(context, text);
    let place = place_in(problem, text).or_else(|| {
        let location = error.location()?;
        byte_of(text, location.line(), location.column())
    });
    let problem = problem.split(" at ").next().unwrap_or_default();
    let line = place.and_then(|offset| line_at(text, offset)).unwrap_or_default();
    let bytes = |offset: Option<usize>| offset.map_or(Place::File, |offset| Place::Bytes(offset, 1));
    if line.trim_start_matches(' ').starts_with('\t') && problem.contains("cannot start any token") {
        let mut finding = Finding::new(bytes(place), "YAML allows no tabs at the beginning of a line");
        finding.hint("write spaces");
        return finding;
    }
    let (message, help) = explain(problem, line);
    // Where a quotation or a key began says more than where the parser gave up.
    let began =
        problem.contains("unexpected end of stream") || problem.contains("could not find expected ':'");
    let mut finding = match context_place {
        Some(start) if began => Finding::new(bytes(Some(start)), message),
        _ => Finding::new(bytes(place), message),
    };
    if let (Some(start), false) = (context_place, began) {
        let what = ["list", "map"].into_iter().find(|what| finding.message.contains(what)).unwrap_or("it");
        finding.other(Place::Bytes(start, 1), format!("{what} begins here"));
    }
    if let Some(help) = help {
        finding.help(help);
    }
    finding
}

/// Too many maps and lists are inside each other.
pub(super) fn too_deep(place: Place) -> Finding {
    let (message, help) = explain("recursion limit exceeded", "");
    let mut finding = Finding::new(place, message);
    finding.help = help.map(str::to_owned);
    finding
}

/// The place that a message of the parser names, as a byte of the text.
fn place_in(message: &str, text: &str) -> Option<usize> {
    if let Some((_, position)) = message.rsplit_once(" at position ") {
        return position.trim().parse().ok();
    }
    let (_, place) = message.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    byte_of(text, line.parse().ok()?, column.parse().ok()?)
}

/// The byte at a line and a column, both counted from 1, the column in characters.
fn byte_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let columns = text.get(start..)?.char_indices().nth(column.checked_sub(1)?);
    Some(columns.map_or(text.len(), |(byte, _)| start + byte))
}

/// What the parser says, what that means, and what usually is the matter.
const KNOWN: &[(&str, &str, &str)] = &[
    ("recursion limit exceeded", "maps and lists are nested too deep here", "128 levels are the limit"),
    (
        "repetition limit exceeded",
        "aliases (`*name`) repeat too much of the file",
        "a file that is small on disk must not become huge in memory; write fewer aliases of aliases",
    ),
    (
        "unknown anchor",
        "this alias (`*name`) has no anchor",
        "an anchor (`&name`) must stand above its alias",
    ),
    (
        "mapping values are not allowed in this context",
        "a second `:` in one line, or a line that is indented too deep",
        "put text with `: ` in it in quotes; keys of one map begin in the same column",
    ),
    (
        "did not find expected key",
        "a key is expected here",
        "keys of one map begin in the same column, and text that begins with a special character needs quotes",
    ),
    (
        "did not find expected '-' indicator",
        "an entry of the list is expected here",
        "entries of one list begin with `- ` in the same column",
    ),
    (
        "did not find expected ',' or ']'",
        "the list is not closed",
        "a `,` or a `]` is missing before this place",
    ),
    (
        "did not find expected ',' or '}'",
        "the map is not closed",
        "a `,` or a `}` is missing before this place",
    ),
    (
        "could not find expected ':'",
        "a `:` with a space after it is missing on this line",
        "write `key: value`",
    ),
    ("found unexpected end of stream", "this quoted text does not end", "a closing quote is missing"),
    (
        "control characters are not allowed",
        "the file contains a control character",
        "a scenario is plain text; is this the right file?",
    ),
    ("block sequence entries are not allowed", "a list cannot begin here", "begin it on a line of its own"),
];
/// What a parser's message means, and what usually is the matter.
fn explain(message: &str, line: &str) -> (String, Option<&'static str>) {
    if line.trim_start().starts_with("- ") && message.contains("did not find expected key") {
        return ("this entry is out of line".into(), Some("entries of one list begin in the same column"));
    }
    match KNOWN.iter().find(|(theirs, ..)| message.contains(theirs)) {
        Some((_, ours, help)) => ((*ours).into(), Some(*help)),
        None if message.contains("cannot start any token") => {
            let quoted = line.contains('@') || line.contains('`') || line.contains('%');
            let help = quoted.then_some("text that begins with @, ` or % needs quotes");
            ("a value cannot begin with this character".into(), help)
        }
        None => (format!("this is not valid YAML: {message}"), None),
    }
}

fn line_at(text: &str, offset: usize) -> Option<&str> {
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next()
}
