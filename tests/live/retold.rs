//! A live run becomes a scenario with its schedule, and the simulator does with it at every node what was done live.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What is played, one scenario for each thing that may be hard to tell: a name, how it is played, and the scenario.
pub(super) const SAMPLE: [(&str, &[&str], &str); 9] = [
    (
        "plain",
        &[],
        "algorithm: sequencer
nodes: [pravin, rushi, sonu]
events:
  - {at: 0s, node: pravin, request: {broadcast: hi}}
  - {at: 0s, node: rushi, request: {broadcast: ho}}
  - {at: 5ms, node: sonu, request: {broadcast: hm}, every: 10ms, times: 4}
",
    ),
    (
        "losses",
        &["--transport", "udp"],
        "algorithm: best-effort-broadcast
channel: reliable
nodes: 3
network: {delay: 2ms, jitter: 1ms, loss: 20%, duplicate: 10%}
events:
  - {at: 1ms, node: {any: one}, request: {broadcast: x}, every: 10ms, times: 8}
until: 3s
",
    ),
    (
        "restart",
        &[],
        "algorithm: hybrid-clock
nodes: {a: {clock: {offset: 150ms, drift: 100ppm}}, b: {}, c: {start: 20ms}}
network: {delay: 3ms, jitter: 2ms}
events:
  - {at: 10ms, node: a, request: {send: {to: b}}}
  - {at: 30ms, node: b, request: {send: {to: c}}}
  - {at: 50ms, crash: b, for: 30ms}
  - {at: 60ms, node: b, request: {send: {to: a}}}
  - {at: 90ms, node: b, request: {send: {to: a}}}
  - {at: 110ms, node: c, request: {send: {to: b}}}
",
    ),
    (
        "partition",
        &[],
        "algorithm: heartbeat
nodes: 3
network: {delay: 5ms, jitter: 4ms}
events:
  - {at: 100ms, partition: [[n1], [n2, n3]], for: 300ms}
  - {at: 500ms, cut: {from: n1, to: n2}, for: 200ms}
  - {at: 600ms, link: {between: [n2, n3], delay: 40ms, loss: 50%}, for: 200ms}
until: 1s
",
    ),
    (
        "election",
        &[],
        "algorithm: bully
nodes: 4
network: {delay: 5ms}
events:
  - {at: 10ms, node: n1, request: start}
  - {at: 15ms, crash: n4}
until: 2s
",
    ),
    (
        "choices",
        &[],
        "algorithm: rumor
nodes: 8
network: {delay: 5ms, loss: 5%}
events:
  - {at: 0s, node: n1, request: {broadcast: psst}}
until: 2s
",
    ),
    (
        "sleep",
        &[],
        "algorithm: causal-broadcast
nodes: 3
network: {delay: 3ms, duplicate: 30%, reorder: 20%}
events:
  - {at: 0s, node: n1, request: {broadcast: a}}
  - {at: 10ms, pause: n2, for: 60ms}
  - {at: 20ms, node: n2, request: {broadcast: b}}
  - {at: 30ms, node: n3, request: {broadcast: c}}
  - {at: 40ms, drop: {from: n1, to: n3, nth: 1}}
  - {at: 50ms, node: n1, request: {broadcast: d}}
until: 1s
",
    ),
    (
        "middle",
        &[],
        "algorithm: best-effort-broadcast
nodes: 4
network: {delay: 3ms}
events:
  - {at: 0s, crash: n1, after-sends: 2}
  - {at: 10ms, node: n1, request: {broadcast: a}}
  - {at: 10ms, node: n2, request: {broadcast: b}}
until: 1s
",
    ),
    (
        "routed",
        &["--transport", "udp"],
        "algorithm: best-effort-broadcast
nodes: 5
topology: line
routing: shortest-path
network: {delay: 3ms, jitter: 1ms, loss: 10%}
events:
  - {at: 0s, node: n1, request: {broadcast: a}}
  - {at: 5ms, node: n5, request: {broadcast: b}}
until: 1s
",
    ),
];

/// The programs and folders of a test.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) synod: &'a str,
    pub(super) folder: &'a Path,
}

