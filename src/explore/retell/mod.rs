//! A recorded run becomes a scenario with its schedule: the same requests and faults, every message, timer, loss and choice
//! in the order and at the time in which it happened.
//!
//! A simulation is led along the recording ([`guide`]); what was picked is the schedule. Then the scenario is run as
//! anybody would run it, and held against the recording node by node ([`compare`]). Where it differs for a reason that is
//! known, it is told again in another way ([`Liberties`]); what is left is said.

mod clocks;
mod compare;
mod guide;
mod script;
mod stage;

use super::{Rules, Runner, Subject, flow, strategy::Follow};
use crate::{
    process::{End, Names, ProcessId, Time, Verdict},
    scenario::{Misfit, Plan, Schedule, ScheduleStep, Then, reload},
    trace::{Event, EventKind, Level, Trace},
    world::Action,
};
use compare::{Compared, compare};
use guide::{Guide, Led, Trouble};
use indexmap::IndexMap;
use script::Script;
use serde_json::Value;
use std::{cell::RefCell, collections::BTreeSet, fmt::Write as _, rc::Rc, sync::Arc};

/// A recorded run as a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Retold {
    /// The scenario, with its schedule.
    pub scenario: Value,
    /// How many nodes, events and steps there are.
    pub size: (usize, usize, usize),
    /// Whether nodes counted time from different moments: what looks at times was judged by those when it was recorded.
    pub realigned: bool,
    /// What is otherwise than it was recorded although every node does the same.
    pub remarks: Vec<String>,
    /// Where nodes do something else than was recorded.
    pub differences: Vec<String>,
}

/// Why a recorded run cannot become a scenario.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Only one node's part is known.
    #[error(
        "this is the journal of {0} alone; a scenario needs those of all nodes: name their folder, or put them together with `trace merge`"
    )]
    OneNode(String),
    /// A line says too little.
    #[error("event {event} lacks what a trace says of it")]
    Incomplete {
        /// Its number.
        event: u64,
    },
    /// Nobody is known to have sent what arrived.
    #[error(
        "event {event}: nobody in this trace sent the {kind} that {node} got from {from}; its journal is missing, or another program spoke in its name"
    )]
    Unsent {
        /// Its number.
        event: u64,
        /// Who got it.
        node: String,
        /// The message's kind.
        kind: String,
        /// Who is said to have sent it.
        from: String,
    },
    /// The scenario that came out cannot be read.
    #[error("what happened cannot be said in a scenario: {0}")]
    Unreadable(String),
}

impl From<Misfit> for Refused {
    fn from(misfit: Misfit) -> Self {
        Self::Unreadable(misfit.message)
    }
}

/// What is told otherwise than usual, because the usual way does not lead to the same run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Liberties {
    /// What found a partition or a cut is lost in the schedule, and the scenario has neither: not every node saw them at
    /// the same time.
    walls: bool,
    /// Links do not keep order.
    overtaking: bool,
    /// Nodes whose later lives drew other lengths for their timers: the schedule says them.
    lengths: BTreeSet<ProcessId>,
    /// Steps in the middle of which nodes were killed, by the events that they began with.
    doomed: BTreeSet<u64>,
    /// Nothing happens after the last step.
    stops: bool,
}

/// One way of telling.
struct Told {
    scenario: Value,
    schedule: Schedule,
    taken: Vec<String>,
    trouble: Option<Trouble>,
    compared: Compared,
    clocks: bool,
}

