//! The trace reader: what it accepts comes out as it went in, what it refuses is explained.

use insta::{Settings, assert_snapshot};
use proptest::prelude::*;
use std::fmt::Write as _;
use synod::process::{Names, ProcessId};
use synod::trace::{
    Event, EventKind, Trace, first_difference, first_differing_line, notes, read, read_unverified,
};

const EVERY_KIND: &str = include_str!("data/every_kind.jsonl");

fn every_kind() -> Trace {
    read(EVERY_KIND.as_bytes()).expect("the fixture is a trace")
}

fn written(trace: &Trace) -> String {
    let mut out = Vec::new();
    trace.write(&mut out).expect("memory takes it");
    String::from_utf8(out).expect("JSON is text")
}

fn snapshots() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots/trace");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn what_was_read_is_written_as_it_was() {
    let trace = read_unverified(EVERY_KIND.as_bytes()).expect("the fixture is a trace");
    assert_eq!(written(&trace), EVERY_KIND);
    assert_eq!(trace.digest(), trace.footer.as_ref().expect("it has ended").digest);
    read(EVERY_KIND.as_bytes()).expect("the digest is right");
}

#[test]
fn foreign_line_ends_and_a_byte_order_mark_change_nothing() {
    let foreign = format!("\u{feff}{}\r\n", EVERY_KIND.replace('\n', "\r\n"));
    let trace = read(foreign.as_bytes()).expect("it is the same trace");
    assert_eq!(written(&trace), EVERY_KIND);
}

#[test]
fn a_trace_that_breaks_off_is_read_up_to_there() {
    let whole = every_kind();
    let header = EVERY_KIND.find('\n').expect("it has lines") + 1;
    for end in header..EVERY_KIND.len() {
        let part = read(&EVERY_KIND.as_bytes()[..end]).unwrap_or_else(|error| panic!("up to {end}: {error}"));
        assert_eq!(part.events, whole.events[..part.events.len()], "up to {end}");
        assert!(part.footer.is_none() || end == EVERY_KIND.len() - 1);
    }
}

/// The fixture with one line changed; lines count from 1.
fn changed(line: usize, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut lines: Vec<String> = EVERY_KIND.lines().map(str::to_owned).collect();
    lines[line - 1] = change(&lines[line - 1]);
    (lines.join("\n") + "\n").into_bytes()
}

fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let replaced = |line, from: &'static str, to: &'static str| {
        changed(line, |text| {
            assert!(text.contains(from), "{text} has {from}");
            text.replace(from, to)
        })
    };
    let without_header = EVERY_KIND.split_once('\n').expect("it has lines").1;
    let mut not_utf8 = EVERY_KIND.as_bytes().to_vec();
    let ninth = EVERY_KIND.match_indices('\n').nth(8).expect("it has lines").0;
    not_utf8[ninth - 10] = 0xff;
    vec![
        ("nothing", Vec::new()),
        ("a scenario", b"version: 1\nname: x\n".to_vec()),
        ("another kind of JSON", b"{\"name\": \"x\"}\n".to_vec()),
        ("a JSON array over several lines", b"[\n{}\n]\n".to_vec()),
        ("bytes", b"\x7fELF\x02\x01\n\x00\xff".to_vec()),
        ("no header", without_header.into()),
        ("a header cut off", EVERY_KIND.as_bytes()[..60].to_vec()),
        ("a newer version", replaced(1, "\"v\":1", "\"v\":7")),
        ("a header without seed", replaced(1, "\"seed\"", "\"sead\"")),
        ("two nodes of one name", replaced(1, "idle\"],\"scenario", "rushi\"],\"scenario")),
        ("too many nodes", b"{\"v\":1,\"kind\":\"header\",\"tool\":\"\",\"seed\":\"0\",\"algorithm\":\"\",\"nodes\":4294967295,\"scenario\":null}\n".to_vec()),
        ("two traces in one file", changed(10, |line| format!("{}\n{line}", EVERY_KIND.lines().next().unwrap_or("")))),
        ("junk", changed(10, |_| "\u{1b}[31mjunk".into())),
        ("a line cut in the middle", changed(10, |line| line[..30].into())),
        ("a number", changed(10, |_| "17".into())),
        ("an unknown kind of event", replaced(10, "\"receive\"", "\"recieve\\u001b\"")),
        ("an unknown field", replaced(10, "\"lc\"", "\"lamport\"")),
        ("a missing time", replaced(10, "\"t\":5000000,", "")),
        ("a time as text", replaced(10, "\"t\":5000000", "\"t\":\"5ms\"")),
        ("a misspelt node", replaced(10, "\"n\":\"rushi\"", "\"n\":\"rusih\"")),
        ("an unknown node", replaced(10, "\"from\":\"pravin\"", "\"from\":\"\\u0007mallory\"")),
        ("a node by number", replaced(10, "\"n\":\"rushi\"", "\"n\":1")),
        ("a line lost", changed(10, |_| String::new())),
        ("a line doubled", changed(10, |line| format!("{line}\n{line}"))),
        ("not UTF-8", not_utf8),
        ("too deep", changed(10, |_| "[".repeat(100_000))),
        ("an event changed", replaced(10, "\"lc\":6", "\"lc\":5")),
        ("the last event lost", changed(36, |_| String::new())),
        ("a footer without digest", replaced(37, "\"digest\"", "\"digits\"")),
        ("something after the end", changed(37, |line| format!("{line}\n{line}"))),
    ]
}

