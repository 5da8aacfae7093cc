//! Scenarios that are right: what they mean, and that writing out their defaults changes nothing.

use proptest::prelude::*;
use std::time::Duration;
use synod::{
    process::{ProcessId, Time},
    scenario::{Channel, Expected, Happening, Moment, Override, Plan, Sight, Vary, load, reload},
    world::{
        Action, ClockChange, Distribution, Heal, LinkPattern, LinkSettings, Probability, Quantity, Shape,
        Targets,
    },
};

mod common;

fn read(text: &str, overrides: &[&str], seed: Option<u64>) -> Plan {
    let overrides: Vec<Override> = overrides.iter().map(|set| set.parse().unwrap()).collect();
    load("scenarios/test.yaml", text.as_bytes(), &overrides, seed, &common::catalogue())
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn plan(text: &str) -> Plan {
    read(text, &[], None)
}

/// What is wrong with a text, one line per mistake.
fn mistakes(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<Override> = overrides.iter().map(|set| set.parse().unwrap()).collect();
    load("test.yaml", text.as_bytes(), &overrides, None, &common::catalogue()).unwrap_err().to_string()
}

const SHORTEST: &str = "version: 1\nalgorithm: fifo-broadcast\nnodes: 3\n";

/// Every key there is.
const WHOLE: &str = r#"
# yaml-language-server: $schema=../scenario.schema.json
version: 1
name: three members, one order
about: What this shows.
x-slow: &slow {delay: 200ms, jitter: 10ms}
seed: "18446744073709551615"
algorithm: {name: sequencer, config: {failover: true, x-why: to see}}
channel: reliable-fifo
nodes:
  pravin:
  rushi: {config: {window: 7}, clock: {offset: -150ms, drift: 100ppm}, start: 300ms, address: "127.0.0.1:7002"}
  sonu: {x-role: client}
topology: {edges: [[pravin, rushi], [rushi, sonu]]}
routing: shortest-path
network:
  delay: 10ms
  jitter: 5ms
  distribution: lognormal
  loss: 1%
  duplicate: 0.5%
  reorder: 2%
  corrupt: 0.001
  rate: 10mbit
  limit: 100
  order: fifo
links:
  - {<<: *slow, between: [pravin, sonu]}
  - {from: rushi, to: pravin, loss: 30%, order: any}
  - {to: sonu, distribution: pareto}
events:
  - {at: 0s,   node: pravin, request: {broadcast: "Hi this is client 1"}, note: the first}
  - {at: 500ms, node: {any: one}, request: {broadcast: x}, every: 10ms, times: 3}
  - {at: 1s,   crash: rushi, for: 500ms}
  - {at: 2s,   pause: sonu, for: 100ms, may-miss: true}
  - {at: 3s,   partition: [[pravin, rushi], [sonu]], for: 1s}
  - {at: 5s,   cut: {from: pravin, to: sonu}, for: 1s}
  - {at: 6s,   link: {between: [pravin, rushi], delay: 500ms, loss: 50%, limit: 3}, for: 1s}
  - {at: 7s,   clock: {node: sonu, step: -250ms}}
  - {at: 7s,   clock: {node: sonu, drift: 0.01%}, for: 1s}
  - {at: 7s,   clock: {node: {any: minority}, freeze: true}, for: 100ms}
  - {at: 8s,   drop: {from: pravin, to: sonu, kind: publish, nth: 2}}
  - {at: 8s,   drop: {}}
  - {at: 9s,   cut: {between: [pravin, sonu]}}
  - {at: 10s,  heal: cuts}
  - {at: 10s,  partition: [[pravin]]}
  - {at: 11s,  heal: all}
  - {at: 12s,  crash: sonu, after-sends: 2}
  - {at: 13s,  restart: sonu}
  - {at: 14s,  pause: pravin}
  - {at: 15s,  resume: pravin}
  - {at: 19s,  node: rushi, request: {broadcast: "Hi this is client 1"}, every: 500ms}
  - {at: 19s,  crash: {any: majority}}
until: 20s
events-limit: 5000
check: [total-order, agreement, integrity]
expect:
  total-order: holds
  agreement: violated
  messages: {publish: 6, ordered: "<= 18", total: "> 3"}
  outputs: {sonu: [{deliver: {from: pravin, body: "Hi this is client 1", x-kept: 1}}]}
sometimes:
  sonu crashes when it knows: {event: crash, node: sonu, after: {deliver: {x-kept: 1}}}
  somebody delivers: {output: {deliver: {}}, total-order: holds, messages: {total: "> 3"}}
  sonu is told nothing: {outputs: {sonu: []}}
fuzz: {runs: 1000, vary: [order, delay, loss, crash, partition], faults: 3}
live: {group: lab3}
schedule: {then: stop, steps: [{timer: pravin, at: 1ms, choose: [0]}]}
"#;

#[test]
fn the_shortest_scenario_has_every_default() {
    let plan = plan(SHORTEST);
    assert_eq!((plan.name.as_str(), plan.about.as_str(), plan.seed), ("test", "", 0));
    assert_eq!((plan.algorithm.as_str(), plan.channel), ("fifo-broadcast", Channel::Raw));
    assert_eq!(plan.setup.names.len(), 3);
    assert_eq!(plan.setup.network, LinkSettings::default());
    assert_eq!(plan.setup.topology, Shape::Complete);
    assert_eq!(plan.checks, ["validity", "integrity", "fifo-order"]);
    assert_eq!(plan.expect.verdicts.len(), 3);
    assert!(plan.expect.verdicts.values().all(|verdict| *verdict == Expected::NotViolated));
    assert!(plan.setup.agenda.is_empty() && plan.setup.until.is_none());
}

#[test]
fn every_key_arrives_in_the_plan() {
    let plan = plan(WHOLE);
    assert_eq!((plan.name.as_str(), plan.seed), ("three members, one order", u64::MAX));
    assert_eq!(plan.config, serde_json::json!({"failover": true, "window": 0, "sequencer": null}));
    assert_eq!(
        plan.node_configs[&ProcessId(1)],
        serde_json::json!({"failover": true, "window": 7, "sequencer": null})
    );
    assert_eq!((plan.channel, plan.setup.routing), (Channel::ReliableFifo, true));
    let rushi = &plan.setup.nodes[&ProcessId(1)];
    assert_eq!(
        (rushi.clock_offset, rushi.clock_drift, rushi.start),
        (-150_000_000, 100_000, Time(300_000_000))
    );
    assert_eq!(plan.setup.nodes.len(), 1);
    assert_eq!(plan.addresses[&ProcessId(1)], "127.0.0.1:7002");
    let edges = vec![(ProcessId(0), ProcessId(1)), (ProcessId(1), ProcessId(2))];
    assert_eq!(plan.setup.topology, Shape::Edges(edges));
    let network = &plan.setup.network;
    assert_eq!((network.delay, network.jitter), (Duration::from_millis(10), Duration::from_millis(5)));
    assert_eq!((network.distribution, network.fifo), (Distribution::Lognormal, true));
    assert_eq!((network.rate, network.limit), (Some(10_000_000), Some(100)));
    assert_eq!(network.corrupt, Probability::parts_per_billion(1_000_000));
    let (slow, patch) = &plan.setup.links[0];
    assert_eq!(slow, &LinkPattern::Between(vec![ProcessId(0), ProcessId(2)]));
    assert_eq!(patch.delay, Some(Duration::from_millis(200)));
    assert_eq!(plan.setup.links[2].0, LinkPattern::Directed { from: None, to: Some(ProcessId(2)) });
    assert_eq!((plan.setup.until, plan.setup.event_limit), (Some(Time(20_000_000_000)), 5000));
    assert_eq!(plan.notes[&0], "the first");
    assert_eq!(plan.requests.len(), 2, "equal requests share a place");
    assert_eq!(plan.expect.verdicts["agreement"], Expected::Violated);
    assert_eq!(plan.expect.verdicts["integrity"], Expected::Holds);
    assert!(plan.expect.messages["ordered"].allows(18) && !plan.expect.messages["ordered"].allows(19));
    assert_eq!(plan.expect.outputs[&ProcessId(2)][0]["deliver"]["x-kept"], 1);
    let [crash, deliver, nothing] = &plan.sometimes[..] else { panic!("three claims") };
    let sonu = ProcessId(2);
    assert_eq!(crash.name, "sonu crashes when it knows");
    let after = Some(serde_json::json!({"deliver": {"x-kept": 1}}));
    let sight = Sight::Event(Happening::Crash);
    assert_eq!(crash.moment, Some(Moment { sight, node: Some(sonu), after }));
    let sight = Sight::Output(serde_json::json!({"deliver": {}}));
    assert_eq!(deliver.moment, Some(Moment { sight, node: None, after: None }));
    assert_eq!(deliver.verdicts["total-order"], Expected::Holds);
    assert!(deliver.messages["total"].allows(4) && !deliver.messages["total"].allows(3));
    assert_eq!(nothing.outputs[&sonu], Vec::<serde_json::Value>::new());
    let fuzz = plan.fuzz.unwrap();
    assert_eq!((fuzz.runs, fuzz.vary.unwrap().len(), fuzz.faults), (Some(1000), 5, Some(3)));
    assert!(plan.live.is_some() && plan.schedule.is_some_and(|schedule| schedule.steps.len() == 1));
}

#[test]
fn events_are_in_order_and_repeated() {
    let agenda = plan(WHOLE).setup.agenda;
    assert!(agenda.is_sorted_by_key(|planned| planned.at));
    let of = |entry: u32| agenda.iter().filter(move |planned| planned.entry == entry).collect::<Vec<_>>();
    assert_eq!(of(1).len(), 3);
    assert_eq!(of(1)[2].at, Time(520_000_000));
    assert_eq!(of(1)[0].action, Action::Request { targets: Targets::Any(Quantity::One), request: 1 });
    assert_eq!(of(2)[0].lasts, Some(Duration::from_millis(500)));
    assert!(of(3)[0].may_miss && !of(2)[0].may_miss);
    assert_eq!(of(9)[0].action, Action::Clock(Targets::Any(Quantity::Minority), ClockChange::Freeze));
    let kind = Some("publish".to_owned());
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(2)) };
    assert_eq!(of(10)[0].action, Action::Drop { links, kind, nth: 2 });
    assert_eq!(of(13)[0].action, Action::Heal(Heal::Cuts));
    let crash = Action::Crash { targets: Targets::Node(ProcessId(2)), after_sends: Some(2) };
    assert_eq!(of(16)[0].action, crash);
    assert_eq!(of(20).len(), 3, "at 19s, 19.5s and 20s");
}

