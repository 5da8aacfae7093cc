//! What makes a search fast changes nothing: a run that is kept in brief is the run that is kept in full, and what could
//! happen next is the same whether it is kept up to date or looked for.

use super::{BROADCASTS, BULLIES, plan};
use synod::{
    explore::{
        Ended, Rules, Runner,
        campaign::Fingerprint,
        strategy::{DelayBounded, Doubling, Pct, Strategy, Timed, Walk},
    },
    process::{End, Verdict},
    registry::Registry,
    trace::Level,
};

/// Everything that can happen to nodes and links.
const TROUBLE: &str = "
version: 1
name: trouble
algorithm: ricart-agrawala
nodes: 3
network: {delay: 10ms, jitter: 9ms, loss: 3%, duplicate: 10%}
events:
  - {at: 0s, node: n1, request: {enter: 3ms}, every: 5ms, times: 4}
  - {at: 1ms, node: n2, request: {enter: 2ms}, every: 7ms, times: 4}
  - {at: 2ms, node: n3, request: {enter: 1ms}, every: 9ms, times: 4}
  - {at: 0s, crash: n2, after-sends: 9, for: 12ms, may-miss: true}
  - {at: 0s, drop: {from: n1, to: n3, nth: 2}, may-miss: true}
  - {at: 11ms, pause: n3, for: 8ms, may-miss: true}
  - {at: 30ms, partition: [[n1], [n2, n3]], for: 6ms, may-miss: true}
  - {at: 40ms, clock: {node: n1, step: 4ms}, may-miss: true}
  - {at: 50ms, crash: n1, for: 5ms, may-miss: true}
until: 75ms
check: [mutual-exclusion, well-formedness, deadlock-freedom, starvation-freedom]
";

/// Links that keep order, a way over several of them, several timers at a node.
const CHANNELS: &str = "
version: 1
name: channels
algorithm: fifo-broadcast
events-limit: 1500
nodes: 4
topology: line
routing: shortest-path
channel: reliable-fifo
network: {delay: 10ms, jitter: 9ms, loss: 5%, order: fifo}
events:
  - {at: 0s, node: n1, request: {broadcast: a}, every: 3ms, times: 3}
  - {at: 1ms, node: n4, request: {broadcast: b}, every: 3ms, times: 3}
";

fn strategies(seed: u64) -> Vec<Box<dyn Strategy>> {
    vec![
        Box::new(Timed::new(seed, 0)),
        Box::new(Timed::new(seed, 2)),
        Box::new(Walk::new(seed, 0)),
        Box::new(Walk::new(seed, 2)),
        Box::new(Pct::new(seed, 3, 60)),
        Box::new(DelayBounded::new(seed, 3, 60)),
        Box::new(Doubling::new(Box::new(Pct::new(seed, 2, 60)), seed, 2)),
    ]
}

/// What came of a run: how it ended, what happened before what, and what is to be said of it.
type Came = (Ended, u64, Vec<Verdict>);

fn came(runner: &Runner, ended: Ended) -> Came {
    let order = Fingerprint::default().of(runner.recording(), runner.setup().names.len());
    (ended, order, runner.verdicts(ended.summary.end))
}

#[test]
fn a_run_is_the_same_however_it_is_kept_and_its_next_event_found() {
    let registry = Registry::standard();
    let mut ends = Vec::new();
    let mut violated = 0;
    for (text, many) in [(TROUBLE, 25), (BROADCASTS, 15), (BULLIES, 15), (CHANNELS, 2)] {
        let plan = plan(&registry, text);
        let subject = registry.subject(&plan).expect("the algorithm is known");
        for timers_any_time in [false, true] {
            let mut runner = Runner::new(&subject, Rules { timers_any_time }).expect("it fits");
            for (seed, number) in (0..many).flat_map(|seed| (0..7).map(move |number| (seed, number))) {
                let mut run = |level| {
                    let ended = runner.run(seed, strategies(seed).swap_remove(number), level);
                    came(&runner, ended)
                };
                let (mut brief, judged) = (run(Level::Brief), run(Level::Judged));
                let (ended, _) = runner.write_down(seed);
                let looked = came(&runner, ended);
                assert_eq!(judged, looked, "{}, seed {seed}, strategy {number}", plan.name);
                if runner.jury().looks_at_messages() {
                    brief.2.clone_from(&judged.2);
                }
                assert_eq!(brief, judged, "{}, seed {seed}, strategy {number}", plan.name);
                ends.push(judged.0.summary.end);
                violated += judged.2.iter().filter(|verdict| verdict.name() == "violated").count();
            }
        }
    }
    assert!(violated > 30, "{violated} verdicts are of violations");
    assert!(ends.contains(&End::Quiescent) && ends.contains(&End::Deadline));
}
