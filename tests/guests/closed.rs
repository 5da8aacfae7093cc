//! Groups with a key.

use crate::node::{Folder, Guest, Node, PATIENCE};
use serde_json::Value;
use std::{net::UdpSocket, thread};

const TRIO: &str = "version: 1\nname: trio\nalgorithm: best-effort-broadcast\nnodes: [alice, bob, carol]\n";

fn count(summary: &Value, reason: &str) -> u64 {
    summary["refused"][reason].as_u64().unwrap_or(0)
}

fn members_talk_and_others_do_not(transport: &str) {
    let folder = Folder::new(&format!("closed-{transport}"));
    let scenario = folder.write("trio.yaml", TRIO);
    let key = folder.write("key", "correct horse battery staple\n").display().to_string();
    let wrong = folder.write("wrong", "incorrect horse battery staple\n").display().to_string();
    let base = ["--transport", transport, "--group-key"];
    let free = || UdpSocket::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let places = [free(), free(), free()].map(|place| place.to_string());
    let names = ["alice", "bob", "carol"];
    let peers: Vec<String> =
        names.iter().zip(&places).map(|(name, place)| format!("{name}={place}")).collect();
    let start = |me: usize, key: &str| {
        let mut arguments = base.to_vec();
        arguments.extend([key, "--listen", &places[me]]);
        for (_, peer) in peers.iter().enumerate().filter(|(number, _)| *number != me) {
            arguments.extend(["--peer", peer]);
        }
        let mut node = Node::start(&scenario, names[me], &arguments);
        let address = node.address();
        (node, address)
    };
    let ((mut alice, alices), (mut bob, _), (mut carol, _)) =
        (start(0, &key), start(1, &key), start(2, &wrong));
    alice.tell("hello");
    bob.await_delivery("hello");
    bob.tell("hi");
    alice.await_delivery("hi");
    carol.await_refused("sealed with another key");
    carol.tell("let me in");
    alice.await_refused("sealed with another key");
    bob.await_refused("sealed with another key");
    if transport == "tcp" {
        let mut stranger = Guest::connect(alices);
        stranger.say("hello?\n");
        let answer = stranger.read_all();
        assert!(answer.contains("this group is closed"), "{answer}");
    } else {
        let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        stranger.set_read_timeout(Some(PATIENCE)).expect("a setting");
        stranger.send_to(b"hello?", alices).expect("it is sent");
        let mut buffer = [0; 1024];
        let length = stranger.recv(&mut buffer).expect("an answer");
        assert_eq!(&buffer[..length], b"the group is closed\n");
    }
    // What is not sealed is nobody's, whatever it says.
    let (alices, bobs, carols) = (alice.quit(), bob.quit(), carol.quit());
    assert_eq!(
        (&alices["received"], &bobs["received"], &carols["received"]),
        (&1.into(), &1.into(), &0.into())
    );
    assert!(count(&alices, "wrong-key") >= 1 && count(&bobs, "wrong-key") >= 1, "{alices} {bobs}");
    assert!(count(&carols, "wrong-key") >= 1, "{carols}");
}

#[test]
fn members_talk_and_others_do_not_over_tcp() {
    members_talk_and_others_do_not("tcp");
}

#[test]
fn members_talk_and_others_do_not_over_udp() {
    members_talk_and_others_do_not("udp");
}

#[test]
fn what_is_sent_again_by_a_stranger_is_refused() {
    let folder = Folder::new("replayed");
    let scenario = folder.write("trio.yaml", &TRIO.replace("[alice, bob, carol]", "[alice, bob]"));
    let key = folder.write("key", "correct horse battery staple\n").display().to_string();
    let base = ["--transport", "udp", "--group-key", &key];
    let mut bob = Node::start(&scenario, "bob", &base);
    let bobs = bob.address();
    // Everything that alice says goes through the hands of somebody who has no key.
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    stranger.set_read_timeout(Some(PATIENCE)).expect("a setting");
    let peer = format!("bob={}", stranger.local_addr().expect("an address"));
    let mut arguments = base.to_vec();
    arguments.extend(["--peer", &peer]);
    let mut alice = Node::start(&scenario, "alice", &arguments);
    alice.address();
    alice.tell("only once");
    let again = thread::spawn(move || {
        let mut buffer = vec![0; 70_000];
        let length = stranger.recv(&mut buffer).expect("alice speaks");
        let packet = &buffer[..length];
        assert!(!packet.windows(9).any(|part| part == b"only once"), "nobody else reads it");
        for _ in 0..3 {
            stranger.send_to(packet, bobs).expect("it is sent");
        }
        let mut changed = packet.to_vec();
        *changed.last_mut().expect("it is not empty") ^= 1;
        stranger.send_to(&changed, bobs).expect("it is sent");
    });
    again.join().expect("the stranger");
    bob.await_delivery("only once");
    bob.await_refused("seen before");
    bob.await_refused("seen before");
    bob.await_refused("sealed with another key");
    let summary = bob.quit();
    assert_eq!((&summary["received"], count(&summary, "replayed")), (&1.into(), 2), "{summary}");
    alice.quit();
}