#[test]
fn every_topology_has_its_shape() {
    let shape = |nodes: u32, topology: &str| {
        plan(&format!("version: 1\nalgorithm: sequencer\nnodes: {nodes}\ntopology: {topology}\n"))
            .setup
            .topology
    };
    let tenth = Probability::parts_per_billion(100_000_000);
    assert_eq!(shape(5, "complete"), Shape::Complete);
    assert_eq!(shape(5, "ring"), Shape::Ring);
    assert_eq!(shape(5, "line"), Shape::Line);
    assert_eq!(shape(5, "star"), Shape::Star);
    assert_eq!(shape(5, "tree"), Shape::Tree { children: 2 });
    assert_eq!(shape(5, "{tree: {children: 3}}"), Shape::Tree { children: 3 });
    assert_eq!(shape(7, "grid"), Shape::Grid);
    assert_eq!(shape(6, "torus"), Shape::Torus);
    assert_eq!(shape(8, "hypercube"), Shape::Hypercube);
    assert_eq!(shape(10, "{random-regular: {degree: 3}}"), Shape::RandomRegular { degree: 3 });
    assert_eq!(shape(10, "{erdos-renyi: {p: 0.1}}"), Shape::ErdosRenyi { probability: tenth });
    let world = Shape::SmallWorld { neighbours: 4, rewire: tenth };
    assert_eq!(shape(10, "{small-world: {neighbours: 4, rewire: 10%}}"), world);
    assert_eq!(shape(10, "{scale-free: {links: 2}}"), Shape::ScaleFree { links: 2 });
}

