//! How a node ends when it is told to by a signal, whoever hangs.

use crate::node::{Folder, Guest, Node, PATIENCE};
use std::{
    net::TcpListener,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// A node that has something to wait for when it ends: a peer that accepts and never reads, and a guest that stays.
fn held_up(folder: &Folder) -> (Node, TcpListener, Guest) {
    let scenario = folder.write(
        "pair.yaml",
        "version: 1\nname: pair\nalgorithm: best-effort-broadcast\nnodes: [alice, bob]\n",
    );
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let peer = format!("bob={}", deaf.local_addr().expect("its address"));
    let mut alice = Node::start(&scenario, "alice", &["--peer", &peer]);
    let guest = Guest::connect(alice.address());
    guest.say("I stay\n");
    alice.await_shown("I stay");
    // It reads what it is told, or it would be dropped.
    let mut ear = guest.0.try_clone().expect("a second handle");
    thread::spawn(move || std::io::copy(&mut ear, &mut std::io::sink()));
    // More than any buffer between alice and bob takes.
    let long = "x".repeat(30_000);
    for _ in 0..300 {
        alice.tell(&long);
    }
    alice.tell("the last");
    alice.await_delivery("the last");
    (alice, deaf, guest)
}

fn signal(node: &Node, name: &str) {
    let told = Command::new("kill").args([name, &node.child.id().to_string()]).status();
    assert!(told.expect("there is a kill").success());
}

/// How the node ended, and how long that took.
fn ended(node: &mut Node) -> (Option<i32>, Duration) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = node.child.try_wait().expect("it is our child") {
            return (status.code(), begun.elapsed());
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not end");
}

#[test]
fn one_signal_says_goodbye_within_two_seconds_whoever_hangs() {
    for name in ["-INT", "-TERM"] {
        let folder = Folder::new(&format!("one{name}"));
        let (mut alice, _deaf, _guest) = held_up(&folder);
        signal(&alice, name);
        let (code, took) = ended(&mut alice);
        assert_eq!(code, Some(0), "{name}");
        // A busy machine may take a little longer to notice.
        assert!(took < Duration::from_millis(2_700), "{name}: {took:?}");
        let bye = alice.await_report("bye", |_| true);
        assert_eq!(bye["node"], "alice");
    }
}

#[test]
fn a_second_signal_does_not_wait() {
    for (first, second, between) in
        [("-INT", "-TERM", 0), ("-TERM", "-INT", 0), ("-INT", "-INT", 150), ("-TERM", "-TERM", 150)]
    {
        let folder = Folder::new(&format!("two{first}{second}"));
        let (mut alice, _deaf, _guest) = held_up(&folder);
        let begun = Instant::now();
        signal(&alice, first);
        thread::sleep(Duration::from_millis(between));
        signal(&alice, second);
        let (code, _) = ended(&mut alice);
        assert_eq!(code, Some(130), "{first} {second} after {:?}", begun.elapsed());
    }
}