#[test]
fn every_broken_trace_is_explained() {
    let mut explained = String::new();
    for (what, bytes) in broken() {
        let error = read(bytes.as_slice()).expect_err(what);
        writeln!(explained, "{what}\n    {error}\n").expect("memory takes it");
    }
    assert!(explained.chars().all(|c| c == '\n' || !c.is_control()), "an error cannot control the terminal");
    snapshots().bind(|| assert_snapshot!("reader_errors", explained));
}

#[test]
fn a_changed_trace_is_read_when_nobody_asks_whether_it_changed() {
    let bytes = changed(10, |line| line.replace("\"lc\":6", "\"lc\":5"));
    assert!(read(bytes.as_slice()).is_err());
    assert_eq!(read_unverified(bytes.as_slice()).expect("it is a trace").events[8].lamport, Some(5));
}

#[test]
fn a_line_without_end_is_not_swallowed_whole() {
    let input = std::io::BufReader::new(std::io::Read::chain(
        EVERY_KIND.lines().next().expect("it has lines").as_bytes(),
        std::io::Read::chain(b"\n".as_slice(), std::io::repeat(b' ')),
    ));
    let error = read(input).expect_err("it never ends").to_string();
    assert!(error.starts_with("line 2: longer than 67108864 bytes"), "{error}");
}

#[test]
fn the_first_difference_is_named() {
    let difference = |line: usize, from: &str, to: &str| {
        let bytes = changed(line, |text| text.replacen(from, to, 1));
        let other = read_unverified(bytes.as_slice()).expect("it is a trace");
        first_difference(&every_kind(), &other).map(|difference| difference.to_string()).unwrap_or_default()
    };
    assert_eq!(difference(10, "x", "x"), "");
    assert_eq!(
        difference(6, "\"to\":\"rushi\"", "\"to\":\"idle\""),
        "event 4 at pravin: to is \"rushi\" in the first, \"idle\" in the second"
    );
    assert_eq!(
        difference(6, "\"id\":1", "\"id\":7"),
        "event 4 at pravin: body.publish.id is 1 in the first, 7 in the second"
    );
    assert_eq!(
        difference(10, "\"t\":5000000", "\"t\":15000000"),
        "event 8 at rushi: time is 5ms in the first, 15ms in the second"
    );
    assert_eq!(
        difference(10, ",\"lc\":6", ""),
        "event 8 at rushi: Lamport clock is 6 in the first, absent in the second"
    );
    assert_eq!(
        difference(37, "\"deadline\"", "\"quiescent\""),
        "the last line: ended is \"deadline\" in the first, \"quiescent\" in the second"
    );
    let mut short = every_kind();
    short.events.truncate(11);
    assert_eq!(
        first_difference(&short, &every_kind()).expect("one is shorter").to_string(),
        "event 11 at rushi: the first has ended, output in the second"
    );
}