#[test]
fn overrides_and_the_seed_win_over_the_file() {
    let sets = ["network.loss=5%", "algorithm.config.window=3", "nodes.n2.start=1s", "name=another"];
    let text = "version: 1\nalgorithm: sequencer\nnodes: 3\nseed: 1\n";
    let plan = read(text, &sets, Some(7));
    assert_eq!(plan.setup.network.loss, Probability::parts_per_billion(50_000_000));
    assert_eq!(plan.config["window"], 3);
    assert_eq!(plan.setup.nodes[&ProcessId(1)].start, Time(1_000_000_000));
    assert_eq!((plan.name.as_str(), plan.seed), ("another", 7));
    let plan = read(WHOLE, &["events.0.at=1s", "links.1.loss=1"], None);
    assert_eq!(plan.setup.links[1].1.loss, Some(Probability::ONE));
    assert_eq!(plan.setup.agenda.iter().find(|planned| planned.entry == 0).unwrap().at, Time(1_000_000_000));
}

#[test]
fn a_wrong_override_is_blamed_and_not_the_file() {
    assert_eq!(
        mistakes(SHORTEST, &["network.los=5%"]),
        "in --set network.los: unknown key `los`; did you mean `loss`?"
    );
    assert_eq!(
        mistakes(SHORTEST, &["netwrok.loss=5%"]),
        "in --set netwrok.loss: unknown key `netwrok`; did you mean `network`?"
    );
    assert_eq!(
        mistakes(SHORTEST, &["network.delay=5"]),
        "in --set network.delay: a duration needs a unit; write 5ms"
    );
    assert_eq!(mistakes(WHOLE, &["events.99.at=1s"]).lines().count(), 1);
    assert!(mistakes(SHORTEST, &["seed=[1"]).starts_with("in --set seed: `[1` is not a value"));
    assert!("network.loss".parse::<Override>().is_err());
}

