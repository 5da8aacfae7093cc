//! Where everything stands in the text: a second look at it, taken only when there is a mistake to point at.

use super::path::{Path, Segment};
use saphyr_parser::{Event, Parser, Span, StrInput};
use std::collections::BTreeMap;

/// Start and length in bytes.
pub(super) type Stretch = (usize, usize);

/// The places of all keys and values. Aliases stay references, so that a small file cannot become a large table.
pub(super) struct Positions<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    anchors: BTreeMap<usize, usize>,
    root: Option<usize>,
    second_document: Option<usize>,
}

/// A value. Places are counted in characters, as the parser does.
struct Node {
    start: usize,
    end: usize,
    content: Content,
}

enum Content {
    Scalar(String),
    Alias(usize),
    List(Vec<usize>),
    /// Keys and values, both by their place among the nodes.
    Map(Vec<(usize, usize)>),
}

/// The most values whose places are remembered.
const MOST: usize = 2_000_000;

/// The most keys that are reported for themselves.
const MOST_KEYS: usize = 100;

impl<'a> Positions<'a> {
    /// The places in `text`; nothing when it is no YAML.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let mut positions =
            Self { text, nodes: Vec::new(), anchors: BTreeMap::new(), root: None, second_document: None };
        // Children found so far of each map or list that is open, and which node it is.
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut documents = 0;
        let mut parser: Parser<'a, StrInput<'a>> = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.ok()?;
            let closed = match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents == 2 {
                        positions.second_document = Some(span.start.index());
                        return Some(positions);
                    }
                    continue;
                }
                Event::Scalar(text, _, anchor, _) => {
                    positions.push(span, anchor, Content::Scalar(text.into_owned()))
                }
                Event::Alias(anchor) => positions.push(span, 0, Content::Alias(anchor)),
                Event::SequenceStart(anchor, _) => {
                    open.push((positions.push(span, anchor, Content::List(Vec::new())), Vec::new()));
                    continue;
                }
                Event::MappingStart(anchor, _) => {
                    open.push((positions.push(span, anchor, Content::Map(Vec::new())), Vec::new()));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => positions.close(open.pop()?, span),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            };
            match open.last_mut() {
                Some((_, children)) => children.push(closed),
                None => positions.root = Some(closed),
            }
            if positions.nodes.len() > MOST {
                return None;
            }
        }
        Some(positions)
    }

    fn push(&mut self, span: Span, anchor: usize, content: Content) -> usize {
        let id = self.nodes.len();
        self.nodes.push(Node { start: span.start.index(), end: span.end.index(), content });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn close(&mut self, (id, children): (usize, Vec<usize>), span: Span) -> usize {
        let node = &mut self.nodes[id];
        node.end = span.end.index();
        match &mut node.content {
            Content::List(list) => *list = children,
            Content::Map(map) => *map = children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
            Content::Scalar(_) | Content::Alias(_) => {}
        }
        id
    }

    /// Where the second document begins.
    pub(super) fn second_document(&self) -> Option<Stretch> {
        self.second_document.map(|start| self.stretch(start, start + 3))
    }

    /// Every key that stands twice in one map, where it stands first and where again.
    pub(super) fn duplicates(&self) -> Vec<(String, Stretch, Stretch)> {
        let mut found = Vec::new();
        for node in &self.nodes {
            let Content::Map(entries) = &node.content else { continue };
            let mut seen = BTreeMap::new();
            for (key, _) in entries {
                let Content::Scalar(name) = &self.nodes[*key].content else { continue };
                if name == "<<" {
                    continue;
                }
                match seen.get(name) {
                    Some(first) => found.push((name, *first, *key)),
                    None => drop(seen.insert(name, *key)),
                }
            }
        }
        found.sort_by_key(|(_, _, second)| self.nodes[*second].start);
        // To find a place takes a walk through the text: not for more than will be reported.
        found.truncate(MOST_KEYS);
        found
            .into_iter()
            .map(|(name, first, second)| (name.clone(), self.whole(first), self.whole(second)))
            .collect()
    }

    /// Every key that is no name.
    pub(super) fn odd_keys(&self) -> Vec<Stretch> {
        let odd = |key: &usize| match &self.nodes[*key].content {
            Content::Scalar(text) => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
            Content::Alias(_) => false,
            Content::List(_) | Content::Map(_) => true,
        };
        let maps = self.nodes.iter().filter_map(|node| match &node.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        });
        maps.flatten().map(|(key, _)| *key).filter(odd).take(MOST_KEYS).map(|key| self.whole(key)).collect()
    }

    /// Where the key and the value of `path` stand, as far as they are in the text, and whether all of it is.
    pub(super) fn find(&self, path: &Path) -> Found {
        let mut found = Found { key: None, value: None, complete: self.root.is_some() };
        let Some(mut node) = self.root else { return found };
        found.value = Some(node);
        for segment in &path.0 {
            let target = self.target(node);
            let next = match (segment, target.map(|id| &self.nodes[id].content)) {
                (Segment::Key(name), Some(Content::Map(_))) => target.and_then(|id| self.entry(id, name, 0)),
                (Segment::Index(index), Some(Content::List(list))) => list.get(*index).map(|id| (None, *id)),
                _ => None,
            };
            let Some((key, value)) = next else {
                found.complete = false;
                return found;
            };
            found.key = key;
            found.value = Some(value);
            node = value;
        }
        found
    }

    /// What an alias stands for.
    fn target(&self, id: usize) -> Option<usize> {
        match self.nodes[id].content {
            Content::Alias(anchor) => self.anchors.get(&anchor).copied(),
            _ => Some(id),
        }
    }

    /// The entry `name` of the map `id`, also of what it merges.
    fn entry(&self, id: usize, name: &str, depth: usize) -> Option<(Option<usize>, usize)> {
        let Content::Map(entries) = &self.nodes[id].content else { return None };
        let named = |wanted: &str, key: usize| matches!(&self.nodes[key].content, Content::Scalar(text) if text == wanted);
        if let Some((key, value)) = entries.iter().find(|(key, _)| named(name, *key)) {
            return Some((Some(*key), *value));
        }
        if depth > 8 {
            return None;
        }
        let merged =
            entries.iter().filter(|(key, _)| named("<<", *key)).filter_map(|(_, value)| self.target(*value));
        merged
            .flat_map(|value| match &self.nodes[value].content {
                Content::List(list) => list.iter().filter_map(|value| self.target(*value)).collect(),
                _ => vec![value],
            })
            .find_map(|value| self.entry(value, name, depth + 1))
    }

    /// Where to point for a key: at the key itself.
    pub(super) fn of_key(&self, found: Found) -> Option<Stretch> {
        found.key.map(|key| self.whole(key)).or_else(|| self.of_value(found))
    }

    /// Where to point for a value: at all of it when it is on one line, else at its key or its first line.
    pub(super) fn of_value(&self, found: Found) -> Option<Stretch> {
        let value = self.whole(found.value?);
        let text = self.text.get(value.0..value.0 + value.1)?;
        match found.key {
            _ if !text.trim_end().contains('\n') && !text.is_empty() => {
                Some((value.0, text.trim_end().len()))
            }
            Some(key) => Some(self.whole(key)),
            None => Some((value.0, text.lines().next().map_or(0, |line| line.trim_end().len()))),
        }
    }

    fn whole(&self, id: usize) -> Stretch {
        self.stretch(self.nodes[id].start, self.nodes[id].end)
    }

    fn stretch(&self, start: usize, end: usize) -> Stretch {
        let byte = |place| self.text.char_indices().nth(place).map_or(self.text.len(), |(byte, _)| byte);
        let start = byte(start);
        (start, byte(end).saturating_sub(start))
    }
}

/// What was found of a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    key: Option<usize>,
    value: Option<usize>,
    /// Whether all of the path is in the text, and not only its beginning.
    pub(super) complete: bool,
}
