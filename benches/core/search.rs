//! Complete runs of a search: 3 nodes, about 30 messages, every property judged, one thread.

use std::time::Instant;
use synod::{
    explore::campaign::{Campaign, Choice, Settings, Worker},
    registry::Registry,
    scenario,
};

/// What a search should reach on one core.
const BAR: f64 = 300_000.0;
const ROUNDS: usize = 7;
const RUNS: u64 = 20_000;

/// 3 nodes, 5 broadcasts each.
const BROADCAST: &str = "
version: 1
algorithm: causal-broadcast
nodes: 3
network: {delay: 10ms, jitter: 9ms}
events:
  - {at: 0s, node: n1, request: {broadcast: a}, every: 1ms, times: 5}
  - {at: 0s, node: n2, request: {broadcast: b}, every: 1ms, times: 5}
  - {at: 0s, node: n3, request: {broadcast: c}, every: 1ms, times: 5}
";

/// 3 nodes, 7 critical sections of 4 messages each.
const EXCLUSION: &str = "
version: 1
algorithm: ricart-agrawala
nodes: 3
network: {delay: 10ms, jitter: 9ms}
events:
  - {at: 0s, node: n1, request: {enter: 1ms}, every: 1ms, times: 3}
  - {at: 0s, node: n2, request: {enter: 1ms}, every: 1ms, times: 2}
  - {at: 0s, node: n3, request: {enter: 1ms}, every: 1ms, times: 2}
";

/// Prints thousands of runs a second, for each strategy; only of the scenarios and strategies that are `wanted`. Beside
/// it stands how many of 1000 runs differ in what happened before what. Every run is judged for itself: that few were
/// different would make it no faster.
pub(crate) fn measure(wanted: impl Fn(&str) -> bool) {
    println!("search: thousand complete runs a second, every property judged [{:.0}]", BAR / 1e3);
    println!("{:<12} {:<14} {:>8} {:>8} {:>18}", "", "", "median", "best", "different of 1000");
    for (name, text) in [("broadcast", BROADCAST), ("exclusion", EXCLUSION)] {
        for (how, strategy) in [
            ("timed", Choice::Timed),
            ("walk", Choice::Walk),
            ("pct", Choice::Pct),
            ("delay-bounded", Choice::DelayBounded),
        ] {
            if wanted(&format!("{name}-{how}")) {
                let (median, best, different) = rate(text, strategy);
                let (median, best) = (median / 1e3, best / 1e3);
                println!("{name:<12} {how:<14} {median:>8.1} {best:>8.1} {different:>18}");
            }
        }
    }
}

/// Runs a second, in the middle and at best, and how many of 1000 runs are different.
fn rate(text: &str, strategy: Choice) -> (f64, f64, u64) {
    let registry = Registry::standard();
    let plan = scenario::load("bench.yaml", text.as_bytes(), &[], None, &registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let subject = registry.subject(&plan).expect("the algorithm is known");
    let settings = Settings { strategy, ..Settings::of(&plan) };
    let campaign = Campaign::new(&subject, settings).expect("the scenario fits");
    let mut worker = Worker::new(&campaign, &subject).expect("the scenario fits");
    let mut rates = Vec::new();
    for round in 0..=ROUNDS as u64 {
        let start = Instant::now();
        let tally = worker.block(round * RUNS..(round + 1) * RUNS);
        // The first round warms up.
        if round > 0 {
            rates.push(tally.runs as f64 / start.elapsed().as_secs_f64());
        }
    }
    rates.sort_by(f64::total_cmp);
    // So few are counted and not estimated.
    let different = worker.block(0..1000).orders.count();
    (rates[rates.len() / 2], rates[rates.len() - 1], different)
}
