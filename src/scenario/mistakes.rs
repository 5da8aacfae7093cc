//! Everything that is wrong with a scenario, each with its place, for people and for editors.

use super::{
    findings::{Finding, Findings, Place},
    overrides::Override,
    path::{Path, Segment},
    positions::{Positions, Stretch},
};
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::{error::Error, fmt, sync::Arc};

/// The longest line that is shown, in bytes.
const LONGEST: usize = 240;

/// Everything that is wrong with a scenario. To show it with excerpts, give each mistake to a report handler of
/// `miette`; as text it is one line for each.
#[derive(Clone, Debug)]
pub struct Mistakes {
    name: String,
    list: Vec<Mistake>,
}

/// One thing that is wrong with a scenario.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What to write instead, in a few words: belongs to the place itself.
    pub hint: Option<String>,
    /// What else helps, in a sentence.
    pub help: Option<String>,
    /// Where it is: start and length in bytes. Nothing when it concerns the whole file or an override.
    pub span: Option<(usize, usize)>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
    /// Another place that explains this one, and what is there.
    pub related: Option<((usize, usize), String)>,
    place: String,
    source: Option<Arc<NamedSource<String>>>,
}

impl Mistakes {
    /// Each mistake, in the order of the text.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Mistake> {
        self.list.iter()
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives every finding its place in `text`.
    pub(super) fn locate(name: &str, text: Option<&str>, overrides: &[Override], findings: Findings) -> Self {
        let positions = text.and_then(Positions::of);
        let source = text.map(|text| Arc::new(NamedSource::new(name, presentable(text))));
        let locator = Locator { name, text, positions, overrides, source };
        let more = findings.more;
        let mut list: Vec<Mistake> =
            findings.list.into_iter().map(|finding| locator.mistake(finding)).collect();
        // What has no place in the text comes first: it concerns everything, or the command line.
        list.sort_by_key(|mistake| mistake.span);
        list.dedup_by(|a, b| a.span == b.span && a.message == b.message && a.place == b.place);
        if more > 0 {
            list.push(locator.mistake(Finding::new(Place::File, format!("there are {more} more mistakes"))));
        }
        Self { name: name.into(), list }
    }
}

struct Locator<'a> {
    name: &'a str,
    text: Option<&'a str>,
    positions: Option<Positions<'a>>,
    overrides: &'a [Override],
    source: Option<Arc<NamedSource<String>>>,
}