impl Place<'_> {
    fn run(&self, arguments: &[&str]) -> Result<Output, Failed> {
        Ok(Command::new(self.synod).args(arguments).current_dir(self.folder).output()?)
    }

    /// Runs it, and wants this exit code.
    fn expect(&self, arguments: &[&str], code: i32) -> Result<String, Failed> {
        let ran = self.run(arguments)?;
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        if ran.status.code() != Some(code) {
            return Err(format!("{arguments:?} ended with {}: {out}{err}", ran.status).into());
        }
        Ok(format!("{out}{err}"))
    }

    fn fresh(&self) -> Result<(), Failed> {
        let _first = fs::remove_dir_all(self.folder);
        Ok(fs::create_dir_all(self.folder)?)
    }
}

/// Plays a scenario live and holds the simulator's run of what was made of it against that.
pub(super) fn sample(synod: &str, folder: &Path, flags: &[&str], scenario: &str) -> Result<(), Failed> {
    let place = Place { synod, folder };
    place.fresh()?;
    fs::write(folder.join("live.yaml"), format!("version: 1\nname: sample\n{scenario}"))?;
    let mut command = vec!["live", "live.yaml", "--all", "--trace", "live.jsonl"];
    command.extend_from_slice(flags);
    place.run(&command)?;
    let told = place.expect(&["replay", "live.jsonl", "--as-scenario", "again.yaml"], 0)?;
    if !told.starts_with("identical") {
        return Err(told.into());
    }
    place.expect(&["replay", "again.yaml"], 0)?;
    place.expect(&["run", "again.yaml", "--trace", "again.jsonl"], 0)?;
    same(&folder.join("live.jsonl"), &folder.join("again.jsonl"))
}

/// Whether both runs are the same at every node, the asides of the network apart.
pub(super) fn same(live: &Path, again: &Path) -> Result<(), Failed> {
    let (live, again) = (Run::read(live)?, Run::read(again)?);
    for (node, lines) in &live.nodes {
        let others = again.nodes.get(node).map_or(&[][..], Vec::as_slice);
        if let Some(place) =
            (0..lines.len().max(others.len())).find(|place| lines.get(*place) != others.get(*place))
        {
            return Err(
                format!("{node}: {:?} live, {:?} simulated", lines.get(place), others.get(place)).into()
            );
        }
    }
    if live.verdicts != again.verdicts {
        return Err(format!("{:?} live, {:?} simulated", live.verdicts, again.verdicts).into());
    }
    Ok(())
}

/// What the nodes of a run noticed and did, line by line.
struct Run {
    nodes: BTreeMap<String, Vec<Value>>,
    verdicts: BTreeMap<String, String>,
}

impl Run {
    fn read(path: &Path) -> Result<Self, Failed> {
        let text = fs::read_to_string(path)?;
        let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let verdicts =
            lines.last().and_then(|footer| footer["verdicts"].as_object()).ok_or("there is a footer")?;
        let verdict = |value: &Value| value["verdict"].as_str().unwrap_or_default().to_owned();
        let verdicts = verdicts.iter().map(|(name, value)| (name.clone(), verdict(value))).collect();
        let mut nodes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let events = &lines[1..lines.len() - 1];
        for line in events {
            let kind = line["e"].as_str().unwrap_or_default();
            // Nodes notice neither losses nor faults, and a booting node says what it boots from only live.
            if line["lc"].is_null() {
                continue;
            }
            let mut own = line.clone();
            let body = match kind {
                "boot" | "restart" => Value::Null,
                // A message is told by what it says and when it was sent.
                "receive" => {
                    let sent = &events[line["cause"].as_u64().unwrap_or_default() as usize];
                    Value::from(vec![sent["body"].clone(), sent["lc"].clone(), sent["n"].clone()])
                }
                _ => line["body"].clone(),
            };
            own["body"] = body;
            for key in ["i", "m", "cause"] {
                own.as_object_mut().map(|own| own.shift_remove(key));
            }
            nodes.entry(line["n"].as_str().unwrap_or_default().to_owned()).or_default().push(own);
        }
        Ok(Self { nodes, verdicts })
    }
}

