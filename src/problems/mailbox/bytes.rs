//! Bytes that are text most of the time.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Some bytes. Written as text where they are text, as a list of numbers where they are not, as half of a letter is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Bytes(pub Vec<u8>);

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Numbers(Vec<u8>),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(text) => Self(text.into_bytes()),
            Written::Numbers(numbers) => Self(numbers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for bytes in [Bytes::default(), Bytes::from("a\nb"), Bytes("ü".as_bytes()[..1].to_vec())] {
            let written = serde_json::to_string(&bytes).unwrap();
            assert_eq!(serde_json::from_str::<Bytes>(&written).unwrap(), bytes, "{written}");
        }
        assert_eq!(serde_json::to_string(&Bytes::from("a")).unwrap(), "\"a\"");
    }
}
