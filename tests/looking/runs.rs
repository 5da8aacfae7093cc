//! Traces of scenarios, for the tests beside this one.

use insta::Settings;
use std::{
    fs,
    path::{Path, PathBuf},
};
use synod::{
    registry::{Options, Registry},
    scenario,
    trace::Trace,
};

/// A longer trace is left to those that look at single scenarios.
const LONG: usize = 1_000;

/// The trace of a scenario, by its path without extension.
pub(crate) fn trace(registry: &Registry, name: &str) -> Trace {
    let path = format!("{}/scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    trace_of(registry, &text)
}

/// The trace of a scenario in YAML.
pub(crate) fn trace_of(registry: &Registry, text: &str) -> Trace {
    let plan = scenario::load("test.yaml", text.as_bytes(), &[], None, registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let outcome = registry.run(&plan, &Options::default()).expect("the algorithm is known");
    outcome.trace().expect("a trace can be read")
}

/// The traces of all scenarios in some folders, but for very long ones.
pub(crate) fn traces(folders: &[&str]) -> Vec<(String, Trace)> {
    let registry = Registry::standard();
    let mut names = Vec::new();
    for folder in folders {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(folder);
        let mut files: Vec<PathBuf> = fs::read_dir(root)
            .expect("the folder can be listed")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let stems = files.iter().filter_map(|file| file.file_stem().and_then(|stem| stem.to_str()));
        names.extend(stems.map(|stem| format!("{folder}/{stem}")));
    }
    assert!(names.len() > 20, "there are scenarios");
    let traced = names.into_iter().map(|name| (name.clone(), trace(&registry, &name)));
    traced.filter(|(_, trace)| trace.events.len() <= LONG).collect()
}

/// Where snapshots of this test are.
pub(crate) fn snapshots() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/looking");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
