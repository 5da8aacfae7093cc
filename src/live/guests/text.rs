//! What is one text: bytes of a stream that has no framing, cut where their sender most likely meant it.
//!
//! Clients of two kinds come to the same port. `nc` and telnet end what they send with a newline. Programs
//! that were written for `recv(1024)` send a text as it is, and nothing tells where it ends. The rules:
//!
//! 1. A newline ends a text (`\n` or `\r\n`); it is no part of it.
//! 2. A guest whose texts end with newlines is a *line guest*: only a newline, or the end of the stream, ends
//!    its texts, and what it is told ends with one too. Once a newline is missing for [`LINE_QUIET`], it is
//!    none.
//! 3. Of any other guest, what one read gives is one text, as `recv` would have it. A read of 1024 bytes or
//!    more may be a part of a longer text, and the first bytes of a guest may be half a line, so these wait
//!    until nothing came for [`QUIET`].
//! 4. A character that is cut at the end of a read waits for its rest, but not for ever. What is no UTF-8
//!    becomes `�`.
//! 5. A text has at most [`TEXT_MAX`] bytes. What telnet says to telnet is taken out.
//!
//! So two texts without newlines that are sent back to back, and that arrive in one read, are one text: the
//! bytes are the same as those of one, and nobody can tell. The same holds for a text that its sender's
//! network cuts in two parts that come more than [`QUIET`] apart. Who needs exact borders ends texts with
//! newlines.

use std::{borrow::Cow, time::Duration};

/// The longest text of a guest, in bytes.
pub const TEXT_MAX: usize = 64 * 1024;
/// How long nothing comes before what was read counts as a whole text.
pub const QUIET: Duration = Duration::from_millis(20);
/// How long a line guest may pause within a line.
pub const LINE_QUIET: Duration = Duration::from_secs(2);
/// How much is read at once.
pub(super) const READ: usize = 16 * 1024;
/// A read shorter than this ends a text; a longer one may be a full segment of a longer text.
const SEGMENT: usize = 1024;
/// For how many times [`QUIET`] the rest of a cut character is waited for.
const SILENCES: u8 = 10;

/// The text was longer than [`TEXT_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLong;

/// Cuts what one guest sends into texts.
#[derive(Debug)]
pub struct Splitter {
    held: Vec<u8>,
    /// So many of them are known to hold no newline: a text that comes byte by byte is not searched again and
    /// again.
    searched: usize,
    kind: Kind,
    telnet: Telnet,
    silences: u8,
}

/// How a guest ends its texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Unknown,
    Raw,
    Lines,
}

/// Where in a telnet command the stream is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Telnet {
    Text,
    Command,
    Setting,
    Negotiation,
    NegotiationCommand,
}

impl Default for Splitter {
    fn default() -> Self {
        Self { held: Vec::new(), searched: 0, kind: Kind::Unknown, telnet: Telnet::Text, silences: 0 }
    }
}

