//! The HTML page as the crate writes it: all of a trace is in it, and nothing in a trace is markup. What the page does
//! with it in a browser is tested in `tests/page`.

use base64ct::{Base64, Encoding};
use flate2::read::ZlibDecoder;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use synod::{
    registry::{Options, Registry},
    report::{Heading, html, html_of_two},
    scenario::load,
    trace::{Event, EventKind, Level, Trace, read, read_unverified},
};

fn page(trace: &Trace) -> String {
    let mut page = Vec::new();
    html(trace, &Heading::default(), &mut page).expect("memory takes it");
    String::from_utf8(page).expect("a page is text")
}

/// The document inside a page.
fn unpacked(page: &str) -> Value {
    let begin = "<script type=\"application/octet-stream\" id=\"data\">";
    let data = page.split_once(begin).expect("the page has data").1;
    let data = data.split_once('<').expect("the data ends").0;
    let bytes = Base64::decode_vec(data).expect("the data is base64");
    serde_json::from_reader(ZlibDecoder::new(bytes.as_slice())).expect("inside is JSON")
}

/// A run's events, read back as the page's script reads them.
fn events(run: &Value, trace: &Trace) -> Vec<Event> {
    let column = |name: &str| -> Vec<i64> {
        let values = run["columns"][name].as_array().expect("a column is a list");
        values.iter().map(|value| value.as_i64().expect("a column has numbers")).collect()
    };
    let text = |table: &str, place: i64| -> Option<String> {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        Some(run[table][place].as_str().expect("a table has texts").to_owned())
    };
    let node = |place: i64| {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        trace.names.find(run["nodes"][place].as_str()?)
    };
    let apart = |value: i64, expected: i64| expected + if value > 0 { value - 1 } else { value };
    let kinds = run["kinds"].as_array().expect("kinds are listed");
    let columns =
        ["time", "kind", "node", "to", "from", "message", "type", "body", "why", "cause", "lamport", "state"]
            .map(column);
    let (mut time, mut next, mut clocks) = (0, 0, vec![0; trace.names.len()]);
    let mut events = Vec::new();
    let row = |index: usize| -> [i64; 12] { std::array::from_fn(|number| columns[number][index]) };
    for index in 0..columns[0].len() {
        let [since, kind, at, to, from, message, word, body, why, cause, lamport, state] = row(index);
        time += since;
        let message = (message != 0).then(|| apart(message, next));
        next = next.max(message.map_or(0, |message| message + 1));
        let lamport = node(at).filter(|_| lamport != 0).map(|id| {
            clocks[id.index()] = apart(lamport, clocks[id.index()]);
            clocks[id.index()] as u64
        });
        let name = kinds[kind as usize].as_str().expect("a kind has a name");
        events.push(Event {
            index: index as u64,
            time: time as u64,
            node: node(at),
            kind: EventKind::parse(name).expect("a kind that there is"),
            message: message.map(|message| message as u64),
            to: node(to),
            from: node(from),
            message_kind: text("words", word),
            body: text("bodies", body).map(|body| serde_json::from_str(&body).expect("a body is JSON")),
            why: text("words", why),
            cause: (cause != 0).then(|| index as u64 - cause as u64),
            lamport,
            state: text("states", state),
        });
    }
    events
}

fn assert_whole(name: &str, trace: &Trace) {
    let document = unpacked(&page(trace));
    let run = &document["runs"][0];
    let found = events(run, trace);
    assert_eq!(found.len(), trace.events.len(), "{name}");
    // A page says so when states would be too much for it.
    let stateless = run["statesLeftOut"].is_string();
    for (found, event) in found.iter().zip(&trace.events) {
        let event = Event { state: event.state.clone().filter(|_| !stateless), ..event.clone() };
        assert_eq!(*found, event, "{name}");
    }
    assert_eq!(run["footer"], serde_json::to_value(&trace.footer).expect("it is JSON"), "{name}");
    assert_eq!(run["scenario"], trace.header.scenario, "{name}");
}

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn a_page_has_every_event_of_every_scenario() {
    let registry = Registry::standard();
    let mut files = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut files);
    files.sort();
    assert!(files.len() > 100, "the scenarios are there");
    for file in files {
        let name = file.display().to_string();
        let text = fs::read(&file).expect("a scenario can be read");
        let plan = load(&name, &text, &[], None, &registry).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let options = Options { level: Level::States, ..Options::default() };
        let outcome = registry.run(&plan, &options).expect("it runs");
        assert_whole(&name, &outcome.trace().expect("it is a trace"));
    }
}