#[test]
fn what_is_resolved_means_the_same() {
    for (text, sets) in [(SHORTEST, vec![]), (WHOLE, vec!["network.loss=5%"])] {
        let first = read(text, &sets, None);
        let json = first.resolved.to_string();
        let yaml = serde_yaml::to_string(&first.resolved).unwrap();
        for text in [&json, &yaml] {
            assert_eq!(format!("{first:?}"), format!("{:?}", plan(text)), "{text}");
        }
        let mut damaged = first.resolved.clone();
        damaged["network"]["delay"] = 5.into();
        let told = reload("trace.jsonl", &damaged, &common::catalogue()).unwrap_err().to_string();
        assert_eq!(told, "trace.jsonl: network.delay: a duration needs a unit; write 5ms");
        let reloaded = reload("trace.jsonl", &first.resolved, &common::catalogue()).unwrap();
        assert_eq!(format!("{first:?}"), format!("{reloaded:?}"));
    }
}

#[test]
fn lines_may_end_as_on_windows_and_a_mark_may_stand_before_them() {
    let text = format!("\u{feff}{}", SHORTEST.replace('\n', "\r\n"));
    assert_eq!(plan(&text).setup.names.len(), 3);
    assert_eq!(
        mistakes(&text.replace("nodes: 3", "nodes: 0"), &[]),
        "test.yaml:3:8: there are no nodes; write 1 or more"
    );
}

