//! Fingerprints: two runs have the same one exactly when what happened before what is the same.

use super::{BROADCASTS, BULLIES, plan};
use std::collections::BTreeMap;
use synod::{
    explore::{Rules, Runner, campaign::Fingerprint, strategy::Walk},
    registry::Registry,
    trace::{Event, EventKind, Level},
};

/// What happened at each node, one thing after the other: of messages who sent them and as which of his.
fn story(runner: &Runner) -> Vec<Vec<String>> {
    let names = &runner.setup().names;
    let told = runner.recording().told(runner.actors(), names);
    let mut nodes = vec![Vec::new(); names.len()];
    let mut sent: BTreeMap<u64, String> = BTreeMap::new();
    let mut set: BTreeMap<u64, String> = BTreeMap::new();
    names.scope(|| {
        for line in told.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let event: Event = serde_json::from_slice(line).expect("a line is an event");
            let Some(node) = event.node else { continue };
            let story: &mut Vec<String> = &mut nodes[node.index()];
            let place = format!("{}.{}", node.index(), story.len());
            let what = match event.kind {
                EventKind::Send => {
                    sent.insert(event.message.expect("a message has a number"), place);
                    "send".to_owned()
                }
                EventKind::Receive => format!("receive {}", sent[&event.message.expect("it has a number")]),
                EventKind::TimerSet => {
                    set.insert(event.index, place);
                    "set".to_owned()
                }
                EventKind::Timer => format!("timer {}", set[&event.cause.expect("it was set")]),
                EventKind::Request => format!("request {:?}", event.body),
                EventKind::Boot | EventKind::Crash | EventKind::Restart => event.kind.name().to_owned(),
                _ => continue,
            };
            story.push(what);
        }
    });
    nodes
}

#[test]
fn the_same_fingerprint_means_the_same_order() {
    let registry = Registry::standard();
    for text in [BULLIES, BROADCASTS] {
        let plan = plan(&registry, text);
        let subject = registry.subject(&plan).expect("the algorithm is known");
        let mut runner = Runner::new(&subject, Rules { timers_any_time: true }).expect("it fits");
        let mut fingerprint = Fingerprint::default();
        let mut interleavings = BTreeMap::new();
        let mut stories = BTreeMap::new();
        for seed in 0..1500 {
            runner.run(plan.seed, Box::new(Walk::new(seed, 1)), Level::Full);
            let hash = fingerprint.of(runner.recording(), plan.setup.names.len());
            let digest = runner.recording().told(runner.actors(), &plan.setup.names).digest;
            *interleavings.entry(digest).or_insert(0) += 1;
            let known = stories.entry(story(&runner)).or_insert(hash);
            assert_eq!(*known, hash, "seed {seed}");
        }
        let mut hashes: Vec<u64> = stories.values().copied().collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), stories.len(), "different orders have different fingerprints");
        let (orders, runs) = (stories.len(), interleavings.len());
        assert!(orders < runs, "{orders} orders of {runs} interleavings in {}", plan.name);
    }
}

#[test]
fn a_nameless_fingerprint_is_the_same_under_other_names() {
    let registry = Registry::standard();
    let mut fingerprint = Fingerprint::default();
    let mut hash = |first: &str, second: &str| {
        let text = format!(
            "{{version: 1, algorithm: causal-broadcast, nodes: [a, b, c], network: {{delay: 10ms}}, events: [\
             {{at: 0s, node: {first}, request: {{broadcast: x}}}}, \
             {{at: 15ms, node: {second}, request: {{broadcast: y}}}}]}}"
        );
        let plan = plan(&registry, &text);
        let subject = registry.subject(&plan).expect("the algorithm is known");
        let mut runner = Runner::new(&subject, Rules::default()).expect("it fits");
        runner.again(1, Level::Full);
        let hash = fingerprint.nameless(runner.recording(), runner.actors(), 3);
        (hash, fingerprint.of(runner.recording(), 3))
    };
    let [ab, bc, ca, aa] = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")].map(|(a, b)| hash(a, b));
    assert!(ab.0 == bc.0 && bc.0 == ca.0);
    assert!(ab.1 != bc.1 && bc.1 != ca.1);
    assert_ne!(ab.0, aa.0);
}
