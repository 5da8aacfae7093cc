//! A minute of everything at once: what was acknowledged is lost nowhere, nothing is delivered twice, and there is one order.
//!
//! The scenario's own properties are judged by synod; here the merged trace is read once more, by other means.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

pub(super) const FILE: &str = "scenarios/live/everybody_is_killed_again_and_again.yaml";
/// How long the faults last, and how often somebody is killed meanwhile.
const FAULTS: (Duration, usize) = (Duration::from_secs(60), 11);

/// A message: who said it, and which of his it is.
type Said = (String, u64);

/// What a trace says of the run.
#[derive(Default)]
struct Run {
    /// What was said to a node that was up.
    said: BTreeSet<Said>,
    /// What each node delivered, in order, over all of its lives.
    delivered: BTreeMap<String, Vec<Said>>,
    /// Who was killed, in order.
    killed: Vec<String>,
    /// Who came back.
    returned: usize,
    sent: u64,
    lost: u64,
    doubled: u64,
}

impl Run {
    fn read(trace: &str) -> Result<Self, Failed> {
        let mut run = Self::default();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for line in trace.lines().skip(1) {
            let event: Value = serde_json::from_str(line)?;
            let node = event["n"].as_str().unwrap_or_default().to_owned();
            match event["e"].as_str().unwrap_or_default() {
                // One that found the node down was not taken.
                "request" if event["why"].is_null() => {
                    let count = counts.entry(node.clone()).or_default();
                    *count += 1;
                    run.said.insert((node, *count));
                }
                "output" => {
                    let said = &event["body"]["deliver"];
                    let sender = said["from"].as_str().ok_or("a delivery has a sender")?.to_owned();
                    let id = said["id"].as_u64().ok_or("a delivery has a number")?;
                    run.delivered.entry(node).or_default().push((sender, id));
                }
                "crash" => run.killed.push(node),
                "restart" => run.returned += 1,
                "send" => run.sent += 1,
                "duplicate" => run.doubled += 1,
                "drop" => run.lost += u64::from(event["why"] == "loss"),
                _ => {}
            }
        }
        Ok(run)
    }

    /// The faults are there in the measure that was asked for.
    fn was_hard(&self) -> Result<(), Failed> {
        let share = |count: u64| count as f64 / self.sent as f64;
        let all: BTreeSet<&String> = self.killed.iter().collect();
        match () {
            () if self.killed.len() != FAULTS.1 || self.returned != FAULTS.1 => {
                Err(format!("{} were killed and {} came back", self.killed.len(), self.returned).into())
            }
            () if all.len() != 5 => Err(format!("only {all:?} were killed").into()),
            () if !(0.18..0.22).contains(&share(self.lost)) => {
                Err(format!("{} of {} messages were lost", self.lost, self.sent).into())
            }
            () if !(0.03..0.07).contains(&share(self.doubled)) => {
                Err(format!("{} of {} messages came twice", self.doubled, self.sent).into())
            }
            () => Ok(()),
        }
    }

    /// Nobody delivers anything twice, over all of its lives, or what nobody said; all deliver the same in the same order; and
    /// nothing is missing, of what its sender delivered or of what it only took.
    fn was_right(&self) -> Result<(), Failed> {
        if self.delivered.len() != 5 {
            return Err(format!("{} nodes delivered anything", self.delivered.len()).into());
        }
        let longest = self.delivered.values().max_by_key(|order| order.len()).expect("there are five");
        for (node, order) in &self.delivered {
            let once: BTreeSet<&Said> = order.iter().collect();
            if once.len() != order.len() {
                let twice = order.iter().enumerate().find(|(place, said)| order[..*place].contains(said));
                return Err(format!("{node} delivers {twice:?} twice").into());
            }
            if let Some(unsaid) = once.into_iter().find(|said| !self.said.contains(*said)) {
                return Err(format!("{node} delivers {unsaid:?}, which was not said").into());
            }
            if let Some(place) = (0..order.len()).find(|place| order[*place] != longest[*place]) {
                return Err(format!(
                    "{node} delivers {:?} where others have {:?}",
                    order[place], longest[place]
                )
                .into());
            }
            // Everybody is up in the end, and what a node took it keeps: even what it had not delivered when it was killed.
            if let Some(missing) = self.said.iter().find(|said| !order.contains(said)) {
                return Err(format!("{node} never delivers {missing:?}").into());
            }
        }
        Ok(())
    }
}

/// Plays the minute with real processes, and replays it.
pub(super) fn over_udp(synod: &str, root: &Path, folder: &Path) -> Result<(), Failed> {
    let folder = folder.join("soak");
    fs::create_dir_all(&folder)?;
    let trace = folder.join("merged.jsonl");
    let begun = Instant::now();
    let mut command = Command::new(synod);
    command.current_dir(root).args(["live", FILE, "--all", "--json", "--trace"]).arg(&trace);
    let ran = command.output()?;
    if begun.elapsed() < FAULTS.0 {
        return Err(
            format!("it took {:?} only: {}", begun.elapsed(), String::from_utf8_lossy(&ran.stderr)).into()
        );
    }
    let report: Value = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&ran.stderr)))?;
    let run = &report["runs"][0];
    if run["ok"] != true {
        return Err(run.to_string().into());
    }
    let run = Run::read(&fs::read_to_string(&trace)?)?;
    run.was_hard()?;
    run.was_right()?;
    let replayed = Command::new(synod).arg("replay").arg(&trace).output()?;
    if !replayed.status.success() {
        return Err(format!("replay: {}", String::from_utf8_lossy(&replayed.stdout)).into());
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
