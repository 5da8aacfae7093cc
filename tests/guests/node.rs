//! A node as a process of its own, and guests that know nothing but sockets.

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// How long anything may take on a machine that has other work, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that is removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("synod-guests-{name}-{}", std::process::id()));
        let _none = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a file of the test");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// One node; killed at the end if it has not gone by then.
pub(crate) struct Node {
    pub(crate) child: Child,
    typed: Option<ChildStdin>,
    reports: Receiver<Value>,
    /// What was reported and not asked for yet.
    kept: Vec<Value>,
}

impl Node {
    /// Starts a node of a scenario.
    pub(crate) fn start(scenario: &Path, name: &str, arguments: &[&str]) -> Self {
        let folder = scenario.parent().expect("it lies in a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_synod"))
            .arg("live")
            .arg(scenario)
            .args(["--node", name, "--json", "--dir"])
            .arg(folder.join("journals"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, reports) = channel();
        let lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let report = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(report).is_err() {
                    return;
                }
            }
        });
        let typed = child.stdin.take();
        Self { child, typed, reports, kept: Vec::new() }
    }

    /// The first report of this kind that was not asked for yet and that satisfies a condition.
    pub(crate) fn await_report(&mut self, kind: &str, is: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let place = self.kept.iter().position(|report| report.get(kind).is_some_and(&is));
            if let Some(place) = place {
                return self.kept.remove(place)[kind].take();
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(left) {
                Ok(report) => self.kept.push(report),
                Err(_) => panic!("no such {kind}; there were {:?}", self.kept),
            }
        }
    }

    pub(crate) fn address(&mut self) -> SocketAddr {
        let ready = self.await_report("ready", |_| true);
        ready.as_str().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// Waits for a line that says this.
    pub(crate) fn await_shown(&mut self, part: &str) -> String {
        let shown = self.await_report("shown", |line| line.as_str().is_some_and(|line| line.contains(part)));
        shown.as_str().expect("a line").to_owned()
    }

    pub(crate) fn await_refused(&mut self, part: &str) -> String {
        let said = self.await_report("refused", |line| line.as_str().is_some_and(|line| line.contains(part)));
        said.as_str().expect("a line").to_owned()
    }

    /// Waits until this text is delivered.
    pub(crate) fn await_delivery(&mut self, body: &str) {
        self.await_report("output", |output| output["deliver"]["body"] == body);
    }

    /// Where its own port for guests is.
    pub(crate) fn door(&mut self, kind: &str) -> SocketAddr {
        let line = self.await_shown(&format!("guests: {kind} "));
        line.rsplit(' ').next().and_then(|address| address.parse().ok()).expect("an address")
    }

    pub(crate) fn tell(&mut self, line: &str) {
        let typed = self.typed.as_mut().expect("it is still listened to");
        writeln!(typed, "{line}").expect("the node listens");
    }

    /// Ends the node, and gives its summary.
    pub(crate) fn quit(mut self) -> Value {
        self.tell("/quit");
        let summary = self.await_report("bye", |_| true);
        assert!(self.child.wait().expect("it ends").success());
        summary
    }
}

/// Free places on this computer, one for each.
pub(crate) fn places<const N: usize>() -> [String; N] {
    let free = [(); N].map(|()| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"));
    free.map(|free| free.local_addr().expect("its address").to_string())
}

/// Starts one node of a group whose nodes are at these places.
pub(crate) fn member(scenario: &Path, names: &[&str], places: &[String], me: usize) -> Node {
    let mut arguments = vec!["--listen".to_owned(), places[me].clone()];
    for (peer, place) in names.iter().zip(places).filter(|(peer, _)| **peer != names[me]) {
        arguments.extend(["--peer".to_owned(), format!("{peer}={place}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut node = Node::start(scenario, names[me], &arguments);
    node.address();
    node
}

/// A journal replays without a difference.
pub(crate) fn replays(folder: &Folder, node: &str) {
    let journal = folder.0.join("journals").join(format!("{node}.jsonl"));
    let ran = Command::new(env!("CARGO_BIN_EXE_synod")).arg("replay").arg(&journal).output();
    let ran = ran.expect("the program starts");
    let said = String::from_utf8_lossy(&ran.stdout);
    let content = fs::read_to_string(&journal).unwrap_or_default();
    assert!(ran.status.success() && said.contains("identical"), "{said}\n{content}");
}

impl Drop for Node {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A program with a socket.
pub(crate) struct Guest(pub(crate) TcpStream);

impl Guest {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_nodelay(true).expect("a setting");
        stream.set_read_timeout(Some(PATIENCE)).expect("a setting");
        Self(stream)
    }

    pub(crate) fn say(&self, text: &str) {
        (&self.0).write_all(text.as_bytes()).expect("the node reads");
    }

    /// What the next `recv(1024)` gives.
    pub(crate) fn recv(&mut self) -> String {
        let mut buffer = [0; 1024];
        let length = self.0.read(&mut buffer).expect("something comes");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Reads until so many bytes have come that hold this.
    pub(crate) fn read_until(&mut self, end: &str) -> String {
        let mut all = String::new();
        while !all.contains(end) {
            let more = self.recv();
            assert!(!more.is_empty(), "the connection was closed after {all:?}");
            all += &more;
        }
        all
    }

    /// Everything until the connection is closed.
    pub(crate) fn read_all(&mut self) -> String {
        let mut all = Vec::new();
        match self.0.read_to_end(&mut all) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{error}"),
        }
        String::from_utf8_lossy(&all).into_owned()
    }
}
