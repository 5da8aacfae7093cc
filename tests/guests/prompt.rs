//! What is typed at a node, and how it ends.

use crate::node::{Folder, Node, replays};
use std::{fs, process::Command};

const PAIR: &str = "version: 1\nname: pair\nalgorithm: best-effort-broadcast\nnodes: [alice, bob]\n";

fn pair(folder: &Folder, arguments: &[&str]) -> (Node, Node) {
    let scenario = folder.write("pair.yaml", PAIR);
    let free = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let place = free().expect("a free port").to_string();
    let mut with = vec!["--peer"];
    let alices = format!("alice={place}");
    with.push(&alices);
    with.extend(arguments);
    let mut bob = Node::start(&scenario, "bob", &with);
    let bobs = format!("bob={}", bob.address());
    let mut with = vec!["--listen", &place, "--peer", &bobs];
    with.extend(arguments);
    (Node::start(&scenario, "alice", &with), bob)
}

/// The journals of both nodes are one trace, which replays, too.
fn merge(folder: &Folder) {
    let journals = folder.0.join("journals");
    let merged = Command::new(env!("CARGO_BIN_EXE_synod"))
        .args(["trace", "merge", "-o"])
        .args([journals.join("merged.jsonl"), journals.join("alice.jsonl"), journals.join("bob.jsonl")])
        .output()
        .expect("the program starts");
    assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stderr));
    replays(folder, "merged");
}

fn faults(name: &str, arguments: &[&str]) {
    let folder = Folder::new(name);
    let (mut alice, mut bob) = pair(&folder, arguments);
    alice.tell("hello");
    bob.await_delivery("hello");
    alice.tell("/help");
    alice.tell("/nonsense");
    alice.tell("/drop bob");
    alice.tell("lost");
    bob.tell("lost, too");
    alice.await_delivery("lost");
    bob.await_delivery("lost, too");
    alice.tell("/who");
    assert!(alice.await_shown("bob  ").contains("cut off"));
    alice.tell("/heal");
    alice.tell("/delay bob 300ms");
    alice.tell("late");
    bob.await_delivery("late");
    alice.tell("/heal");
    alice.tell("/pause 300ms");
    alice.tell("after the pause");
    bob.await_delivery("after the pause");
    alice.tell("/request {broadcast: asked}");
    bob.await_delivery("asked");
    alice.tell("/request {shout: hi}");
    alice.await_refused("no such request");
    alice.tell("/send bob hi");
    alice.await_refused("no messages to one node");
    alice.tell("/drop nobody");
    alice.await_refused("`nobody` is nobody of this group");
    let (alices, bobs) = (alice.quit(), bob.quit());
    assert_eq!((&alices["unsent"], &bobs["received"]), (&1.into(), &4.into()));
    replays(&folder, "alice");
    replays(&folder, "bob");
    merge(&folder);
}

#[test]
fn faults_at_the_prompt_over_tcp() {
    faults("faults-tcp", &[]);
}

#[test]
fn faults_at_the_prompt_over_udp() {
    faults("faults-udp", &["--transport", "udp"]);
}

#[cfg(unix)]
#[test]
fn a_signal_says_goodbye_and_a_crash_does_not() {
    let folder = Folder::new("signals");
    let (mut alice, mut bob) = pair(&folder, &[]);
    alice.tell("hello");
    bob.await_delivery("hello");
    let told = Command::new("kill").args(["-TERM", &bob.child.id().to_string()]).status();
    assert!(told.expect("there is a kill").success());
    bob.await_report("bye", |_| true);
    assert!(bob.child.wait().expect("it ends").success());
    alice.tell("/crash");
    let status = alice.child.wait().expect("it ends");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    replays(&folder, "alice");
    replays(&folder, "bob");
}

#[test]
fn nodes_find_each_other_by_multicast_and_talk_by_it() {
    let folder = Folder::new("multicast");
    let port = 20_000 + std::process::id() % 40_000;
    let live = format!("live: {{multicast: {{group: \"239.255.83.90:{port}\", interface: 127.0.0.1}}}}\n");
    let scenario = folder.write("pair.yaml", &format!("{PAIR}{live}"));
    for arguments in
        [&["--transport", "multicast"][..], &["--discover"], &["--discover", "--transport", "udp"]]
    {
        let mut nodes = ["alice", "bob"].map(|name| Node::start(&scenario, name, arguments));
        nodes[0].await_shown("bob is at 127.0.0.1:");
        nodes[1].await_shown("alice is at 127.0.0.1:");
        let [mut alice, mut bob] = nodes;
        alice.tell("hello");
        bob.await_delivery("hello");
        bob.tell("hi, alice");
        alice.await_delivery("hi, alice");
        let (alices, bobs) = (alice.quit(), bob.quit());
        assert_eq!((&alices["received"], &bobs["received"]), (&1.into(), &1.into()), "{arguments:?}");
        assert_eq!(alices["refused"], serde_json::json!({}));
        fs::remove_dir_all(folder.0.join("journals")).expect("the next ones begin anew");
    }
}
