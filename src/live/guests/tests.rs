//! Guests on real sockets of this computer.

use super::*;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, UdpSocket},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(30);

fn anywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn settings(style: Style, alias: Alias) -> Settings {
    Settings { style, alias, ..Settings::default() }
}

/// Runs a test on a runtime like a node's; one that hangs fails.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("the test hangs") })
}

/// A node whose algorithm delivers at once what it is asked to say.
struct Node {
    address: SocketAddr,
    /// What happened, as long as it goes on.
    log: mpsc::UnboundedReceiver<GuestEvent>,
    task: JoinHandle<()>,
}

impl Node {
    async fn new(settings: Settings) -> Self {
        let (events, mut happened) = mpsc::channel(64);
        let hall = Hall::open(anywhere(), settings, events).await.expect("a free port");
        let address = hall.address().expect("it listens");
        let (logging, log) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Some(event) = happened.recv().await {
                match &event {
                    GuestEvent::Joined { notice, .. } | GuestEvent::Left { notice, .. } => {
                        notice.iter().for_each(|notice| hall.deliver(notice, None, true));
                    }
                    GuestEvent::Said { text, .. } => hall.deliver(text, None, true),
                    GuestEvent::Heard { .. } => {}
                }
                if logging.send(event).is_err() {
                    return;
                }
            }
        });
        Self { address, log, task }
    }

    async fn guest(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// A guest that was asked for its name, gave it without a newline, and was welcomed.
    async fn named(&self, name: &str) -> TcpStream {
        let mut stream = self.guest().await;
        assert_eq!(receive(&mut stream).await, "alias?");
        stream.write_all(name.as_bytes()).await.expect("it is there");
        let notice = format!("{name} has connected to the chat room");
        expect(&mut stream, &format!("{notice}you are now connected!")).await;
        stream
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What one `recv(1024)` gives.
async fn receive(stream: &mut TcpStream) -> String {
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.expect("it is there");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// Reads exactly this text, in however many parts.
async fn expect(stream: &mut TcpStream, text: &str) {
    let mut buffer = vec![0; text.len()];
    stream.read_exact(&mut buffer).await.expect("it is there");
    assert_eq!(String::from_utf8_lossy(&buffer), text);
}

#[test]
fn a_chat_as_its_clients_know_it() {
    run(async {
        let node = Node::new(settings(Style::Consistent, Alias::Ask)).await;
        let mut ann = node.named("ann").await;
        let mut bob = node.named("bob").await;
        expect(&mut ann, "bob has connected to the chat room").await;
        for (from, text) in [(true, "ann: hi"), (false, "bob: hello"), (true, "ann: bye")] {
            let sender = if from { &mut ann } else { &mut bob };
            sender.write_all(text.as_bytes()).await.expect("it is there");
            expect(&mut ann, text).await;
            expect(&mut bob, text).await;
        }
        drop(ann);
        expect(&mut bob, "ann has left the chat room!").await;
    });
}

#[test]
fn a_silent_newcomer_holds_up_nobody() {
    run(async {
        let node = Node::new(settings(Style::Consistent, Alias::Ask)).await;
        let mut silent = node.guest().await;
        let mut ann = node.named("ann").await;
        ann.write_all(b"ann: anybody?").await.expect("it is there");
        expect(&mut ann, "ann: anybody?").await;
        assert_eq!(receive(&mut silent).await, "alias?", "and nothing else before it has a name");
    });
}

#[test]
fn who_gives_no_name_makes_room_for_others() {
    run(async {
        let naming_max = Duration::from_millis(100);
        let node = Node::new(Settings { naming_max, ..settings(Style::Consistent, Alias::Ask) }).await;
        let mut ann = node.named("ann").await;
        let mut silent = node.guest().await;
        expect(&mut silent, "alias?no alias came; connect again").await;
        assert_eq!(receive(&mut silent).await, "", "and the connection is closed");
        ann.write_all(b"ann: still here").await.expect("it is there");
        expect(&mut ann, "ann: still here").await;
    });
}

#[test]
fn texts_told_one_after_another_come_one_at_a_time() {
    run(async {
        let node = Node::new(settings(Style::Consistent, Alias::None)).await;
        let (mut ann, mut bob) = (node.guest().await, node.guest().await);
        bob.write_all(b"one\ntwo\nthree\n").await.expect("it is there");
        assert_eq!(
            [receive(&mut ann).await, receive(&mut ann).await, receive(&mut ann).await],
            ["one", "two", "three"]
        );
        expect(&mut bob, "one\ntwo\nthree\n").await;
    });
}

#[test]
fn ordering_clients_hear_what_their_order_promises() {
    for (style, told_self, told_other) in [
        (Style::Absolute, Some("1: hi"), "1: hi"),
        (Style::Consistent, Some("hi"), "hi"),
        (Style::Causal, None, "hi"),
    ] {
        run(async {
            let node = Node::new(settings(style, Alias::None)).await;
            let (mut ann, mut bob) = (node.guest().await, node.guest().await);
            sleep(Duration::from_millis(20)).await;
            ann.write_all(b"hi").await.expect("it is there");
            assert_eq!(receive(&mut bob).await, told_other);
            match told_self {
                Some(text) => assert_eq!(receive(&mut ann).await, text),
                None => {
                    let heard = timeout(Duration::from_millis(50), receive(&mut ann)).await;
                    assert!(heard.is_err(), "{heard:?}");
                }
            }
        });
    }
}

#[test]
fn many_at_once_are_greeted_and_closed() {
    run(async {
        let node = Node::new(settings(Style::Hello, Alias::None)).await;
        let clients: Vec<_> = (0..100)
            .map(|number| {
                let address = node.address;
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.expect("it listens");
                    let end = if number % 2 == 0 { "" } else { "\n" };
                    let hello = format!("Hello server{end}");
                    stream.write_all(hello.as_bytes()).await.expect("it is there");
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).await.expect("it answers and closes");
                    answer.trim_end().to_owned()
                })
            })
            .collect();
        for client in clients {
            assert_eq!(client.await.expect("it ends"), "Hello from server");
        }
    });
}

