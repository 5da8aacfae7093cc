//! A failure that a search found: a scenario and the exact order of events that shows it, as a file for people.

use super::{flow, runner::Subject};
use crate::{
    process::Names,
    scenario::{Misfit, Schedule, Then, reload},
    trace::{Event, EventKind, Level},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, sync::Arc};

/// A scenario and an order of events in which a property is violated.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// The scenario, as [`crate::scenario::Plan::resolved`] has it, with the faults and the seed of the run.
    pub scenario: Value,
    /// The order of events.
    pub schedule: Schedule,
    /// The property.
    pub property: String,
    /// What happened, in one sentence.
    pub because: String,
}

/// A failure file longer than this tells its story without the middle.
const STORY_LINES: usize = 40;

impl Failure {
    /// How many steps its schedule has: the fewer, the better.
    pub fn size(&self) -> usize {
        self.schedule.steps.len()
    }

    /// The scenario that shows it: only the violated property is judged, and expected to be violated; what ought to happen
    /// in some run is not what it is about.
    pub fn whole(&self, names: &Names) -> Value {
        let mut scenario = self.scenario.clone();
        let Some(map) = scenario.as_object_mut() else { return scenario };
        map.insert("check".into(), json!([self.property]));
        map.insert("expect".into(), json!({ &self.property: "violated" }));
        map.shift_remove("sometimes");
        if !self.schedule.steps.is_empty() || self.schedule.then == Then::Stop {
            map.insert("schedule".into(), self.schedule.value(names));
        }
        scenario
    }

    /// The file: a scenario that `synod run` repeats, after a comment that tells what happens. `file` is what it will be
    /// called.
    ///
    /// # Errors
    /// When the scenario is not one of the subject's algorithm.
    pub fn text(&self, subject: &Subject<'_>, file: &str) -> Result<String, Misfit> {
        let (story, names) = self.story(subject)?;
        let mut text = String::new();
        // Writing to a string does not fail.
        let _written = writeln!(text, "# {} is violated: {}", self.property, one_line(&self.because));
        let told = story.lines().count();
        for (number, line) in story.lines().enumerate() {
            if told <= STORY_LINES || number < STORY_LINES / 2 || number + STORY_LINES / 2 >= told {
                let _written = writeln!(text, "#   {line}");
            } else if number == STORY_LINES / 2 {
                let _written = writeln!(text, "#   ... {} more", told - STORY_LINES);
            }
        }
        let _written = writeln!(text, "# Again: synod run {file} --view");
        text.push_str(&flow::scenario(&self.whole(&names)));
        Ok(text)
    }

    /// What happens, one line for each event that is not only a consequence, and the nodes' names.
    fn story(&self, subject: &Subject<'_>) -> Result<(String, Names), Misfit> {
        let mut scenario = self.scenario.clone();
        if let Some(map) = scenario.as_object_mut() {
            map.insert("check".into(), json!([self.property]));
            for key in ["expect", "sometimes", "schedule"] {
                map.shift_remove(key);
            }
        }
        let plan = reload("failure", &scenario, subject.catalogue)
            .map_err(|mistakes| Misfit { path: Vec::new(), message: mistakes.to_string() })?;
        let subject = Subject { plan: &plan, ..*subject };
        let mut runner = super::Runner::new(&subject, super::Rules::default())?;
        runner.follow(plan.seed, &Arc::new(self.schedule.clone()), false, Level::Full);
        let names = plan.setup.names.clone();
        let mut story = String::new();
        for event in &runner.events() {
            if let Some(line) = sentence(event, &names) {
                story.push_str(&one_line(&line));
                story.push('\n');
            }
        }
        Ok((story, names))
    }
}

/// An event in words, if it is worth a line.
fn sentence(event: &Event, names: &Names) -> Option<String> {
    let name =
        |id: Option<crate::process::ProcessId>| id.map_or_else(String::new, |id| names.name(id).into_owned());
    let node = name(event.node);
    let kind = event.message_kind.as_deref().unwrap_or_default();
    let body = event.body.as_ref().map_or_else(String::new, flow::value);
    let number = event.message.map_or_else(String::new, |number| format!("#{number}"));
    let said = match event.kind {
        EventKind::Request => format!("{node} is asked: {body}"),
        EventKind::Output => format!("{node} says: {body}"),
        EventKind::Send => format!("{node} sends {kind} {number} to {}", name(event.to)),
        EventKind::Receive => format!("{node} gets {kind} {number} from {}", name(event.from)),
        EventKind::Drop => {
            let why = event.why.as_deref().unwrap_or_default();
            format!("{kind} {number} from {} to {node} is lost ({why})", name(event.from))
        }
        EventKind::Duplicate => format!("{kind} {number} to {} is duplicated", name(event.to)),
        EventKind::Timer => format!("{node}: timer {body}"),
        EventKind::Crash => format!("{node} crashes"),
        EventKind::Restart => format!("{node} restarts"),
        EventKind::Pause => format!("{node} stands still"),
        EventKind::Resume => format!("{node} goes on"),
        EventKind::Partition | EventKind::Heal | EventKind::Cut | EventKind::Link => {
            format!("{}: {body}", event.kind.name())
        }
        EventKind::Clock => format!("{node}: its clock changes"),
        EventKind::Boot | EventKind::TimerSet | EventKind::Save | EventKind::Choice | EventKind::Note => {
            return None;
        }
    };
    Some(format!("{:>3}  {said}", event.index))
}

/// Text without line breaks and control characters, so that it stays inside a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