impl Splitter {
    /// Takes what one read gave and adds the texts that are whole now.
    pub fn feed(&mut self, bytes: &[u8], texts: &mut Vec<String>) -> Result<(), TooLong> {
        self.silences = 0;
        self.take(bytes);
        let mut start = 0;
        while let Some(further) = self.held[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + further;
            self.searched = end + 1;
            let line = &self.held[start..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > TEXT_MAX {
                return Err(TooLong);
            }
            texts.push(String::from_utf8_lossy(line).into_owned());
            start = self.searched;
        }
        self.held.drain(..start);
        self.searched = self.held.len();
        if self.held.is_empty() {
            if start > 0 {
                self.kind = Kind::Lines;
            }
            return Ok(());
        }
        if self.held.len() > TEXT_MAX {
            return Err(TooLong);
        }
        if self.kind == Kind::Raw && bytes.len() < SEGMENT && !is_cut(&self.held) {
            texts.extend(self.finish());
        }
        Ok(())
    }

    /// For how long nothing may come before [`Splitter::on_quiet`] is due; with nothing held, for ever.
    pub fn patience(&self) -> Option<Duration> {
        match self.kind {
            _ if self.held.is_empty() => None,
            Kind::Lines => Some(LINE_QUIET),
            Kind::Unknown | Kind::Raw => Some(QUIET),
        }
    }

    /// Nothing came for too long: what is held is a text, unless a character is cut at its end.
    pub fn on_quiet(&mut self) -> Option<String> {
        self.silences += 1;
        if is_cut(&self.held) && self.silences < SILENCES {
            return None;
        }
        self.kind = Kind::Raw;
        self.finish()
    }

    /// The stream has ended: what is held is a text, whatever it lacks.
    pub fn finish(&mut self) -> Option<String> {
        if self.held.is_empty() {
            return None;
        }
        (self.silences, self.searched) = (0, 0);
        let text = String::from_utf8_lossy(&self.held).into_owned();
        self.held.clear();
        Some(text)
    }

    /// Whether this guest ends its texts with newlines.
    pub fn is_lines(&self) -> bool {
        self.kind == Kind::Lines
    }

    /// Holds the bytes that are text. No byte of a telnet command can be a part of UTF-8 before 255 was seen.
    fn take(&mut self, bytes: &[u8]) {
        const SE: u8 = 240;
        const SB: u8 = 250;
        const WILL: u8 = 251;
        const DONT: u8 = 254;
        const IAC: u8 = 255;
        for byte in bytes {
            self.telnet = match (self.telnet, *byte) {
                (Telnet::Text, IAC) => Telnet::Command,
                (Telnet::Text, byte) => {
                    self.held.push(byte);
                    Telnet::Text
                }
                (Telnet::Command, WILL..=DONT) => Telnet::Setting,
                (Telnet::Command, SB) => Telnet::Negotiation,
                (Telnet::Negotiation, IAC) => Telnet::NegotiationCommand,
                (Telnet::NegotiationCommand, SE) => Telnet::Text,
                (Telnet::Negotiation | Telnet::NegotiationCommand, _) => Telnet::Negotiation,
                (Telnet::Command | Telnet::Setting, _) => Telnet::Text,
            };
        }
    }
}

/// Whether the last character lacks bytes.
fn is_cut(bytes: &[u8]) -> bool {
    // A character has at most four bytes, so only the last three can be an unfinished one.
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    (0..tail.len()).any(|start| {
        matches!(tail[start], 0xc2..=0xf4)
            && str::from_utf8(&tail[start..]).is_err_and(|error| error.error_len().is_none())
    })
}

/// A text as a terminal may see it: on one line, and without characters that move the cursor, ring, hide or
/// turn the direction of what follows.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            character if is_dangerous(character) => shown.extend(character.escape_unicode()),
            character => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

fn is_dangerous(character: char) -> bool {
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    (character.is_control() && character != '\t') || turns || breaks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, num::u8::ANY, prop_assert_eq, proptest};

    /// What comes of these reads; `None` is a silence.
    fn texts(reads: &[Option<&[u8]>]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut texts = Vec::new();
        for read in reads {
            match read {
                Some(bytes) => splitter.feed(bytes, &mut texts).expect("it is short"),
                None => texts.extend(splitter.on_quiet()),
            }
        }
        texts.push("|".into());
        texts.extend(splitter.finish());
        texts
    }

    #[test]
    fn newlines_end_texts_however_they_are_cut() {
        let whole = b"one\ntwo\r\n\nthree\n";
        assert_eq!(texts(&[Some(whole)]), ["one", "two", "", "three", "|"]);
        for cut in 0..whole.len() {
            let reads = [Some(&whole[..cut]), Some(&whole[cut..])];
            assert_eq!(texts(&reads), ["one", "two", "", "three", "|"], "cut at {cut}");
        }
        let bytes: Vec<_> = whole.iter().map(|byte| Some(std::slice::from_ref(byte))).collect();
        assert_eq!(texts(&bytes), ["one", "two", "", "three", "|"]);
    }

    #[test]
    fn a_line_guest_may_be_slow_and_its_last_line_may_lack_an_end() {
        assert_eq!(texts(&[Some(b"one\n"), Some(b"tw"), Some(b"o\nthr")]), ["one", "two", "|", "thr"]);
    }

    #[test]
    fn who_ended_one_text_with_a_newline_by_chance_is_understood_again() {
        assert_eq!(
            texts(&[Some(b"one\n"), Some(b"two"), None, Some(b"three")]),
            ["one", "two", "three", "|"]
        );
        let mut splitter = Splitter::default();
        let mut feed = |bytes| splitter.feed(bytes, &mut Vec::new()).map(|()| splitter.patience());
        assert_eq!(feed(b"one\n"), Ok(None));
        assert_eq!(feed(b"two"), Ok(Some(LINE_QUIET)));
        assert_eq!(splitter.on_quiet().as_deref(), Some("two"));
        splitter.feed(&[b'x'; SEGMENT], &mut Vec::new()).expect("it is short");
        assert_eq!(splitter.patience(), Some(QUIET));
    }

