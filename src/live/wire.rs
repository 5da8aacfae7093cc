//! What travels between nodes: one JSON object per line or datagram, the Maelstrom envelope, after a hello line.
//!
//! `{"src":"n1","dest":"n2","m":12,"lc":3,"body":{"type":"publish","text":"hi"}}`. `m` is the message's number and `lc` the
//! sender's Lamport clock; both are synod's own and may be absent. `via` names the neighbour that passes a message on. Where
//! the scenario's network delays a message, `t` is when it was sent and `at` when it arrives: its receiver holds it back.
//! A message's content stands beside its `type` when it is an object, otherwise under `value`.

use crate::process::{Names, ProcessId, Time};
use serde::{Deserialize, Serialize, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// The longest line or datagram that is read, in bytes.
pub const LINE_LIMIT: usize = 64 << 10;

/// The first line of a connection: who speaks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the wire: 1.
    pub hello: u32,
    /// The node that speaks.
    pub node: String,
    /// The group it takes part in.
    pub group: String,
    /// The algorithm it runs.
    pub algorithm: String,
    /// Where it can be reached, when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Envelope {
    /// Who sent it.
    pub(super) from: ProcessId,
    /// Whom it is for; absent from a multicast.
    pub(super) to: Option<ProcessId>,
    /// Who passed it on last.
    pub(super) via: ProcessId,
    /// Its number; for a multicast that of its first receiver, who is the first of the group but the sender.
    pub(super) message: Option<u64>,
    /// The sender's Lamport clock.
    pub(super) lamport: u64,
    /// When it was sent and when it is to arrive, where the scenario's network delays it.
    pub(super) delay: Option<(Time, Time)>,
    /// Its kind.
    pub(super) kind: String,
    /// What it says beside its kind, as JSON.
    pub(super) content: Option<Box<str>>,
}

/// Why a line or datagram is refused.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// It is longer than [`LINE_LIMIT`].
    TooLong,
    /// It is no text.
    NotUtf8,
    /// It is no JSON object of the right form.
    Malformed(String),
    /// It is from nobody of the group.
    UnknownSender(String),
    /// It is for somebody else.
    NotForUs(String),
    /// The sender says that it is another one than it is.
    Forged {
        /// Who it says it is.
        claims: String,
        /// Whose connection it came on.
        is: String,
    },
    /// It is of another group.
    OtherGroup(String),
    /// It is of another algorithm.
    OtherAlgorithm(String),
    /// It comes from somebody who may not speak: the group is closed.
    Closed,
    /// It is none of the algorithm's messages.
    NoSuchMessage(String),
    /// It was sealed with another key, or changed on the way.
    WrongKey,
    /// It was seen before.
    Replayed,
}

impl Refusal {
    /// One word for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::NotUtf8 => "not-utf8",
            Self::Malformed(_) => "malformed",
            Self::UnknownSender(_) => "unknown-sender",
            Self::NotForUs(_) => "not-for-us",
            Self::Forged { .. } => "forged",
            Self::OtherGroup(_) => "other-group",
            Self::OtherAlgorithm(_) => "other-algorithm",
            Self::Closed => "closed",
            Self::NoSuchMessage(_) => "no-such-message",
            Self::WrongKey => "wrong-key",
            Self::Replayed => "replayed",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it is longer than {} KiB", LINE_LIMIT >> 10),
            Self::NotUtf8 => f.write_str("it is not UTF-8"),
            Self::Malformed(because) => write!(f, "it is malformed: {because}"),
            Self::UnknownSender(name) => write!(f, "`{name}` is nobody of this group"),
            Self::NotForUs(name) => write!(f, "it is for `{name}`"),
            Self::Forged { claims, is } => write!(f, "it claims to be from `{claims}` and comes from `{is}`"),
            Self::OtherGroup(name) => write!(f, "it belongs to the group `{name}`"),
            Self::OtherAlgorithm(name) => write!(f, "it belongs to the algorithm `{name}`"),
            Self::Closed => f.write_str("the group is closed"),
            Self::NoSuchMessage(because) => write!(f, "it is none of the algorithm's messages: {because}"),
            Self::WrongKey => f.write_str("it was sealed with another key, or changed on the way"),
            Self::Replayed => f.write_str("it was seen before"),
        }
    }
}

