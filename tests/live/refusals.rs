//! Whatever comes in over the network, a node refuses what it cannot understand, counts it, and goes on.

use libtest_mimic::Failed;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};
use synod::live::control::{self, Report};

const SCENARIO: &str = "version: 1
name: strangers
algorithm: best-effort-broadcast
nodes: 3
";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node that is directed from here.
struct Node {
    child: Child,
    commands: ChildStdin,
    reports: mpsc::Receiver<Report>,
    address: SocketAddr,
}

impl Node {
    fn start(synod: &str, folder: &Path, transport: &str) -> Result<Self, Failed> {
        let _first = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder)?;
        let scenario = folder.join("strangers.yaml");
        std::fs::write(&scenario, SCENARIO)?;
        let mut child = Command::new(synod)
            .arg("live")
            .arg(&scenario)
            .args(["--node", "n1", "--directed", "--transport", transport, "--dir"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let commands = child.stdin.take().ok_or("its standard input was piped")?;
        let output = child.stdout.take().ok_or("its standard output was piped")?;
        let (sender, reports) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(report) = serde_json::from_str(&line) {
                    let _gone = sender.send(report);
                }
            }
        });
        let Report::Ready(address) = reports.recv_timeout(PATIENCE)? else {
            return Err("a node first says where it listens".into());
        };
        Ok(Self { child, commands, reports, address })
    }

    fn tell(&mut self, command: &control::Command) -> Result<(), Failed> {
        serde_json::to_writer(&mut self.commands, command)?;
        Ok(self.commands.write_all(b"\n")?)
    }

    /// Waits for an output that says this.
    fn hear(&self, body: &str) -> Result<(), Failed> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Report::Output(output) = self.reports.recv_timeout(PATIENCE)?
                && output.to_string().contains(body)
            {
                return Ok(());
            }
        }
        Err(format!("the node never delivered {body}").into())
    }

    /// Says goodbye; gives what was refused.
    fn quit(mut self) -> Result<BTreeMap<String, u64>, Failed> {
        self.tell(&control::Command::Quit)?;
        loop {
            if let Report::Bye(summary) = self.reports.recv_timeout(PATIENCE)? {
                self.child.wait()?;
                return Ok(summary.refused);
            }
        }
    }
}

fn begin(peers: &[(&str, SocketAddr)]) -> control::Command {
    let peers = peers.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
    control::Command::Begin { epoch: synod::live::wall_clock().to_string(), peers, again: false }
}

const HELLO: &str = r#"{"hello":1,"node":"n2","group":"strangers","algorithm":"best-effort-broadcast"}"#;

fn message(id: u32, body: &str) -> String {
    format!(
        r#"{{"src":"n2","dest":"n1","m":{id},"lc":1,"body":{{"type":"data","id":{id},"body":"{body}"}}}}"#
    )
}

/// Lines that a peer may send after its hello, and what each is refused for.
fn malformed_lines() -> Vec<(Vec<u8>, &'static str)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (text(r#"{"src":"n2","dest":"n1","body":{"type":"data","id":1"#), "malformed"),
        (text("{}"), "malformed"),
        (text("[1,2,3]"), "malformed"),
        (text(r#"{"src":"n2","dest":"n1","body":{"id":1}}"#), "malformed"),
        (
            text(&format!(r#"{{"src":"n2","dest":"n1","body":{}1{}}}"#, "[".repeat(9000), "]".repeat(9000))),
            "malformed",
        ),
        (vec![b'x'; 70_000], "too-long"),
        (b"{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"type\":\"\xff\xfe\"}}".to_vec(), "not-utf8"),
        (text(r#"{"src":"eve","dest":"n1","body":{"type":"data"}}"#), "unknown-sender"),
        (text(r#"{"src":"n2","dest":"eve","body":{"type":"data"}}"#), "not-for-us"),
        (text(r#"{"src":"n3","dest":"n1","body":{"type":"data","id":1,"body":"x"}}"#), "forged"),
        (text(r#"{"src":"n1","via":"n2","dest":"n1","body":{"type":"data","id":1,"body":"x"}}"#), "forged"),
        (text(r#"{"src":"n2","dest":"n1","body":{"type":"data","id":"seven"}}"#), "no-such-message"),
        (
            text("{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"type\":\"\\u0007\\u001b[2J\"}}"),
            "no-such-message",
        ),
    ]
}

/// Over TCP: strangers are turned away, and a member's nonsense does not end its connection.
pub(super) fn over_tcp(synod: &str, folder: &Path) -> Result<(), Failed> {
    let mut node = Node::start(synod, &folder.join("refusals-tcp"), "tcp")?;
    node.tell(&begin(&[]))?;
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    let mut expect = |refusal: &str| *expected.entry(refusal.to_owned()).or_default() += 1;
    for (hello, refusal) in [
        (HELLO.replace("strangers", "others"), "other-group"),
        (HELLO.replace("best-effort-broadcast", "sequencer"), "other-algorithm"),
        (HELLO.replace("n2", "eve"), "unknown-sender"),
        (HELLO.replace("\"hello\":1", "\"hello\":2"), "malformed"),
        ("{\"hello\":".to_owned(), "malformed"),
        (message(1, "no hello before it"), "malformed"),
    ] {
        let mut stranger = TcpStream::connect(node.address)?;
        stranger.set_read_timeout(Some(PATIENCE))?;
        stranger.write_all(format!("{hello}\n").as_bytes())?;
        let mut said = Vec::new();
        stranger.read_to_end(&mut said).map_err(|error| format!("{hello}: not hung up on: {error}"))?;
        expect(refusal);
    }
    let mut member = TcpStream::connect(node.address)?;
    member.write_all(format!("{HELLO}\r\n").as_bytes())?;
    for (line, refusal) in malformed_lines() {
        member.write_all(&line)?;
        member.write_all(b"\n")?;
        expect(refusal);
    }
    member.write_all(format!("{}\n", message(2, "still here")).as_bytes())?;
    node.hear("still here")?;
    let refused = node.quit()?;
    assert_eq!(refused, expected);
    Ok(())
}

/// Whether a line can be a datagram from a node: no datagram is as long as what is refused for its length, and what does not
/// begin with a brace is a guest's text.
fn is_datagram((line, _): &(Vec<u8>, &'static str)) -> bool {
    line.len() < 60_000 && line.starts_with(b"{")
}

/// Over UDP: the same datagrams, and those from an address that is nobody's.
pub(super) fn over_udp(synod: &str, folder: &Path) -> Result<(), Failed> {
    let member = UdpSocket::bind("127.0.0.1:0")?;
    let stranger = UdpSocket::bind("127.0.0.1:0")?;
    let mut node = Node::start(synod, &folder.join("refusals-udp"), "udp")?;
    node.tell(&begin(&[("n2", member.local_addr()?)]))?;
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    let mut expect = |refusal: &str| *expected.entry(refusal.to_owned()).or_default() += 1;
    for (line, refusal) in malformed_lines().into_iter().filter(is_datagram) {
        member.send_to(&line, node.address)?;
        expect(refusal);
    }
    stranger.send_to(message(1, "as if from n2").as_bytes(), node.address)?;
    expect("forged");
    member.send_to(message(2, "still here").as_bytes(), node.address)?;
    node.hear("still here")?;
    let refused = node.quit()?;
    assert_eq!(refused, expected);
    Ok(())
}
