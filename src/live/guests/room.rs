//! A room of guests: who is in, under which name, what is told to whom. It reads and writes nothing itself.
//!
//! What a guest says goes to the node, whose algorithm orders it; what the algorithm delivers comes back here
//! and is told to those who are in. Joining and leaving are said like anything else, so a guest hears
//! everything from its own joining on, nothing from before, and nobody speaks before having joined or after
//! having left.
//!
//! ```text
//! guest      room                         node
//!   |  alias?  |                            |
//!   |<---------|                            |
//!   |  bob     |  Joined, with a notice     |
//!   |--------->|--------------------------->| request: broadcast the notice
//!   |          |  deliver(notice, mine)     |
//!   |<---------|<---------------------------| bob has connected to the chat room
//!   |<---------|                            | you are now connected!
//! ```

use super::text::shown;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    net::SocketAddr,
    sync::Arc,
};

/// The longest name, in characters.
pub const NAME_MAX: usize = 64;
/// How much may be said and not yet delivered before the oldest is no longer waited for.
const ASKED_MAX: usize = 16 * 1024;

const ASK: &str = "alias?";
const WELCOME: &str = "you are now connected!";
const HELLO: &str = "Hello from server";

/// What guests of a room hear of what is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Style {
    /// `1: text`, with the number of the delivery, to all.
    Absolute,
    /// The text itself, to all.
    #[default]
    Consistent,
    /// The text itself, to all but who said it.
    Causal,
    /// Nothing: each text is answered with `Hello from server`, and the connection is closed.
    Hello,
}

/// Whether a guest has to say who it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Alias {
    /// It is asked with `alias?`.
    Ask,
    /// It is known by its address.
    #[default]
    None,
}

/// A guest, for as long as it is here. Numbers are never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GuestId(pub u64);

impl fmt::Display for GuestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "guest {}", self.0)
    }
}

/// What the node hears of its guests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GuestEvent {
    /// A guest has come, and given its name if it was asked.
    Joined {
        /// Which.
        guest: GuestId,
        /// Its name, or its address.
        name: String,
        /// What the room is to hear of it: to be said by the node and delivered like anything else.
        notice: Option<String>,
    },
    /// A guest said something.
    Said {
        /// Which.
        guest: GuestId,
        /// Its name, or its address.
        name: String,
        /// What: never empty; not yet escaped.
        text: String,
    },
    /// A guest has gone.
    Left {
        /// Which.
        guest: GuestId,
        /// Its name, or its address.
        name: String,
        /// Why.
        why: Departure,
        /// What the room is to hear of it.
        notice: Option<String>,
    },
    /// A datagram came, from somebody who is not in the room.
    Heard {
        /// From where.
        from: SocketAddr,
        /// What it says: not yet escaped.
        text: String,
        /// The line to show.
        line: String,
    },
}

/// Why a guest has gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Departure {
    /// It closed the connection, or this room did.
    Closed,
    /// The connection broke.
    Lost(String),
    /// It did not read what it was told.
    TooSlow,
    /// It sent a text that was too long.
    TooLong,
    /// It was asked for its name and gave none.
    Unnamed,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it closed the connection"),
            Self::Lost(error) => write!(f, "the connection broke: {error}"),
            Self::TooSlow => f.write_str("it was dropped: it does not read what it is told"),
            Self::Unnamed => f.write_str("it was dropped: it gave no alias"),
            Self::TooLong => f.write_str("it was dropped: it sent a text of more than 64 KiB"),
        }
    }
}

/// What a guest is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Whom.
    pub guest: GuestId,
    /// What, without a newline.
    pub text: Arc<str>,
    /// Whether the connection is closed after it.
    pub last: bool,
}

impl Reply {
    fn new(guest: GuestId, text: &str) -> Self {
        Self { guest, text: text.into(), last: false }
    }

    fn last(guest: GuestId, text: &str) -> Self {
        Self { last: true, ..Self::new(guest, text) }
    }
}

/// Who is in, and what was said and not yet delivered.
#[derive(Debug)]
pub struct Room {
    style: Style,
    alias: Alias,
    guests: BTreeMap<GuestId, Guest>,
    names: BTreeSet<String>,
    /// What the node was given and has not delivered, oldest first; by hashes, for texts may be long.
    asked: VecDeque<(GuestId, blake3::Hash)>,
    delivered: u64,
    arrived: u64,
}

#[derive(Debug)]
struct Guest {
    name: String,
    phase: Phase,
}

/// How far a guest is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Phase {
    /// It was asked for its name.
    Naming,
    /// Its notice is on the way.
    Joining(String),
    /// It is in.
    In,
    /// It was told its last.
    Leaving,
}

