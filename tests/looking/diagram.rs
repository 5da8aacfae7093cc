//! Space-time diagrams in text.

use crate::runs::{snapshots, trace, trace_of, traces};
use insta::assert_snapshot;
use std::{path::Path, process::Command};
use synod::{
    process::ProcessId,
    registry::Registry,
    report::{DiagramOptions, Selection, diagram},
    trace::{EventKind, Trace, read},
};

fn drawn(trace: &Trace, options: &DiagramOptions) -> String {
    let mut out = Vec::new();
    diagram(trace, &mut out, options).expect("memory takes it");
    String::from_utf8(out).expect("it is text")
}

fn wide(width: usize) -> DiagramOptions {
    DiagramOptions { width, ..DiagramOptions::default() }
}

#[test]
fn diagrams_are_as_they_were() {
    let registry = Registry::standard();
    let situations = [
        ("overtaking", "group_communication/an_answer_before_its_question", 100),
        ("loss", "broadcast/fifo_loses_one_message", 100),
        ("duplicate", "mutual_exclusion/a_permission_arrives_twice", 110),
        ("crash", "mutual_exclusion/the_holder_of_the_token_crashes", 80),
        ("restart", "election/a_bully_comes_back", 80),
        ("partition", "world/a_partition_kills_what_arrives_during_it", 90),
        ("pause", "world/a_paused_node_catches_up", 90),
        ("mutual_exclusion", "mutual_exclusion/central_mutex_at_work", 100),
        ("violation", "mutual_exclusion/quorums_that_do_not_meet", 72),
    ];
    for (name, scenario, width) in situations {
        let trace = trace(&registry, scenario);
        snapshots().bind(|| assert_snapshot!(format!("diagram_{name}"), drawn(&trace, &wide(width))));
    }
    let trace = trace(&registry, "mutual_exclusion/a_permission_arrives_twice");
    let ascii = DiagramOptions { ascii: true, ..wide(80) };
    snapshots().bind(|| assert_snapshot!("diagram_ascii", drawn(&trace, &ascii)));
}

const MANY: &str = "
version: 1
algorithm: best-effort-broadcast
nodes: 40
network: {delay: 10ms, jitter: 5ms}
events:
  - {at: 0s, node: n7, request: {broadcast: hello}}
  - {at: 1s, node: n9, request: {broadcast: again}}
";

#[test]
fn of_many_nodes_the_busiest_have_room() {
    let trace = trace_of(&Registry::standard(), MANY);
    let shown = drawn(&trace, &wide(80));
    assert!(shown.contains("of 40 nodes have room, the busiest; --nodes and --width show others"), "{shown}");
    let names = shown.lines().take(2).collect::<Vec<_>>().join(" ");
    assert!(names.contains("n7") && names.contains("n9"), "who sends most is there: {names}");
    let last = Selection { last: Some(12), ..Selection::default() };
    let last = DiagramOptions { selection: last, ..wide(80) };
    snapshots().bind(|| assert_snapshot!("diagram_many_nodes", drawn(&trace, &last)));
    let three = Selection { nodes: [6, 8, 39].map(ProcessId).into(), ..Selection::default() };
    let three = DiagramOptions { selection: three, ..wide(80) };
    snapshots().bind(|| assert_snapshot!("diagram_three_of_many", drawn(&trace, &three)));
}

#[test]
fn every_kind_of_event_has_a_sign() {
    let trace = read(include_str!("../data/every_kind.jsonl").as_bytes()).expect("it is a trace");
    snapshots().bind(|| assert_snapshot!("diagram_every_kind", drawn(&trace, &wide(100))));
    let ascii = drawn(&trace, &DiagramOptions { ascii: true, ..wide(100) });
    let picture = ascii.lines().take_while(|line| !line.is_empty());
    let odd: String = picture.flat_map(str::chars).filter(|c| !c.is_ascii()).collect();
    assert_eq!(odd, "", "{ascii}");
    let bad = ascii.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
    assert_eq!(bad, None, "{ascii}");
}

