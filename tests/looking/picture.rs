//! Pictures for documents.

use crate::runs::{snapshots, trace, traces};
use insta::assert_snapshot;
use std::collections::BTreeMap;
use svg::{node::Attributes, parser::Event as Part};
use synod::{
    process::ProcessId,
    registry::Registry,
    report::{Selection, svg as picture},
    trace::{EventKind, Trace, read},
};

fn drawn(trace: &Trace, selection: &Selection) -> String {
    let mut out = Vec::new();
    picture(trace, selection, &mut out).expect("memory takes it");
    String::from_utf8(out).expect("it is text")
}

/// An arrow as it is drawn: which message, from which event to which, from where to where.
#[derive(Debug)]
struct Arrow {
    message: u64,
    begin: u64,
    end: Option<u64>,
    from: Option<(f64, f64)>,
    to: Option<(f64, f64)>,
    crossed: bool,
}

fn number(attributes: &Attributes, name: &str) -> Option<f64> {
    attributes.get(name)?.parse().ok()
}

/// The arrows of a picture, and where each event is marked.
fn parts(text: &str) -> (Vec<Arrow>, BTreeMap<u64, (f64, f64)>) {
    let (mut arrows, mut places): (Vec<Arrow>, BTreeMap<u64, (f64, f64)>) = Default::default();
    let (mut event, mut inside) = (None, false);
    for part in svg::read(text).expect("it is SVG") {
        let Part::Tag(name, _, attributes) = part else { continue };
        let place = |x: &str, y: &str| Some((number(&attributes, x)?, number(&attributes, y)?));
        if name == "g" {
            let whole = |name: &str| attributes.get(name).and_then(|value| value.parse().ok());
            event = whole("data-event");
            inside = false;
            if let (Some(message), Some(begin)) = (whole("data-message"), whole("data-begin")) {
                let end = whole("data-end");
                arrows.push(Arrow { message, begin, end, from: None, to: None, crossed: false });
                inside = true;
            }
        }
        if name == "line" && inside {
            let arrow = arrows.last_mut().expect("its group came first");
            (arrow.from, arrow.to) = (place("x1", "y1"), place("x2", "y2"));
        }
        if name == "path" && inside {
            arrows.last_mut().expect("its group came first").crossed = true;
        }
        if let (Some(event), "circle", Some(place)) = (event, name, place("cx", "cy")) {
            places.insert(event, place);
        }
    }
    (arrows, places)
}

/// Every arrow is a sending and its arrival, and stands where these are marked; also lost and overtaking messages, and copies.
#[test]
fn every_arrow_is_a_message_of_the_trace() {
    let folders = ["mutual_exclusion", "world", "election", "broadcast", "groups", "group_communication"];
    for (name, trace) in traces(&folders) {
        let (arrows, places) = parts(&drawn(&trace, &Selection::default()));
        let began = |kind| trace.events.iter().filter(move |event| event.kind == kind).count();
        let all = began(EventKind::Send) + began(EventKind::Duplicate);
        assert_eq!(arrows.len(), all, "{name}: one arrow for each message and each copy");
        let mut ended = 0;
        for arrow in &arrows {
            let begin = &trace.events[arrow.begin as usize];
            assert_eq!(begin.message, Some(arrow.message), "{name}: {arrow:?}");
            let Some(end) = arrow.end else { continue };
            let end = &trace.events[end as usize];
            ended += 1;
            assert_eq!(end.message, Some(arrow.message), "{name}: {arrow:?}");
            let Some((from, to)) = arrow.from.zip(arrow.to) else {
                assert_eq!(begin.node, end.node, "{name}: only what a node sends itself is no straight line");
                continue;
            };
            if begin.kind == EventKind::Send {
                assert_eq!(from, places[&arrow.begin], "{name}: {arrow:?}");
            }
            match end.kind {
                EventKind::Receive => {
                    assert_eq!(to, places[&end.index], "{name}: {arrow:?}");
                    assert!(!arrow.crossed, "{name}: {arrow:?}");
                }
                _ => assert!(end.kind == EventKind::Drop && arrow.crossed, "{name}: {arrow:?}"),
            }
        }
        let ends = began(EventKind::Receive) + began(EventKind::Drop);
        assert_eq!(ended, ends, "{name}: every arrival and every loss has its arrow");
    }
}

#[test]
fn pictures_are_as_they_were() {
    let registry = Registry::standard();
    let situations = [
        ("crash", "mutual_exclusion/the_holder_of_the_token_crashes"),
        ("partition", "world/a_partition_kills_what_arrives_during_it"),
    ];
    for (name, scenario) in situations {
        let trace = trace(&registry, scenario);
        snapshots()
            .bind(|| assert_snapshot!(format!("picture_{name}"), drawn(&trace, &Selection::default())));
    }
}

#[test]
fn odd_names_and_texts_stay_texts() {
    let trace = read(include_str!("../data/every_kind.jsonl").as_bytes()).expect("it is a trace");
    let text = drawn(&trace, &Selection::default());
    assert!(!text.contains("<b>") && !text.contains("<i>"), "{text}");
    let bad = text.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
    assert_eq!(bad, None, "{text}");
    let wrong = svg::read(&text).expect("it is SVG").find(|part| matches!(part, Part::Error(_)));
    assert!(wrong.is_none(), "{wrong:?}");
}

#[test]
fn a_part_of_a_trace_makes_a_smaller_picture() {
    let trace = trace(&Registry::standard(), "mutual_exclusion/the_holder_of_the_token_crashes");
    let whole = parts(&drawn(&trace, &Selection::default()));
    let two = Selection { nodes: [0, 1].map(ProcessId).into(), ..Selection::default() };
    let part = parts(&drawn(&trace, &two));
    assert!(part.0.len() < whole.0.len() && !part.0.is_empty(), "{part:?}");
}

#[cfg(feature = "png")]
#[test]
fn a_picture_in_pixels_has_words_in_it() {
    use resvg::tiny_skia::Pixmap;
    let trace = trace(&Registry::standard(), "world/a_partition_kills_what_arrives_during_it");
    let text = drawn(&trace, &Selection::default());
    let decoded = |svg: &str| {
        let png = synod::report::png(svg).expect("it can be drawn");
        Pixmap::decode_png(&png).expect("it is a PNG")
    };
    let picture = decoded(&text);
    let dark = |pixels: &Pixmap| pixels.pixels().iter().filter(|pixel| pixel.red() < 128).count();
    let without = decoded(&text.replace("<text ", "<text display=\"none\" "));
    assert_eq!((picture.width(), picture.height()), (without.width(), without.height()));
    assert!(dark(&picture) > dark(&without) + 2_000, "{} {}", dark(&picture), dark(&without));
    let huge = text.replace("height=\"", "height=\"99");
    assert!(matches!(synod::report::png(&huge), Err(synod::report::PngError::TooLarge { .. })));
}