#[test]
fn raw_lines_differ_like_events() {
    let (a, b) = (EVERY_KIND.to_owned(), EVERY_KIND.replacen("\"id\":2", "\"id\":3", 1));
    let lines = |text: &str| text.split_once('\n').expect("it has lines").1.as_bytes().to_vec();
    let difference = first_differing_line(&lines(&a), &lines(&b)).expect("they differ");
    assert_eq!(
        difference.to_string(),
        "event 6 at pravin: body.publish.id is 2 in the first, 3 in the second"
    );
    assert_eq!(first_differing_line(&lines(&a), &lines(&a)), None);
    let cut = lines(&a);
    let cut = &cut[..cut.iter().position(|byte| *byte == b'\n').expect("it has lines") + 1];
    let difference = first_differing_line(cut, &lines(&a)).expect("one is shorter");
    assert_eq!(difference.to_string(), "event 1 at rushi: the first has ended, boot in the second");
}

#[test]
fn headers_differ_without_alarm() {
    let mut other = every_kind();
    other.header.seed = "43".into();
    other.header.scenario["name"] = "another".into();
    assert_eq!(first_difference(&every_kind(), &other), None);
    assert_eq!(
        notes(&every_kind(), &other),
        [
            "the seed is \"42\" in the first, \"43\" in the second",
            "scenario.name is \"every kind of event\" in the first, \"another\" in the second"
        ]
    );
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let kind = prop::sample::select(vec!["boot", "send", "receive", "timer-set", "note"]);
    let id = || prop::option::of((0_u32..3).prop_map(ProcessId));
    let number = || prop::option::of(any::<u64>());
    let text = || prop::option::of("\\PC*|[\\x00-\\x7f]*");
    let event = (
        kind,
        any::<u64>(),
        (id(), id(), id()),
        (number(), number(), number()),
        (text(), text(), text()),
        text(),
    );
    let event =
        event.prop_map(|(kind, time, (node, to, from), (message, cause, lamport), texts, body)| Event {
            index: 0,
            time,
            node,
            kind: EventKind::parse(kind).expect("it is a kind"),
            message,
            to,
            from,
            message_kind: texts.0,
            body: body.map(|text| serde_json::json!({"b": text, "a": [time, null, -1, time as f64 / 3e7]})),
            why: texts.1,
            cause,
            lamport,
            state: texts.2,
        });
    prop::collection::vec(event, 0..8).prop_map(|mut events| {
        events.iter_mut().zip(0..).for_each(|(event, index)| event.index = index);
        events
    })
}

proptest! {
    #[test]
    fn any_trace_comes_back_as_it_was(events in events()) {
        let mut trace = every_kind();
        trace.names = Names::listed(vec!["a\"\\".into(), String::new(), "\u{1}é".into()]);
        trace.header.nodes = (&trace.names).into();
        trace.events = events;
        trace.footer = None;
        let text = written(&trace);
        let read = read(text.as_bytes()).expect("it is a trace");
        prop_assert_eq!(&read.events, &trace.events);
        prop_assert_eq!(written(&read), text);
    }

    #[test]
    fn no_input_makes_the_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = EVERY_KIND.as_bytes().to_vec();
        for (place, other, byte) in changes {
            let (place, other) = (place.index(bytes.len()), other.index(bytes.len()));
            match byte % 4 {
                0 => bytes[place] = byte,
                1 => bytes.swap(place, other),
                2 => bytes.insert(place, b"{}[]\",:\n"[usize::from(byte / 4 % 8)]),
                _ => drop(bytes.drain(place.min(other)..place.min(other).saturating_add(9).min(bytes.len() - 1))),
            }
        }
        for trace in [read(bytes.as_slice()), read_unverified(bytes.as_slice())].into_iter().flatten() {
            prop_assert!(!written(&trace).is_empty());
        }
    }
}
