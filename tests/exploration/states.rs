//! Breadth first through all states: exactly as many as there are, however many workers share them.

use crate::models::{Counting, Flood, Kind, MODELS, Model, PingPong};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
};
use synod::{
    explore::{
        Rules, Runner, Subject,
        states::{Limits, Refusal, Report, States},
        strategy::Walk,
    },
    process::{Context, Description, Never, Process, ProcessId},
    registry::Registry,
    scenario::load,
    trace::Level,
};

/// Searches a scenario with so many workers.
pub(crate) fn searched(registry: &Registry, text: &str, workers: usize) -> Result<Report, Refusal> {
    let plan = match load("test.yaml", text.as_bytes(), &[], None, registry) {
        Ok(plan) => plan,
        Err(mistakes) => panic!("{mistakes}"),
    };
    let subject = registry.subject(&plan).expect("the algorithm is registered");
    search(&subject, Limits::default(), workers)
}

fn search(subject: &Subject<'_>, limits: Limits, workers: usize) -> Result<Report, Refusal> {
    let search = States::new(subject, limits, workers)?;
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| search.work());
        }
        search.lead(subject)
    })
}

fn scenario(model: &Model) -> String {
    let Model { kind, size, .. } = model;
    match kind {
        Kind::PingPong => format!(
            "version: 1\nname: test\nalgorithm: {{name: pingpong, config: {{pings: {size}}}}}\nnodes: 2\n"
        ),
        Kind::Flood => format!("version: 1\nname: test\nalgorithm: flood\nnodes: {size}\n"),
    }
}

fn models() -> Registry {
    Registry::empty().with::<PingPong>().with::<Flood>()
}

#[test]
fn the_models_have_exactly_their_states() {
    // The large ones take long without optimization; the comparison with peers counts them.
    for model in MODELS.iter().filter(|model| model.states < 100_000) {
        let reports = [1, 2, 3, 4, 17].map(|workers| searched(&models(), &scenario(model), workers).unwrap());
        let report = &reports[0];
        assert_eq!((report.states, report.transitions), (model.states, model.transitions), "{model}");
        assert!(report.complete && report.terminal == 1, "{model}: {report:?}");
        assert!(report.bytes < 64 * report.states || report.states < 10_000, "{model}: {report:?}");
        let told = reports.each_ref().map(|report| format!("{report:?}"));
        assert!(told.iter().all(|other| *other == told[0]), "{model}: {told:?}");
    }
}

/// The first nodes send so many numbered messages to each of the others, who count what they have heard from whom.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Post {
    heard: BTreeMap<ProcessId, u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Mail {
    senders: u32,
    messages: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Letter {
    Page(u32),
}

impl Process for Post {
    type Problem = Counting;
    type Config = Mail;
    type Message = Letter;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("post");

    fn boot(ctx: &mut Context<'_, Self>, config: &Mail, (): ()) -> Self {
        if ctx.me().0 < config.senders {
            for page in 0..config.messages {
                for receiver in ctx.group().filter(|id| id.0 >= config.senders) {
                    ctx.send(receiver, Letter::Page(page));
                }
            }
        }
        Self { heard: BTreeMap::new() }
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, request: Never) {
        match request {}
    }

    fn on_message(&mut self, _ctx: &mut Context<'_, Self>, from: ProcessId, message: Letter) {
        let heard = self.heard.entry(from).or_default();
        match message {
            Letter::Page(page) => assert!(page >= *heard || page < 32, "pages are few"),
        }
        *heard += 1;
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

fn post(nodes: u32, senders: u32, messages: u32, more: &str) -> Report {
    let text = format!(
        "version: 1\nname: post\nalgorithm: {{name: post, config: {{senders: {senders}, messages: {messages}}}}}\n\
         nodes: {nodes}\n{more}\n"
    );
    searched(&Registry::empty().with::<Post>(), &text, 1).unwrap()
}

#[test]
fn a_message_to_each_of_k_nodes_makes_two_to_the_k_states() {
    for k in 1..10 {
        let report = post(k + 1, 1, 1, "");
        assert_eq!((report.states, report.terminal), (1 << k, 1));
        // Each state has a step for each message that is under way in it.
        assert_eq!(report.transitions, 1 + u64::from(k) * (1 << (k - 1)));
    }
}

#[test]
fn two_senders_over_links_that_keep_order_make_a_square_of_states() {
    for m in 1..8 {
        let report = post(3, 2, m, "network: {order: fifo}");
        let m = u64::from(m);
        assert_eq!((report.states, report.terminal), ((m + 1) * (m + 1), 1));
        assert_eq!(report.transitions, 1 + 2 * m * (m + 1));
    }
}

#[test]
fn a_fault_makes_exactly_the_states_it_can() {
    for k in 1..7_u32 {
        let others = u64::from(k) * (1 << (k - 1));
        // One of them is lost, whatever has become of the others.
        let report = post(k + 1, 1, 1, "fuzz: {vary: [loss], faults: 1}");
        assert_eq!(report.states, (1 << k) + others);
        // One of them is there twice: none, one or both have arrived.
        let report = post(k + 1, 1, 1, "fuzz: {vary: [duplicate], faults: 1}");
        assert_eq!(report.states, (1 << k) + 3 * others);
    }
}

/// More states of one scenario are not looked at here.
const STATES: u64 = 150;

/// So many that there are levels which several workers share: nobody is woken for a few states.
const SHARED: u64 = 1_000;

#[test]
fn every_path_through_the_states_of_every_scenario_is_a_run() {
    let registry = Registry::standard();
    let mut looked = 0;
    for file in scenarios() {
        let text = fs::read(&file).expect("a scenario can be read");
        let Ok(plan) = load(&file.display().to_string(), &text, &[], None, &registry) else { continue };
        if plan.setup.names.len() > 8 || plan.setup.agenda.len() > 60 {
            continue;
        }
        let subject = registry.subject(&plan).expect("the algorithm is registered");
        let limits = Limits { states: STATES, ..Limits::default() };
        let Ok(report) = search(&subject, limits, 1) else { continue };
        looked += 1;
        if looked % 32 == 0 {
            let limits = Limits { states: SHARED, ..Limits::default() };
            let told =
                [1, 2 + looked / 32 % 3].map(|workers| format!("{:?}", search(&subject, limits, workers)));
            assert_eq!(told[0], told[1], "{}", file.display());
        }
        if report.complete {
            walk(&file, &subject, &report);
        }
    }
    assert!(looked > 300, "{looked}");
}

/// How often each scenario is run in another order.
const WALKS: u64 = 20;

/// No run violates what holds in all states.
fn walk(file: &Path, subject: &Subject<'_>, report: &Report) {
    let mut runner = Runner::new(subject, Rules::default()).expect("the plan fits");
    for seed in 0..WALKS {
        let ended = runner.run(subject.plan.seed, Box::new(Walk::new(seed, 0)), Level::Full);
        for violation in runner.violations(ended.summary.end) {
            let (name, verdict) = &report.verdicts[violation.property];
            let because = &violation.because;
            assert_eq!(verdict.name(), "violated", "{}: {name}: {seed}: {because}", file.display());
        }
    }
}

fn scenarios() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            match path.extension() {
                None => folders.push(path),
                Some(extension) if extension == "yaml" => files.push(path),
                Some(_) => {}
            }
        }
    }
    files.sort();
    files
}
