//! The command line as a shell sees it: sessions in `tests/cli`, and what sessions cannot show.

use serde_json::Value;
use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use synod::{
    process::{Context, Description, Never, Problem, Process, ProcessId, Property},
    registry::{Options, Registry, Standing},
    scenario,
};

const SCENARIO: &str = "scenarios/group_communication/an_answer_before_its_question.yaml";

fn synod(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
    command.args(arguments).env_remove("SYNOD_SEED").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn output(command: &mut Command) -> Output {
    command.output().expect("synod can be started")
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(output(&mut synod(arguments)).stdout).expect("results are text")
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is there only when the test ran before.
    let _removed = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// Set `TRYCMD=overwrite` to accept what the sessions show now.
#[test]
fn sessions_show_what_they_show() {
    trycmd::TestCases::new().env("NO_COLOR", "1").case("tests/cli/*.trycmd");
}

#[test]
fn the_readme_shows_what_happens() {
    in_a_folder("README.md", |folder| {
        let mistaken = stdout(&["new", "-"]).replace("node: bob", "node: bobb");
        fs::write(folder.join("second.yaml"), mistaken).expect("it can be written");
    });
}

#[test]
fn sessions_with_traces_show_what_they_show() {
    in_a_folder("tests/cli/traces/traces.trycmd", |folder| {
        copy_folder(Path::new("tests/cli/traces"), folder);
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("it can be written");
        let run = |arguments: &[&str]| {
            let ran = output(synod(&["run", SCENARIO, "--trace", "-"]).args(arguments));
            String::from_utf8(ran.stdout).expect("a trace is text")
        };
        let trace = run(&[]);
        let lines: Vec<&str> = trace.split_inclusive('\n').collect();
        write("run.jsonl", &trace);
        write("slower.jsonl", &run(&["--set", "network.delay=20ms"]));
        write("edited.jsonl", &trace.replacen(r#""m":1,"to":"sonu""#, r#""m":1,"to":"pravin""#, 1));
        write("newer.jsonl", &trace.replacen(r#""v":1"#, r#""v":2"#, 1));
        write(
            "broken.jsonl",
            &trace.replacen(r#""n":"rushi","e":"request""#, r#""n":"ruhsi","e":"request""#, 1),
        );
        write("cut_off.jsonl", &(lines[..6].concat() + &lines[6][..30]));
        write("empty.jsonl", "");
        write("unknown_algorithm.jsonl", &trace.replace("best-effort-broadcast", "best-efort-broadcast"));
    });
}

/// Runs sessions in a folder of their own, because they write files or need some. `TRYCMD=overwrite` brings new output
/// back.
fn in_a_folder(sessions: &str, prepare: impl FnOnce(&Path)) {
    let name = Path::new(sessions).file_name().expect("sessions are a file");
    let folder = folder(&name.to_string_lossy());
    let copy = folder.join(name);
    fs::copy(sessions, &copy).expect("the sessions can be copied");
    let inside = copy.with_extension("in");
    copy_folder(Path::new("scenarios"), &inside.join("scenarios"));
    prepare(&inside);
    trycmd::TestCases::new().env("NO_COLOR", "1").case(&copy).run();
    if std::env::var_os("TRYCMD").is_some_and(|wanted| wanted == "overwrite") {
        fs::copy(&copy, sessions).expect("the sessions can be copied back");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        let to = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_folder(&path, &to)
        } else {
            fs::copy(&path, &to).expect("a file can be copied");
        }
    }
}

/// What `synod new` writes is a scenario, for every algorithm; and the requests in it show what can be asked.
#[test]
fn every_algorithm_has_a_scenario_to_start_from() {
    let registry = Registry::standard();
    for description in registry.descriptions() {
        let name = description.name;
        let text = stdout(&["new", "-", "--algorithm", name]);
        let plan = scenario::load("new.yaml", text.as_bytes(), &[], None, &registry);
        let plan = plan.unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"));
        let outcome =
            registry.run(&plan, &Options::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let difference = outcome.difference.unmet.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(outcome.standing(), Standing::Passed, "{name}: {difference:?}");
        let asked = &registry.describe(name).expect("it is known").requests;
        assert!(!asked.is_empty() && asked.iter().all(|example| text.contains(example.request)), "{name}");
    }
}

/// Whether a key has an underscore in it.
fn snake_case(config: &Value) -> bool {
    let keys = config.as_object();
    keys.is_some_and(|keys| keys.iter().any(|(key, value)| key.contains('_') || snake_case(value)))
}

/// What programs read is what people read.
#[test]
fn lists_and_descriptions_can_be_read_by_programs() {
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&stdout(arguments)).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    };
    let listed = json(&["list", "--json"]);
    assert_eq!(listed["v"], 1);
    let algorithms = listed["algorithms"].as_array().expect("a list");
    let names: Vec<&str> = algorithms.iter().filter_map(|one| one["name"].as_str()).collect();
    let registry = Registry::standard();
    assert_eq!(names, registry.descriptions().map(|description| description.name).collect::<Vec<_>>());
    for (name, listed) in names.iter().zip(algorithms) {
        let mut described = json(&["describe", name, "--json"]);
        assert_eq!(described.as_object_mut().and_then(|described| described.remove("v")), Some(1.into()));
        assert_eq!(described, *listed);
        for key in
            ["summary", "assumes", "promises", "messages", "cost", "breaks", "source", "problem", "requests"]
        {
            let said = &listed[key];
            let empty = said.as_str() == Some("") || said.as_array().is_some_and(Vec::is_empty);
            assert!(!said.is_null() && !empty, "{name} says nothing of {key}");
        }
        // Keys are written as everywhere in a scenario: `delay-max`.
        assert!(!snake_case(&listed["config"]), "{name}: {}", listed["config"]);
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for arguments in
        [&["schema"][..], &["completions", "bash"], &["run", SCENARIO, "--trace", "-"], &["run", "scenarios"]]
    {
        let mut child = synod(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("synod can be started");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("its output is piped"));
        reader.read_line(&mut line).expect("there is a first line");
        drop(reader);
        let ended = child.wait_with_output().expect("it ends");
        let complaints = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {complaints}");
        assert!(!complaints.contains("error"), "{arguments:?}: {complaints}");
    }
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let plain = stdout(&["run", SCENARIO]);
    assert!(!plain.contains('\u{1b}'));
    let painted = stdout(&["run", SCENARIO, "--color", "always"]);
    assert!(painted.contains("\u{1b}["));
    let forced = output(synod(&["run", SCENARIO]).env("CLICOLOR_FORCE", "1"));
    assert!(String::from_utf8_lossy(&forced.stdout).contains("\u{1b}["));
    let never = output(synod(&["run", SCENARIO, "--color", "never"]).env("CLICOLOR_FORCE", "1"));
    assert!(!String::from_utf8_lossy(&never.stdout).contains('\u{1b}'));
    let refused = output(&mut synod(&["run", SCENARIO, "--color", "always", "--set", "sed=1"]));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("\u{1b}["));
}

#[test]
fn an_edited_trace_is_replayed_up_to_where_it_was_edited() {
    let folder = folder("edited");
    let [good, bad] = ["good.jsonl", "bad.jsonl"].map(|name| folder.join(name).display().to_string());
    assert!(stdout(&["run", SCENARIO, "--trace", &good]).contains("trace: "));
    let text = fs::read_to_string(&good).expect("the trace was written");
    fs::write(&bad, text.replacen("\"m\":1,\"to\":\"sonu\"", "\"m\":1,\"to\":\"pravin\"", 1))
        .expect("it can be edited");
    let same = output(&mut synod(&["replay", &good]));
    assert_eq!(same.status.code(), Some(0));
    let replayed = output(&mut synod(&["replay", &bad]));
    assert_eq!(replayed.status.code(), Some(4));
    let told = String::from_utf8_lossy(&replayed.stdout);
    assert!(
        told.contains("event 5 at rushi: to is \"pravin\" in the first, \"sonu\" in the second"),
        "{told}"
    );
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("was changed after it was written"));
    assert_eq!(output(&mut synod(&["trace", "diff", &good, &bad])).status.code(), Some(4));
}

#[test]
fn a_trace_on_standard_output_is_nothing_but_the_trace() {
    let ran = output(&mut synod(&["run", SCENARIO, "--trace", "-"]));
    assert_eq!(ran.status.code(), Some(0));
    let trace = synod::trace::read(ran.stdout.as_slice()).expect("it is a trace");
    assert_eq!(trace.events.len(), 19);
    assert!(String::from_utf8_lossy(&ran.stderr).contains("PASS"));
}

#[test]
fn a_batch_goes_on_after_a_broken_file_and_says_so_in_every_format() {
    let folder = folder("batch");
    for (name, text) in [("b.yaml", "version: 1\nalgorithm: sequenzer\n".into()), ("a.yaml", scenario())] {
        fs::write(folder.join(name), text).expect("it can be written");
    }
    let folder = folder.display().to_string();
    let run = |format: &str| {
        let ran = output(&mut synod(&["run", &folder, "--format", format]));
        assert_eq!(ran.status.code(), Some(2), "{format}");
        (String::from_utf8(ran.stdout).expect("text"), String::from_utf8(ran.stderr).expect("text"))
    };
    let (told, complaints) = run("human");
    assert!(told.starts_with("PASS") && told.ends_with("FAIL  1 passed, 1 failed\n"), "{told}");
    assert!(complaints.contains("sequenzer") && complaints.contains("sequencer"), "{complaints}");
    let json: serde_json::Value = serde_json::from_str(&run("json").0).expect("one document");
    assert_eq!((&json["v"], &json["ok"], &json["exit"]), (&1.into(), &false.into(), &2.into()));
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["runs"][1]["ok"], false);
    assert_eq!(run("jsonl").0.lines().count(), 2);
    let (junit, _) = run("junit");
    assert!(junit.contains("errors=\"1\"") && junit.contains("<error"), "{junit}");
    let one_by_one = output(&mut synod(&["run", &folder, "-j", "1"]));
    assert_eq!(String::from_utf8_lossy(&one_by_one.stdout), told, "results do not depend on --jobs");
}

fn scenario() -> String {
    fs::read_to_string(SCENARIO).expect("the scenario is there")
}

#[test]
fn progress_is_told_when_it_is_asked_for() {
    let quiet = output(&mut synod(&["run", "scenarios/topologies"]));
    assert!(quiet.stderr.is_empty());
    let told = output(&mut synod(&["run", "scenarios/topologies", "--progress", "always"]));
    assert!(String::from_utf8_lossy(&told.stderr).ends_with("14 of 14 scenarios\n"));
    assert_eq!(told.stdout, quiet.stdout);
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let folder = folder("man");
    let told = stdout(&["man", &folder.display().to_string()]);
    assert!(told.contains("manual pages"), "{told}");
    for page in ["synod.1", "synod-run.1", "synod-trace-convert.1"] {
        assert!(folder.join(page).exists(), "{page}");
    }
}

/// An algorithm that panics.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Faulty;

/// No problem at all.
enum Nothing {}

impl Problem for Nothing {
    const NAME: &'static str = "nothing";
    type Request = ();
    type Output = ();
    const REQUESTS: &'static [synod::process::Example] = &[];
    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<synod::process::Measure<Self>> {
        Vec::new()
    }
}

impl Process for Faulty {
    type Problem = Nothing;
    type Config = ();
    type Message = ();
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("faulty");

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        panic!("this algorithm is faulty")
    }
    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, (): ()) {}
    fn on_message(&mut self, _ctx: &mut Context<'_, Self>, _from: ProcessId, (): ()) {}
    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// The program of the next test, which names a scenario for it; there is nothing to do otherwise.
#[test]
fn a_program_whose_algorithm_panics() {
    let Some(file) = std::env::var_os("FAULTY_SCENARIO") else { return };
    let arguments = ["synod".into(), "run".into(), file];
    synod::cli::main_with(&Registry::empty().with::<Faulty>(), arguments.map(OsString::from));
}

#[test]
fn a_panic_asks_to_be_reported_and_exits_with_70() {
    let file = folder("panic").join("faulty.yaml");
    fs::write(&file, "version: 1\nalgorithm: faulty\nnodes: 2\n").expect("it can be written");
    let program = std::env::current_exe().expect("this program has a path");
    let ran = Command::new(program)
        .args(["--exact", "a_program_whose_algorithm_panics", "--nocapture"])
        .env("FAULTY_SCENARIO", file)
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("it can be started");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(70), "{told}");
    assert!(told.contains("this algorithm is faulty") && told.contains("Please report it"), "{told}");
}
