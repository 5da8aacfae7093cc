//! Faults that touched nothing and claims about what ought to happen sometimes: judged live as they are simulated.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// Each fault twice: once where it touches something, once where nothing is left to be touched.
const FAULTS: &str = "version: 1
name: touched and idle
algorithm: best-effort-broadcast
nodes: [ann, bob, cem]
network: {delay: 20ms}
events:
  - {at: 0ms, node: ann, request: {broadcast: one}}
  - {at: 10ms, partition: [[ann, bob], [cem]], for: 100ms}
  - {at: 200ms, cut: {from: ann, to: bob}, for: 50ms}
  - {at: 300ms, node: ann, request: {broadcast: two}}
  - {at: 310ms, pause: bob, for: 100ms}
  - {at: 500ms, pause: cem, for: 100ms}
  - {at: 700ms, link: {from: ann, to: bob, delay: 40ms}, for: 100ms}
  - {at: 750ms, node: ann, request: {broadcast: three}}
  - {at: 900ms, link: {from: bob, to: ann, delay: 40ms}, for: 50ms}
  - {at: 1000ms, drop: {from: ann, to: cem}}
  - {at: 1050ms, node: ann, request: {broadcast: four}}
  - {at: 1100ms, drop: {from: cem, to: ann}}
  - {at: 1200ms, clock: {node: cem, step: 5ms}}
  - {at: 1300ms, crash: bob, for: 200ms}
  - {at: 1600ms, partition: [[ann], [bob, cem]], for: 50ms}
check: [integrity]
expect: {}
sometimes:
  bob is down: {event: crash, node: bob}
  cem hears four: {output: {deliver: {body: four}}, node: cem}
  cem hears three after two: {output: {deliver: {body: three}}, node: cem, after: {deliver: {body: two}}}
  much is sent: {messages: {total: \"> 8\"}}
  eight are sent: {messages: {data: 8}}
  it goes wrong: {integrity: violated}
";

/// Timers that run out while their node stands still, and clocks that timers run by.
const TIMERS: &str = "version: 1
name: timers
algorithm: {name: heartbeat, config: {period: 50ms, timeout: 400ms}}
nodes: [ann, bob]
network: {delay: 5ms}
until: 1s
events:
  - {at: 120ms, pause: ann, for: 100ms}
  - {at: 320ms, clock: {node: bob, step: 10ms}}
  - {at: 510ms, cut: {from: ann, to: bob}, for: 10ms}
  - {at: 700ms, crash: bob}
check: [strong-accuracy]
expect: {}
";

/// Nodes that are down or stand still before they have done anything: what reaches them then is what is touched.
const DOWN: &str = "version: 1
name: down
algorithm: best-effort-broadcast
nodes: [ann, bob, cem]
network: {delay: 10ms}
events:
  - {at: 0ms, crash: bob}
  - {at: 0ms, pause: cem}
  - {at: 1ms, node: ann, request: {broadcast: waits in vain}}
  - {at: 50ms, crash: cem, for: 50ms}
  - {at: 800ms, node: ann, request: {broadcast: heard}}
  - {at: 900ms, node: bob, request: {broadcast: nobody asks}}
check: [integrity]
expect: {}
sometimes:
  cem hears it: {output: {deliver: {body: heard}}, node: cem}
";

fn run(synod: &str, arguments: &[&str], scenario: &Path) -> Result<Value, Failed> {
    let ran =
        Command::new(synod).arg(arguments[0]).arg(scenario).args(&arguments[1..]).arg("--json").output()?;
    let report: Value = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&ran.stderr)))?;
    let run = report["runs"][0].clone();
    if let Some(error) = run["error"].as_str() {
        return Err(error.into());
    }
    Ok(run)
}

/// What `run` and `live --all` say of a scenario's faults and claims is the same, and makes both fail.
pub(crate) fn as_simulated(synod: &str, folder: &Path) -> Result<(), Failed> {
    let folder = folder.join("judged");
    fs::create_dir_all(&folder)?;
    for (name, text, idle) in [("faults", FAULTS, 6), ("timers", TIMERS, 1), ("down", DOWN, 0)] {
        let scenario = folder.join(format!("{name}.yaml"));
        fs::write(&scenario, text)?;
        let simulated = run(synod, &["run"], &scenario)?;
        let number = simulated["idle"].as_array().map(Vec::len);
        if number != Some(idle) {
            return Err(
                format!("{name}: {idle} faults touch nothing, says the test: {}", simulated["idle"]).into()
            );
        }
        // A machine that is busy elsewhere may shift what happens within a few milliseconds of something else.
        let mut lives = Vec::new();
        let same = (0..3).any(|_| {
            let live = run(synod, &["live", "--all"], &scenario).unwrap_or_default();
            let same = ["idle", "sometimes", "ok", "exit"].iter().all(|key| live[key] == simulated[key]);
            lives.push(live);
            same
        });
        if !same {
            let told = |run: &Value| format!("{} {} {}", run["idle"], run["sometimes"], run["exit"]);
            let lives: Vec<String> = lives.iter().map(told).collect();
            return Err(
                format!("{name}: simulated {}\nlive {}", told(&simulated), lives.join("\nlive ")).into()
            );
        }
    }
    Ok(())
}