/// An envelope as it is written.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow, default)]
    dest: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    via: Option<Cow<'a, str>>,
    #[serde(default)]
    m: Option<u64>,
    #[serde(default)]
    lc: Option<u64>,
    #[serde(default)]
    t: Option<u64>,
    #[serde(default)]
    at: Option<u64>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Appends a body: a message's kind and what else it says, as JSON without the kind.
pub(super) fn write_body(kind: &str, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    put_text(kind, out);
    let has = |key: &[u8]| content.windows(key.len()).any(|window| window == key);
    match content {
        b"" => {}
        // Fields stand beside the type unless they could be mistaken for it, or for a value that stands alone.
        [b'{', fields @ .., b'}'] if !fields.is_empty() && !has(b"\"type\":") && !has(b"\"value\":") => {
            out.push(b',');
            out.extend_from_slice(fields);
        }
        whole => {
            out.extend_from_slice(b",\"value\":");
            out.extend_from_slice(whole);
        }
    }
    out.push(b'}');
}

/// Appends an envelope around a body, without the end of the line.
pub(super) fn write_envelope(
    names: &Names,
    route: (ProcessId, Option<ProcessId>, ProcessId),
    numbers: (Option<u64>, u64),
    delay: Option<(Time, Time)>,
    body: &[u8],
    out: &mut Vec<u8>,
) {
    let (from, to, via) = route;
    out.extend_from_slice(b"{\"src\":");
    put_text(&names.name(from), out);
    if let Some(to) = to {
        out.extend_from_slice(b",\"dest\":");
        put_text(&names.name(to), out);
    }
    if via != from {
        out.extend_from_slice(b",\"via\":");
        put_text(&names.name(via), out);
    }
    let mut number = |key: &[u8], value: u64| {
        out.extend_from_slice(key);
        out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    };
    if let Some(message) = numbers.0 {
        number(b",\"m\":", message);
    }
    number(b",\"lc\":", numbers.1);
    if let Some((sent, arrives)) = delay {
        number(b",\"t\":", sent.0);
        number(b",\"at\":", arrives.0);
    }
    out.extend_from_slice(b",\"body\":");
    out.extend_from_slice(body);
    out.push(b'}');
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        serde_json::to_writer(out, text).unwrap_or_else(|_| unreachable!("text can be written to memory"));
    }
}

impl Envelope {
    /// Reads a line or a datagram.
    ///
    /// # Errors
    /// Why it cannot be an envelope of this group.
    pub(super) fn read(line: &[u8], names: &Names) -> Result<Self, Refusal> {
        let text = checked(line)?;
        let written: Written<'_> = serde_json::from_str(text).map_err(malformed)?;
        let find = |name: &str| names.find(name).ok_or_else(|| Refusal::UnknownSender(shortened(name)));
        let from = find(&written.src)?;
        let via = written.via.as_deref().map_or(Ok(from), find)?;
        let to = match written.dest.as_deref() {
            Some(name) => Some(names.find(name).ok_or_else(|| Refusal::NotForUs(shortened(name)))?),
            None => None,
        };
        let delay = written.t.map(Time).zip(written.at.map(Time)).filter(|(sent, arrives)| sent < arrives);
        let (kind, content) = read_body(written.body.get())?;
        let (message, lamport) = (written.m, written.lc.unwrap_or(0));
        Ok(Self { from, to, via, message, lamport, delay, kind, content })
    }

    /// The ways in which the message may be written for its algorithm, the likelier one first.
    pub(super) fn readings(&self) -> [Option<String>; 2] {
        let kind = serde_json::Value::from(self.kind.as_str());
        match &self.content {
            // A trace does not tell a content of null from none.
            None => [Some(kind.to_string()), Some(format!("{{{kind}:null}}"))],
            Some(content) => [Some(format!("{{{kind}:{content}}}")), Some(content.to_string())],
        }
    }
}

/// Whether a line or a datagram can be read as a message of this group, whoever it is for.
///
/// # Errors
/// Why not.
pub fn check_line(line: &[u8], names: &Names) -> Result<(), Refusal> {
    Envelope::read(line, names).map(drop)
}