/// Makes a scenario of a recorded run. `subject` is the scenario in the trace's header; `end` says why the run was over,
/// and `verdicts` what became of its properties: that is what the new scenario expects.
///
/// # Errors
/// What no scenario can say.
pub fn retell(
    subject: &Subject<'_>,
    trace: &Trace,
    end: End,
    verdicts: &IndexMap<String, Verdict>,
) -> Result<Retold, Refused> {
    let nodes = trace.names.len();
    let Some(live) = &trace.header.live else { return simulated(subject, trace) };
    if let Some(node) = &live.node {
        return Err(Refused::OneNode(node.clone()));
    }
    let mut liberties = Liberties { stops: end == End::CutShort, ..Liberties::default() };
    let told = loop {
        let told = tell(subject, trace, end, verdicts, &liberties)?;
        let more = liberties.clone().more(&told, subject.plan, trace);
        if more == liberties {
            break told;
        }
        liberties = more;
    };
    let names = &trace.names;
    let mut differences: Vec<String> = told.trouble.iter().map(|trouble| trouble.told(names)).collect();
    differences.extend(told.compared.differs.iter().map(|differs| differs.told(names)));
    let remarks = liberties.remarks(&told);
    let steps = told.schedule.steps.len();
    let mut scenario = told.scenario;
    scenario["schedule"] = told.schedule.value(names);
    let size = (nodes, trace.events.len(), steps);
    Ok(Retold { scenario, size, realigned: told.clocks, remarks, differences })
}

/// A simulated run in its own order. All of its chances follow from its seed, and nothing changes but that the order is
/// said.
fn simulated(subject: &Subject<'_>, trace: &Trace) -> Result<Retold, Refused> {
    let plan = subject.plan;
    let mut runner = Runner::new(subject, Rules { timers_any_time: true })?;
    let follow = Arc::new(plan.schedule.clone().unwrap_or_default());
    let (_, misstep) = runner.follow(plan.seed, &follow, false, Level::Full);
    let (_, schedule) = runner.write_down(plan.seed);
    let names = &plan.setup.names;
    let mut differences: Vec<String> = misstep.iter().map(|misstep| misstep.told(&follow, names)).collect();
    let again = runner.events();
    let recorded = trace.events.iter().map(|event| Event { state: None, ..event.clone() });
    if !recorded.eq(again.iter().cloned()) {
        differences
            .push("this program's run of the scenario is not the recorded one; `replay` says where".into());
    }
    let mut scenario = plan.resolved.clone();
    let steps = schedule.steps.len();
    scenario["schedule"] = schedule.value(names);
    let size = (trace.names.len(), trace.events.len(), steps);
    Ok(Retold { scenario, size, realigned: false, remarks: Vec::new(), differences })
}

/// Tells a run in one way.
fn tell(
    subject: &Subject<'_>,
    trace: &Trace,
    end: End,
    verdicts: &IndexMap<String, Verdict>,
    liberties: &Liberties,
) -> Result<Told, Refused> {
    let whole = end != End::CutShort;
    let script = Arc::new(Script::of(trace, subject.plan, whole, liberties)?);
    let (scenario, taken) = stage::scenario(subject.plan, &script, verdicts, !liberties.overtaking);
    let plan = reload("as-scenario", &scenario, subject.catalogue)
        .map_err(|mistakes| Refused::Unreadable(mistakes.to_string()))?;
    let subject = Subject { plan: &plan, ..*subject };
    let mut runner = Runner::new(&subject, Rules { timers_any_time: true })?;
    let led: Rc<RefCell<Led>> = Rc::default();
    let loses = whole && !liberties.stops;
    let guide = Guide::new(script.clone(), runner.setup().clone(), loses, led.clone());
    runner.run(plan.seed, Box::new(guide), Level::Nothing);
    let (_, written) = runner.write_down(plan.seed);
    let Led { timed, trouble } = led.take();
    let steps = written.steps.into_iter().zip(timed);
    let steps = steps.map(|(step, timed)| ScheduleStep { at: step.at.filter(|_| timed), ..step });
    let stops = liberties.stops || trouble.is_some() || !script.absent.is_empty();
    let then = if stops { Then::Stop } else { Then::GoOn };
    let schedule = Schedule { steps: steps.collect(), then };
    let follow = Follow::new(Arc::new(schedule.clone()), runner.setup().clone(), false);
    runner.run(plan.seed, Box::new(follow), Level::Full);
    let mut compared = compare(&trace.events, &runner.events(), &script, &trace.names);
    if trouble.is_some() {
        // What comes after it was not simulated.
        compared.differs.retain(|differs| differs.simulated.is_some());
    }
    let clocks = script.behind.iter().any(|behind| *behind > 0);
    Ok(Told { scenario, schedule, taken, trouble, compared, clocks })
}

