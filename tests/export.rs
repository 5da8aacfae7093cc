//! Every export format of one trace that has everything: loss, duplicate, overtaking, crash, partition, odd names.

use insta::{Settings, assert_snapshot};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use synod::process::{ProcessId, Time};
use synod::report::{
    Format, ReportError, Selection, Stats, TextOptions, VectorClocks, convert, template, text,
};
use synod::trace::{EventKind, Trace, read, read_unverified};

fn every_kind() -> Trace {
    read(include_str!("data/every_kind.jsonl").as_bytes()).expect("the fixture is a trace")
}

fn exported(trace: &Trace, format: Format) -> String {
    let mut out = Vec::new();
    convert(trace, format, &mut out).expect("memory takes it");
    String::from_utf8(out).expect("every format is text")
}

fn listing(options: &TextOptions) -> String {
    let mut out = Vec::new();
    text(&every_kind(), &mut out, options).expect("memory takes it");
    String::from_utf8(out).expect("it is text")
}

fn rendered(source: &str) -> Result<String, ReportError> {
    let mut out = Vec::new();
    template(&every_kind(), "my.j2", source, &mut out)?;
    Ok(String::from_utf8(out).expect("it is text"))
}

fn snapshots() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots/export");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_format_is_as_it_was() {
    let trace = every_kind();
    for format in Format::ALL {
        snapshots().bind(|| assert_snapshot!(format.name(), exported(&trace, format)));
    }
    snapshots().bind(|| assert_snapshot!("stats", Stats::of(&trace).to_string()));
    let stats = serde_json::to_string_pretty(&Stats::of(&trace)).expect("they are JSON");
    snapshots().bind(|| assert_snapshot!("stats_json", stats));
}

#[test]
fn nothing_in_a_trace_controls_the_terminal() {
    let trace = every_kind();
    let shown =
        [exported(&trace, Format::Text), exported(&trace, Format::Mermaid), Stats::of(&trace).to_string()];
    for text in shown {
        let bad = text.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
        assert_eq!(bad, None, "{text}");
    }
}

#[test]
fn a_listing_shows_what_was_selected() {
    let shown = |options: &TextOptions| -> Vec<u64> {
        let listing = listing(options);
        let lines = listing.lines().take_while(|line| !line.is_empty());
        lines
            .map(|line| line.split_whitespace().next().expect("a number").parse().expect("a number"))
            .collect()
    };
    let selected = |selection: Selection| shown(&TextOptions { selection, width: None });
    assert_eq!(selected(Selection::default()).len(), 35);
    let sonu = Selection { nodes: vec![ProcessId(2)], ..Selection::default() };
    assert_eq!(selected(sonu), [2, 12, 13, 16, 22, 23, 25, 26, 27, 28, 29, 30, 31, 32, 34]);
    let faults = Selection { kinds: vec![EventKind::Drop, EventKind::Crash], ..Selection::default() };
    assert_eq!(selected(faults), [12, 15, 25]);
    assert_eq!(selected(Selection { around: Some((1, 2)), ..Selection::default() }), [0, 1, 2, 3]);
    assert_eq!(selected(Selection { last: Some(2), ..Selection::default() }), [33, 34]);
    let times =
        Selection { from: Some(Time(12_100_000)), until: Some(Time(15_000_000)), ..Selection::default() };
    assert_eq!(selected(times), [10, 11, 12]);
    let narrow = listing(&TextOptions { selection: Selection::default(), width: Some(40) });
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    assert!(
        listing(&TextOptions { selection: Selection { last: Some(2), ..Selection::default() }, width: None })
            .contains("\n2 of 35 events shown\n")
    );
}

