//! `synod fuzz` and `synod merge`: threads, shares, folders, exit codes.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const FOUND: &str = "scenarios/mutual_exclusion/a_permission_arrives_twice.yaml";

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("campaign").join(name);
    // It may be left from another time.
    let _removed = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn synod(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
    command.args(arguments);
    if arguments[0] == "fuzz" {
        command.arg("--out").arg(folder.join("failures"));
    }
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "SYNOD_SEED", "SYNOD_SHARDS"] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).output().expect("synod can be run")
}

fn fuzz(folder: &Path, arguments: &[&str]) -> Output {
    synod(folder, &[&["fuzz", FOUND, "--runs", "700", "--json", "--no-shrink"], arguments].concat(), &[])
}

#[test]
fn the_report_depends_neither_on_jobs_nor_on_shares() {
    let folder = folder("shares");
    let one = fuzz(&folder, &["-j", "1"]);
    assert_eq!(one.status.code(), Some(0), "{}", String::from_utf8_lossy(&one.stderr));
    assert_eq!(fuzz(&folder, &["-j", "3"]).stdout, one.stdout);
    let mut reports = Vec::new();
    for index in 0..3 {
        let report = folder.join(format!("{index}.json"));
        let share = fuzz(&folder, &["--shard", &format!("{index}/3")]);
        fs::write(&report, share.stdout).expect("a report can be written");
        reports.push(report.display().to_string());
    }
    reports.rotate_left(1);
    let arguments: Vec<&str> = ["merge"].into_iter().chain(reports.iter().map(String::as_str)).collect();
    let merged = synod(&folder, &arguments, &[]);
    assert_eq!(String::from_utf8_lossy(&merged.stdout), String::from_utf8_lossy(&one.stdout));
    assert_eq!(merged.status.code(), Some(0));
    let twice = synod(&folder, &["merge", &reports[0], &reports[0]], &[]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("is there twice"));
}

