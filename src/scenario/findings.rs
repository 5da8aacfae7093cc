//! Mistakes as they are found, by their path; `mistakes` gives them a place in the text.

use super::path::{Path, Segment};

/// Where a mistake is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// The key that a path ends in.
    Key(Path),
    /// The value at a path.
    Value(Path),
    /// A stretch of the text, in bytes: where it starts and how long it is.
    Bytes(usize, usize),
    /// The file as a whole.
    File,
    /// An override, by its key.
    Set(String),
}

/// One mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Finding {
    pub(super) place: Place,
    /// What is wrong.
    pub(super) message: String,
    /// What to write instead, in a few words: stands at the place itself.
    pub(super) hint: Option<String>,
    /// What else helps, in a sentence.
    pub(super) help: Option<String>,
    /// The key that was meant by an unknown one.
    pub(super) meant: Option<String>,
    /// Another place that explains this one, and what is there.
    pub(super) other: Option<(Place, String)>,
}

impl Finding {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None, help: None, meant: None, other: None }
    }

    pub(super) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn other(&mut self, place: Place, what: impl Into<String>) -> &mut Self {
        self.other = Some((place, what.into()));
        self
    }
}

/// How many mistakes are reported at most.
pub(super) const MOST: usize = 100;

/// All mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    /// How many more there are.
    pub(super) more: usize,
    /// The last of those.
    beyond: Option<Finding>,
}

impl Findings {
    /// The value at `path` is wrong.
    pub(super) fn value(&mut self, path: Path, message: impl Into<String>) -> &mut Finding {
        self.add(Finding::new(Place::Value(path), message))
    }

    /// The key that `path` ends in is wrong, not its value.
    pub(super) fn key(&mut self, path: Path, message: impl Into<String>) -> &mut Finding {
        self.add(Finding::new(Place::Key(path), message))
    }

    pub(super) fn add(&mut self, finding: Finding) -> &mut Finding {
        if self.is_full() {
            self.more += 1;
            return self.beyond.insert(finding);
        }
        self.list.push(finding);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Something is missing at `path`: a mistake unless what should be there, or all of it, was reported before.
    pub(super) fn missing(&mut self, path: Path, message: impl Into<String>) -> Option<&mut Finding> {
        if self.excused(&path) { None } else { Some(self.value(path, message)) }
    }

    /// Whether it is known already why something is missing at `path`.
    pub(super) fn excused(&self, path: &Path) -> bool {
        self.blamed(path) || self.meant(path)
    }

    /// Whether an unknown key beside `path` was meant to be its last key.
    fn meant(&self, path: &Path) -> bool {
        let Some((Segment::Key(last), parent)) = path.0.split_last() else { return false };
        self.list.iter().any(|finding| match &finding.place {
            Place::Key(key) => {
                finding.meant.as_ref() == Some(last)
                    && key.0.split_last().is_some_and(|(_, other)| other == parent)
            }
            _ => false,
        })
    }

    /// Whether something at, inside or around `path` has been reported.
    pub(super) fn blamed(&self, path: &Path) -> bool {
        self.paths().any(|reported| reported.holds(path) || path.holds(reported))
    }

    /// Whether something at or directly inside `path` has been reported that may be why something is missing there.
    pub(super) fn blamed_inside(&self, path: &Path) -> bool {
        self.paths().any(|reported| path.holds(reported))
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().filter_map(|finding| match &finding.place {
            Place::Key(path) | Place::Value(path) => Some(path),
            Place::Bytes(..) | Place::File | Place::Set(_) => None,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MOST
    }
}

/// The path of one key at the top.
pub(super) fn at(key: &str) -> Path {
    Path(vec![Segment::Key(key.into())])
}
