//! Any bytes from guests, in any cuts and any order: the reader and the room must not panic, no text has a
//! newline in it, nothing that a terminal would obey gets out, and nobody is told anything who is not there.
//!
//! ```text
//! mkdir -p tests/fuzz/corpus/guest
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz guest tests/fuzz/corpus/guest -- -max_len=8192
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use synod::live::guests::{Alias, Departure, GuestEvent, GuestId, Reply, Room, Splitter, Style, TEXT_MAX};

/// What is done: a kind, a guest, how many bytes follow, and those.
fn steps(mut bytes: &[u8]) -> impl Iterator<Item = (u8, u8, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, guest, length, rest @ ..] = bytes else { return None };
        let (content, after) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = after;
        Some((*kind, *guest, content))
    })
}

struct Party {
    room: Room,
    here: BTreeMap<GuestId, Splitter>,
}

impl Party {
    fn take(&mut self, reply: Reply) {
        assert!(self.here.contains_key(&reply.guest), "told to somebody who has gone");
        let bad = |character: char| character.is_control() && character != '\t';
        assert!(!reply.text.contains(bad), "a terminal would obey: {:?}", reply.text);
    }

    fn hear(&mut self, guest: GuestId, text: String) {
        assert!(!text.contains('\n') && text.len() <= 3 * TEXT_MAX);
        let (reply, event) = self.room.on_text(guest, text);
        if let Some(GuestEvent::Said { text, .. }) = event {
            assert!(!text.is_empty());
        }
        if let Some(reply) = reply {
            self.take(reply);
        }
    }

    fn step(&mut self, kind: u8, place: u8, content: &[u8]) {
        if kind % 8 == 0 {
            let (guest, reply, _) = self.room.on_connect("192.0.2.1:7");
            self.here.insert(guest, Splitter::default());
            return reply.into_iter().for_each(|reply| self.take(reply));
        }
        if kind % 8 == 1 {
            let text = String::from_utf8_lossy(content);
            let replies = self.room.deliver(&text, None, place % 2 == 0);
            return replies.into_iter().for_each(|reply| self.take(reply));
        }
        let Some(guest) = self.here.keys().nth(usize::from(place) % self.here.len().max(1)).copied() else {
            return;
        };
        let splitter = self.here.get_mut(&guest).expect("it is here");
        let mut texts = Vec::new();
        match kind % 8 {
            2 => {
                self.here.remove(&guest);
                let left = self.room.on_leave(guest, Departure::Closed);
                assert_eq!(self.room.on_leave(guest, Departure::Closed), None, "{left:?} is said once");
                return;
            }
            3 => texts.extend(splitter.on_quiet()),
            _ => splitter.feed(content, &mut texts).expect("a few kilobytes are no long text"),
        }
        texts.into_iter().for_each(|text| self.hear(guest, text));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [style, bytes @ ..] = bytes else { return };
    let styles = [Style::Absolute, Style::Consistent, Style::Causal, Style::Hello];
    let alias = if style & 4 == 0 { Alias::Ask } else { Alias::None };
    let room = Room::new(styles[usize::from(style & 3)], alias);
    let mut party = Party { room, here: BTreeMap::new() };
    steps(bytes).for_each(|(kind, guest, content)| party.step(kind, guest, content));
});