#[test]
fn the_share_can_come_from_the_environment() {
    let folder = folder("environment");
    let arguments = ["fuzz", FOUND, "--runs", "90", "--json", "--no-shrink", "--shard"];
    let written = |share: &str| synod(&folder, &[&arguments[..], &[share]].concat(), &[]).stdout;
    let from =
        |environment: &[(&str, &str)]| synod(&folder, &[&arguments[..], &["env"]].concat(), environment);
    let slurm =
        [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_MIN", "3"), ("SLURM_ARRAY_TASK_COUNT", "3")];
    let slurm = from(&[&slurm[..], &[("SLURM_ARRAY_TASK_STEP", "2")]].concat());
    assert_eq!(slurm.stdout, written("2/3"));
    assert_eq!(written("0/3"), written("3/3"));
    let kubernetes = from(&[("JOB_COMPLETION_INDEX", "1"), ("SYNOD_SHARDS", "3")]);
    assert_eq!(kubernetes.stdout, written("1/3"));
    for lacking in [&[("JOB_COMPLETION_INDEX", "1")][..], &[]] {
        assert_eq!(from(lacking).status.code(), Some(2));
    }
    for wrong in ["4/3", "1", "1/0", "a/b"] {
        let output = synod(&folder, &[&arguments[..], &[wrong]].concat(), &[]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn a_campaign_goes_on_where_it_was_stopped() {
    let folder = folder("corpus");
    let corpus = folder.join("kept").display().to_string();
    let whole = fuzz(&folder, &[]);
    // Stopped after some of the runs; the state it left is that of a shorter campaign.
    let some =
        synod(&folder, &["fuzz", FOUND, "--runs", "300", "--json", "--no-shrink", "--corpus", &corpus], &[]);
    assert!(some.status.success());
    let kept: Vec<_> = fs::read_dir(&corpus).expect("it is there").collect();
    assert_eq!(kept.len(), 1);
    let again = fuzz(&folder, &["--corpus", &corpus]);
    assert_eq!(again.stdout, whole.stdout);
    // Everything is done already.
    assert_eq!(fuzz(&folder, &["--corpus", &corpus]).stdout, whole.stdout);
    assert_eq!(
        fuzz(&folder, &["--corpus", &corpus, "--seed", "9"]).stdout,
        fuzz(&folder, &["--seed", "9"]).stdout
    );
}

#[test]
fn the_exit_code_says_what_was_found() {
    let folder = folder("codes");
    let code = |arguments: &[&str]| synod(&folder, arguments, &[]).status.code();
    assert_eq!(code(&["fuzz", FOUND, "--runs", "50"]), Some(0), "what was expected was found");
    let alone = "events=[{at: 0s, node: n1, request: {enter: 1ms}}]";
    assert_eq!(code(&["fuzz", FOUND, "--runs", "9", "--set", alone]), Some(1), "it was not");
    let surprised = ["fuzz", FOUND, "--runs", "50", "--set", "expect.mutual-exclusion=holds"];
    assert_eq!(code(&surprised), Some(1), "what was found was not expected");
    assert_eq!(code(&["fuzz", "scenarios/mutual_exclusion", "--runs", "5"]), Some(2));
    let timed = ["fuzz", FOUND, "--vary", "delay", "--strategy", "walk"];
    assert_eq!(code(&timed), Some(2));
    assert_eq!(code(&["fuzz", FOUND, "--time", "10"]), Some(2), "a time needs a unit");
}

#[test]
fn a_failure_file_repeats_the_failure() {
    let folder = folder("files");
    let output = synod(&folder, &["fuzz", FOUND, "--runs", "100"], &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    let file = folder.join("failures/a_permission_arrives_twice-mutual-exclusion.yaml");
    assert!(text.contains(&format!("run {} --view", file.display())), "{text}");
    let again = synod(&folder, &["run", &file.display().to_string()], &[]);
    assert_eq!(again.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&again.stdout).contains("violated   mutual-exclusion  as expected"));
    let onward = synod(&folder, &["fuzz", &file.display().to_string(), "--runs", "40"], &[]);
    assert!(String::from_utf8_lossy(&onward.stdout).contains("onward 18"));
}

#[test]
fn the_report_as_json_has_its_shape() {
    let folder = folder("shape");
    let report: Value = serde_json::from_slice(&fuzz(&folder, &[]).stdout).expect("it is JSON");
    assert_eq!(report["v"], 1);
    assert_eq!(report["ok"], true);
    assert_eq!(report["coverage"]["runs"], 700);
    assert_eq!(report["coverage"]["exact"], true);
    assert!(report["coverage"]["orders"].as_u64().is_some_and(|orders| orders > 10));
    assert_eq!(report["campaign"]["seed"], "0");
    assert_eq!(report["campaign"]["strategy"], "auto");
    assert_eq!(report["failures"][0]["property"], "mutual-exclusion");
    assert!(report["failures"][0]["scenario"]["schedule"]["steps"].is_array());
    assert!(report.get("share").is_none());
}

#[test]
fn what_ought_to_happen_is_told_in_every_format() {
    let folder = folder("sometimes");
    let claims = "sometimes={n1 gets in: {output: enter, node: n1}, it snows: {event: pause}}";
    let fuzz = |more: &[&str]| {
        synod(
            &folder,
            &[&["fuzz", FOUND, "--runs", "60", "--no-shrink", "--set", claims], more].concat(),
            &[],
        )
    };
    let output = fuzz(&[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("met      sometimes: n1 gets in: in 60 of 60 runs"), "{text}");
    assert!(text.contains("not met  sometimes: it snows: in 0 of 60 runs"), "{text}");
    let junit = fuzz(&["--format", "junit"]);
    let text = String::from_utf8_lossy(&junit.stdout);
    assert!(text.contains("name=\"sometimes: it snows\"") && text.contains("it never happened"), "{text}");
    let mut reports = Vec::new();
    for index in 0..2 {
        let report = folder.join(format!("{index}.json"));
        let share = fuzz(&["--json", "--shard", &format!("{index}/2")]);
        assert_eq!(share.status.code(), Some(3), "the other share may show it");
        fs::write(&report, share.stdout).expect("a report can be written");
        reports.push(report.display().to_string());
    }
    let merged = synod(&folder, &["merge", &reports[1], &reports[0]], &[]);
    assert_eq!(merged.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&merged.stdout), String::from_utf8_lossy(&fuzz(&["--json"]).stdout));
    let value: Value = serde_json::from_slice(&merged.stdout).expect("it is JSON");
    assert_eq!(value["coverage"]["unmet"], serde_json::json!(["it snows"]));
    assert_eq!(value["tally"]["sometimes"], serde_json::json!([60, 0]));
    let run = synod(&folder, &["run", FOUND, "--set", claims], &[]);
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.contains("met        sometimes: n1 gets in"), "{text}");
    assert!(text.contains("not met    sometimes: it snows"), "{text}");
    assert_eq!(run.status.code(), Some(0), "one run need not show it");
}

/// Ctrl-C, as a terminal sends it.
#[cfg(unix)]
#[test]
fn an_interrupted_campaign_keeps_what_it_did_and_goes_on_from_there() {
    use std::{
        process::Stdio,
        thread,
        time::{Duration, Instant},
    };
    let folder = folder("interrupted");
    let corpus = folder.join("kept");
    let runs_of = |output: &Output| {
        let value: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        value["tally"]["runs"].as_u64().expect("a number of runs")
    };
    // Long enough on any machine.
    let arguments = ["fuzz", FOUND, "--json", "--no-shrink", "-j", "2"];
    let some = synod(&folder, &[&arguments[..], &["--time", "1s"]].concat(), &[]);
    let runs = (runs_of(&some) * 5).to_string();
    let arguments = [&arguments[..], &["--runs", &runs]].concat();
    let whole = synod(&folder, &arguments, &[]);
    let kept = corpus.display().to_string();
    let child = Command::new(env!("CARGO_BIN_EXE_synod"))
        .args(
            [&arguments[..], &["--corpus", &kept, "--out", &folder.join("failures").display().to_string()]]
                .concat(),
        )
        .env_remove("SYNOD_SEED")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("synod can be run");
    let begun = Instant::now();
    while fs::read_dir(&corpus).map_or(0, Iterator::count) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is kept");
        thread::sleep(Duration::from_millis(20));
    }
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.expect("kill can be run").success());
    let stopped = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&stopped.stderr);
    assert_eq!(stopped.status.code(), Some(130), "{told}");
    assert!(told.contains("interrupted after") && told.contains("goes on from there"), "{told}");
    // What it reports is what it kept, and neither nothing nor all.
    let done = runs_of(&stopped);
    assert!(done > 0 && done < runs_of(&whole), "{done} of {runs}");
    let file =
        fs::read_dir(&corpus).expect("it is there").next().expect("it is kept").expect("it can be read");
    let text = fs::read(file.path()).expect("it can be read");
    assert_eq!(serde_json::from_slice::<Value>(&text).expect("it is JSON")["done"], done);
    let again = synod(&folder, &[&arguments[..], &["--corpus", &kept]].concat(), &[]);
    assert!(again.stdout == whole.stdout, "it goes on as if nothing had been");
    assert_eq!(again.status.code(), whole.status.code());
}