#[test]
fn vector_clocks_say_what_happened_before_what() {
    let trace = every_kind();
    let mut clocks = VectorClocks::new(&trace);
    let clocks: Vec<_> = trace.events.iter().map(|event| clocks.advance(event).cloned()).collect();
    let precedes = |a: usize, b: usize| {
        let [a, b] = [a, b].map(|event| clocks[event].as_ref().expect("it is at a node"));
        a.precedes(b)
    };
    assert!(precedes(6, 8), "a message arrives after it was sent");
    assert!(precedes(4, 14), "so does its duplicate");
    assert!(precedes(8, 10) && !precedes(10, 8), "what overtook comes first");
    assert!(!precedes(7, 8) && !precedes(8, 7), "nothing connects these");
    assert!(precedes(15, 20), "a crash does not reset the clock");
    assert!(precedes(0, 24) && precedes(1, 24) && !precedes(2, 24));
    assert_eq!(clocks[12], None, "a drop is seen by no node");
}

/// The rules by which ShiViz judges a log, as its model code has them.
#[test]
fn the_shiviz_log_keeps_the_rules_of_shiviz() {
    let log = exported(&every_kind(), Format::Shiviz);
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some(r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})"));
    assert_eq!(lines.next(), Some(""), "one run has no delimiter");
    let mut own: BTreeMap<String, u64> = BTreeMap::new();
    let mut named = BTreeSet::new();
    while let Some(event) = lines.next() {
        let place = lines.next().expect("an event has two lines");
        let (host, clock) = place.split_once(' ').expect("host and clock");
        assert!(!event.is_empty() && !host.is_empty() && !host.contains(char::is_whitespace));
        let clock: BTreeMap<String, u64> = serde_json::from_str(clock).expect("a clock is JSON");
        let count = own.entry(host.to_owned()).or_insert(0);
        *count += 1;
        assert_eq!(clock.get(host), Some(&*count), "own entry: from 1, one more per event, {place}");
        assert!(clock.values().all(|count| *count > 0));
        named.extend(clock.into_keys());
    }
    assert!(named.iter().all(|host| own.contains_key(host)), "a host that is named logs something itself");
    assert_eq!(own.len(), 3);
}

#[test]
fn perfetto_binds_every_arrow_to_slices_of_its_own() {
    let trace = every_kind();
    let json: Value = serde_json::from_str(&exported(&trace, Format::Perfetto)).expect("it is JSON");
    let records = json["traceEvents"].as_array().expect("a list");
    let with = |phase: &str| records.iter().filter(|record| record["ph"] == phase).collect::<Vec<_>>();
    let number = |record: &Value, key: &str| record[key].as_f64().expect("a number");
    let track = |record: &Value| (record["pid"].as_u64(), record["tid"].as_u64());
    let slices = with("X");
    assert!(slices.iter().all(|slice| number(slice, "dur") >= 1.0));
    for (place, a) in slices.iter().enumerate() {
        for b in slices[place + 1..].iter().filter(|b| track(a) == track(b)) {
            assert!(number(a, "ts") + number(a, "dur") <= number(b, "ts"), "{a} covers {b}");
        }
    }
    let (starts, ends) = (with("s"), with("f"));
    let deliveries =
        trace.events.iter().filter(|e| matches!(e.kind, EventKind::Receive | EventKind::Drop)).count();
    assert_eq!((starts.len(), ends.len()), (deliveries, deliveries));
    assert_eq!(starts.iter().map(|flow| flow["id"].as_u64()).collect::<BTreeSet<_>>().len(), deliveries);
    for (start, end) in starts.iter().zip(&ends) {
        assert_eq!((&start["id"], &start["name"], &start["cat"]), (&end["id"], &end["name"], &end["cat"]));
        assert_eq!(end["bp"], "e");
        assert!(number(start, "ts") < number(end, "ts"));
        for flow in [start, end] {
            let bound =
                slices.iter().filter(|slice| track(slice) == track(flow) && slice["ts"] == flow["ts"]);
            assert_eq!(bound.count(), 1, "{flow}");
        }
    }
}

#[test]
fn csv_keeps_the_data_exact() {
    let trace = every_kind();
    let csv = exported(&trace, Format::Csv);
    let rows = rows(&csv);
    assert_eq!(rows.len(), trace.events.len() + 1);
    assert!(rows.iter().all(|row| row.len() == 13));
    let body: Value = serde_json::from_str(&rows[7][8]).expect("a body is JSON");
    assert_eq!(Some(&body), trace.events[6].body.as_ref());
    assert_eq!(rows[13][3], "drop");
    assert_eq!(rows[13][2], trace.names.name(ProcessId(2)));
}

