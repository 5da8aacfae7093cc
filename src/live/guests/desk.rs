//! Texts in datagrams: what is shown of them, and whom the operator's answer goes to. It reads and writes
//! nothing itself.

use super::text::shown;
use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
};

/// How many clients may wait for an answer; of more, the oldest is no longer waited for.
const WAITING_MAX: usize = 1024;

/// Clients that send one text and wait for one answer, which somebody types.
///
/// The last character of a text is its client's digit: `hello1` is `hello`, from client 1. Clients with two
/// digits look like those with their second one, and are told apart by where answers go: to the address that
/// asked.
#[derive(Debug, Default)]
pub struct Desk {
    waiting: VecDeque<(SocketAddr, String)>,
}

impl Desk {
    /// A text came: the line to show. A datagram without text has none.
    pub fn on_datagram(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<(String, String)> {
        let text = text_of(datagram)?;
        let (client, said) = match text.chars().next_back() {
            Some(digit) if digit.is_ascii_digit() => {
                (format!("Client {digit}"), text[..text.len() - 1].trim_end())
            }
            Some(_) | None => (from.to_string(), text.as_str()),
        };
        let line = format!("Message from {client}: {}", shown(said));
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back((from, client));
        Some((text, line))
    }

    /// Who waits longest for an answer: as shown.
    pub fn next(&self) -> Option<&str> {
        self.waiting.front().map(|(_, client)| client.as_str())
    }

    /// Where an answer goes: to whoever waits longest.
    pub fn take(&mut self) -> Option<SocketAddr> {
        self.waiting.pop_front().map(|(address, _)| address)
    }
}

/// What is shown of a text that a multicast group got. A datagram without text has no line.
pub fn multicast_line(from: SocketAddr, datagram: &[u8]) -> Option<(String, String)> {
    let text = text_of(datagram)?;
    let address: IpAddr = from.ip();
    let line = format!("Received message from ('{address}', {}): {}", from.port(), shown(&text));
    Some((text, line))
}

/// A datagram's text, without a newline that `nc` or `echo` put at its end.
fn text_of(datagram: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(datagram);
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 168, 1, 7], port))
    }

    fn line(datagram: &[u8]) -> Option<String> {
        Desk::default().on_datagram(address(5000), datagram).map(|(_, line)| line)
    }

    #[test]
    fn the_last_character_is_the_clients_digit() {
        assert_eq!(line(b"hello1").as_deref(), Some("Message from Client 1: hello"));
        assert_eq!(line(b"hello 2\n").as_deref(), Some("Message from Client 2: hello"));
        assert_eq!(line(b"42").as_deref(), Some("Message from Client 2: 4"));
        assert_eq!(line(b"7").as_deref(), Some("Message from Client 7: "));
        assert_eq!(line("grüße".as_bytes()).as_deref(), Some("Message from 192.168.1.7:5000: grüße"));
        assert_eq!(line(b"\x1b[2J3").as_deref(), Some("Message from Client 3: \\u{1b}[2J"));
        assert_eq!(line(b"\xff\xfe1").as_deref(), Some("Message from Client 1: \u{fffd}\u{fffd}"));
        assert_eq!((line(b""), line(b"\r\n")), (None, None));
    }

    #[test]
    fn answers_go_to_those_who_asked_in_their_order() {
        let mut desk = Desk::default();
        assert_eq!(desk.next(), None);
        assert_eq!(desk.take(), None);
        for (port, text) in [(1, "a1"), (2, "b2"), (1, "c1")] {
            desk.on_datagram(address(port), text.as_bytes());
        }
        assert_eq!(desk.next(), Some("Client 1"));
        assert_eq!(
            [desk.take(), desk.take(), desk.take()].map(|to| to.map(|to| to.port())),
            [Some(1), Some(2), Some(1)]
        );
        assert_eq!(desk.take(), None);
    }

    #[test]
    fn a_flood_of_questions_is_bounded() {
        let mut desk = Desk::default();
        for number in 0..3000_u16 {
            desk.on_datagram(address(number), b"x1");
        }
        assert_eq!(
            (desk.waiting.len(), desk.take()),
            (WAITING_MAX, Some(address(3000 - WAITING_MAX as u16)))
        );
    }

    #[test]
    fn a_groups_texts_are_shown_with_their_senders() {
        let (text, line) = multicast_line(address(10000), b"very important data").expect("there is text");
        assert_eq!(text, "very important data");
        assert_eq!(line, "Received message from ('192.168.1.7', 10000): very important data");
    }
}
