//! Guests of an open group.

use crate::node::{Folder, Guest, Node, PATIENCE, member, places, replays};
use std::{collections::BTreeSet, net::UdpSocket, thread};

const ROOM: &str = "version: 1\nname: room\nalgorithm: {name: sequencer, config: {sequencer: alice}}\n";

fn room(folder: &Folder, nodes: &str, guests: &str) -> std::path::PathBuf {
    folder.write("room.yaml", &format!("{ROOM}nodes: {nodes}\nlive: {{guests: {guests}}}\n"))
}

/// Two nodes that know each other.
fn pair(folder: &Folder, guests: &str) -> [(Node, std::net::SocketAddr); 2] {
    let scenario = room(folder, "[alice, bob]", guests);
    let free = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let place = free().expect("a free port").to_string();
    let mut bob = Node::start(&scenario, "bob", &["--peer", &format!("alice={place}")]);
    let bobs = bob.address();
    let mut alice = Node::start(&scenario, "alice", &["--listen", &place, "--peer", &format!("bob={bobs}")]);
    let alices = alice.address();
    [(alice, alices), (bob, bobs)]
}

#[test]
fn absolute_order_is_one_numbered_list_for_all_guests_of_all_nodes() {
    let folder = Folder::new("absolute");
    let [(alice, alices), (bob, bobs)] = pair(&folder, "{style: absolute}");
    let (mut ann, mut ben) = (Guest::connect(alices), Guest::connect(bobs));
    // Both are in once they hear themselves.
    ann.say("Hi this is client 1\n");
    assert_eq!(ann.read_until("\n"), "1: Hi this is client 1\n");
    ben.say("Hello this is Client 2\n");
    assert_eq!(ann.read_until("2: Hello this is Client 2\n"), "2: Hello this is Client 2\n");
    // Who was silent for a second was let in before, and has heard the first text, too.
    assert!(ben.read_until("2: Hello this is Client 2\n").ends_with("2: Hello this is Client 2\n"));
    for number in 0..20 {
        ann.say(&format!("from ann {number}\n"));
        ben.say(&format!("from ben {number}\n"));
    }
    let (anns, bens) = (ann.read_until("42: "), ben.read_until("42: "));
    assert_eq!(anns.lines().take(39).collect::<Vec<_>>(), bens.lines().take(39).collect::<Vec<_>>());
    assert!(anns.starts_with("3: from "), "{anns}");
    let summary = alice.quit();
    assert_eq!(summary["refused"], serde_json::json!({}));
    bob.quit();
}

#[test]
fn a_silent_client_is_asked_for_its_alias_and_hears_the_room() {
    let folder = Folder::new("chat");
    let scenario = room(&folder, "[alice]", "{tcp: 0, alias: ask}");
    let mut alice = Node::start(&scenario, "alice", &[]);
    let (own, door) = (alice.address(), alice.door("tcp"));
    let mut ann = Guest::connect(door);
    assert_eq!(ann.recv(), "alias?");
    ann.say("ann");
    assert_eq!(ann.read_until("connected!"), "ann has connected to the chat roomyou are now connected!");
    // The node's own port is a door, too.
    let mut ben = Guest::connect(own);
    assert_eq!(ben.recv(), "alias?");
    ben.say("ben");
    ben.read_until("you are now connected!");
    assert_eq!(ann.recv(), "ben has connected to the chat room");
    ben.say("ben: hello");
    assert_eq!(ann.recv(), "ben: hello");
    assert_eq!(ben.recv(), "ben: hello");
    alice.tell("good evening");
    assert_eq!(ann.recv(), "good evening");
    drop(ben);
    assert_eq!(ann.recv(), "ben has left the chat room!");
    alice.quit();
}

#[test]
fn causal_order_spares_who_said_it() {
    let folder = Folder::new("causal");
    let scenario = room(&folder, "[alice]", "{style: causal}");
    let mut alice = Node::start(&scenario, "alice", &[]);
    let own = alice.address();
    let (mut ann, mut ben) = (Guest::connect(own), Guest::connect(own));
    alice.await_shown("is here");
    alice.await_shown("is here");
    ann.say("one\n");
    assert_eq!(ben.read_until("one"), "one");
    ben.say("two\n");
    assert_eq!(ann.read_until("two\n"), "two\n", "ann does not hear herself");
    alice.quit();
}

#[test]
fn the_threaded_server_says_hello_and_closes() {
    let folder = Folder::new("hello");
    let scenario = room(&folder, "[alice]", "{style: hello}");
    let mut alice = Node::start(&scenario, "alice", &[]);
    let own = alice.address();
    let clients: Vec<_> = (0..50)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Guest::connect(own);
                client.say("Hello server");
                client.read_all()
            })
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().expect("a client"), "Hello from server");
    }
    alice.quit();
}

#[test]
fn the_operator_answers_who_asks_with_a_datagram() {
    let folder = Folder::new("desk");
    let scenario = room(&folder, "[alice]", "{udp: 0}");
    let mut alice = Node::start(&scenario, "alice", &[]);
    let door = alice.door("udp");
    let client = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    client.set_read_timeout(Some(PATIENCE)).expect("a setting");
    client.send_to(b"hello from here1", door).expect("it is sent");
    assert_eq!(alice.await_shown("Message from"), "Message from Client 1: hello from here");
    alice.tell("welcome");
    let mut buffer = [0; 1024];
    let (length, from) = client.recv_from(&mut buffer).expect("an answer");
    assert_eq!((&buffer[..length], from), (&b"welcome"[..], door));
    alice.quit();
}