#[test]
fn every_part_of_a_trace_can_be_drawn() {
    let mut trace = read(include_str!("../data/every_kind.jsonl").as_bytes()).expect("it is a trace");
    while trace.events.pop().is_some() {
        trace.footer = None;
        for around in 0..trace.events.len() as u64 {
            let selection = Selection { around: Some((around, 3)), ..Selection::default() };
            let part = drawn(&trace, &DiagramOptions { selection, ..wide(40) });
            assert!(part.ends_with("the trace breaks off here\n"), "{part}");
        }
        assert!(!drawn(&trace, &wide(40)).is_empty());
    }
}

#[test]
fn no_line_is_wider_than_it_may_be() {
    for (name, trace) in traces(&["mutual_exclusion", "world", "election", "groups"]) {
        for width in [40, 80, 133] {
            for ascii in [false, true] {
                let shown = drawn(&trace, &DiagramOptions { ascii, ..wide(width) });
                let lines = shown.lines().take_while(|line| !line.is_empty());
                let long = lines.clone().find(|line| line.chars().count() > width);
                assert_eq!(long, None, "{name} at {width}");
                assert!(lines.count() > 1, "{name} at {width}: nothing is drawn");
            }
        }
    }
}

/// With room for everything, there is a head for each message that arrives and an x for each that does not.
#[test]
fn every_message_arrives_or_is_lost_where_the_trace_says() {
    for (name, trace) in traces(&["mutual_exclusion", "world", "election"]) {
        let shown = drawn(&trace, &wide(2_000));
        let picture = shown.lines().take_while(|line| !line.is_empty());
        let mut heads: Vec<u64> = Vec::new();
        for line in picture.filter(|line| line.contains(['►', '◄'])) {
            let number = line.split_whitespace().next().and_then(|number| number.parse().ok());
            heads.push(number.unwrap_or_else(|| panic!("{name}: a message arrives in {line:?}")));
            assert_eq!(line.matches(['►', '◄']).count(), 1, "{name}: {line}");
        }
        let received = trace.events.iter().filter(|event| event.kind == EventKind::Receive);
        assert_eq!(heads, received.map(|event| event.index).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn colour_comes_only_where_it_is_wanted_and_changes_nothing_else() {
    let trace = trace(&Registry::standard(), "world/a_partition_kills_what_arrives_during_it");
    let (plain, coloured) =
        (drawn(&trace, &wide(90)), drawn(&trace, &DiagramOptions { color: true, ..wide(90) }));
    assert!(!plain.contains('\x1b') && coloured.contains("\x1b[31m"), "{coloured}");
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, escape)) = rest.split_once('\x1b') {
        stripped.push_str(before);
        rest = escape.split_once('m').expect("an escape ends").1;
    }
    stripped.push_str(rest);
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&stripped), trimmed(&plain));
}

/// The width is what the flag says, else what COLUMNS says, else 80 where there is no terminal.
#[test]
fn the_command_draws_as_wide_as_it_is_told() {
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/every_kind.jsonl");
    let widest = |columns: Option<&str>, flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
        command.args(["trace", "view"]).arg(&trace).args(flags).env_remove("COLUMNS");
        command.envs(columns.map(|columns| ("COLUMNS", columns)));
        let text = String::from_utf8(command.output().expect("synod can be started").stdout);
        let text = text.expect("it is text");
        assert!(!text.contains('\x1b'), "no colour where there is no terminal: {text}");
        text.lines().map(|line| line.chars().count()).max()
    };
    assert_eq!(widest(None, &[]), Some(80));
    assert_eq!(widest(Some("57"), &[]), Some(57));
    assert_eq!(widest(Some("57"), &["--width", "64"]), Some(64));
    assert_eq!(widest(Some("wide"), &[]), Some(80));
}
