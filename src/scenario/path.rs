//! Where something stands inside a scenario: keys and places in lists, from the top.

use std::fmt;

/// One step into a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Segment {
    /// Into a map.
    Key(String),
    /// Into a list, counted from 0.
    Index(usize),
}

/// The way from the top of the scenario to a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Path(pub(super) Vec<Segment>);

impl Path {
    pub(super) fn top() -> Self {
        Self::default()
    }

    pub(super) fn key(&self, key: impl Into<String>) -> Self {
        self.join([Segment::Key(key.into())])
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.join([Segment::Index(index)])
    }

    pub(super) fn join(&self, rest: impl IntoIterator<Item = Segment>) -> Self {
        Self(self.0.iter().cloned().chain(rest).collect())
    }

    /// Whether `other` is this value or inside it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The key that this path ends in, looking through places in lists.
    pub(super) fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if depth == 0 => write!(f, "{key}")?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The value at `path`, if there is one.
pub(super) fn look<'a>(tree: &'a serde_json::Value, path: &Path) -> Option<&'a serde_json::Value> {
    path.0.iter().try_fold(tree, |value, segment| match segment {
        Segment::Key(key) => value.get(key.as_str()),
        Segment::Index(index) => value.get(*index),
    })
}

/// Takes the value at `path` out: a key goes away, a list keeps an empty place so that the others stay where they are.
pub(super) fn remove(tree: &mut serde_json::Value, path: &Path) -> bool {
    let Some((last, parents)) = path.0.split_last() else { return false };
    let parent = parents.iter().try_fold(tree, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key.as_str()),
        Segment::Index(index) => value.get_mut(*index),
    });
    match (parent, last) {
        (Some(serde_json::Value::Object(map)), Segment::Key(key)) => map.shift_remove(key).is_some(),
        (Some(serde_json::Value::Array(list)), Segment::Index(index)) => match list.get_mut(*index) {
            Some(place) if !place.is_null() => {
                *place = serde_json::Value::Null;
                true
            }
            _ => false,
        },
        _ => false,
    }
}
