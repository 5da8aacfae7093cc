//! One scenario, one seed: simulated, judged, compared with what the scenario expects.

use crate::{
    algorithms::parts::channel::{self, Layer},
    check::Jury,
    explore::{
        Pool, Rules,
        claims::{self, Seen},
        strategy::Follow,
    },
    process::{Actors, Cast, End, Names, Process, ProcessId, Request, Table, Troupe, Verdict},
    scenario::{Channel, Difference, Misfit, Plan, Remark, Results, fit},
    simulate::{Engine, Pending, Queue, Summary},
    trace::{self, EventKind, Footer, Header, Level, Nodes, Told, Trace, TraceError, VERSION},
    world::Fault,
};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeMap, io, sync::Arc};

/// How to run a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Instead of the scenario's own.
    pub seed: Option<u64>,
    /// How much is kept. Properties are judged from [`Level::Full`] on; below, only messages are counted.
    pub level: Level,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: None, level: Level::Full }
    }
}

/// Why a scenario could not be run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RunError {
    /// No such algorithm.
    #[error("unknown algorithm `{0}`")]
    UnknownAlgorithm(String),
    /// A plan that another registry made.
    #[error("the plan does not fit its algorithm: {0}")]
    Misfit(String),
}

impl From<Misfit> for RunError {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit.message)
    }
}

/// How a run went and what became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The first line of its trace.
    pub header: Header,
    /// Its events, one line each; empty unless they were kept.
    pub told: Told,
    /// The last line of its trace: counts and verdicts.
    pub footer: Footer,
    /// The nodes' names.
    pub names: Names,
    /// How many steps the processes took.
    pub steps: u64,
    /// Where the run differs from what the scenario expects.
    pub difference: Difference,
    /// Faults that touched nothing.
    pub idle: Vec<Idle>,
    /// What ought to happen in some run, and whether it did in this one; empty when events were not kept.
    pub sometimes: Vec<(String, bool)>,
    /// Where the scenario's schedule no longer fits, in a sentence.
    pub misstep: Option<String>,
}

/// A fault that touched no message, no timer and no state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idle {
    /// Which entry of the scenario's `events`, counted from 0.
    pub entry: u32,
    /// When it happened, as it is written.
    pub at: String,
    /// `crash`, `partition`, ...
    pub kind: &'static str,
    /// Whether the scenario says that it may.
    pub allowed: bool,
}

/// A run in one word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Standing {
    /// Everything is as the scenario expects.
    Passed,
    /// The run ended before that could be said.
    Undecided,
    /// A property was violated, an expectation not met, or a fault idle.
    Failed,
}

impl Outcome {
    /// Writes the trace: header, events, footer, one line each.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_trace(&self, out: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self.header)?;
        out.write_all(b"\n")?;
        out.write_all(&self.told.lines)?;
        serde_json::to_writer(&mut *out, &self.footer)?;
        out.write_all(b"\n")
    }

    /// The trace as its readers see it.
    ///
    /// # Errors
    /// When what was written cannot be read, which is an error in this crate or in a value's serialization.
    pub fn trace(&self) -> Result<Trace, TraceError> {
        let mut bytes = Vec::new();
        self.write_trace(&mut bytes)
            .unwrap_or_else(|_| unreachable!("a vector takes whatever is written to it"));
        trace::read(bytes.as_slice())
    }

    /// The run in one word.
    pub fn standing(&self) -> Standing {
        if !self.difference.unmet.is_empty() || self.idle.iter().any(|idle| !idle.allowed) {
            Standing::Failed
        } else if !self.difference.undecided.is_empty() {
            Standing::Undecided
        } else {
            Standing::Passed
        }
    }
}

/// The processes of a scenario of `P`, on the channel layer that it asks for.
pub(super) fn actors<P: Process>(plan: &Plan) -> Result<Box<dyn Actors>, Misfit> {
    let layer = match plan.channel {
        Channel::Raw => return actors_on::<P, P::Config>(plan, |config| config),
        Channel::Fifo => Layer::Fifo,
        Channel::Reliable => Layer::Reliable,
        Channel::ReliableFifo => Layer::ReliableFifo,
    };
    actors_on::<channel::Channel<P>, P::Config>(plan, |process| channel::Config { layer, process })
}

/// Processes `P`, whose configuration is made from `C`, the algorithm's own.
fn actors_on<P: Process, C: DeserializeOwned>(
    plan: &Plan,
    configure: impl Fn(C) -> P::Config,
) -> Result<Box<dyn Actors>, Misfit> {
    let cast = plan.setup.names.scope(|| {
        let configured = |config: &Value| fit::<C>(config).map(&configure);
        let own = |(node, config): (&ProcessId, &Value)| configured(config).map(|config| (*node, config));
        Ok::<Cast<P>, Misfit>(Cast {
            config: configured(&plan.config)?,
            configs: plan.node_configs.iter().map(own).collect::<Result<_, _>>()?,
            requests: plan.requests.iter().map(fit::<Request<P>>).collect::<Result<_, _>>()?,
        })
    })?;
    Ok(Box::new(Troupe::new(cast)))
}

