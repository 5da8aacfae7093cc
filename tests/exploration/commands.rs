//! `synod explore`: verdicts, failure files, exit codes, and stepping with commands from a pipe.

use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const FLAWED: &str = "scenarios/museum/ricart_agrawala_without_tie_break.yaml";

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exploration").join(name);
    // It may be left from another time.
    let _removed = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn synod(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
    command.args(arguments).env_remove("SYNOD_SEED");
    command
}

fn explore(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = synod(&["explore"]);
    command.args(arguments).arg("--out").arg(folder).output().expect("synod can be run")
}

fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_is_expected_to_be_found_is_found_and_its_file_shows_it() {
    let folder = folder("found");
    let output = explore(&folder, &[FLAWED, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = report(&output);
    assert_eq!(report["properties"]["mutual-exclusion"]["verdict"], "found");
    let file = report["failures"][0]["file"].as_str().expect("there is a file");
    let run = synod(&["run", file]).output().expect("synod can be run");
    assert_eq!(run.status.code(), Some(0), "{run:?}");
}

#[test]
fn a_sound_algorithm_holds_in_all_orders_with_and_without_reduction() {
    let folder = folder("sound");
    let sound = [FLAWED, "--json", "--set", "algorithm=ricart-agrawala", "--set", "expect={}"];
    let mut executions = Vec::new();
    for more in [&[][..], &["--no-reduction"]] {
        let output = explore(&folder, &[&sound, more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let report = report(&output);
        assert_eq!((&report["whole"], &report["finish"]), (&true.into(), &"all".into()));
        assert_eq!(report["properties"]["mutual-exclusion"]["verdict"], "holds");
        executions.push(report["executions"].as_u64().expect("a number"));
    }
    assert!(executions[0] < executions[1], "{executions:?}");
}

#[test]
fn an_exhausted_budget_is_undecided() {
    let folder = folder("budget");
    let sound = ["--set", "algorithm=ricart-agrawala", "--set", "expect={}", "--executions", "2"];
    let output = explore(&folder, &[&[FLAWED], &sound[..]].concat());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("not all orderings checked: the budget ended"), "{text}");
}

#[test]
fn an_unexpected_violation_is_a_failure_and_times_are_refused() {
    let folder = folder("unexpected");
    let output = explore(&folder, &[FLAWED, "--set", "expect={}"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let timed = "scenarios/museum/a_message_is_slower_than_it_may_be.yaml";
    let output = explore(&folder, &[timed]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("absolute-order") && text.contains("--no-reduction"), "{text}");
}

/// Steps through the flawed scenario with these commands.
fn step(commands: &str) -> String {
    let mut child = synod(&["explore", "--step", FLAWED, "--set", "schedule=null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("synod can be run");
    child.stdin.take().expect("it listens").write_all(commands.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn a_run_is_stepped_through_taken_back_and_saved() {
    let folder = folder("step");
    let file = folder.join("saved.yaml").display().to_string();
    let told = step(&format!("1\n1\nlose 2\nundo\ncrash n2\nrestart n2\nundo\nundo\n1\nrun\nsave {file}\n"));
    assert!(told.contains("1  request n1 (0s)"), "{told}");
    assert!(told.contains("deliver request n1 -> n2"), "{told}");
    assert!(told.contains("n2: (down)"), "{told}");
    assert!(told.contains("violated mutual-exclusion: "), "{told}");
    assert!(told.contains("nothing is left to happen"), "{told}");
    let run = synod(&["run", &file]).output().expect("synod can be run");
    assert_eq!(run.status.code(), Some(0), "{run:?}");
}

#[test]
fn a_schedule_is_where_stepping_begins_and_can_be_taken_back() {
    let mut child = synod(&["explore", "--step", FLAWED])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("synod can be run");
    child.stdin.take().expect("it listens").write_all(b"undo\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8(output.stdout).expect("it is text");
    let after: Vec<&str> = told.lines().filter(|line| line.starts_with("after ")).collect();
    assert!(after.len() == 2 && after[0] != after[1], "{told}");
}

#[test]
fn a_line_that_makes_no_sense_gets_a_hint() {
    let told = step("9\nunod\ncrash n7\nlose\nlose 1\nundo\nstate n1\ntrace\nhelp\nquit\n1\n");
    for hint in [
        "there is no 9 in the list; it goes from 1 to 1",
        "did you mean `undo`?",
        "there is no node `n7`",
        "which message?",
        "1 is no message",
        "this is the beginning",
        "Sketch {",
        "boot",
        "what you can say",
    ] {
        assert!(told.contains(hint), "{hint} is not in\n{told}");
    }
    assert!(!told.contains("after 1 step"), "nothing comes after quit:\n{told}");
}

#[test]
fn the_number_of_jobs_changes_no_byte() {
    let arguments = [
        "scenarios/museum/sound/causal_broadcast.yaml",
        "--vary",
        "crash,loss",
        "--faults",
        "2",
        "--executions",
        "3000",
    ];
    let found = ["1", "2", "3"].map(|jobs| {
        let folder = folder("jobs");
        let output = explore(&folder, &[&arguments[..], &["--json", "-j", jobs]].concat());
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{output:?}");
        let mut files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&folder)
            .expect("it is there")
            .map(|entry| entry.expect("it can be read").path())
            .map(|path| (path.clone(), fs::read(&path).expect("it can be read")))
            .collect();
        files.sort();
        (output.stdout, files)
    });
    assert!(!found[0].1.is_empty());
    assert!(found[0] == found[1] && found[0] == found[2]);
}

#[test]
fn a_program_reads_what_was_found_as_junit() {
    let folder = folder("junit");
    let claims = "sometimes={somebody gets in: {output: enter}, it snows: {event: duplicate}}";
    for strategy in ["reduced", "depth-first", "states"] {
        let junit = |more: &[&str]| {
            let bare = [FLAWED, "--set", "schedule=null", "--format", "junit", "--strategy", strategy];
            let arguments = [&bare[..], more].concat();
            let output = explore(&folder, &arguments);
            (output.status.code(), String::from_utf8(output.stdout).expect("it is text"))
        };
        let (code, text) = junit(&[]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.starts_with("<?xml") && text.contains("failures=\"0\""), "{text}");
        assert!(text.contains("<testcase name=\"mutual-exclusion\""), "{text}");
        let (code, text) = junit(&["--set", "expect={}"]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("failures=\"1\"") && text.contains("again: synod run"), "{text}");
        if strategy != "states" {
            let sound = [
                "--set",
                "algorithm=ricart-agrawala",
                "--set",
                "expect={}",
                "--set",
                claims,
                "--vary",
                "timer",
            ];
            let (code, text) = junit(&sound);
            assert_eq!(code, Some(1), "{text}");
            assert!(text.contains("failures=\"1\"") && text.contains("it never happened"), "{text}");
            let (code, text) = junit(&[&sound[..], &["--executions", "2"]].concat());
            assert_eq!(code, Some(3), "{text}");
            assert!(text.contains("<skipped") && text.contains("the budget ended"), "{text}");
        }
    }
}
