//! Breadth first through all states: exactly as many as there are, however many workers share them.

use crate::models::{Flood, Kind, MODELS, Model, PingPong};
use std::thread;
use synod::{
    explore::states::{Limits, Refusal, Report, States},
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
        search.lead()
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
        assert!(reports.iter().all(|other| other == report), "{model}: {reports:?}");
    }
}
