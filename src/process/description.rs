//! What an algorithm says of itself, and the name of a message's kind.

use serde::{Serialize, ser};
use std::fmt;

/// What `synod list` and `synod describe` print of an algorithm. All texts are plain sentences.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Description {
    /// The name in a scenario's `algorithm:`.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
    /// What must be true of the world for the promises to hold.
    pub assumes: &'static [&'static str],
    /// The properties it promises, by name: what a scenario checks when it has no `check:`.
    pub promises: &'static [&'static str],
    /// Its kinds of message, each with what it says.
    pub messages: &'static [(&'static str, &'static str)],
    /// Messages and time, without failures.
    pub cost: &'static str,
    /// What breaks it, one sentence each.
    pub breaks: &'static [&'static str],
    /// Where it comes from: paper and section.
    pub source: &'static str,
}

impl Description {
    /// A name and nothing else: for an algorithm that nobody is to read about, in a test say.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            summary: "",
            assumes: &[],
            promises: &[],
            messages: &[],
            cost: "",
            breaks: &[],
            source: "",
        }
    }
}

/// The serde name of an enum that wraps another process's message, such as a channel layer's frame: the kind of
/// such a message is the kind of what it carries, or the variant's own name when it carries nothing.
pub(crate) const ENVELOPE: &str = "synod::Envelope";

/// The kind of a message: the name of its enum variant as serde writes it, or of its struct.
pub fn kind_of<T: Serialize + ?Sized>(message: &T) -> &'static str {
    let mut kind = "message";
    // A kind is complete as soon as the serializer has seen a name; it stops there by failing.
    let _stopped = message.serialize(Namer { kind: &mut kind });
    kind
}

/// A serializer that notes the first name it is told and writes nothing.
struct Namer<'a> {
    kind: &'a mut &'static str,
}

/// Says that the name is known and the rest of the value need not be visited.
#[derive(Debug)]
struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name is known")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// Visits what an envelope carries and takes the last name found in it.
struct Inside<'a> {
    kind: &'a mut &'static str,
    open: bool,
}

impl Inside<'_> {
    fn look(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Stop> {
        if !self.open {
            return Err(Stop);
        }
        let mut found = "";
        let _stopped = value.serialize(Namer { kind: &mut found });
        if !found.is_empty() {
            *self.kind = found;
        }
        Ok(())
    }
}

macro_rules! nameless {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, _value: $type) -> Result<(), Stop> {
            Err(Stop)
        })*
    };
}

impl<'a> ser::Serializer for Namer<'a> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = ser::Impossible<(), Stop>;
    type SerializeTuple = ser::Impossible<(), Stop>;
    type SerializeTupleStruct = ser::Impossible<(), Stop>;
    type SerializeTupleVariant = Inside<'a>;
    type SerializeMap = ser::Impossible<(), Stop>;
    type SerializeStruct = ser::Impossible<(), Stop>;
    type SerializeStructVariant = Inside<'a>;

    nameless! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8]
    }

    fn serialize_none(self) -> Result<(), Stop> {
        Err(Stop)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        Err(Stop)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Stop> {
        *self.kind = name;
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        *self.kind = variant;
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, _: &T) -> Result<(), Stop> {
        *self.kind = name;
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        *self.kind = variant;
        Inside { kind: self.kind, open: name == ENVELOPE }.look(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Stop> {
        Err(Stop)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Stop> {
        Err(Stop)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Stop> {
        *self.kind = name;
        Err(Stop)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Stop> {
        *self.kind = variant;
        Ok(Inside { kind: self.kind, open: name == ENVELOPE })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Stop> {
        Err(Stop)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeStruct, Stop> {
        *self.kind = name;
        Err(Stop)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Stop> {
        *self.kind = variant;
        Ok(Inside { kind: self.kind, open: name == ENVELOPE })
    }
}

impl ser::SerializeTupleVariant for Inside<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.look(value)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl ser::SerializeStructVariant for Inside<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Stop> {
        self.look(value)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Plain {
        Ping,
        PongBack(u32),
        Token { holder: u32 },
    }

    #[derive(Serialize)]
    #[serde(rename = "synod::Envelope", rename_all = "kebab-case")]
    enum Wrapped {
        Data { sequence: u64, body: Plain },
        Ack(u64),
    }

    #[derive(Serialize)]
    struct Only {
        hops: u32,
    }

    #[test]
    fn a_kind_is_the_name_serde_writes() {
        assert_eq!(kind_of(&Plain::Ping), "ping");
        assert_eq!(kind_of(&Plain::PongBack(3)), "pong-back");
        assert_eq!(kind_of(&Plain::Token { holder: 1 }), "token");
        assert_eq!(kind_of(&Only { hops: 1 }), "Only");
        assert_eq!(kind_of(&7_u32), "message");
    }

    #[test]
    fn an_envelope_has_the_kind_of_what_it_carries() {
        assert_eq!(kind_of(&Wrapped::Data { sequence: 1, body: Plain::PongBack(2) }), "pong-back");
        assert_eq!(kind_of(&Wrapped::Ack(4)), "ack");
    }
}