#[test]
fn who_ends_its_input_still_hears_the_answer() {
    run(async {
        let node = Node::new(settings(Style::Hello, Alias::None)).await;
        let mut stream = node.guest().await;
        stream.write_all(b"Hello server").await.expect("it is there");
        stream.shutdown().await.expect("it is there");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers and closes");
        assert_eq!(answer, "Hello from server");
    });
}

#[test]
fn a_closed_group_and_a_full_room_say_why_nobody_comes_in() {
    run(async {
        let refuse = Some("this group is closed".to_owned());
        let node = Node::new(Settings { refuse, ..Settings::default() }).await;
        let mut stream = node.guest().await;
        stream.write_all(b"let me in\n").await.expect("it is there");
        assert_eq!(receive(&mut stream).await, "this group is closed\n");
        assert_eq!(receive(&mut stream).await, "", "and the connection is closed");

        let node = Node::new(Settings { guests_max: 1, ..settings(Style::Consistent, Alias::Ask) }).await;
        let _first = node.named("ann").await;
        assert!(receive(&mut node.guest().await).await.contains("there are 1 guests already"));
    });
}

#[test]
fn a_text_that_is_too_long_is_answered_with_the_limit() {
    run(async {
        let mut node = Node::new(settings(Style::Consistent, Alias::None)).await;
        let mut stream = node.guest().await;
        stream.write_all(&vec![b'x'; TEXT_MAX + 1]).await.expect("it is there");
        assert_eq!(receive(&mut stream).await, "a text may have 64 KiB at most");
        assert!(matches!(node.log.recv().await, Some(GuestEvent::Joined { .. })));
        assert!(matches!(node.log.recv().await, Some(GuestEvent::Left { why: Departure::TooLong, .. })));
    });
}

