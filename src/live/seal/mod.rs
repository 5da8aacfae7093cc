//! Closed groups: who has the group's key may speak and listen, nobody else.
//!
//! Every datagram and every frame is sealed with XChaCha20-Poly1305. A *packet* is binary:
//!
//! ```text
//! version 1 | length of the name 1 | sender's name | epoch 8 | nonce 24 (16 random, counter 8) | text, tag
//! ```
//!
//! Its first byte is 1, so it is neither an open message (`{`) nor text of a guest. UDP and multicast carry
//! packets as they are, where every byte counts against the 65,507 of a datagram; TCP, whose frames are
//! lines, carries `{"v":1,"sealed":"BASE64"}`. [`Seal::open`] takes both.
//!
//! What is authenticated: version, group, sender's name, epoch, counter, text. The nonce is sixteen random
//! bytes drawn when a node starts and a counter, so that neither two members, nor two starts of one with the
//! same clock, ever use one twice.
//!
//! What a shared key gives: nobody without it reads a message, alters one, makes one up, or has an old one
//! taken twice by a node that runs. What it does not give:
//! - *which* member spoke. Each has the same key and can sign as any other; only strangers are kept out.
//! - secrecy of the past once the key is known, for there is no key exchange.
//! - secrecy of who speaks, when, how much: names and lengths are plain.
//! - memory over a restart of the *receiver*: what it took before, it may take once more if somebody sends it
//!   again.
//! - to whom it was said: a packet for bob that is sent on to carol opens there too, so the envelope inside
//!   has to name whom it is for and the receiver has to look.
//!
//! Faults that a scenario asks for (delay, duplicates) belong above the seal: a duplicate made below it is a
//! replay, and refused.

mod key;
mod window;

pub use key::{GroupKey, KeyError, PASSPHRASE_MIN};
pub use window::WINDOW;

use base64ct::{Base64, Encoding};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use serde::Serialize;
use std::collections::BTreeMap;
use window::{Place, Window};

/// The longest text that is sealed: a line of the open wire.
pub const TEXT_MAX: usize = 64 * 1024;
/// The longest name of a sender, in bytes.
pub const NAME_MAX: usize = u8::MAX as usize;
/// How many senders are remembered; further ones are refused, since forgetting one would let its past be
/// replayed.
pub const SENDERS_MAX: usize = 1024;
/// The longest packet.
pub const PACKET_MAX: usize = TEXT_MAX + overhead(NAME_MAX);
/// The longest sealed line, without its end.
pub const LINE_MAX: usize = LINE_START.len() + PACKET_MAX.div_ceil(3) * 4 + LINE_END.len();

const VERSION: u8 = 1;
const EPOCH: usize = 8;
const NONCE: usize = 24;
const RANDOM: usize = 16;
const TAG: usize = 16;
const LINE_START: &str = r#"{"v":1,"sealed":""#;
const LINE_END: &str = r#""}"#;
const DOMAIN: &[u8] = b"synod sealed packet";

/// By how many bytes a packet of a sender with a name of this length is longer than its text.
pub const fn overhead(name: usize) -> usize {
    2 + name + EPOCH + NONCE + TAG
}

/// What one node needs to speak and listen in a closed group.
pub struct Seal {
    cipher: XChaCha20Poly1305,
    group: String,
    name: String,
    epoch: u64,
    random: [u8; RANDOM],
    counter: u64,
    heard: BTreeMap<String, Heard>,
    counts: SealCounts,
}

/// What was heard from a sender since it last started.
struct Heard {
    epoch: u64,
    window: Window,
}

/// A packet that was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// Who says it is the sender: some member of the group.
    pub sender: String,
    /// What was said.
    pub text: Vec<u8>,
}

/// Why nothing is sealed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    /// The name does not fit a packet.
    #[error("the name `{0}` is too long for a closed group: at most {NAME_MAX} bytes")]
    NameTooLong(String),
    /// The text does not fit a line.
    #[error("a message of {0} bytes is too long: at most {TEXT_MAX}")]
    TextTooLong(usize),
    /// No random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    NoRandomness(String),
}

