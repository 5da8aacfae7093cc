//! A LAN of three hosts: network namespaces joined by a bridge, real TCP, UDP and multicast between them, and a partition by
//! taking a link down.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const SCENARIO: &str = "version: 1
name: lan
algorithm: sequencer
channel: reliable-fifo
nodes: [ada, bo, cy]
";
const NAMES: [&str; 3] = ["ada", "bo", "cy"];
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// The namespaces, gone when this is dropped.
struct Lan(String);

fn ip(arguments: &[&str]) -> Result<(), Failed> {
    let ran = Command::new("ip").args(arguments).output()?;
    if ran.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&ran.stderr)).into())
}

impl Lan {
    /// Three hosts, 10.83.0.1 to 10.83.0.3, on a bridge in a namespace of its own.
    fn new(tag: &str) -> Result<Self, Failed> {
        let lan = Self(format!("synod-{tag}-{}", std::process::id()));
        let bridge = lan.space("bridge");
        ip(&["netns", "add", &bridge])?;
        ip(&["-n", &bridge, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &bridge, "link", "set", "br0", "up"])?;
        for (place, name) in NAMES.iter().enumerate() {
            let space = lan.space(name);
            ip(&["netns", "add", &space])?;
            ip(&[
                "-n", &bridge, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", &space,
            ])?;
            ip(&["-n", &bridge, "link", "set", name, "master", "br0", "up"])?;
            ip(&["-n", &space, "address", "add", &format!("{}/24", address(place)), "dev", "eth0"])?;
            ip(&["-n", &space, "link", "set", "lo", "up"])?;
            ip(&["-n", &space, "link", "set", "eth0", "up"])?;
            ip(&["-n", &space, "route", "add", "224.0.0.0/4", "dev", "eth0"])?;
        }
        Ok(lan)
    }

    fn space(&self, name: &str) -> String {
        format!("{}-{name}", self.0)
    }

    /// Takes a host's cable out, or puts it in.
    fn cable(&self, name: &str, state: &str) -> Result<(), Failed> {
        ip(&["-n", &self.space("bridge"), "link", "set", name, state])
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for name in NAMES.iter().chain(&["bridge"]) {
            // One that was never made need not go.
            let _gone = ip(&["netns", "delete", &self.space(name)]);
        }
    }
}

fn address(place: usize) -> String {
    format!("10.83.0.{}", place + 1)
}

/// A node on its host.
struct Host {
    child: Child,
    prompt: ChildStdin,
    reports: mpsc::Receiver<Value>,
}

impl Host {
    fn start(synod: &str, lan: &Lan, place: usize, folder: &Path, transport: &str) -> Result<Self, Failed> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &lan.space(NAMES[place]), synod, "live"]).arg(folder.join("lan.yaml"));
        command.args(["--node", NAMES[place], "--transport", transport, "--json"]);
        command.args(["--listen", &format!("{}:7000", address(place))]);
        for other in (0..NAMES.len()).filter(|other| *other != place) {
            command.args(["--peer", &format!("{}={}:7000", NAMES[other], address(other))]);
        }
        command.arg("--dir").arg(folder.join("journals"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let prompt = child.stdin.take().ok_or("its standard input was piped")?;
        let output = child.stdout.take().ok_or("its standard output was piped")?;
        let (sender, reports) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(report) = serde_json::from_str(&line) {
                    let _gone = sender.send(report);
                }
            }
        });
        Ok(Self { child, prompt, reports })
    }

    fn say(&mut self, text: &str) -> Result<(), Failed> {
        Ok(writeln!(self.prompt, "{text}")?)
    }

    /// The bodies of the next deliveries.
    fn delivers(&self, count: usize) -> Result<Vec<String>, Failed> {
        let begun = Instant::now();
        let mut bodies = Vec::new();
        while bodies.len() < count {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let report =
                self.reports.recv_timeout(left).map_err(|_| format!("only {bodies:?} was delivered"))?;
            bodies.extend(report["output"]["deliver"]["body"].as_str().map(str::to_owned));
        }
        Ok(bodies)
    }

    fn quit(mut self) -> Result<(), Failed> {
        self.say("/quit")?;
        self.child.wait()?;
        Ok(())
    }
}

/// One order at all hosts, before, during and after a partition.
pub(super) fn over(transport: &'static str, synod: &str, folder: &Path) -> Result<(), Failed> {
    let lan = match Lan::new(transport) {
        Ok(lan) => lan,
        Err(failed) if env::var_os("LAN").is_some_and(|wanted| wanted == "required") => return Err(failed),
        Err(failed) => {
            let because = failed.message().unwrap_or("no namespaces");
            println!("skipped: there can be no LAN of network namespaces here: {because}");
            return Ok(());
        }
    };
    let folder = folder.join(format!("lan-{transport}"));
    let _first = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("lan.yaml"), SCENARIO)?;
    let hosts: Result<Vec<Host>, Failed> =
        (0..NAMES.len()).map(|place| Host::start(synod, &lan, place, &folder, transport)).collect();
    let mut hosts = hosts?;
    for (place, host) in hosts.iter_mut().enumerate() {
        host.say(&format!("hello from {}", NAMES[place]))?;
    }
    let greetings = orders(&hosts, 3)?;
    assert_eq!(greetings.len(), 3, "everybody was heard: {greetings:?}");
    lan.cable("cy", "down")?;
    hosts[1].say("cy cannot hear this yet")?;
    assert_eq!(hosts[1].delivers(1)?, ["cy cannot hear this yet"]);
    lan.cable("cy", "up")?;
    hosts[2].say("what did I miss?")?;
    assert_eq!(hosts[2].delivers(2)?.len(), 2);
    for host in &hosts[..2] {
        host.delivers(if std::ptr::eq(host, &hosts[0]) { 2 } else { 1 })?;
    }
    for host in hosts {
        host.quit()?;
    }
    judge(synod, &folder)
}

/// What everybody delivers, which must be the same.
fn orders(hosts: &[Host], count: usize) -> Result<Vec<String>, Failed> {
    let first = hosts[0].delivers(count)?;
    for host in &hosts[1..] {
        assert_eq!(host.delivers(count)?, first, "all deliver in one order");
    }
    Ok(first)
}

/// Merges what was recorded, replays it, and has it judged.
fn judge(synod: &str, folder: &Path) -> Result<(), Failed> {
    let journals: Vec<PathBuf> =
        NAMES.iter().map(|name| folder.join("journals").join(format!("{name}.jsonl"))).collect();
    let merged = folder.join("merged.jsonl");
    let ran = Command::new(synod).args(["trace", "merge", "-o"]).arg(&merged).args(journals).output()?;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let replayed = Command::new(synod).arg("replay").arg(&merged).output()?;
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stdout));
    let text = fs::read_to_string(&merged)?;
    let footer: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
    for property in ["total-order", "integrity", "agreement"] {
        assert_eq!(footer["verdicts"][property]["verdict"], "holds", "{property}: {footer}");
    }
    Ok(())
}