#[test]
fn a_guest_that_came_to_another_port_is_let_in_with_what_it_said() {
    run(async {
        let (events, mut happened) = mpsc::channel(8);
        let hall = Hall::without_door(settings(Style::Consistent, Alias::None), events);
        let listener = tokio::net::TcpListener::bind(anywhere()).await.expect("a free port");
        let _guest =
            TcpStream::connect(listener.local_addr().expect("it listens")).await.expect("it listens");
        let (stream, from) = listener.accept().await.expect("it came");
        hall.admit(stream, from, b"hel".to_vec());
        assert!(matches!(happened.recv().await, Some(GuestEvent::Joined { .. })));
        let said = happened.recv().await;
        assert!(matches!(&said, Some(GuestEvent::Said { text, .. }) if text == "hel"), "{said:?}");
        assert_eq!(hall.guests(), 1);
    });
}

#[test]
fn a_hall_that_closes_says_goodbye() {
    run(async {
        let (events, _happened) = mpsc::channel(8);
        let hall = Hall::open(anywhere(), Settings::default(), events).await.expect("a free port");
        let address = hall.address().expect("it listens");
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        while hall.guests() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let reading = tokio::spawn(async move {
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.map(|_| heard)
        });
        let started = Instant::now();
        hall.close(Some("goodbye")).await;
        assert_eq!(reading.await.expect("it ends").expect("it is closed"), "goodbye");
        assert!(started.elapsed() < Duration::from_secs(2));
        assert!(TcpStream::connect(address).await.is_err(), "the door is closed");
    });
}

/// A guest with a number that speaks `said` lines and reads until it has heard as many as there are in all.
async fn chatter(address: SocketAddr, number: usize, said: usize, all: usize) -> Vec<String> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (read, mut write) = stream.into_split();
    let mut question = [0; 6];
    let mut read = BufReader::new(read);
    read.read_exact(&mut question).await.expect("it asks");
    write.write_all(format!("g{number}\n").as_bytes()).await.expect("it is there");
    let mut heard = Vec::new();
    let mut lines = read.lines();
    while heard.len() < all {
        let line = lines.next_line().await.expect("it is there").expect("it was not dropped");
        if line == "start" {
            let talk: String = (0..said).map(|line| format!("g{number}: {line}\n")).collect();
            write.write_all(talk.as_bytes()).await.expect("it is there");
        }
        if line.contains(": ") {
            heard.push(line);
        }
    }
    heard
}

#[test]
fn two_hundred_guests_hear_everything_once_in_one_order() {
    const GUESTS: usize = 200;
    const SAID: usize = 5;
    run(async {
        let mut node = Node::new(settings(Style::Consistent, Alias::Ask)).await;
        let guests: Vec<_> = (0..GUESTS)
            .map(|number| tokio::spawn(chatter(node.address, number, SAID, GUESTS * SAID)))
            .collect();
        let mut joined = 0;
        while joined < GUESTS {
            let event = node.log.recv().await;
            joined += usize::from(matches!(event, Some(GuestEvent::Joined { .. })));
        }
        let mut starter = node.named("starter").await;
        starter.write_all(b"start\n").await.expect("it is there");
        let mut first: Option<Vec<String>> = None;
        for guest in guests {
            let heard = guest.await.expect("it hears everything");
            let distinct: BTreeSet<&String> = heard.iter().collect();
            assert_eq!(distinct.len(), GUESTS * SAID, "each once");
            assert_eq!(&heard, first.get_or_insert_with(|| heard.clone()), "in one order");
        }
        let first = first.expect("there are guests");
        for number in 0..GUESTS {
            let start = format!("g{number}: ");
            let own: Vec<&String> = first.iter().filter(|line| line.starts_with(&start)).collect();
            let said: Vec<String> = (0..SAID).map(|line| format!("{start}{line}")).collect();
            assert_eq!(own, said.iter().collect::<Vec<_>>(), "what one says keeps its order");
        }
    });
}