/// The text of a line that is not too long.
pub(super) fn checked(line: &[u8]) -> Result<&str, Refusal> {
    if line.len() > LINE_LIMIT {
        return Err(Refusal::TooLong);
    }
    std::str::from_utf8(line).map_err(|_| Refusal::NotUtf8)
}

pub(super) fn malformed(error: serde_json::Error) -> Refusal {
    Refusal::Malformed(error.to_string())
}

/// A name as it may be repeated in a message to people: not too long.
fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

/// The kind of a message and what else its body says.
fn read_body(body: &str) -> Result<(String, Option<Box<str>>), Refusal> {
    let mut fields: Fields<'_> = serde_json::from_str(body).map_err(malformed)?;
    let kind = fields.0.remove("type").ok_or_else(|| Refusal::Malformed("its body has no `type`".into()))?;
    let kind: String = serde_json::from_str(kind.get()).map_err(malformed)?;
    if fields.0.is_empty() {
        return Ok((kind, None));
    }
    if let Some(value) = fields.0.get("value") {
        return Ok((kind, Some(value.get().into())));
    }
    let content = serde_json::to_string(&fields.0).map_err(malformed)?;
    Ok((kind, Some(content.into())))
}

/// The fields of an object, unread.
struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object such as {\"type\":\"ping\"}")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    if fields.insert(key.0, map.next_value::<&'de RawValue>()?).is_some() {
                        return Err(de::Error::custom("a field stands there twice"));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A key, borrowed where it needs no unescaping.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn back(kind: &str, content: &str) -> (String, Option<String>) {
        let mut body = Vec::new();
        write_body(kind, content.as_bytes(), &mut body);
        let names = Names::Numbered(3);
        let mut line = Vec::new();
        let route = (ProcessId(0), Some(ProcessId(1)), ProcessId(2));
        let delay = Some((Time(4), Time(9)));
        write_envelope(&names, route, (Some(12), 3), delay, &body, &mut line);
        let read = Envelope::read(&line, &names).unwrap();
        assert_eq!((read.from, read.to, read.via), route);
        assert_eq!((read.message, read.lamport, read.delay), (Some(12), 3, delay));
        (read.kind, read.content.map(String::from))
    }

    #[test]
    fn what_is_written_is_read() {
        for content in [
            "",
            "7",
            "\"hi\"",
            "null",
            "[1,2]",
            "{}",
            r#"{"a":1,"b":{"type":3}}"#,
            r#"{"value":1}"#,
            r#"{"type":1}"#,
            r#"{"a":"\"type\":"}"#,
        ] {
            let expected = (!content.is_empty()).then(|| content.to_owned());
            assert_eq!(back("token", content), ("token".into(), expected), "{content}");
        }
        assert_eq!(back("od\"d", "{\"x\":1}").0, "od\"d");
    }

    #[test]
    fn what_is_no_envelope_is_refused_by_name() {
        let names = Names::Numbered(2);
        let refused = |line: &[u8]| Envelope::read(line, &names).unwrap_err().name();
        assert_eq!(refused(b"{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":\"x\""), "malformed");
        assert_eq!(refused(b"{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{}}"), "malformed");
        assert_eq!(refused(b"{\"src\":\"n1\",\"dest\":\"n2\",\"body\":[]}"), "malformed");
        assert_eq!(refused(b"{\"src\":\"n1\",\"dest\":\"n2\",\"body\":{\"type\":7}}"), "malformed");
        assert_eq!(refused(b"{\"src\":\"n1\",\"body\":{\"type\":\"x\",\"type\":\"y\"}}"), "malformed");
        assert_eq!(refused(b"{\"src\":\"eve\",\"dest\":\"n2\",\"body\":{\"type\":\"x\"}}"), "unknown-sender");
        assert_eq!(refused(b"{\"src\":\"n1\",\"dest\":\"eve\",\"body\":{\"type\":\"x\"}}"), "not-for-us");
        assert_eq!(refused(b"\xff\xfe"), "not-utf8");
        assert_eq!(refused(&vec![b'x'; LINE_LIMIT + 1]), "too-long");
        assert_eq!(refused(b"null"), "malformed");
    }
}
