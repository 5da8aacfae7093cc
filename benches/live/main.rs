//! Live nodes beside a bare echo on the same runtime, in the same run: ratios, for digits wobble.
//!
//! `cargo bench --bench live` measures all; `cargo bench --bench live -- tcp` or `-- udp` one transport.
//!
//! - round trip: a message goes from one node to another and back, one at a time. Beside it the same number of bytes goes back
//!   and forth over a tokio socket on which nothing else happens: no parsing, no process, no journal.
//! - throughput: many messages are under way at once; how many a second one node receives, handles and answers, each of them
//!   journalled as it always is.
//!
//! Nodes run as `synod live` runs them, each on a thread and a runtime of its own; so do the two ends of the bare echo.

mod bare;
mod node;

use std::time::Duration;
use synod::live::TransportKind;

/// How often each measurement is made; the median counts.
const ROUNDS: usize = 9;
/// How many messages go back and forth in a round.
const TRIPS: u64 = 5_000;
/// How many messages are answered in a round of throughput.
const FLOOD: u64 = 200_000;
/// How many of them are under way at once.
const WINDOW: u64 = 256;
/// How many bytes a message of the nodes has on the wire, about: the bare echo has as many.
const SIZE: usize = 76;
/// The most that a round trip may take of the bare one.
const RATIO_MAX: f64 = 1.5;
/// The least that one node is to receive, handle and answer in a second.
const RATE_MIN: f64 = 100_000.0;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    println!("medians of {ROUNDS} rounds; the bars are in brackets");
    println!("{:<5} {:>12} {:>12}   {:<14} {:>14}", "", "bare echo", "two nodes", "nodes/bare", "messages/s");
    for (name, kind) in [("tcp", TransportKind::Tcp), ("udp", TransportKind::Udp)] {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            measure(name, kind);
        }
    }
}

fn measure(name: &str, kind: TransportKind) {
    let bare = bare::Echo::start(kind, SIZE);
    let mut nodes = node::Pair::start(kind);
    let (mut alone, mut both, mut ratios, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let one = bare.trips(TRIPS);
        let two = nodes.play(TRIPS, 1);
        ratios.push(two.as_secs_f64() / one.as_secs_f64());
        alone.push(one);
        both.push(two);
        rates.push(FLOOD as f64 / nodes.play(FLOOD, WINDOW).as_secs_f64());
    }
    nodes.stop();
    let each =
        |times: Vec<Duration>| median(times.iter().map(Duration::as_secs_f64).collect()) * 1e6 / TRIPS as f64;
    println!(
        "{name:<5} {:>9.1} us {:>9.1} us   {:<14} {:>14}",
        each(alone),
        each(both),
        format!("{:.2} [{RATIO_MAX}]", median(ratios)),
        format!("{:.0} [{RATE_MIN:.0}]", median(rates)),
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