    #[test]
    fn without_newlines_a_read_is_a_text() {
        assert_eq!(texts(&[Some(b"one"), None, Some(b"two"), Some(b"three")]), ["one", "two", "three", "|"]);
        assert_eq!(
            texts(&[Some(b"one"), Some(b"two"), None]),
            ["onetwo", "|"],
            "the first waits for a newline"
        );
        assert_eq!(texts(&[Some(b"one"), None, Some(b"a\nb"), Some(b"c")]), ["one", "a", "b", "c", "|"]);
    }

    #[test]
    fn a_long_text_in_several_reads_is_one() {
        let part = [b'x'; SEGMENT];
        let parts = [Some(&b"hi"[..]), None, Some(&part), Some(&part), Some(b"end"), Some(b"next")];
        let texts = texts(&parts);
        assert_eq!(texts[1].len(), 2 * SEGMENT + 3);
        assert_eq!(texts[2..], ["next", "|"]);
    }

    #[test]
    fn a_character_that_is_cut_waits_for_its_rest() {
        for word in ["grüß", "日本", "😀"] {
            for cut in 1..word.len() {
                let (start, rest) = word.as_bytes().split_at(cut);
                let reads = [Some(&b"hi"[..]), None, Some(start), Some(rest)];
                let joined = texts(&reads).concat();
                assert_eq!(joined, format!("hi{word}|"), "{word} cut at {cut}");
            }
        }
        let mut silent = vec![Some(&b"a\xc3"[..])];
        silent.extend([None; SILENCES as usize]);
        assert_eq!(texts(&silent), ["a\u{fffd}", "|"], "but not for ever");
    }

    #[test]
    fn what_is_no_text_is_replaced_and_never_waited_for() {
        assert_eq!(texts(&[Some(b"hi"), None, Some(b"a\xc0b\x80"), None]), ["hi", "a\u{fffd}b\u{fffd}", "|"]);
        assert_eq!(texts(&[Some(b"a\x80\n")]), ["a\u{fffd}", "|"]);
    }

    #[test]
    fn a_text_of_64_kib_is_taken_and_a_byte_more_is_not() {
        for end in [&b"\n"[..], b""] {
            let mut splitter = Splitter::default();
            let mut texts = Vec::new();
            let text = vec![b'x'; TEXT_MAX];
            splitter.feed(&[&text, end].concat(), &mut texts).expect("it fits");
            texts.extend(splitter.finish());
            assert_eq!(texts[0].len(), TEXT_MAX);
            assert_eq!(splitter.feed(&[&text, &b"x"[..], end].concat(), &mut texts), Err(TooLong));
        }
    }

    #[test]
    fn what_telnet_says_to_telnet_is_no_text() {
        let talk = b"\xff\xfd\x03he\xff\xfa\x18\x00xterm\xff\xf0ll\xff\xf4o\xff\xfb\n\n";
        assert_eq!(texts(&[Some(talk)]), ["hello", "|"]);
        for cut in 0..talk.len() {
            assert_eq!(texts(&[Some(&talk[..cut]), Some(&talk[cut..])]), ["hello", "|"], "cut at {cut}");
        }
    }

    #[test]
    fn a_terminal_sees_no_control_characters() {
        assert_eq!(shown("plain\ttext, grüße 😀"), "plain\ttext, grüße 😀");
        assert_eq!(shown("\u{1b}[2Ja\u{7}\nb\r\u{9b}1m\u{202e}c\0\u{7f}"), {
            "\\u{1b}[2Ja\\u{7}\\nb\\r\\u{9b}1m\\u{202e}c\\u{0}\\u{7f}"
        });
    }

    proptest! {
        #[test]
        fn no_bytes_in_any_cuts_are_lost_or_panic(reads in vec(vec(ANY, 0..40), 0..20)) {
            let mut splitter = Splitter::default();
            let mut texts = Vec::new();
            for read in &reads {
                splitter.feed(read, &mut texts).expect("it is short");
                if read.len() % 3 == 0 {
                    texts.extend(splitter.on_quiet());
                }
            }
            texts.extend(splitter.finish());
            let sent = reads.concat();
            if !sent.contains(&255) {
                let heard: Vec<u8> = texts.concat().bytes().filter(u8::is_ascii_alphabetic).collect();
                let letters: Vec<u8> = sent.into_iter().filter(u8::is_ascii_alphabetic).collect();
                prop_assert_eq!(heard, letters);
            }
        }
    }
}
