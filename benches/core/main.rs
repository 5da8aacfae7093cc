//! The core beside a bare event loop that does the same work, in the same run: ratios, for digits wobble.
//!
//! `cargo bench --bench core` runs all workloads; `cargo bench --bench core -- A C100k` those named.
//!
//! - A: two nodes, 1,000,000 messages back and forth, delay 1 to 10 ms.
//! - B: 100 nodes, each broadcasts 100 messages to all others at once: 990,000 deliveries.
//! - C: flood from node 0 over a random graph with 8 neighbours per node, each node forwards once.
//! - D: complete small runs: 3 nodes, 30 messages, a fresh seed each; counted in runs.
//! - search: the same runs as a search makes them, with every event recorded and every property judged.
//!
//! The bare loops are a queue, ChaCha8 and the least state per node: no trait, no network, no recording. One of
//! them has the simulator's own queue, the other the standard library's binary heap.

mod bare;
mod file;
mod full;
mod search;

use std::time::Instant;

/// One way to do the work: gives how many deliveries (D: runs) it made.
type Work = Box<dyn FnMut() -> u64>;

struct Workload {
    name: &'static str,
    rounds: usize,
    /// The least that the simulator must reach of the bare loop on its own queue.
    bar: Option<f64>,
    /// The least that the queue must reach of the binary heap.
    queue_bar: Option<f64>,
    bare: Work,
    heap: Work,
    full: Work,
    counting: Work,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    println!("median million deliveries a second (D: runs), and ratios; the bars are in brackets");
    println!(
        "{:<6} {:>9} {:>9} {:>9} {:>9}   {:<18} {:<18} {:<10}",
        "", "bare", "heap", "synod", "counting", "synod/bare", "queue/heap", "counting/off"
    );
    for workload in all().into_iter().filter(|workload| wants(workload.name)) {
        measure(workload);
    }
    if wants("file") {
        file::measure();
    }
    if wanted.is_empty() || wanted.iter().any(|word| word.contains('-') || word == "search") {
        search::measure(|name| wants("search") || wants(name));
    }
    if wants("memory") {
        full::flood_memory();
    }
}

fn all() -> Vec<Workload> {
    let workload = |name, rounds, bar, queue_bar, bare, heap, full, counting| Workload {
        name,
        rounds,
        bar,
        queue_bar,
        bare,
        heap,
        full,
        counting,
    };
    let mut all = vec![
        workload(
            "A",
            7,
            Some(0.3),
            None,
            Box::new(bare::ping_pong::<synod::simulate::Queue>),
            Box::new(bare::ping_pong::<bare::Heap>),
            full::ping_pong(false),
            full::ping_pong(true),
        ),
        workload(
            "B",
            7,
            Some(0.5),
            Some(3.0),
            Box::new(bare::broadcast::<synod::simulate::Queue>),
            Box::new(bare::broadcast::<bare::Heap>),
            full::broadcast(false),
            full::broadcast(true),
        ),
        workload(
            "D",
            7,
            Some(0.4),
            None,
            Box::new(bare::small::<synod::simulate::Queue>),
            Box::new(bare::small::<bare::Heap>),
            full::small(false),
            full::small(true),
        ),
    ];
    for (name, nodes, rounds, queue_bar) in
        [("C10k", 10_000, 9, None), ("C100k", 100_000, 7, Some(2.0)), ("C1M", 1_000_000, 3, None)]
    {
        all.push(workload(
            name,
            rounds,
            Some(0.5),
            queue_bar,
            bare::flood::<synod::simulate::Queue>(nodes),
            bare::flood::<bare::Heap>(nodes),
            full::flood(nodes, false),
            full::flood(nodes, true),
        ));
    }
    all
}

/// Runs the ways in turn, so that a machine that slows down slows all of them, and prints medians.
fn measure(mut workload: Workload) {
    let mut rates: [Vec<f64>; 4] = Default::default();
    for round in 0..=workload.rounds {
        let works = [&mut workload.bare, &mut workload.heap, &mut workload.full, &mut workload.counting];
        for (work, rates) in works.into_iter().zip(&mut rates) {
            let start = Instant::now();
            let done = work();
            let rate = done as f64 / start.elapsed().as_secs_f64() / 1e6;
            // The first round warms up.
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let ratio = |a: usize, b: usize| median(rates[a].iter().zip(&rates[b]).map(|(a, b)| a / b).collect());
    let (of_bare, of_heap, counting) = (ratio(2, 0), ratio(0, 1), ratio(3, 2));
    let [bare, heap, full, counts] = rates.clone().map(median);
    let bar = |bar: Option<f64>| bar.map_or_else(String::new, |bar| format!(" [{bar}]"));
    println!(
        "{:<6} {bare:>9.2} {heap:>9.2} {full:>9.2} {counts:>9.2}   {:<18} {:<18} {:<10}",
        workload.name,
        format!("{of_bare:.2}{}", bar(workload.bar)),
        format!("{of_heap:.2}{}", bar(workload.queue_bar)),
        format!("{counting:.2} [0.9]"),
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
