//! Closed groups, tried by members and by strangers.

use super::*;

const KEY: [u8; 32] = [7; 32];

fn seal_of(name: &str, epoch: u64) -> Seal {
    Seal::new(&GroupKey::from_bytes(KEY), "room", name, epoch).expect("a seal")
}

fn opened(sender: &str, text: &[u8]) -> Result<Opened, Refusal> {
    Ok(Opened { sender: sender.into(), text: text.to_vec() })
}

#[test]
fn what_one_member_seals_another_opens() {
    let (mut alice, mut bob) = (seal_of("alice", 1), seal_of("bob", 1));
    for text in [&b""[..], b"hi", "grüße\n".as_bytes(), &[0; 3]] {
        let packet = alice.seal(text).expect("it fits");
        assert_eq!(packet.len(), text.len() + overhead("alice".len()));
        assert_eq!(bob.open(&packet), opened("alice", text));
        let line = alice.seal_line(text).expect("it fits");
        assert!(!line.contains('\n'));
        assert_eq!(bob.open(format!("{line}\n").as_bytes()), opened("alice", text));
    }
    assert_eq!(alice.counts().sealed, 8);
    assert_eq!(bob.counts(), SealCounts { opened: 8, ..SealCounts::default() });
}

#[test]
fn a_sealed_line_is_a_line_of_json() {
    let line = seal_of("alice", 1).seal_line(b"hi").expect("it fits");
    let value: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
    assert_eq!(value["v"], 1);
    assert!(value["sealed"].is_string());
}

#[test]
fn the_text_cannot_be_seen_and_never_looks_the_same_twice() {
    let mut alice = seal_of("alice", 1);
    let text = b"a secret that is long enough to look for";
    let (first, second) = (alice.seal(text).expect("it fits"), alice.seal(text).expect("it fits"));
    assert!(!first.windows(8).any(|part| text.windows(8).any(|secret| secret == part)));
    let start = overhead("alice".len()) - TAG;
    assert_ne!(first[start..], second[start..]);
}

#[test]
fn two_starts_with_one_clock_share_no_nonce() {
    let (first, second) = (seal_of("alice", 1).seal(b"hi"), seal_of("alice", 1).seal(b"hi"));
    let nonce = |packet: Vec<u8>| packet[2 + "alice".len() + EPOCH..][..NONCE].to_vec();
    assert_ne!(nonce(first.expect("it fits")), nonce(second.expect("it fits")));
}