impl Locator<'_> {
    fn mistake(&self, finding: Finding) -> Mistake {
        let Finding { place, message, hint, help, meant: _, other } = finding;
        let set = self.set_by(&place);
        let path = match &place {
            Place::Key(path) | Place::Value(path) if self.text.is_none() && !path.0.is_empty() => {
                path.to_string()
            }
            _ => String::new(),
        };
        let span = if set.is_some() { None } else { self.span(&place) };
        let position = span.and_then(|(start, _)| self.line_and_column(start));
        let place = match (&set, position) {
            (Some(key), _) => format!("in --set {key}"),
            (None, Some((line, column))) => format!("{}:{line}:{column}", self.name),
            // Without a text, the path is all there is to point with.
            (None, None) if !path.is_empty() => format!("{}: {path}", self.name),
            (None, None) => self.name.into(),
        };
        // A line too long for a screen is named, not shown.
        let shown = span.filter(|span| self.line_length(*span) <= LONGEST);
        let related = other.and_then(|(place, what)| Some((self.span(&place)?, what)));
        Mistake {
            message: printable(&message),
            hint: hint.as_deref().map(printable),
            help: help.as_deref().map(printable),
            span,
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            related: related.filter(|(span, _)| self.line_length(*span) <= LONGEST),
            place,
            source: shown.and(self.source.clone()),
        }
    }

    /// The override that is to blame, if one is.
    fn set_by(&self, place: &Place) -> Option<String> {
        match place {
            Place::Set(key) => Some(key.clone()),
            Place::Bytes(..) | Place::File => None,
            Place::Key(path) | Place::Value(path) => {
                let written = self.positions.as_ref().is_some_and(|positions| positions.find(path).complete);
                let to_blame = self.overrides.iter().rev().find(|set| {
                    let whole = set.path();
                    whole.holds(path) && !path.0.is_empty()
                        || !written && !path.0.is_empty() && path.holds(&whole)
                });
                to_blame.map(|set| set.key.clone())
            }
        }
    }

    fn span(&self, place: &Place) -> Option<Stretch> {
        let text = self.text?;
        let span = match place {
            Place::Bytes(start, length) => (floor(text, *start), *length),
            Place::Key(path) => self.find(path, true)?,
            Place::Value(path) => self.find(path, false)?,
            Place::File | Place::Set(_) => return None,
        };
        Some((span.0, floor(text, span.0 + span.1).saturating_sub(span.0)))
    }

    fn find(&self, path: &Path, key: bool) -> Option<Stretch> {
        let positions = self.positions.as_ref()?;
        let mut found = positions.find(path);
        if !found.complete {
            // Something that is missing: point at what it is missing from.
            let parents =
                (0..path.0.len()).rev().map(|depth| positions.find(&Path(path.0[..depth].to_vec())));
            found = parents.into_iter().find(|found| found.complete)?;
        }
        let top = path.0.is_empty() || !positions.find(&Path(vec![first(path)?])).complete;
        if top {
            return None;
        }
        if key { positions.of_key(found) } else { positions.of_value(found) }
    }

    fn line_and_column(&self, start: usize) -> Option<(usize, usize)> {
        let before = self.text?.get(..start)?;
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        Some((before.matches('\n').count() + 1, before[line..].chars().count() + 1))
    }

    fn line_length(&self, (start, length): Stretch) -> usize {
        let Some(text) = self.text else { return 0 };
        let from = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = start + length;
        let to = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        to - from
    }
}

fn first(path: &Path) -> Option<Segment> {
    path.0.first().cloned()
}

/// The character boundary at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The text without what would upset a terminal; every character keeps its length.
fn presentable(text: &str) -> String {
    let replace = |c: char| if c.is_control() && c != '\n' && c != '\t' { c.len_utf8() } else { 0 };
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        match (replace(c), c) {
            (0, c) => shown.push(c),
            (1, '\r') => shown.push(' '),
            (length, _) => shown.extend(std::iter::repeat_n('?', length)),
        }
        shown
    })
}

/// A message without control characters, and not endless.
fn printable(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    for c in message.chars() {
        if c.is_control() {
            shown.extend(c.escape_default())
        } else {
            shown.push(c)
        }
        if shown.len() > 600 {
            shown.push('…');
            break;
        }
    }
    shown
}

impl Mistake {
    /// All of it in one line: "scenarios/ring.yaml:5:11: unknown topology `rign`; did you mean `ring`?"
    pub fn line(&self) -> String {
        let remedy = self.hint.as_ref().or(self.help.as_ref());
        let remedy = remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
        format!("{}: {}{remedy}", self.place, self.message)
    }
}

/// The message alone where `miette` shows the excerpt, with place and remedy where there is none to show.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, &self.hint) {
            (Some(_), _) => f.write_str(&self.message),
            (None, Some(hint)) => write!(f, "{}: {}; {hint}", self.place, self.message),
            (None, None) => write!(f, "{}: {}", self.place, self.message),
        }
    }
}

impl Error for Mistake {}

impl Diagnostic for Mistake {
    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| &**source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let hint = self.hint.clone().unwrap_or_else(|| "here".into());
        let label = LabeledSpan::new_primary_with_span(Some(hint), self.span?);
        let related =
            self.related.iter().map(|(span, what)| LabeledSpan::new_with_span(Some(what.clone()), *span));
        Some(Box::new(std::iter::once(label).chain(related)))
    }
}

/// One line for each mistake.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.list.iter().enumerate() {
            write!(f, "{}{}", if place > 0 { "\n" } else { "" }, mistake.line())?;
        }
        Ok(())
    }
}

impl Error for Mistakes {}

impl Diagnostic for Mistakes {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.list.iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}