/// A reader of RFC 4180, as simple as can be.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = csv.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(c),
        }
    }
    rows
}

#[test]
fn a_template_of_ones_own_is_a_format() {
    let source = "{{ header.algorithm }}, {{ nodes|length }} nodes, ended {{ footer.ended }}
{% for event in events if event.kind == 'output' %}
{{ event.at }} {{ event.node }}: {{ event.body|flow }} {{ event.clock|json }}
{% endfor %}
{% for name, verdict in footer.verdicts|items %}{{ name }} {{ verdict.verdict }}; {% endfor %}
";
    assert_eq!(
        rendered(source).expect("it is right"),
        "sequencer, 4 nodes, ended deadline
12.1ms rushi: {deliver: {from: pravin, body: \"Hi this is client 1\"}} {\"pravin\":5,\"rushi\":5}
total-order holds; integrity violated; validity undecided; agreement vacuous; "
            .to_owned()
    );
}

#[test]
fn a_wrong_template_is_told_with_its_line() {
    let error = |source: &str| rendered(source).expect_err("it is wrong").to_string();
    snapshots().bind(|| {
        assert_snapshot!(
            "template_errors",
            [
                "one\n{% for event in events %}\n",
                "one\ntwo\n{{ event.nod }}\n",
                "{% for event in events %}\n{{ event.nod }}\n{% endfor %}\n",
                "\n{{ 'x'|shout }}",
                "\n\n{{ 'nobody'|place }}",
                "{% include 'other.j2' %}",
                "{{ \u{1b}[31m }}",
            ]
            .map(error)
            .join("\n")
        );
    });
}

#[test]
fn formats_are_found_by_name() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let error = |name: &str| name.parse::<Format>().expect_err("it is none").to_string();
    assert_eq!(error("shivis"), "unknown format \"shivis\"; did you mean shiviz?");
    assert_eq!(
        error("powerpoint"),
        "unknown format \"powerpoint\"; formats are text, jsonl, csv, shiviz, mermaid, dot, perfetto, svg"
    );
}

#[test]
fn an_excerpt_and_a_trace_that_breaks_off_are_exported_too() {
    let mut trace = every_kind();
    for end in (0..trace.events.len()).rev() {
        trace.events.truncate(end);
        trace.footer = None;
        assert!(Format::ALL.iter().all(|format| !exported(&trace, *format).is_empty()));
        let excerpt = Selection { last: Some(5), ..Selection::default() }.excerpt(&trace);
        assert!(Format::ALL.iter().all(|format| !exported(&excerpt, *format).is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_can_be_read_can_be_exported(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
        last in 0_usize..40,
        time in any::<u64>(),
    ) {
        const KINDS: [&str; 8] = ["send", "receive", "drop", "duplicate", "crash", "pause", "resume", "partition"];
        let mut trace = every_kind();
        for (event, other) in changes {
            let (event, other) = (event.index(trace.events.len()), other.index(trace.events.len()));
            let taken = trace.events[other].clone();
            let event = &mut trace.events[event];
            event.kind = EventKind::parse(KINDS[other % KINDS.len()]).expect("it is a kind");
            event.time = time;
            event.body = taken.body;
            event.message = taken.message;
            event.node = taken.node;
            event.from = taken.from;
        }
        let mut bytes = Vec::new();
        trace.write(&mut bytes).expect("memory takes it");
        let trace = read_unverified(bytes.as_slice()).expect("it was written just now");
        let excerpt = Selection { last: Some(last), ..Selection::default() }.excerpt(&trace);
        for format in Format::ALL {
            prop_assert!(!exported(&trace, format).is_empty());
            prop_assert!(!exported(&excerpt, format).is_empty());
        }
        prop_assert!(!Stats::of(&trace).to_string().is_empty());
    }
}