#[test]
fn two_hundred_guests_hear_everything_once_in_one_order() {
    const GUESTS: usize = 200;
    let folder = Folder::new("crowd");
    let scenario = room(&folder, "[alice]", "{style: consistent}");
    let mut alice = Node::start(&scenario, "alice", &[]);
    let own = alice.address();
    let mut guests: Vec<Guest> = (0..GUESTS).map(|_| Guest::connect(own)).collect();
    // Who speaks with newlines is told so; everybody is in when all have spoken once.
    for guest in &guests {
        let name = guest.0.local_addr().expect("an address").to_string();
        guest.say("here\n");
        alice.await_shown(&format!("guest {name}: here"));
    }
    let readers: Vec<_> = guests
        .drain(..)
        .enumerate()
        .map(|(number, guest)| {
            thread::spawn(move || {
                let mut guest = guest;
                guest.say(&format!("from {number}\n"));
                let mut heard = String::new();
                while heard.lines().filter(|line| line.starts_with("from ")).count() < GUESTS
                    || !heard.ends_with('\n')
                {
                    heard += &guest.recv();
                }
                let from = heard.lines().filter(|line| line.starts_with("from "));
                (from.map(str::to_owned).collect::<Vec<_>>(), guest)
            })
        })
        .collect();
    let heard: Vec<_> = readers.into_iter().map(|reader| reader.join().expect("a guest")).collect();
    let distinct: BTreeSet<&String> = heard[0].0.iter().collect();
    assert_eq!(distinct.len(), GUESTS, "everything once");
    assert!(heard.iter().all(|(from, _)| *from == heard[0].0), "in one order");
    alice.quit();
}

#[test]
fn who_does_not_read_is_dropped_and_slows_nobody() {
    let folder = Folder::new("slow");
    let scenario = room(&folder, "[alice]", "{}");
    let mut alice = Node::start(&scenario, "alice", &[]);
    let own = alice.address();
    let (ann, slow) = (Guest::connect(own), Guest::connect(own));
    slow.say("I shall not read\n");
    alice.await_shown("I shall not read");
    let slows = slow.0.local_addr().expect("an address");
    let text = "x".repeat(30_000);
    let mut listener = Guest(ann.0.try_clone().expect("a second handle"));
    let reader = thread::spawn(move || {
        let mut bytes = 0;
        while bytes < 400 * 30_001 {
            bytes += listener.recv().len();
        }
    });
    for _ in 0..400 {
        ann.say(&text);
        ann.say("\n");
    }
    reader.join().expect("ann hears all of it");
    let gone = alice.await_shown("does not read");
    assert!(gone.contains(&slows.to_string()), "{gone}");
    alice.quit();
}

/// Nodes of a chat with a server; ali and bea are in, under other names than their nodes'.
fn chat(folder: &Folder, guests: &str) -> [Node; 3] {
    let scenario = folder.write(
        "chat.yaml",
        &format!(
            "version: 1\nname: chat\nalgorithm: chat\nnodes: [server, ali, bea]\nchannel: reliable-fifo\n\
             live: {{guests: {guests}}}\n"
        ),
    );
    let (names, places) = (["server", "ali", "bea"], places::<3>());
    let [server, mut ali, bea] = [0, 1, 2].map(|me| member(&scenario, &names, &places, me));
    ali.tell("/request {connect: Ali Baba}");
    ali.await_report("output", |output| output["welcome"]["alias"] == "Ali Baba");
    [server, ali, bea]
}

#[test]
fn guests_of_a_chat_are_in_once_their_own_notice_comes_back() {
    let folder = Folder::new("chat-guests");
    let [server, mut ali, mut bea] = chat(&folder, "{tcp: 0, alias: ask}");
    let mut ann = Guest::connect(ali.door("tcp"));
    assert_eq!(ann.recv(), "alias?");
    ann.say("ann");
    assert_eq!(ann.read_until("connected!"), "ann has connected to the chat roomyou are now connected!");
    bea.tell("/request {connect: Bea}");
    assert_eq!(ann.recv(), "Bea has connected to the chat room");
    bea.tell("hello ann");
    assert_eq!(ann.recv(), "hello ann");
    ann.say("hello bea");
    assert_eq!(ann.recv(), "hello bea");
    bea.await_report("output", |output| output["said"]["body"] == "hello bea");
    bea.tell("/request quit");
    assert_eq!(ann.recv(), "Bea has left the chat room!");
    drop(ann);
    ali.await_shown("has gone");
    for node in [server, ali, bea] {
        node.quit();
    }
    replays(&folder, "ali");
}

#[test]
fn a_guest_of_a_chat_is_spared_what_it_said_itself() {
    let folder = Folder::new("chat-causal");
    let [server, mut ali, bea] = chat(&folder, "{tcp: 0, style: causal}");
    let door = ali.door("tcp");
    let (mut ann, mut ben) = (Guest::connect(door), Guest::connect(door));
    ali.await_shown("is here");
    ali.await_shown("is here");
    ann.say("one\n");
    assert_eq!(ben.read_until("one"), "one");
    ben.say("two\n");
    assert_eq!(ann.read_until("two\n"), "two\n", "ann does not hear herself");
    for node in [server, ali, bea] {
        node.quit();
    }
}