#[test]
fn a_change_of_any_bit_is_refused() {
    let (mut alice, mut bob) = (seal_of("alice", 1), seal_of("bob", 1));
    let packet = alice.seal(b"hello bob").expect("it fits");
    for place in 0..packet.len() {
        for bit in 0..8 {
            let mut changed = packet.clone();
            changed[place] ^= 1 << bit;
            let refusal = bob.open(&changed).expect_err("it was changed");
            assert!(
                matches!(refusal, Refusal::WrongKey { .. } | Refusal::Malformed(_)),
                "byte {place}, bit {bit}: {refusal}"
            );
        }
    }
    for length in 0..packet.len() {
        assert!(bob.open(&packet[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(bob.open(&[&packet[..], b"x"].concat()).is_err(), "made longer");
    assert_eq!(bob.open(&packet), opened("alice", b"hello bob"), "nothing of that moved the window");
}

#[test]
fn a_change_of_any_character_of_a_line_is_refused() {
    let (mut alice, mut bob) = (seal_of("alice", 1), seal_of("bob", 1));
    let line = alice.seal_line(b"hello bob").expect("it fits").into_bytes();
    for place in 0..line.len() {
        for byte in [b'A', b'=', b'\n', b' ', 0, 0xff].into_iter().filter(|byte| *byte != line[place]) {
            let mut changed = line.clone();
            changed[place] = byte;
            assert!(bob.open(&changed).is_err(), "{byte} at {place}");
        }
        assert!(bob.open(&line[..place]).is_err(), "cut to {place}");
    }
    assert_eq!(bob.open(&line), opened("alice", b"hello bob"));
}

#[test]
fn a_packet_is_taken_once() {
    let (mut alice, mut bob) = (seal_of("alice", 1), seal_of("bob", 1));
    let packet = alice.seal(b"pay ten").expect("it fits");
    assert!(bob.open(&packet).is_ok());
    let replayed = Refusal::Replayed { sender: "alice".into(), counter: 1 };
    assert_eq!(bob.open(&packet), Err(replayed.clone()));
    let line = format!("{LINE_START}{}{LINE_END}", Base64::encode_string(&packet));
    assert_eq!(bob.open(line.as_bytes()), Err(replayed), "nor in other clothes");
    assert_eq!(bob.counts(), SealCounts { opened: 1, replayed: 2, ..SealCounts::default() });
    assert!(seal_of("carol", 1).open(&packet).is_ok(), "another node has its own memory");
}

#[test]
fn packets_may_overtake_each_other_within_the_window() {
    let (mut alice, mut bob) = (seal_of("alice", 1), seal_of("bob", 1));
    let packets: Vec<Vec<u8>> = (0..200).map(|_| alice.seal(b"x").expect("it fits")).collect();
    for packet in packets.iter().rev() {
        assert!(bob.open(packet).is_ok());
    }
    assert!(packets.iter().all(|packet| matches!(bob.open(packet), Err(Refusal::Replayed { .. }))));
}

#[test]
fn a_packet_from_before_the_window_is_too_late() {
    let (mut alice, mut bob) = (seal_of("alice", 1), seal_of("bob", 1));
    let first = alice.seal(b"first").expect("it fits");
    let second = alice.seal(b"second").expect("it fits");
    alice.counter = WINDOW;
    let last = alice.seal(b"last").expect("it fits");
    assert!(bob.open(&last).is_ok());
    assert_eq!(bob.open(&first), Err(Refusal::TooLate { sender: "alice".into(), counter: 1 }));
    assert!(bob.open(&second).is_ok());
    assert_eq!(bob.counts().too_late, 1);
}

#[test]
fn another_key_and_another_group_are_refused() {
    let mut bob = seal_of("bob", 1);
    let mut stranger = Seal::new(&GroupKey::from_bytes([8; 32]), "room", "eve", 1).expect("a seal");
    let mut elsewhere = Seal::new(&GroupKey::from_bytes(KEY), "hall", "eve", 1).expect("a seal");
    for seal in [&mut stranger, &mut elsewhere] {
        let packet = seal.seal(b"let me in").expect("it fits");
        assert_eq!(bob.open(&packet), Err(Refusal::WrongKey { sender: "eve".into() }));
    }
    assert_eq!(bob.counts().wrong_key, 2);
    assert!(bob.heard.is_empty(), "strangers are not remembered");
}

#[test]
fn once_a_sender_started_anew_its_past_is_refused() {
    let (mut before, mut after, mut bob) = (seal_of("alice", 5), seal_of("alice", 6), seal_of("bob", 1));
    let (first, second) = (before.seal(b"1").expect("it fits"), before.seal(b"2").expect("it fits"));
    assert!(bob.open(&first).is_ok());
    assert!(bob.open(&after.seal(b"3").expect("it fits")).is_ok());
    let old = Refusal::OldEpoch { sender: "alice".into(), epoch: 5, newest: 6 };
    assert_eq!(bob.open(&second), Err(old.clone()));
    assert_eq!(bob.open(&first), Err(old));
    assert_eq!(bob.counts().old_epoch, 2);
}

#[test]
fn what_comes_back_to_its_sender_is_told_from_a_second_node_of_the_same_name() {
    let (mut alice, mut twin) = (seal_of("alice", 1), seal_of("alice", 1));
    let own = alice.seal(b"hi").expect("it fits");
    assert_eq!(alice.open(&own), Err(Refusal::Own));
    let other = twin.seal(b"hi").expect("it fits");
    assert_eq!(alice.open(&other), Err(Refusal::Twin { sender: "alice".into() }));
    assert_eq!((alice.counts().own, alice.counts().twin), (1, 1));
}

#[test]
fn a_line_of_the_open_wire_may_be_sealed_and_no_byte_more() {
    let (mut alice, mut bob) = (seal_of(&"n".repeat(NAME_MAX), 1), seal_of("bob", 1));
    let text = vec![b'x'; TEXT_MAX];
    let packet = alice.seal(&text).expect("it fits");
    assert_eq!(packet.len(), PACKET_MAX);
    assert_eq!(bob.open(&packet).map(|opened| opened.text.len()), Ok(TEXT_MAX));
    let line = alice.seal_line(&text).expect("it fits");
    assert_eq!(line.len(), LINE_MAX);
    assert!(bob.open(line.as_bytes()).is_ok());
    assert_eq!(alice.seal(&[0; TEXT_MAX + 1]), Err(SealError::TextTooLong(TEXT_MAX + 1)));
    assert_eq!(bob.open(&vec![VERSION; 65 * 1024 + 512]), Err(Refusal::Malformed("it is too long")));
    assert_eq!(bob.open(&vec![b'{'; LINE_MAX + 1]), Err(Refusal::Malformed("it is too long")));
}

#[test]
fn a_name_that_is_too_long_is_refused_at_the_start() {
    let name = "n".repeat(NAME_MAX + 1);
    let refused = Seal::new(&GroupKey::from_bytes(KEY), "room", &name, 1).err();
    assert_eq!(refused, Some(SealError::NameTooLong(name)));
}

#[test]
fn open_messages_and_texts_of_guests_are_refused_with_a_reason() {
    let mut bob = seal_of("bob", 1);
    let open = bob.open(br#"{"src":"alice","dest":"bob","body":{}}"#).expect_err("it is open");
    assert!(open.to_string().contains("--group-key"), "{open}");
    for text in [&b""[..], b"hello", b"\x02", b"\x01", b"\x01\xff", b"{", &[0xff; 100]] {
        assert!(matches!(bob.open(text), Err(Refusal::Malformed(_))), "{text:?}");
    }
    assert_eq!(bob.counts().malformed, 8);
}

#[test]
fn the_number_of_senders_is_bounded() {
    let mut bob = seal_of("bob", 1);
    for number in 0..SENDERS_MAX {
        assert!(bob.open(&seal_of(&format!("n{number}"), 1).seal(b"hi").expect("it fits")).is_ok());
    }
    let late = seal_of("late", 1).seal(b"hi").expect("it fits");
    assert_eq!(bob.open(&late), Err(Refusal::TooManySenders { sender: "late".into() }));
    assert!(
        bob.open(&seal_of("n0", 2).seal(b"hi").expect("it fits")).is_ok(),
        "those who are known are heard"
    );
    assert_eq!((bob.heard.len(), bob.counts().too_many_senders), (SENDERS_MAX, 1));
}

#[test]
fn a_stranger_cannot_write_on_the_terminal_with_its_name() {
    let mut eve = Seal::new(&GroupKey::from_bytes([8; 32]), "room", "\u{1b}[2Jeve", 1).expect("a seal");
    let refusal = seal_of("bob", 1).open(&eve.seal(b"hi").expect("it fits")).expect_err("it is a stranger");
    assert!(!refusal.to_string().contains('\u{1b}'), "{refusal}");
}