/// Why a packet was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// It is no packet.
    #[error("no sealed message ({0}); this group is closed: start the sender with the same --group-key")]
    Malformed(&'static str),
    /// The tag does not fit: another key, another group, or changed on its way. Nothing tells which.
    #[error(
        "sealed with another key or for another group, or changed on its way; it says it is from `{sender}`"
    )]
    WrongKey {
        /// Whom it names, which proves nothing.
        sender: String,
    },
    /// It was taken before.
    #[error("message {counter} from `{sender}` was heard before")]
    Replayed {
        /// From whom.
        sender: String,
        /// Its number.
        counter: u64,
    },
    /// It is so late that nobody knows any more whether it was taken before.
    #[error("message {counter} from `{sender}` comes more than {WINDOW} messages late")]
    TooLate {
        /// From whom.
        sender: String,
        /// Its number.
        counter: u64,
    },
    /// The sender has started anew since.
    #[error(
        "from an earlier start of `{sender}` (epoch {epoch}; the newest is {newest}); if `{sender}` was just \
         started, its clock has gone back: set it"
    )]
    OldEpoch {
        /// From whom.
        sender: String,
        /// Its start.
        epoch: u64,
        /// The newest one heard of.
        newest: u64,
    },
    /// This node's own packet came back: its multicast, or somebody's echo.
    #[error("it is this node's own")]
    Own,
    /// It names this node as its sender but was sealed by another process.
    #[error("two nodes are named `{sender}`: end one, or give it another name")]
    Twin {
        /// This node's name.
        sender: String,
    },
    /// There are too many senders.
    #[error("`{sender}` is one sender more than the {SENDERS_MAX} that are remembered")]
    TooManySenders {
        /// From whom.
        sender: String,
    },
}

/// How many packets there were of each fate.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub struct SealCounts {
    /// Sealed here.
    pub sealed: u64,
    /// Opened here.
    pub opened: u64,
    /// Refused: no packet.
    pub malformed: u64,
    /// Refused: another key, another group, or changed.
    pub wrong_key: u64,
    /// Refused: taken before.
    pub replayed: u64,
    /// Refused: too late to know.
    pub too_late: u64,
    /// Refused: from an earlier start of its sender.
    pub old_epoch: u64,
    /// Refused: this node's own.
    pub own: u64,
    /// Refused: from another node of this one's name.
    pub twin: u64,
    /// Refused: a sender too many.
    pub too_many_senders: u64,
}

impl Seal {
    /// For a node of a group. The epoch has to grow with each start of the node: the wall clock in
    /// nanoseconds does, as long as nobody sets it back.
    pub fn new(key: &GroupKey, group: &str, name: &str, epoch: u64) -> Result<Self, SealError> {
        if name.len() > NAME_MAX {
            return Err(SealError::NameTooLong(name.to_owned()));
        }
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).map_err(|error| SealError::NoRandomness(error.to_string()))?;
        Ok(Self {
            cipher: XChaCha20Poly1305::new(&(*key.bytes()).into()),
            group: group.to_owned(),
            name: name.to_owned(),
            epoch,
            random,
            counter: 0,
            heard: BTreeMap::new(),
            counts: SealCounts::default(),
        })
    }

    /// A text as a packet, for datagrams.
    pub fn seal(&mut self, text: &[u8]) -> Result<Vec<u8>, SealError> {
        if text.len() > TEXT_MAX {
            return Err(SealError::TextTooLong(text.len()));
        }
        self.counter += 1;
        let mut packet = Vec::with_capacity(overhead(self.name.len()) + text.len());
        packet.push(VERSION);
        packet.push(u8::try_from(self.name.len()).expect("the name was measured when the seal was made"));
        packet.extend_from_slice(self.name.as_bytes());
        packet.extend_from_slice(&self.epoch.to_be_bytes());
        packet.extend_from_slice(&self.random);
        packet.extend_from_slice(&self.counter.to_be_bytes());
        let nonce = nonce_of(&packet[packet.len() - NONCE..]);
        let payload = Payload { msg: text, aad: &associated(&self.group, &packet) };
        let sealed = self.cipher.encrypt(&nonce, payload);
        packet.extend_from_slice(&sealed.expect("a text of 64 KiB is far below the cipher's limit"));
        self.counts.sealed += 1;
        Ok(packet)
    }

    /// A text as a line of JSON without its end, for streams.
    pub fn seal_line(&mut self, text: &[u8]) -> Result<String, SealError> {
        Ok(format!("{LINE_START}{}{LINE_END}", Base64::encode_string(&self.seal(text)?)))
    }

    /// Opens a packet or a sealed line (with or without its end), and counts what came of it.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Opened, Refusal> {
        let opened = self.examine(sealed);
        let count = match &opened {
            Ok(_) => &mut self.counts.opened,
            Err(Refusal::Malformed(_)) => &mut self.counts.malformed,
            Err(Refusal::WrongKey { .. }) => &mut self.counts.wrong_key,
            Err(Refusal::Replayed { .. }) => &mut self.counts.replayed,
            Err(Refusal::TooLate { .. }) => &mut self.counts.too_late,
            Err(Refusal::OldEpoch { .. }) => &mut self.counts.old_epoch,
            Err(Refusal::Own) => &mut self.counts.own,
            Err(Refusal::Twin { .. }) => &mut self.counts.twin,
            Err(Refusal::TooManySenders { .. }) => &mut self.counts.too_many_senders,
        };
        *count += 1;
        opened
    }

    /// How many packets there were of each fate.
    pub fn counts(&self) -> SealCounts {
        self.counts
    }

    fn examine(&mut self, sealed: &[u8]) -> Result<Opened, Refusal> {
        if sealed.first() == Some(&b'{') {
            return self.examine_packet(&unwrap_line(sealed)?);
        }
        self.examine_packet(sealed)
    }

    fn examine_packet(&mut self, packet: &[u8]) -> Result<Opened, Refusal> {
        let parts = Parts::of(packet)?;
        let sender = || parts.sender.to_owned();
        let payload = Payload { msg: parts.sealed, aad: &associated(&self.group, parts.header) };
        // Authenticated first: what a stranger writes must neither move a window nor be counted as a replay.
        let text = self
            .cipher
            .decrypt(&parts.nonce, payload)
            .map_err(|_| Refusal::WrongKey { sender: printable(parts.sender) })?;
        if parts.sender == self.name {
            let own = parts.epoch == self.epoch && parts.nonce.starts_with(&self.random);
            return Err(if own { Refusal::Own } else { Refusal::Twin { sender: sender() } });
        }
        if !self.heard.contains_key(parts.sender) {
            if self.heard.len() >= SENDERS_MAX {
                return Err(Refusal::TooManySenders { sender: sender() });
            }
            self.heard.insert(sender(), Heard { epoch: parts.epoch, window: Window::new() });
        }
        let heard = self.heard.get_mut(parts.sender).expect("it is there or was just put there");
        if parts.epoch < heard.epoch {
            return Err(Refusal::OldEpoch { sender: sender(), epoch: parts.epoch, newest: heard.epoch });
        }
        if parts.epoch > heard.epoch {
            *heard = Heard { epoch: parts.epoch, window: Window::new() };
        }
        match heard.window.take(parts.counter) {
            Place::Fresh => Ok(Opened { sender: sender(), text }),
            Place::Seen => Err(Refusal::Replayed { sender: sender(), counter: parts.counter }),
            Place::TooLate => Err(Refusal::TooLate { sender: sender(), counter: parts.counter }),
        }
    }
}

