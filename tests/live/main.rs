//! Every scenario once more with real processes over real sockets: the simulator's verdicts and counts, and a replay
//! without a difference, also as a scenario with its schedule.
//!
//! Where two things happen at one moment, a machine decides which comes first, and no two machines need agree. Whether a
//! scenario hangs on that is found out in the simulator: it is run again and again with its times moved by less than a
//! millisecond. What comes out the same every time must come out the same live.

mod judged;
mod lan;
mod refusals;
mod retold;
mod shaken;
mod soak;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use shaken::{Outcome, hangs_on_moments, simulated};
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SYNOD: &str = env!("CARGO_BIN_EXE_synod");
/// How many real seconds a scenario may take before it is played faster.
const SECONDS: u64 = 6;
/// How often a scenario is tried: the machine may be busy with something else just then.
const TRIES: u32 = 3;

fn main() {
    let arguments = Arguments::from_args();
    let files = scenarios(&Path::new(ROOT).join("scenarios"));
    assert!(!files.is_empty(), "there are scenarios");
    let rows: Arc<Mutex<BTreeMap<String, Row>>> = Arc::default();
    let trial = |file: PathBuf| {
        let (name, rows) = (name(&file), rows.clone());
        Trial::test(name, move || play(&file, &rows))
    };
    let whole = arguments.filter.is_none() && arguments.skip.is_empty();
    let mut trials: Vec<Trial> = files.into_iter().map(trial).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    trials.push(Trial::test("what_is_no_message_is_refused_over_tcp", || refusals::over_tcp(SYNOD, folder)));
    trials.push(Trial::test("what_is_no_message_is_refused_over_udp", || refusals::over_udp(SYNOD, folder)));
    trials.push(Trial::test("idle_faults_and_claims_are_judged_as_simulated", || {
        judged::as_simulated(SYNOD, folder)
    }));
    for transport in ["tcp", "udp", "multicast"] {
        let one_order = move || lan::over(transport, SYNOD, folder);
        trials.push(Trial::test(
            format!("three_hosts_on_a_lan_agree_on_one_order_over_{transport}"),
            one_order,
        ));
    }
    for (name, flags, scenario) in retold::SAMPLE {
        let folder = retold::folder(name);
        let again = move || retold::sample(SYNOD, &folder, flags, scenario);
        trials.push(Trial::test(format!("a_live_run_becomes_a_scenario/{name}"), again));
    }
    let shrunk = || retold::a_failure_is_shrunk(SYNOD, &retold::folder("failure"));
    trials.push(Trial::test("a_live_failure_becomes_a_scenario_and_is_shrunk", shrunk));
    let refusals = || retold::journals_and_refusals(SYNOD, &retold::folder("journals"));
    trials.push(Trial::test("journals_become_a_scenario_and_what_cannot_is_refused", refusals));
    let a_minute = move || soak::over_udp(SYNOD, Path::new(ROOT), folder);
    trials.push(Trial::test("nothing_is_lost_doubled_or_reordered_while_everybody_is_killed", a_minute));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if whole && !conclusion.has_failed() && !arguments.list {
        the_readme_has_the_table(&table(&rows.lock().expect("no test panics while it counts")));
    }
    conclusion.exit();
}

/// What came of the scenarios of one folder.
#[derive(Default)]
struct Row {
    scenarios: u32,
    /// Those that hang on what comes first of what happens at one moment.
    moments: u32,
    nodes: usize,
    crashes: u32,
}