/// Runs a scenario with these processes, in the order of its schedule where it has one.
pub(super) fn run(plan: &Plan, options: &Options, actors: Box<dyn Actors>, jury: &dyn Jury) -> Outcome {
    let seed = options.seed.unwrap_or(plan.seed);
    let setup = Arc::new(plan.setup.clone());
    let Some(schedule) = &plan.schedule else {
        let mut engine = Engine::new(setup, actors, Queue::new());
        let summary = engine.run(seed, options.level);
        let findings = find(plan, options.level, summary.end, &engine, jury);
        return conclude(plan, seed, options.level, summary, findings);
    };
    let follow = Box::new(Follow::new(Arc::new(schedule.clone()), setup.clone(), false));
    let mut engine = Engine::new(setup.clone(), actors, Pool::new(setup, Rules::default(), follow));
    let mut summary = engine.run(seed, options.level);
    let strategy = engine.pending_mut().strategy();
    if strategy.stopped() {
        summary.end = End::CutShort;
    }
    let misstep = strategy.misstep().map(|misstep| misstep.told(schedule, &plan.setup.names));
    let findings = find(plan, options.level, summary.end, &engine, jury);
    let mut outcome = conclude(plan, seed, options.level, summary, findings);
    outcome.difference.unmet.extend(misstep.clone().map(Remark::on_run));
    outcome.misstep = misstep;
    outcome
}

/// What a recording has to say, its types aside.
struct Findings {
    verdicts: IndexMap<String, Verdict>,
    told: Told,
    /// Of the nodes that the scenario expects some of.
    outputs: BTreeMap<ProcessId, Vec<Value>>,
    counts: IndexMap<String, u64>,
    events: u64,
    idle: Vec<Idle>,
    sometimes: Vec<(String, bool)>,
}

/// Judges a run and writes down what was kept of it.
fn find(
    plan: &Plan,
    level: Level,
    end: End,
    engine: &Engine<dyn Actors, impl Pending>,
    jury: &dyn Jury,
) -> Findings {
    let names = &plan.setup.names;
    let (recording, actors) = (engine.recording(), engine.actors());
    let sent = recording.counts().sent.iter();
    let mut findings = Findings {
        verdicts: IndexMap::new(),
        told: Told::default(),
        outputs: BTreeMap::new(),
        counts: sent.map(|(kind, number)| ((*kind).to_owned(), *number)).collect(),
        events: recording.len() as u64,
        idle: idle_faults(engine.faults()),
        sometimes: Vec::new(),
    };
    if level >= Level::Full {
        let verdicts = jury.judge(recording, actors, names, end);
        let met = claims::met(plan, &Seen { recording, actors, plan, verdicts: &verdicts });
        findings.sometimes = plan.sometimes.iter().map(|claim| claim.name.clone()).zip(met).collect();
        let properties = jury.properties().into_iter().map(str::to_owned);
        findings.verdicts = properties.zip(verdicts).collect();
        findings.told = recording.told(actors, names);
        for node in plan.expect.outputs.keys() {
            findings.outputs.insert(*node, Vec::new());
        }
        names.scope(|| {
            for (node, place) in recording.producers() {
                if let Some(outputs) = findings.outputs.get_mut(&node) {
                    outputs.push(json_of(actors, Table::Outputs, place));
                }
            }
        });
    }
    findings
}

/// A value as JSON; null where JSON cannot express it.
fn json_of(values: &dyn Actors, table: Table, place: u32) -> Value {
    let mut json = Vec::new();
    let put = values.put(table, place, &mut json);
    put.and_then(|()| serde_json::from_slice(&json)).unwrap_or(Value::Null)
}

/// Compares what was found with what the scenario expects.
fn conclude(plan: &Plan, seed: u64, level: Level, summary: Summary, findings: Findings) -> Outcome {
    let Findings { verdicts, told, outputs, counts, events, idle, sometimes } = findings;
    let names = &plan.setup.names;
    let kept = (level >= Level::Full).then_some(&outputs);
    let mut difference = match level {
        Level::Nothing => Difference::default(),
        _ => plan.expect.compare(names, Results { verdicts: &verdicts, messages: &counts, outputs: kept }),
    };
    let footer = Footer {
        kind: "end".into(),
        events,
        t: summary.time.0,
        ended: summary.end,
        messages: counts,
        verdicts,
        digest: told.digest.clone(),
    };
    if summary.end == End::CutShort && footer.verdicts.is_empty() {
        let sentence = format!("the run was cut short after {} steps (`events-limit`)", summary.steps);
        difference.undecided.push(Remark::on_run(sentence));
    }
    Outcome {
        header: header(plan, seed),
        told,
        footer,
        names: names.clone(),
        steps: summary.steps,
        difference,
        idle,
        sometimes,
        misstep: None,
    }
}

pub(super) fn idle_faults(faults: &[Fault]) -> Vec<Idle> {
    let idle = faults.iter().filter(|fault| fault.touched == 0);
    let told = |fault: &Fault| Idle {
        entry: fault.entry,
        at: fault.at.to_string(),
        kind: fault.kind,
        allowed: fault.may_miss,
    };
    idle.map(told).collect()
}

/// The header of a run of this scenario: everything that replaying needs.
pub(super) fn header(plan: &Plan, seed: u64) -> Header {
    let mut scenario = plan.resolved.clone();
    scenario["seed"] = Value::from(seed.to_string());
    Header {
        v: VERSION,
        kind: "header".into(),
        tool: concat!("synod ", env!("CARGO_PKG_VERSION")).into(),
        seed: seed.to_string(),
        algorithm: plan.algorithm.clone(),
        nodes: Nodes::from(&plan.setup.names),
        scenario,
        live: None,
    }
}

/// Whether an event is the beginning of a step of a process.
pub(super) fn is_step(kind: EventKind) -> bool {
    use EventKind::{Boot, Receive, Request, Restart, Timer};
    matches!(kind, Boot | Restart | Request | Receive | Timer)
}

/// Where a run that was judged differs from what its scenario expects.
pub(super) fn compare(
    plan: &Plan,
    footer: &Footer,
    outputs: Option<&BTreeMap<ProcessId, Vec<Value>>>,
) -> Difference {
    let results = Results { verdicts: &footer.verdicts, messages: &footer.messages, outputs };
    plan.expect.compare(&plan.setup.names, results)
}