/// A packet, taken apart.
struct Parts<'a> {
    header: &'a [u8],
    sender: &'a str,
    epoch: u64,
    nonce: XNonce,
    counter: u64,
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(packet: &'a [u8]) -> Result<Self, Refusal> {
        match packet.first() {
            None => return Err(Refusal::Malformed("it is empty")),
            Some(&VERSION) => {}
            Some(_) => return Err(Refusal::Malformed("it does not begin as one")),
        }
        if packet.len() > PACKET_MAX {
            return Err(Refusal::Malformed("it is too long"));
        }
        let name = packet.get(1).map_or(0, |length| usize::from(*length));
        if packet.len() < overhead(name) {
            return Err(Refusal::Malformed("it is cut short"));
        }
        let (header, sealed) = packet.split_at(overhead(name) - TAG);
        let (start, nonce) = header.split_at(header.len() - NONCE);
        let (start, epoch) = start.split_at(start.len() - EPOCH);
        let sender = str::from_utf8(&start[2..]).map_err(|_| Refusal::Malformed("its sender is no text"))?;
        let (epoch, counter) = (number(epoch), number(&nonce[RANDOM..]));
        Ok(Self { header, sender, epoch, nonce: nonce_of(nonce), counter, sealed })
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("the packet was cut where numbers are"))
}

fn nonce_of(bytes: &[u8]) -> XNonce {
    XNonce::try_from(bytes).expect("the packet was cut where the nonce is")
}

/// What is authenticated besides the text: the packet up to it, and the group, with its length so that no two
/// readings exist.
fn associated(group: &str, header: &[u8]) -> Vec<u8> {
    let length = u64::try_from(group.len()).expect("a length fits 64 bits").to_be_bytes();
    [DOMAIN, &length, group.as_bytes(), header].concat()
}

/// The packet in a sealed line. Only the exact shape is taken: one packet has one line, so nothing hides in
/// another spelling.
fn unwrap_line(line: &[u8]) -> Result<Vec<u8>, Refusal> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > LINE_MAX {
        return Err(Refusal::Malformed("it is too long"));
    }
    let line = str::from_utf8(line).map_err(|_| Refusal::Malformed("it is no text"))?;
    let inner = line.strip_prefix(LINE_START).and_then(|rest| rest.strip_suffix(LINE_END));
    let inner = inner.ok_or(Refusal::Malformed("it is an open message"))?;
    Base64::decode_vec(inner).map_err(|_| Refusal::Malformed("its base64 is broken"))
}

/// What a stranger calls itself, as a terminal may see it.
fn printable(name: &str) -> String {
    name.escape_debug().collect()
}

#[cfg(test)]
mod tests;
