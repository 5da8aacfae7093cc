//! What a node does with what nobody should send.

use crate::node::{Folder, Guest, Node, replays};
use serde_json::{Value, json};
use std::net::UdpSocket;

const PAIR: &str = "version: 1\nname: pair\nalgorithm: best-effort-broadcast\nnodes: [alice, bob]\n";

fn hello(node: &str, group: &str, algorithm: &str) -> String {
    json!({"hello": 1, "node": node, "group": group, "algorithm": algorithm}).to_string() + "\n"
}

fn message(from: &str, to: &str, body: &Value) -> String {
    json!({"src": from, "dest": to, "m": 1, "lc": 1, "body": body}).to_string() + "\n"
}

/// A line that is refused, and the reason that is counted.
fn corpus() -> Vec<(Vec<u8>, &'static str)> {
    let said = json!({"type": "data", "value": "x"});
    let text = |text: String| text.into_bytes();
    vec![
        (b"{\"src\":\"bob\",\"dest\":\"ali\n".to_vec(), "malformed"),
        (b"{\"src\":\"bob\"}\n".to_vec(), "malformed"),
        (b"{\"src\":\"bob\",\"body\":{\"type\":\"\xff\xfe\"}}\n".to_vec(), "not-utf8"),
        (text(format!("{{\"src\":\"{}\"}}\n", "x".repeat(65 << 10))), "too-long"),
        (text(message("mallory", "alice", &said)), "unknown-sender"),
        (text(message("alice", "alice", &said)), "forged"),
        (text(message("bob", "bob", &said)), "not-for-us"),
        (
            text(message("bob", "alice", &json!({"type": "\u{1b}[2J", "value": {"deep": [1]}}))),
            "no-such-message",
        ),
        (text(format!("{}{}", "[".repeat(10_000), "\n").replacen('[', "{\"a\":[", 1)), "malformed"),
    ]
}

#[test]
fn every_bad_line_is_refused_and_counted_and_the_node_goes_on() {
    let folder = Folder::new("strangers");
    let scenario = folder.write("pair.yaml", PAIR);
    let mut alice = Node::start(&scenario, "alice", &[]);
    let own = alice.address();
    // With a hello that was believed, each of them is refused by itself.
    let bob = Guest::connect(own);
    bob.say(&hello("bob", "pair", "best-effort-broadcast"));
    for (line, _) in corpus() {
        std::io::Write::write_all(&mut &bob.0, &line).expect("the node reads");
    }
    for (hello, part) in [
        (hello("bob", "other", "best-effort-broadcast"), "belongs to the group `other`"),
        (hello("bob", "pair", "sequencer"), "belongs to the algorithm `sequencer`"),
        (hello("mallory", "pair", "best-effort-broadcast"), "`mallory` is nobody of this group"),
        (
            "{\"hello\":2,\"node\":\"bob\",\"group\":\"pair\",\"algorithm\":\"x\"}\n".into(),
            "version 2 of the wire",
        ),
    ] {
        let mut stranger = Guest::connect(own);
        stranger.say(&hello);
        assert_eq!(stranger.read_all(), "", "the connection is closed");
        alice.await_refused(part);
    }
    alice.await_refused("none of the algorithm's messages");
    alice.tell("still here");
    alice.await_delivery("still here");
    let summary = alice.quit();
    for (line, reason) in corpus() {
        let counted = summary["refused"][reason].as_u64().unwrap_or(0);
        assert!(
            counted >= 1,
            "{reason} of {}: {summary}",
            String::from_utf8_lossy(&line[..line.len().min(80)])
        );
    }
    let total: u64 = summary["refused"].as_object().expect("counts").values().filter_map(Value::as_u64).sum();
    assert_eq!((total, &summary["received"]), (corpus().len() as u64 + 4, &json!(0)), "{summary}");
}

#[test]
fn a_datagram_from_elsewhere_is_not_the_nodes() {
    let folder = Folder::new("forged");
    let scenario = folder.write("pair.yaml", PAIR);
    let place = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let peer = format!("bob={}", place.local_addr().expect("an address"));
    let mut alice = Node::start(&scenario, "alice", &["--transport", "udp", "--peer", &peer]);
    let own = alice.address();
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let said = message("bob", "alice", &json!({"type": "data", "value": "x"}));
    stranger.send_to(said.as_bytes(), own).expect("it is sent");
    alice.await_refused("claims to be from `bob`");
    stranger.send_to(b"\x00\x01\x02", own).expect("it is sent");
    alice.await_shown("Message from ");
    assert_eq!(alice.quit()["refused"], json!({"forged": 1}));
}

#[test]
fn what_a_multicast_group_gets_is_shown_and_what_is_typed_goes_to_it() {
    let folder = Folder::new("group");
    let port = 20_001 + std::process::id() % 40_000;
    let live = format!(
        "live: {{multicast: {{interface: 127.0.0.1}}, guests: {{multicast: [\"224.3.29.71:{port}\"]}}}}\n"
    );
    let scenario = folder.write("pair.yaml", &format!("{PAIR}{live}"));
    let mut alice = Node::start(&scenario, "alice", &[]);
    let mut bob = Node::start(&scenario, "bob", &[]);
    alice.address();
    bob.address();
    alice.tell("very important data");
    let shown = bob.await_shown("Received message from ('127.0.0.1', ");
    assert!(shown.ends_with("): very important data"), "{shown}");
    alice.quit();
    bob.quit();
}

#[test]
fn messages_without_a_number_replay_also_after_a_fault_at_the_prompt() {
    let folder = Folder::new("unnumbered");
    let scenario = folder.write("pair.yaml", PAIR);
    let mut alice = Node::start(&scenario, "alice", &[]);
    let bob = Guest::connect(alice.address());
    bob.say(&hello("bob", "pair", "best-effort-broadcast"));
    let say = |id: u32| {
        let body = json!({"type": "data", "id": id, "body": format!("text {id}")});
        bob.say(&(json!({"src": "bob", "dest": "alice", "body": body}).to_string() + "\n"));
    };
    say(1);
    alice.await_delivery("text 1");
    alice.tell("/delay bob 1ms");
    alice.tell("/heal");
    say(2);
    alice.await_delivery("text 2");
    alice.tell("/pause 100ms");
    say(3);
    alice.await_delivery("text 3");
    let summary = alice.quit();
    assert_eq!((&summary["received"], &summary["refused"]), (&json!(3), &json!({})));
    replays(&folder, "alice");
    let journals = folder.0.join("journals");
    let merged = std::process::Command::new(env!("CARGO_BIN_EXE_synod"))
        .args(["trace", "merge", "-o"])
        .args([journals.join("merged.jsonl"), journals.join("alice.jsonl")])
        .status();
    assert!(merged.expect("the program starts").success());
    replays(&folder, "merged");
}