#[test]
fn vary_names_are_those_of_the_faults() {
    let text = format!("{SHORTEST}fuzz: {{vary: [order, duplicate, pause, clock]}}\n");
    let vary = plan(&text).fuzz.unwrap().vary.unwrap();
    assert_eq!(vary, [Vary::Order, Vary::Duplicate, Vary::Pause, Vary::Clock]);
}

#[test]
fn a_large_scenario_is_read_and_one_that_is_too_large_refused() {
    let text = "version: 1\nalgorithm: fifo-broadcast\nnodes: 1000000\nevents:\n  - {at: 0s, node: n999999, request: {broadcast: x}, every: 1us, times: 100000}\n";
    assert_eq!(plan(text).setup.agenda.len(), 100_000);
    assert!(mistakes(&text.replace("100000}", "10000001}"), &[]).contains("10000000 are the limit"));
    assert!(mistakes(&text.replace("nodes: 1000000", "nodes: 16000001"), &[]).contains("too many"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let refused = load("random.yaml", &bytes, &[], None, &common::catalogue()).unwrap_err();
        prop_assert!(!refused.to_string().is_empty());
    }

    #[test]
    fn a_damaged_file_is_read_or_refused_and_nothing_worse(
        place in 0..WHOLE.len(),
        length in 0..40_usize,
        insert in "[-a-z0-9:,{}\\[\\]&*'\"\\n \\t%!|>#é\u{1}]{0,12}",
    ) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        bytes.splice(place..(place + length).min(WHOLE.len()), insert.bytes());
        if let Err(mistakes) = load("damaged.yaml", &bytes, &[], None, &common::catalogue()) {
            for mistake in mistakes.iter() {
                prop_assert!(!mistake.message.is_empty());
                if let Some((start, length)) = mistake.span {
                    prop_assert!(start + length <= bytes.len());
                }
            }
        }
    }

    #[test]
    fn any_text_in_a_request_survives_resolving(body in any::<String>(), seed in any::<u64>()) {
        let body = serde_json::to_string(&body.replace('\u{7f}', "")).unwrap();
        let text = format!(
            "{{\"version\": 1, \"algorithm\": \"sequencer\", \"nodes\": 2, \"events\": [{{\"at\": \"1s\", \"node\": \"n1\", \"request\": {{\"broadcast\": {body}}}}}]}}"
        );
        let Ok(first) = load("a.yaml", text.as_bytes(), &[], Some(seed), &common::catalogue()) else { return Ok(()) };
        prop_assert_eq!(first.seed, seed);
        let yaml = serde_yaml::to_string(&first.resolved).unwrap();
        let again = load("a.yaml", yaml.as_bytes(), &[], None, &common::catalogue());
        prop_assert_eq!(format!("{:?}", first), format!("{:?}", again.unwrap()));
    }
}

#[test]
fn after_a_hundred_mistakes_the_others_are_counted() {
    let entries: String = (0..50_000).map(|n| format!("  - {{at: 1s, crash: m{n}}}\n")).collect();
    let text = format!("{SHORTEST}events:\n{entries}");
    let told = mistakes(&text, &[]);
    assert_eq!(told.lines().count(), 101);
    assert_eq!(told.lines().last().unwrap(), "test.yaml: there are 49900 more mistakes");
    let entries: String = (0..2000).map(|n| format!("  - {{at: {n}, crash: n1}}\n")).collect();
    assert_eq!(mistakes(&format!("{SHORTEST}events:\n{entries}"), &[]).lines().count(), 100);
}

#[test]
fn a_file_made_to_take_forever_does_not() {
    let bomb = |live: String| mistakes(&format!("{SHORTEST}live: {live}\n"), &[]);
    assert!(bomb("[".repeat(1_000_000)).contains("nested too deep"));
    assert!(bomb("{a: ".repeat(300_000)).contains("nested too deep"));
    assert!(bomb(format!("\n  {}", "- ".repeat(10_000))).contains("nested too deep"));
    assert!(bomb(format!("{{{}}}", "a: 1, ".repeat(10_000))).contains("stands twice"));
}
