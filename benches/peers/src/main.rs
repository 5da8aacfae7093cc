//! Systematic exploration beside a peer's: the same models and counts, in the same run; ratios, for digits wobble.
//!
//! `cargo run --release` in this folder measures all models, `cargo run --release -- flood` those whose name
//! begins so. The last line (`-- reduced`) is about the search with partial-order reduction.
//!
//! Every measurement is a process of its own, so that its peak memory is its own. A model that is done in less
//! time than [`PATIENCE`] is explored again and again until that has passed; of the times the median counts, and
//! of the rounds' medians again the median. Rounds are interleaved: each takes every explorer once. Beforehand
//! synod's processes are counted by the book, without regard to speed: they must have the model's states too.

#[path = "../../../tests/exploration/models.rs"]
mod models;
#[path = "../../../tests/exploration/orders.rs"]
mod orders;
#[path = "../../../tests/exploration/plain.rs"]
mod plain;
mod stateright_models;
mod synod_states;

use models::{Flood, Kind, MODELS, Model, PingPong, Pings};
use stateright_models::Order;
use std::{
    env,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// How long a process goes on exploring a model that is small.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many processes are asked for each figure.
const ROUNDS: usize = 5;
/// The first argument of a process that makes one measurement: then the model's place and the explorer's.
const ONE: &str = "--one";

/// What one complete exploration comes to.
struct Counted {
    states: u64,
    transitions: u64,
    seconds: f64,
}

/// What a process measures: seconds for one exploration, processor seconds for one (of all threads together), its
/// peak memory after the first one and before it, in KiB.
type Figures = [f64; 4];

/// One way to explore a model, with as many threads as it is told.
struct Explorer {
    name: &'static str,
    threads: usize,
    explore: fn(&Model, usize) -> Counted,
}

/// The first one is what the others' ratios refer to.
const EXPLORERS: &[Explorer] = &[
    Explorer { name: "stateright dfs", threads: 1, explore: stateright_depth_first },
    Explorer { name: "stateright dfs", threads: 2, explore: stateright_depth_first },
    Explorer { name: "stateright bfs", threads: 1, explore: stateright_breadth_first },
    Explorer { name: "stateright bfs", threads: 2, explore: stateright_breadth_first },
    Explorer { name: "synod states", threads: 1, explore: synod_states::explore },
    Explorer { name: "synod states", threads: 2, explore: synod_states::explore },
];

fn stateright_depth_first(model: &Model, threads: usize) -> Counted {
    stateright_models::explore(model, Order::DepthFirst, threads)
}

fn stateright_breadth_first(model: &Model, threads: usize) -> Counted {
    stateright_models::explore(model, Order::BreadthFirst, threads)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [ONE, model, explorer] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        let place = |text: &str| text.parse::<usize>().expect("a place is a number");
        measure(&MODELS[place(model)], &EXPLORERS[place(explorer)]);
        return ExitCode::SUCCESS;
    }
    let wants = |name: &str| arguments.is_empty() || arguments.iter().any(|word| name.starts_with(word));
    println!(
        "M/s: million transitions a second; M/cpu s: a second of all threads together, for a machine that is shared"
    );
    println!(
        "{:<12} {:>9} {:>11}  {:<16} {:>7} {:>6} {:>6} {:>9} {:>9} {:>14}",
        "model",
        "states",
        "transitions",
        "explorer",
        "threads",
        "M/s",
        "ratio",
        "M/cpu s",
        "peak MiB",
        "bytes a state"
    );
    for (place, model) in MODELS.iter().enumerate() {
        if wants(&model.to_string()) {
            assert_eq!(by_the_book(model), (model.states, model.transitions), "{model}: synod's processes");
            compare(place, model);
        }
    }
    if wants("reduced") {
        reduced();
    }
    ExitCode::SUCCESS
}

/// The orders of a flood of five, counted one by one over its states, and the reduced search of it.
fn reduced() {
    let orders = plain::orders::<Flood>(5, &());
    assert_eq!(orders, orders::orders(5), "the two ways to count orders agree");
    let (explored, took) = orders::search(5);
    println!(
        "reduced: flood 5 has {orders} orders; {} executions show all that can be told apart, {} times fewer [100], \
         in {:.0} s",
        explored.executions,
        orders / u128::from(explored.executions),
        took.as_secs_f64()
    );
}

/// The states and transitions of the model's processes.
fn by_the_book(model: &Model) -> (u64, u64) {
    match model.kind {
        Kind::PingPong => plain::count::<PingPong>(2, &Pings { pings: model.size }),
        Kind::Flood => plain::count::<Flood>(model.size, &()),
    }
}

/// Explores one model in one way and tells the parent process the [`Figures`].
fn measure(model: &Model, explorer: &Explorer) {
    let (start, idle, used) = (Instant::now(), peak(), processor_seconds());
    let mut times = vec![explore(model, explorer)];
    let busy = peak();
    while start.elapsed() < PATIENCE {
        times.push(explore(model, explorer));
    }
    let used = (processor_seconds() - used) / times.len() as f64;
    println!("{} {used} {busy} {idle}", median(times));
}

/// How many seconds a complete exploration takes.
fn explore(model: &Model, explorer: &Explorer) -> f64 {
    let counted = (explorer.explore)(model, explorer.threads);
    let found = (counted.states, counted.transitions);
    assert_eq!(found, (model.states, model.transitions), "{model}: {} does not count right", explorer.name);
    counted.seconds
}

/// The most memory that this process has had so far, in KiB; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// How long this process's threads have been at work, in steps of 10 ms; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, after_name) = status.rsplit_once(')').unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap_or(0.0) / 100.0).sum()
}

/// Measures all explorers on one model, turn by turn, and prints their rows.
fn compare(place: usize, model: &Model) {
    let mut figures: Vec<[Vec<f64>; 4]> = EXPLORERS.iter().map(|_| Default::default()).collect();
    for _ in 0..ROUNDS {
        for (explorer, kept) in figures.iter_mut().enumerate() {
            for (kept, figure) in kept.iter_mut().zip(measured(place, explorer)) {
                kept.push(figure);
            }
        }
    }
    let mut first = None;
    for (explorer, figures) in EXPLORERS.iter().zip(figures) {
        let [seconds, used, busy, idle] = figures.map(median);
        let rate = model.transitions as f64 / seconds / 1e6;
        let ratio = rate / *first.get_or_insert(rate);
        println!(
            "{:<12} {:>9} {:>11}  {:<16} {:>7} {:>6.2} {:>6.2} {:>9.2} {:>9.1} {:>14.0}",
            model.to_string(),
            model.states,
            model.transitions,
            explorer.name,
            explorer.threads,
            rate,
            ratio,
            model.transitions as f64 / used / 1e6,
            busy / 1024.0,
            (busy - idle) * 1024.0 / model.states as f64,
        );
    }
}

/// What [`measure`] tells, from a process of its own.
fn measured(model: usize, explorer: usize) -> Figures {
    let program = env::current_exe().expect("a running program has a path");
    let arguments = [ONE.to_owned(), model.to_string(), explorer.to_string()];
    let output = Command::new(program).args(arguments).output().expect("this program can be started again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("figures are text");
    let figures: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("a figure")).collect();
    figures.try_into().expect("there are four figures")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