impl Room {
    /// An empty room.
    pub fn new(style: Style, alias: Alias) -> Self {
        let (guests, names, asked) = (BTreeMap::new(), BTreeSet::new(), VecDeque::new());
        Self { style, alias, guests, names, asked, delivered: 0, arrived: 0 }
    }

    /// How many guests there are.
    pub fn len(&self) -> usize {
        self.guests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.guests.is_empty()
    }

    /// The names of those who are in, or about to be.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let named = self.guests.values().filter(|guest| matches!(guest.phase, Phase::In | Phase::Joining(_)));
        named.map(|guest| guest.name.as_str())
    }

    /// Whether a guest has still to say who it is.
    pub fn is_unnamed(&self, guest: GuestId) -> bool {
        self.guests.get(&guest).is_some_and(|guest| guest.phase == Phase::Naming)
    }

    /// A guest has connected from this address.
    pub fn on_connect(&mut self, address: &str) -> (GuestId, Option<Reply>, Option<GuestEvent>) {
        self.arrived += 1;
        let guest = GuestId(self.arrived);
        let name = address.to_owned();
        match self.alias {
            Alias::Ask => {
                self.guests.insert(guest, Guest { name, phase: Phase::Naming });
                (guest, Some(Reply::new(guest, ASK)), None)
            }
            Alias::None => {
                self.guests.insert(guest, Guest { name: name.clone(), phase: Phase::In });
                (guest, None, Some(GuestEvent::Joined { guest, name, notice: None }))
            }
        }
    }

    /// A guest sent a text.
    pub fn on_text(&mut self, guest: GuestId, text: String) -> (Option<Reply>, Option<GuestEvent>) {
        let Some(known) = self.guests.get(&guest) else { return (None, None) };
        match known.phase {
            Phase::Naming => self.on_alias(guest, &text),
            Phase::Joining(_) | Phase::In => self.on_said(guest, text),
            Phase::Leaving => (None, None),
        }
    }

    /// A guest has gone, or was dropped. The others hear of it if they ever heard of the guest.
    pub fn on_leave(&mut self, guest: GuestId, why: Departure) -> Option<GuestEvent> {
        let Guest { name, phase } = self.guests.remove(&guest)?;
        match (self.alias, phase) {
            (Alias::Ask, Phase::Naming | Phase::Leaving) => None,
            (Alias::Ask, Phase::Joining(_) | Phase::In) => {
                self.names.remove(&name);
                let notice = format!("{name} has left the chat room!");
                self.ask(guest, &notice);
                Some(GuestEvent::Left { guest, name, why, notice: Some(notice) })
            }
            (Alias::None, _) => Some(GuestEvent::Left { guest, name, why, notice: None }),
        }
    }

    /// The node delivers a text. `mine` says that this node itself had asked for it, so that it may be of a
    /// guest.
    ///
    /// `number` is the place that the algorithm gave it; without one, deliveries are counted here.
    pub fn deliver(&mut self, text: &str, number: Option<u64>, mine: bool) -> Vec<Reply> {
        self.delivered += 1;
        let origin = if mine { self.take_asked(text) } else { None };
        let joining = origin.filter(|guest| {
            self.guests
                .get(guest)
                .is_some_and(|guest| matches!(&guest.phase, Phase::Joining(notice) if notice == text))
        });
        if let Some(newcomer) = joining.and_then(|guest| self.guests.get_mut(&guest)) {
            newcomer.phase = Phase::In;
        }
        let told: Arc<str> = match self.style {
            Style::Absolute => format!("{}: {}", number.unwrap_or(self.delivered), shown(text)).into(),
            Style::Consistent | Style::Causal => shown(text).into(),
            Style::Hello => return Vec::new(),
        };
        let except = if self.style == Style::Causal && joining.is_none() { origin } else { None };
        let hearing = self.those_in().filter(|id| Some(*id) != except);
        let mut replies: Vec<Reply> =
            hearing.map(|guest| Reply { guest, text: told.clone(), last: false }).collect();
        replies.extend(joining.map(|guest| Reply::new(guest, WELCOME)));
        replies
    }

    /// Somebody who is no guest came in or went out. That has no number, so it is no line of a numbered list.
    pub fn announce(&self, notice: &str) -> Vec<Reply> {
        match self.style {
            Style::Absolute | Style::Hello => Vec::new(),
            Style::Consistent | Style::Causal => {
                self.those_in().map(|guest| Reply::new(guest, &shown(notice))).collect()
            }
        }
    }

    fn those_in(&self) -> impl Iterator<Item = GuestId> {
        self.guests.iter().filter(|(_, guest)| guest.phase == Phase::In).map(|(id, _)| *id)
    }

    /// The answer to `alias?`. A name that is taken cannot be answered with the same question: a program
    /// would give the same name again.
    fn on_alias(&mut self, guest: GuestId, text: &str) -> (Option<Reply>, Option<GuestEvent>) {
        let name = shown(text.trim()).into_owned();
        if name.is_empty() {
            return (Some(Reply::new(guest, ASK)), None);
        }
        let refusal = if name.chars().count() > NAME_MAX {
            Some(format!("this alias is too long; connect again with one of at most {NAME_MAX} characters"))
        } else if !self.names.insert(name.clone()) {
            Some(format!("the alias {name} is taken; connect again with another one"))
        } else {
            None
        };
        let known = self.guests.get_mut(&guest).expect("only guests that are here are named");
        if let Some(refusal) = refusal {
            known.phase = Phase::Leaving;
            return (Some(Reply::last(guest, &refusal)), None);
        }
        let notice = format!("{name} has connected to the chat room");
        known.name.clone_from(&name);
        known.phase = Phase::Joining(notice.clone());
        self.ask(guest, &notice);
        (None, Some(GuestEvent::Joined { guest, name, notice: Some(notice) }))
    }

    fn on_said(&mut self, guest: GuestId, text: String) -> (Option<Reply>, Option<GuestEvent>) {
        // Somebody at a terminal pressed enter.
        if text.is_empty() {
            return (None, None);
        }
        let known = self.guests.get_mut(&guest).expect("only guests that are here say something");
        let name = known.name.clone();
        if self.style == Style::Hello {
            known.phase = Phase::Leaving;
            return (Some(Reply::last(guest, HELLO)), Some(GuestEvent::Said { guest, name, text }));
        }
        self.ask(guest, &text);
        (None, Some(GuestEvent::Said { guest, name, text }))
    }

    fn ask(&mut self, guest: GuestId, text: &str) {
        if self.asked.len() >= ASKED_MAX {
            self.asked.pop_front();
        }
        self.asked.push_back((guest, blake3::hash(text.as_bytes())));
    }

    /// Whose text this is: of equal ones the oldest.
    fn take_asked(&mut self, text: &str) -> Option<GuestId> {
        let hash = blake3::hash(text.as_bytes());
        let place = self.asked.iter().position(|(_, asked)| *asked == hash)?;
        self.asked.remove(place).map(|(guest, _)| guest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(replies: &[Reply]) -> Vec<(u64, &str)> {
        replies.iter().map(|reply| (reply.guest.0, &*reply.text)).collect()
    }

    /// A guest that gives this name, whose notice is delivered at once.
    fn join(room: &mut Room, name: &str) -> GuestId {
        let (guest, reply, event) = room.on_connect("127.0.0.1:1");
        assert_eq!((reply, event), (Some(Reply::new(guest, "alias?")), None));
        let (reply, event) = room.on_text(guest, name.into());
        let Some(GuestEvent::Joined { notice: Some(notice), .. }) = event else { panic!("{reply:?}") };
        room.deliver(&notice, None, true);
        guest
    }

    fn say(room: &mut Room, guest: GuestId, text: &str) {
        let (reply, event) = room.on_text(guest, text.into());
        assert_eq!(reply, None);
        assert!(matches!(event, Some(GuestEvent::Said { text: said, .. }) if said == text));
    }

    #[test]
    fn who_gives_a_name_is_announced_then_welcomed() {
        let mut room = Room::new(Style::Consistent, Alias::Ask);
        join(&mut room, "ann");
        let (bob, ..) = room.on_connect("127.0.0.1:2");
        assert_eq!(
            told(&room.deliver("before", None, false)),
            [(1, "before")],
            "who has no name hears nothing"
        );
        room.on_text(bob, "bob\n".into());
        assert_eq!(told(&room.deliver("between", None, false)), [(1, "between")]);
        let replies = room.deliver("bob has connected to the chat room", None, true);
        let notice = "bob has connected to the chat room";
        assert_eq!(told(&replies), [(1, notice), (2, notice), (2, "you are now connected!")]);
        assert_eq!(room.names().collect::<Vec<_>>(), ["ann", "bob"]);
    }

    #[test]
    fn who_leaves_is_missed_once() {
        let mut room = Room::new(Style::Consistent, Alias::Ask);
        let (_, bob) = (join(&mut room, "ann"), join(&mut room, "bob"));
        let event = room.on_leave(bob, Departure::Closed);
        let Some(GuestEvent::Left { name, notice: Some(notice), .. }) = event else { panic!("{event:?}") };
        assert_eq!((name.as_str(), notice.as_str()), ("bob", "bob has left the chat room!"));
        assert_eq!(told(&room.deliver(&notice, None, true)), [(1, notice.as_str())]);
        assert_eq!(room.on_leave(bob, Departure::Closed), None);
        join(&mut room, "bob");
    }

    #[test]
    fn who_never_gave_a_name_leaves_unnoticed() {
        let mut room = Room::new(Style::Consistent, Alias::Ask);
        let (guest, ..) = room.on_connect("127.0.0.1:1");
        assert_eq!(room.on_leave(guest, Departure::Closed), None);
        assert!(room.is_empty());
    }

    #[test]
    fn a_name_is_taken_once() {
        let mut room = Room::new(Style::Consistent, Alias::Ask);
        let ann = join(&mut room, "ann");
        let (second, ..) = room.on_connect("127.0.0.1:2");
        let (reply, event) = room.on_text(second, " ann ".into());
        let reply = reply.expect("it is refused");
        assert!(reply.last && reply.text.contains("the alias ann is taken") && event.is_none());
        assert_eq!(room.on_text(second, "hello".into()), (None, None));
        assert_eq!(room.on_leave(second, Departure::Closed), None, "ann has not left");
        say(&mut room, ann, "still here");
        let (third, ..) = room.on_connect("127.0.0.1:3");
        assert_eq!(
            room.on_text(third, "ann".into()).0.map(|reply| reply.last),
            Some(true),
            "it is still taken"
        );
    }

    #[test]
    fn a_name_is_on_one_line_and_not_too_long() {
        let mut room = Room::new(Style::Consistent, Alias::Ask);
        let (guest, ..) = room.on_connect("127.0.0.1:1");
        assert_eq!(room.on_text(guest, "  ".into()).0, Some(Reply::new(guest, "alias?")));
        join(&mut room, "a\u{1b}b");
        assert_eq!(room.names().collect::<Vec<_>>(), ["a\\u{1b}b"]);
        let (reply, _) = room.on_text(guest, "n".repeat(NAME_MAX + 1));
        assert!(reply.is_some_and(|reply| reply.last));
    }

    #[test]
    fn absolute_order_numbers_and_tells_everybody() {
        let mut room = Room::new(Style::Absolute, Alias::None);
        let (ann, bob) = (room.on_connect("a").0, room.on_connect("b").0);
        say(&mut room, ann, "hi");
        assert_eq!(told(&room.deliver("hi", None, true)), [(ann.0, "1: hi"), (bob.0, "1: hi")]);
        assert_eq!(told(&room.deliver("far", Some(7), false)), [(ann.0, "7: far"), (bob.0, "7: far")]);
        assert_eq!(told(&room.deliver("x", None, false))[0].1, "3: x");
    }

    #[test]
    fn causal_order_tells_everybody_but_who_said_it() {
        let mut room = Room::new(Style::Causal, Alias::None);
        let (ann, bob) = (room.on_connect("a").0, room.on_connect("b").0);
        for (guest, text) in [(ann, "one"), (bob, "same"), (ann, "same")] {
            say(&mut room, guest, text);
        }
        assert_eq!(told(&room.deliver("one", None, true)), [(bob.0, "one")]);
        assert_eq!(
            told(&room.deliver("same", None, false)),
            [(ann.0, "same"), (bob.0, "same")],
            "another node's"
        );
        assert_eq!(told(&room.deliver("same", None, true)), [(ann.0, "same")]);
        assert_eq!(told(&room.deliver("same", None, true)), [(bob.0, "same")]);
    }

    #[test]
    fn the_hello_server_answers_and_closes() {
        let mut room = Room::new(Style::Hello, Alias::None);
        let guest = room.on_connect("a").0;
        let (reply, event) = room.on_text(guest, "Hello server".into());
        assert_eq!(reply, Some(Reply::last(guest, "Hello from server")));
        assert!(matches!(event, Some(GuestEvent::Said { .. })));
        assert_eq!(room.on_text(guest, "more".into()), (None, None));
    }

    #[test]
    fn nobody_can_write_a_line_of_their_own_into_the_room() {
        let mut room = Room::new(Style::Consistent, Alias::None);
        room.on_connect("a");
        let replies = room.deliver("hi\nbob has left the chat room!\u{1b}[2J", None, false);
        assert_eq!(told(&replies), [(1, "hi\\nbob has left the chat room!\\u{1b}[2J")]);
    }
}
