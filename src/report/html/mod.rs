//! A run, or two side by side, as one HTML page that works without network: script, style and data are inside it.

mod pack;

use super::ReportError;
use crate::trace::{self, Place, Trace};
use minijinja::{AutoEscape, Environment, context};
use pack::Packed;
use serde::Serialize;
use std::io;

const TEMPLATE: &str = include_str!("../page/page.j2");
/// The page's script and style; `page/build.mjs` makes them from `page/source`.
const SCRIPT: &str = include_str!("../page/built/page.js");
const STYLE: &str = include_str!("../page/built/page.css");
/// By what the page's security policy knows the two.
const HASHES: &str = include_str!("../page/built/hashes.json");

/// What a page says besides its traces.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heading {
    /// What it is called; the scenario's name where absent.
    pub title: Option<String>,
    /// The command that repeats the run.
    pub command: Option<String>,
    /// How the run went, in one word: `PASS`, `FAIL`, `UNDECIDED`.
    pub standing: Option<String>,
    /// What else there is to say: expectations that were not met, faults that touched nothing.
    pub remarks: Vec<String>,
}

/// Everything on a page; the page's script reads it.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    command: Option<&'a str>,
    standing: Option<&'a str>,
    remarks: &'a [String],
    difference: Option<Difference>,
    notes: Vec<String>,
    runs: Vec<Packed<'a>>,
}

#[derive(Serialize)]
struct Difference {
    /// The event in which two runs differ first; absent when only their ends differ.
    index: Option<u64>,
    text: String,
}

/// Writes the page of one run.
///
/// # Errors
/// Those of `out`.
pub fn html(trace: &Trace, heading: &Heading, out: &mut impl io::Write) -> Result<(), ReportError> {
    let title = heading.title.clone().unwrap_or_else(|| name(trace));
    let page = Page {
        title: &title,
        command: heading.command.as_deref(),
        standing: heading.standing.as_deref(),
        remarks: &heading.remarks,
        difference: None,
        notes: Vec::new(),
        runs: vec![Packed::of(trace, &title)],
    };
    write(&page, &trace.header.tool, out)
}

/// Writes a page that shows two runs side by side, with their first difference marked. Each has a label, such as its
/// file's name.
///
/// # Errors
/// Those of `out`.
pub fn html_of_two(
    first: (&str, &Trace),
    second: (&str, &Trace),
    out: &mut impl io::Write,
) -> Result<(), ReportError> {
    let difference = trace::first_difference(first.1, second.1).map(|difference| Difference {
        text: difference.to_string(),
        index: match difference.place {
            Place::Event { index, .. } => Some(index),
            Place::Footer => None,
        },
    });
    let title = format!("{} and {}", first.0, second.0);
    let page = Page {
        title: &title,
        command: None,
        standing: None,
        remarks: &[],
        difference,
        notes: trace::notes(first.1, second.1),
        runs: [first, second].into_iter().map(|(label, trace)| Packed::of(trace, label)).collect(),
    };
    write(&page, &first.1.header.tool, out)
}

/// What a run is called: its scenario's name, or that of its algorithm.
fn name(trace: &Trace) -> String {
    let scenario = trace.header.scenario.get("name").and_then(|name| name.as_str());
    scenario.filter(|name| !name.is_empty()).unwrap_or(&trace.header.algorithm).to_owned()
}

fn write(page: &Page<'_>, tool: &str, out: &mut impl io::Write) -> Result<(), ReportError> {
    let hashes: serde_json::Value = serde_json::from_str(HASHES).expect("the build writes JSON");
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let template = environment.template_from_named_str("page.j2", TEMPLATE).expect("the template is one");
    let view = context! {
        title => page.title,
        tool => tool,
        script => SCRIPT,
        style => STYLE,
        script_hash => hashes["page.js"].as_str(),
        style_hash => hashes["page.css"].as_str(),
        data => pack::text(page)?,
    };
    let rendered = template.render(view).expect("all that the template names is there");
    Ok(out.write_all(rendered.as_bytes())?)
}