/// The scenarios, the museum's aside: each of its pieces is an exact order, which only a search or a schedule gives. The
/// minute of `soak` takes its minute elsewhere.
fn scenarios(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() && !path.ends_with("museum") {
            files.extend(scenarios(&path));
        } else if path.ends_with(soak::FILE) {
            continue;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn name(file: &Path) -> String {
    let inner = file.strip_prefix(Path::new(ROOT).join("scenarios")).expect("it is a scenario of ours");
    inner.with_extension("").to_string_lossy().replace('\\', "/")
}

/// Plays a scenario live and holds it against the simulator.
fn play(file: &Path, rows: &Mutex<BTreeMap<String, Row>>) -> Result<(), Failed> {
    let simulated = simulated(file)?;
    let moments = hangs_on_moments(file, &simulated)?;
    let mut differences = Vec::new();
    for _ in 0..TRIES {
        match live(file, &simulated) {
            Err(failed) => differences.push(failed.message().unwrap_or("failed").to_owned()),
            Ok(outcome) if moments || outcome == simulated => {
                let name = name(file);
                let folder = name.split('/').next().unwrap_or_default().to_owned();
                let mut rows = rows.lock().map_err(|_| "another test panicked while it counted")?;
                let row = rows.entry(folder).or_default();
                row.scenarios += 1;
                row.moments += u32::from(moments);
                row.nodes += simulated.nodes;
                row.crashes += simulated.crashes;
                return Ok(());
            }
            Ok(outcome) => differences.push(format!("simulated {simulated:?}, live {outcome:?}")),
        }
    }
    Err(differences.join("\n").into())
}

/// Plays a scenario with a process for each node, and replays what was recorded.
fn live(file: &Path, simulated: &Outcome) -> Result<Outcome, Failed> {
    let folder = tempfile(file);
    fs::create_dir_all(&folder)?;
    let trace = folder.join("merged.jsonl");
    let speed = (simulated.time / 1_000_000_000).div_ceil(SECONDS).max(1).to_string();
    let mut command = Command::new(SYNOD);
    command.arg("live").arg(file).args(["--all", "--json", "--speed", &speed, "--trace"]).arg(&trace);
    let ran = command.output()?;
    let report: Value = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&ran.stderr)))?;
    let run = &report["runs"][0];
    if let Some(error) = run["error"].as_str() {
        return Err(error.into());
    }
    let replayed = Command::new(SYNOD).arg("replay").arg(&trace).output()?;
    if !replayed.status.success() {
        return Err(format!("replay: {}", String::from_utf8_lossy(&replayed.stdout)).into());
    }
    // What happened is a scenario whose run is the same at every node.
    let again = folder.join("again.yaml");
    let retold = Command::new(SYNOD).arg("replay").arg(&trace).arg("--as-scenario").arg(&again).output()?;
    if !retold.status.success() {
        return Err(format!("--as-scenario: {}", String::from_utf8_lossy(&retold.stdout)).into());
    }
    let outcome = Outcome::of_report(run, simulated);
    fs::remove_dir_all(&folder)?;
    Ok(outcome)
}

fn tempfile(file: &Path) -> PathBuf {
    let name = name(file).replace('/', "-");
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("live").join(name)
}

/// What the README shows.
fn table(rows: &BTreeMap<String, Row>) -> String {
    let mut table = String::from(
        "| scenarios | how many | processes | crashes | verdicts and counts as simulated | hang on moments, or on draws after a restart | replays without a difference |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut total = Row::default();
    let mut line = |name: &str, row: &Row| {
        let same = row.scenarios - row.moments;
        writeln!(
            table,
            "| {name} | {} | {} | {} | {same} of {same} | {} | {} |",
            row.scenarios, row.nodes, row.crashes, row.moments, row.scenarios
        )
        .expect("text can be written to memory");
    };
    for (name, row) in rows {
        line(name, row);
        total.scenarios += row.scenarios;
        total.moments += row.moments;
        total.nodes += row.nodes;
        total.crashes += row.crashes;
    }
    line("all", &total);
    table
}

/// Holds the README's table against the one that came out; `LIVE=write` writes it there.
fn the_readme_has_the_table(table: &str) {
    let path = Path::new(ROOT).join("README.md");
    let readme = fs::read_to_string(&path).expect("there is a README");
    let (begin, end) = ("<!-- live -->\n", "<!-- /live -->\n");
    let (before, rest) = readme.split_once(begin).expect("the README has a place for the table");
    let (old, after) = rest.split_once(end).expect("the table's place has an end");
    if std::env::var_os("LIVE").is_some_and(|wanted| wanted == "write") {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).expect("the README can be written");
    } else {
        assert_eq!(old, table, "the README's table is out of date; LIVE=write writes it");
    }
}
