//! How a scenario writes to whom a message goes: one name, or a list of names.

use crate::process::ProcessId;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IntoDeserializer},
};
use std::fmt;

/// Writes a single receiver as a name, several as a list.
pub(super) fn serialize<S: Serializer>(to: &[ProcessId], serializer: S) -> Result<S::Ok, S::Error> {
    match to {
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

/// Reads one name, or a list of different names.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ProcessId>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Vec<ProcessId>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of a node or a list of names")
        }

        fn visit_str<E: de::Error>(self, name: &str) -> Result<Vec<ProcessId>, E> {
            Ok(vec![ProcessId::deserialize(name.into_deserializer())?])
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Vec<ProcessId>, E> {
            Ok(vec![ProcessId::deserialize(number.into_deserializer())?])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut names: A) -> Result<Vec<ProcessId>, A::Error> {
            let mut to = Vec::new();
            while let Some(name) = names.next_element::<ProcessId>()? {
                if to.contains(&name) {
                    return Err(de::Error::custom(format_args!("`{name}` stands here twice; write it once")));
                }
                to.push(name);
            }
            if to.is_empty() {
                return Err(de::Error::custom("nobody is to get this; write the name of a node"));
            }
            Ok(to)
        }
    }
    deserializer.deserialize_any(Visitor)
}
