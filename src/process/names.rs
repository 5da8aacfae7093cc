//! Who is who: process ids for machines, names for people, and the bridge between them when values are written.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, fmt, sync::Arc};

/// A process: its place among the scenario's nodes, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProcessId(pub u32);

impl ProcessId {
    /// As an index into a table with one entry per process.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The names of a scenario's nodes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Names {
    /// `n1` to `nN`, made up as they are needed.
    Numbered(u32),
    /// The names as written, and where each stands.
    Listed(Arc<Listed>),
}

/// Names as written in a scenario.
#[derive(PartialEq, Eq, Debug)]
pub struct Listed {
    names: Vec<String>,
    places: BTreeMap<String, u32>,
}

impl Names {
    /// Names as written; of equal names the first is found.
    pub fn listed(names: Vec<String>) -> Self {
        let mut places = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            places.entry(name.clone()).or_insert(place as u32);
        }
        Self::Listed(Arc::new(Listed { names, places }))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbered(count) => *count as usize,
            Self::Listed(listed) => listed.names.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everybody's id, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ProcessId> + use<> {
        (0..self.len() as u32).map(ProcessId)
    }

    /// The name of `id`; for an id outside the group, its number after a `#`.
    pub fn name(&self, id: ProcessId) -> Cow<'_, str> {
        match self {
            Self::Numbered(count) if id.0 < *count => Cow::Owned(format!("n{}", id.0 + 1)),
            Self::Listed(listed) if id.index() < listed.names.len() => {
                Cow::Borrowed(&listed.names[id.index()])
            }
            Self::Numbered(_) | Self::Listed(_) => Cow::Owned(format!("#{}", id.0)),
        }
    }

    /// Who is called `name`.
    pub fn find(&self, name: &str) -> Option<ProcessId> {
        match self {
            Self::Numbered(count) => number_of(name)
                .filter(|number| *number <= u64::from(*count))
                .map(|number| ProcessId(number as u32 - 1)),
            Self::Listed(listed) => listed.places.get(name).copied().map(ProcessId),
        }
    }

    /// A number that belongs to a node's name and not to its place, so that adding a node elsewhere leaves the
    /// random draws of this one as they were.
    pub fn key(&self, id: ProcessId) -> u64 {
        match self {
            Self::Numbered(_) => u64::from(id.0) + 1,
            Self::Listed(listed) => {
                let name = &listed.names[id.index()];
                number_of(name).unwrap_or_else(|| fnv1a(name.as_bytes()) | 1 << 63)
            }
        }
    }

    /// Runs `body` with these names in force on this thread: while it runs, a [`ProcessId`] is written as its
    /// name and read from its name. Without names in force it is its number.
    pub fn scope<T>(&self, body: impl FnOnce() -> T) -> T {
        struct Restore(Option<Names>);
        impl Drop for Restore {
            fn drop(&mut self) {
                IN_FORCE.with(|names| *names.borrow_mut() = self.0.take());
            }
        }
        let _restore = Restore(IN_FORCE.with(|names| names.borrow_mut().replace(self.clone())));
        body()
    }
}

thread_local! {
    static IN_FORCE: RefCell<Option<Names>> = const { RefCell::new(None) };
}

/// The 12 of `n12`; none for other names, nor for `n012`, which is another name than `n12`.
fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix('n')?;
    let plain =
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if plain && digits.len() <= 10 { digits.parse().ok() } else { None }
}

/// Fowler-Noll-Vo 1a, 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        IN_FORCE.with(|names| match &*names.borrow() {
            Some(names) => f.write_str(&names.name(*self)),
            None => write!(f, "#{}", self.0),
        })
    }
}

impl Serialize for ProcessId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        IN_FORCE.with(|names| match &*names.borrow() {
            Some(names) => serializer.serialize_str(&names.name(*self)),
            None => serializer.serialize_u32(self.0),
        })
    }
}

impl<'de> Deserialize<'de> for ProcessId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ProcessId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a node")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ProcessId, E> {
                IN_FORCE
                    .with(|names| names.borrow().as_ref().and_then(|names| names.find(name)))
                    .ok_or_else(|| E::custom(format_args!("unknown node `{name}`")))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ProcessId, E> {
                if IN_FORCE.with(|names| names.borrow().is_some()) {
                    return Err(E::invalid_type(de::Unexpected::Unsigned(number), &self));
                }
                u32::try_from(number).map(ProcessId).map_err(|_| E::custom("a process id has 32 bits"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_names_are_found_and_made() {
        let names = Names::Numbered(12);
        assert_eq!(names.name(ProcessId(11)), "n12");
        assert_eq!(names.find("n12"), Some(ProcessId(11)));
        assert_eq!(names.find("n13"), None);
        assert_eq!(names.find("n012"), None);
        assert_eq!(names.find("n0"), None);
    }

    #[test]
    fn a_name_keeps_its_key_when_a_node_is_added_before_it() {
        let few = Names::listed(vec!["bob".into(), "n7".into()]);
        let more = Names::listed(vec!["alice".into(), "bob".into(), "n7".into()]);
        assert_eq!(few.key(ProcessId(0)), more.key(ProcessId(1)));
        assert_eq!(few.key(ProcessId(1)), Names::Numbered(9).key(ProcessId(6)));
    }

    #[test]
    fn an_id_crosses_json_as_its_name_while_names_are_in_force() {
        let names = Names::listed(vec!["alice".into(), "bob".into()]);
        let text = names.scope(|| serde_json::to_string(&ProcessId(1)).unwrap());
        assert_eq!(text, "\"bob\"");
        assert_eq!(names.scope(|| serde_json::from_str::<ProcessId>(&text).unwrap()), ProcessId(1));
        assert_eq!(serde_json::to_string(&ProcessId(1)).unwrap(), "1");
        assert!(names.scope(|| serde_json::from_str::<ProcessId>("\"carol\"")).is_err());
    }
}