/// A live run that violates a property becomes a scenario, and a smaller one that still does.
pub(super) fn a_failure_is_shrunk(synod: &str, folder: &Path) -> Result<(), Failed> {
    let place = Place { synod, folder };
    place.fresh()?;
    let scenario = "version: 1
name: no order
algorithm: best-effort-broadcast
nodes: 4
network: {delay: 10ms, jitter: 9ms}
check: [fifo-order]
events:
  - {at: 0s, node: n1, request: {broadcast: x}, every: 1ms, times: 6}
";
    fs::write(folder.join("live.yaml"), scenario)?;
    place.expect(
        &["live", "live.yaml", "--all", "--as-scenario", "failed.yaml", "--trace", "live.jsonl"],
        1,
    )?;
    place.expect(&["run", "failed.yaml", "--trace", "again.jsonl"], 0)?;
    same(&folder.join("live.jsonl"), &folder.join("again.jsonl"))?;
    place.expect(&["shrink", "failed.yaml", "-o", "small.yaml"], 0)?;
    let told = place.expect(&["replay", "small.yaml"], 0)?;
    if !told.contains("fifo-order violated") {
        return Err(told.into());
    }
    let steps = |file: &str| -> Result<usize, Failed> {
        Ok(fs::read_to_string(folder.join(file))?.matches("{deliver: ").count())
    };
    if steps("small.yaml")? >= steps("failed.yaml")? {
        return Err("nothing was left out".into());
    }
    let found = place.expect(&["fuzz", "failed.yaml", "--runs", "200", "--out", "found"], 0)?;
    if !found.contains("onward") {
        return Err(found.into());
    }
    Ok(())
}

/// Journals in a folder become a scenario; what cannot is refused with a reason.
pub(super) fn journals_and_refusals(synod: &str, folder: &Path) -> Result<(), Failed> {
    let place = Place { synod, folder };
    place.fresh()?;
    fs::write(folder.join("live.yaml"), format!("version: 1\nname: sample\n{}", SAMPLE[0].2))?;
    place.expect(&["live", "live.yaml", "--all", "--dir", "journals", "--trace", "live.jsonl"], 0)?;
    let told = place.expect(&["replay", "journals", "--as-scenario", "again.yaml"], 0)?;
    if !told.starts_with("identical") {
        return Err(told.into());
    }
    // Nobody says of journals that there was nothing left to do.
    place.expect(&["run", "again.yaml", "--trace", "again.jsonl"], 0)?;
    let refusals: [(&[&str], &str); 4] = [
        (&["replay", "journals/pravin.jsonl", "--as-scenario", "x.yaml"], "the journal of pravin alone"),
        (&["replay", "again.yaml", "--as-scenario", "x.yaml"], "is a scenario already"),
        (&["replay", ".", "--as-scenario", "x.yaml"], "there is no journal"),
        (&["live", "live.yaml", "--node", "pravin", "--as-scenario", "x.yaml"], "cannot be used with"),
    ];
    for (command, reason) in refusals {
        let told = place.expect(command, 2)?;
        if !told.contains(reason) {
            return Err(format!("{command:?}: {told}").into());
        }
    }
    // What was recorded of one node only: the others' messages come from nowhere.
    fs::remove_file(folder.join("journals/rushi.jsonl"))?;
    let told = place.expect(&["replay", "journals", "--as-scenario", "x.yaml"], 2)?;
    if !told.contains("nobody in this trace sent") {
        return Err(told.into());
    }
    breaks_off(&place)
}

/// About the middle of a trace, where no step is under way: what happens in a step happens at one time.
fn between_steps(text: &str) -> Result<usize, Failed> {
    let mut end = 0;
    let mut before = None;
    for line in text.split_inclusive('\n') {
        let time = serde_json::from_str::<Value>(line)?.get("t").and_then(Value::as_u64);
        if end > text.len() / 2 && time > before {
            return Ok(end);
        }
        before = time;
        end += line.len();
    }
    Err("all of it happens at one time".into())
}

/// A trace that breaks off becomes a scenario that stops there.
fn breaks_off(place: &Place<'_>) -> Result<(), Failed> {
    let text = fs::read_to_string(place.folder.join("live.jsonl"))?;
    let half = &text[..between_steps(&text)?];
    fs::write(place.folder.join("half.jsonl"), half)?;
    let told = place.expect(&["replay", "half.jsonl", "--as-scenario", "half.yaml"], 0)?;
    if !(told.contains("breaks off") && told.contains("identical")) {
        return Err(told.into());
    }
    place.expect(&["run", "half.yaml"], 0)?;
    // A simulated run becomes one as well, exactly.
    place.expect(&["run", "live.yaml", "--trace", "simulated.jsonl"], 0)?;
    place.expect(&["replay", "simulated.jsonl", "--as-scenario", "simulated.yaml"], 0)?;
    place.expect(&["run", "simulated.yaml", "--trace", "simulated-again.jsonl"], 0)?;
    place.expect(&["trace", "diff", "simulated.jsonl", "simulated-again.jsonl"], 0)?;
    Ok(())
}

/// Where a sample is played.
pub(super) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("retold").join(name)
}