#[test]
fn a_guest_that_does_not_read_is_dropped_and_the_others_are_not_held_up() {
    run(async {
        let mut node = Node::new(settings(Style::Consistent, Alias::Ask)).await;
        let deaf = node.named("deaf").await;
        let mut ann = node.named("ann").await;
        let (mut read, mut write) = ann.split();
        let text = "x".repeat(60_000);
        let notice = "deaf has left the chat room!";
        let (mut slowest, mut rounds, mut why) = (Duration::ZERO, 0, None);
        // The kernel takes some megabytes for a guest that does not read, then the queue takes one more.
        let mut missed = false;
        while !missed {
            let started = Instant::now();
            write.write_all(format!("{text}\n").as_bytes()).await.expect("it is there");
            let (mut heard, mut buffer) = (String::new(), vec![0; 65_536]);
            while heard.matches('x').count() < text.len() {
                let length = read.read(&mut buffer).await.expect("it is there");
                heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
                missed |= heard.contains(notice);
            }
            slowest = slowest.max(started.elapsed());
            rounds += 1;
            assert!(rounds < 2000, "120 MB were kept for a guest that does not read");
            while let Ok(event) = node.log.try_recv() {
                if let GuestEvent::Left { why: told, .. } = event {
                    why = Some(told);
                }
            }
        }
        assert_eq!(why, Some(Departure::TooSlow));
        assert!(slowest < Duration::from_secs(1), "a text took {slowest:?}");
        drop(deaf);
    });
}

#[test]
fn datagrams_are_shown_and_answered() {
    run(async {
        let (events, mut happened) = mpsc::channel(8);
        let desk = UdpDesk::open(anywhere(), events).await.expect("a free port");
        let address = desk.address().expect("it listens");
        assert_eq!(desk.reply("nobody asked").await.expect("it may"), None);
        let mut clients = Vec::new();
        for number in 1..=3 {
            let client = UdpSocket::bind(anywhere()).await.expect("a free port");
            client.send_to(format!("hello{number}").as_bytes(), address).await.expect("it listens");
            let Some(GuestEvent::Heard { from, text, line }) = happened.recv().await else {
                panic!("nothing came")
            };
            assert_eq!(from, client.local_addr().expect("it is bound"));
            assert_eq!(text, format!("hello{number}"));
            assert_eq!(line, format!("Message from Client {number}: hello"));
            clients.push(client);
        }
        assert_eq!(desk.next().as_deref(), Some("Client 1"));
        for (number, client) in clients.iter().enumerate() {
            let to = desk.reply(&format!("answer {number}")).await.expect("it may");
            assert_eq!(to, client.local_addr().ok());
            let mut buffer = [0; 1024];
            let (length, from) = client.recv_from(&mut buffer).await.expect("it answers");
            assert_eq!((&buffer[..length], from), (format!("answer {number}").as_bytes(), address));
        }
    });
}

#[test]
fn a_multicast_group_is_heard_and_spoken_to() {
    run(async {
        // A port of this test's own, so that tests that run at once do not hear each other.
        let port = UdpSocket::bind(anywhere())
            .await
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port();
        let group = SocketAddrV4::new(Ipv4Addr::new(224, 3, 29, 71), port);
        let (events, mut ann_hears) = mpsc::channel(8);
        let ann = MulticastDesk::join(group, Ipv4Addr::LOCALHOST, 1, events).await.expect("loopback");
        let (events, mut bob_hears) = mpsc::channel(8);
        let bob = MulticastDesk::join(group, Ipv4Addr::LOCALHOST, 1, events).await.expect("loopback");
        ann.say("very important data").await.expect("it may");
        let Some(GuestEvent::Heard { from, line, .. }) = bob_hears.recv().await else {
            panic!("nothing came")
        };
        let port = from.port();
        assert_eq!(line, format!("Received message from ('127.0.0.1', {port}): very important data"));
        bob.say("thanks").await.expect("it may");
        let Some(GuestEvent::Heard { text, .. }) = ann_hears.recv().await else { panic!("nothing came") };
        assert_eq!(text, "thanks", "and not what ann said herself");
        let (events, _) = mpsc::channel(8);
        let wrong = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let error =
            MulticastDesk::join(wrong, Ipv4Addr::LOCALHOST, 1, events).await.expect_err("it is no group");
        assert!(error.to_string().contains("no multicast group"), "{error}");
    });
}
