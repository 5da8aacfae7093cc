//! Breadth first through all states: exactly as many as there are, however many workers share them.

use crate::models::{Counting, Flood, Kind, MODELS, Model, PingPong};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    thread,
};
use synod::{
    explore::states::{Limits, Refusal, Report, States},
    process::{Context, Description, Never, Process, ProcessId},
    registry::Registry,
    scenario::load,
};

/// Searches a scenario with so many workers.
pub(crate) fn searched(registry: &Registry, text: &str, workers: usize) -> Result<Report, Refusal> {
    let plan = match load("test.yaml", text.as_bytes(), &[], None, registry) {
        Ok(plan) => plan,
        Err(mistakes) => panic!("{mistakes}"),
    };
    let subject = registry.subject(&plan).expect("the algorithm is registered");
    let search = States::new(&subject, Limits::default(), workers)?;
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| search.work());
        }
        search.lead(&subject)
    })
}

fn scenario(model: &Model) -> String {
    let Model { kind, size, .. } = model;
    match kind {
        Kind::PingPong => format!("version: 1\nname: test\nalgorithm: {{name: pingpong, config: {{pings: {size}}}}}\nnodes: 2\n"),
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
        let reports = [1, 2, 3].map(|workers| searched(&models(), &scenario(model), workers).unwrap());
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

fn post(nodes: u32, senders: u32, messages: u32, order: &str) -> Report {
    let text = format!(
        "version: 1\nname: post\nalgorithm: {{name: post, config: {{senders: {senders}, messages: {messages}}}}}\n\
         nodes: {nodes}\nnetwork: {{order: {order}}}\n"
    );
    searched(&Registry::empty().with::<Post>(), &text, 1).unwrap()
}

#[test]
fn a_message_to_each_of_k_nodes_makes_two_to_the_k_states() {
    for k in 1..10 {
        let report = post(k + 1, 1, 1, "any");
        assert_eq!((report.states, report.terminal), (1 << k, 1));
        // Each state has a step for each message that is under way in it.
        assert_eq!(report.transitions, 1 + u64::from(k) * (1 << (k - 1)));
    }
}

#[test]
fn two_senders_over_links_that_keep_order_make_a_square_of_states() {
    for m in 1..8 {
        let report = post(3, 2, m, "fifo");
        let m = u64::from(m);
        assert_eq!((report.states, report.terminal), ((m + 1) * (m + 1), 1));
        assert_eq!(report.transitions, 1 + 2 * m * (m + 1));
    }
}

/// More states of one scenario are not looked at here.
const STATES: u64 = 300;

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
        let report = catch_unwind(AssertUnwindSafe(|| match States::new(&subject, limits, 1) {
            Ok(search) => search.lead(&subject),
            Err(refusal) => Err(refusal),
        }));
        match report {
            Ok(Ok(report)) => {
                looked += 1;
                println!("{}: {} states {} {:?}", file.display(), report.states, report.complete, report.verdicts);
            }
            Ok(Err(refusal)) => println!("{}: {refusal}", file.display()),
            Err(_) => println!("{}: PANIC", file.display()),
        }
    }
    assert!(looked > 100, "{looked}");
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