#[test]
fn a_page_has_every_kind_of_event() {
    let trace = read(include_str!("data/every_kind.jsonl").as_bytes()).expect("the fixture is a trace");
    assert_whole("every kind", &trace);
}

#[test]
fn a_page_of_a_damaged_trace_is_a_page() {
    let lines = [
        r#"{"v":1,"kind":"header","tool":"synod 0.1.0","seed":"1","algorithm":"x","nodes":["a"],"scenario":null}"#,
        r#"{"i":0,"t":18446744073709551615,"n":"a","e":"receive","m":18446744073709551615,"from":"a","cause":7,"lc":9}"#,
        r#"{"i":1,"t":0,"e":"send","m":0,"cause":1}"#,
    ];
    let trace = read_unverified(lines.join("\n").as_bytes()).expect("it can be read");
    let document = unpacked(&page(&trace));
    assert_eq!(document["runs"][0]["columns"]["time"][1], i64::MIN);
    assert_eq!(document["runs"][0]["footer"], Value::Null);
}

#[test]
fn nothing_in_a_trace_is_markup() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--";
    let quoted = serde_json::to_string(evil).expect("text is JSON");
    let text = format!(
        r#"{{"v":1,"kind":"header","tool":{quoted},"seed":{quoted},"algorithm":{quoted},"nodes":[{quoted}],"scenario":{{"name":{quoted},"about":{quoted}}}}}
{{"i":0,"t":0,"n":{quoted},"e":"send","m":0,"to":{quoted},"type":{quoted},"body":{{{quoted}:{quoted}}},"why":{quoted},"state":{quoted}}}"#
    );
    let trace = read_unverified(text.as_bytes()).expect("it can be read");
    let heading = Heading {
        title: Some(evil.into()),
        command: Some(evil.into()),
        standing: Some(evil.into()),
        remarks: vec![evil.into()],
    };
    let mut one = Vec::new();
    html(&trace, &heading, &mut one).expect("memory takes it");
    let mut two = Vec::new();
    html_of_two((evil, &trace), (evil, &trace), &mut two).expect("memory takes it");
    for page in [one, two] {
        let page = String::from_utf8(page).expect("a page is text");
        assert_eq!(page.matches("<script").count(), 2, "its data and its own script");
        assert_eq!(page.matches("</script").count(), 2);
        assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains("alert(1)<"));
    }
}

#[test]
fn a_page_may_load_nothing() {
    let trace = read(include_str!("data/every_kind.jsonl").as_bytes()).expect("the fixture is a trace");
    let page = page(&trace);
    let policy = page.split_once("Content-Security-Policy\" content=\"").expect("it has a policy").1;
    let policy = policy.split_once('"').expect("it ends").0;
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    for word in ["src=", "href=", "@import", "url(http"] {
        let head = page.split_once("<div id=\"page\">").expect("it has a body").0;
        assert!(!head.contains(word), "{word}");
    }
}

#[test]
fn the_same_trace_gives_the_same_page() {
    let trace = read(include_str!("data/every_kind.jsonl").as_bytes()).expect("the fixture is a trace");
    assert_eq!(page(&trace), page(&trace));
}

#[test]
fn two_runs_are_shown_with_their_first_difference() {
    let trace = read(include_str!("data/every_kind.jsonl").as_bytes()).expect("the fixture is a trace");
    let mut other = trace.clone();
    other.events[7].time = 1;
    let mut page = Vec::new();
    html_of_two(("one", &trace), ("other", &other), &mut page).expect("memory takes it");
    let document = unpacked(&String::from_utf8(page).expect("a page is text"));
    assert_eq!(document["difference"]["index"], 7);
    assert_eq!(document["runs"][1]["label"], "other");
}