impl Liberties {
    /// What more must be told otherwise, after what came of telling it so.
    fn more(mut self, told: &Told, plan: &Plan, trace: &Trace) -> Self {
        if told.trouble == Some(Trouble::Overtakes) {
            self.overtaking = true;
        }
        let mut unexplained = told.trouble.is_some() && !self.overtaking;
        let mut explained = self.overtaking;
        for differs in &told.compared.differs {
            let last = |step: u64| {
                let is_part = |event: &&Event| event.node == Some(differs.node) && event.cause == Some(step);
                let last = trace.events.iter().rfind(is_part);
                last.is_some_and(|event| event.kind == EventKind::Send)
            };
            match differs.step {
                _ if differs.is_length() => explained |= self.lengths.insert(differs.node),
                Some(step) if differs.goes_on() && last(step) => explained |= self.doomed.insert(step),
                _ => unexplained = true,
            }
        }
        let after = |differs: &compare::Differs| differs.recorded.is_none() && differs.simulated.is_some();
        if unexplained && !explained {
            let separates = |action: &Action| matches!(action, Action::Partition(_) | Action::Cut(_));
            if !self.walls && plan.setup.agenda.iter().any(|planned| separates(&planned.action)) {
                self.walls = true;
            } else if !told.compared.differs.is_empty() && told.compared.differs.iter().all(after) {
                self.stops = true;
            }
        }
        self
    }

    /// What is otherwise than it was recorded although every node does the same.
    fn remarks(&self, told: &Told) -> Vec<String> {
        let mut remarks = Vec::new();
        if !told.taken.is_empty() {
            remarks.push(format!(
                "What the network lost and doubled by chance stands in the schedule; left out: {}.",
                told.taken.join(", ")
            ));
        }
        if self.walls {
            let sentence = "Not all nodes saw partitions and cuts at one time: what they kept away is lost in the schedule, \
                            and they are left out.";
            remarks.push(sentence.into());
        }
        if self.overtaking {
            remarks.push(
                "Messages overtook each other on links that keep order; `order: fifo` is left out.".into(),
            );
        }
        if told.clocks {
            let sentence = "Nodes began to count time at different moments: they start later here, with clocks that show \
                            what theirs did.";
            remarks.push(sentence.into());
        }
        let (shifted, most) = told.compared.shifted;
        if shifted > 0 {
            remarks.push(format!(
                "{shifted} events happen at another time, by up to {}: a process that reads its clock may see that.",
                Time(most)
            ));
        }
        if told.compared.renumbered > 0 {
            remarks.push(format!("{} events have another Lamport number.", told.compared.renumbered));
        }
        remarks
    }
}

impl Trouble {
    fn told(&self, names: &Names) -> String {
        match self {
            Self::Missing { at, event, possible } => {
                let number = event.map_or_else(String::new, |event| format!("event {event}, "));
                let possible: Vec<String> =
                    possible.iter().map(|what| what.told(names).to_string()).collect();
                let possible = if possible.is_empty() { "nothing".into() } else { possible.join(", ") };
                format!("what was recorded ({number}at {}) cannot happen; what can: {possible}", Time(*at))
            }
            Self::Overtakes => "a message overtook another one on a link that keeps order".into(),
            Self::Sends { event } => format!("the step of event {event} sends something else"),
        }
    }
}

impl Retold {
    /// The file: the scenario after a comment that says where it comes from and what is otherwise. `recorded` is what was
    /// retold, `file` what this will be called.
    pub fn text(&self, recorded: &str, file: &str) -> String {
        let (nodes, events, steps) = self.size;
        let mut text = String::new();
        // Writing to a string does not fail.
        let _written =
            writeln!(text, "# {recorded} as a scenario: {nodes} nodes, {events} events, {steps} steps.");
        let same =
            "# Every node is asked, gets, sends, says, saves, chooses and sets the same, in the same order";
        let _written = match self.differences.as_slice() {
            [] => writeln!(text, "{same}."),
            _ => writeln!(text, "{same}, up to here:"),
        };
        for line in self.differences.iter().chain(&self.remarks) {
            let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _written = writeln!(text, "#   {line}");
        }
        let _written = writeln!(text, "# Again: synod run {file} --view");
        text.push_str(&flow::scenario(&self.scenario));
        text
    }
}
