//! synod's own search through all states, from the scenario on.

use super::{
    Counted,
    models::{Flood, Kind, Model, PingPong},
};
use std::{thread, time::Instant};
use synod::{
    explore::states::{Limits, States},
    registry::Registry,
    scenario::load,
};

/// Visits every state.
pub(crate) fn explore(model: &Model, threads: usize) -> Counted {
    let registry = Registry::empty().with::<PingPong>().with::<Flood>();
    let text = scenario(model);
    let plan = load("model.yaml", text.as_bytes(), &[], None, &registry).expect("the scenario is right");
    let subject = registry.subject(&plan).expect("the algorithm is registered");
    let start = Instant::now();
    let search = States::new(&subject, Limits::default(), threads).expect("the states can be searched");
    let report = thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| search.work());
        }
        search.lead(&subject).expect("the states can be searched")
    });
    let seconds = start.elapsed().as_secs_f64();
    assert!(report.complete, "{model}: every state was to be looked at");
    Counted { states: report.states, transitions: report.transitions, seconds }
}

fn scenario(model: &Model) -> String {
    let Model { kind, size, .. } = model;
    let (algorithm, nodes) = match kind {
        Kind::PingPong => (format!("{{name: pingpong, config: {{pings: {size}}}}}"), 2),
        Kind::Flood => ("flood".to_owned(), *size),
    };
    format!("version: 1\nname: {model}\nalgorithm: {algorithm}\nnodes: {nodes}\n")
}
