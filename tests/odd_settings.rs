//! No setting of any algorithm, however odd, makes a run panic or go on for ever.

use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use synod::{
    registry::{Options, Registry},
    scenario::{self, Override},
};

/// Values that somebody might try in place of this one.
fn odd(value: &Value) -> Vec<String> {
    let tried: &[&str] = match value {
        Value::Number(_) => &["0", "1", "2", "1000000"],
        Value::String(text) if text.ends_with('s') && text.starts_with(|c: char| c.is_ascii_digit()) => {
            &["0s", "1ns", "24h"]
        }
        Value::Bool(_) => &["true", "false"],
        Value::Null => &["alice", "carol", "0", "5ms"],
        Value::Array(_) => &["[]", "[carol]"],
        Value::String(_) | Value::Object(_) => &[],
    };
    tried.iter().map(|text| (*text).to_owned()).collect()
}

/// A scenario like the one that `synod new` writes, with less time.
fn starter(requests: &[(String, String)], algorithm: &str, nodes: &str) -> String {
    let events: Vec<String> = (0..)
        .zip(requests)
        .map(|(place, (node, request))| {
            format!("  - {{at: {}ms, node: {node}, request: {request}}}\n", 50 * place)
        })
        .collect();
    format!(
        "version: 1\nname: odd\nalgorithm: {algorithm}\nnodes: {nodes}\nnetwork: {{delay: 10ms, jitter: 5ms, loss: 10%}}\n\
         events:\n{}until: 2s\nevents-limit: 5000\n",
        events.concat()
    )
}

/// Whether it runs, or is refused, without a panic; counts what runs.
fn runs(registry: &Registry, text: &str, setting: Option<&str>, ran: &mut u32) -> bool {
    let overrides: Vec<Override> = setting.iter().filter_map(|setting| setting.parse().ok()).collect();
    let run = AssertUnwindSafe(|| {
        if let Ok(plan) = scenario::load("odd.yaml", text.as_bytes(), &overrides, None, registry) {
            let outcome = registry.run(&plan, &Options::default()).expect("the plan fits");
            outcome.trace().expect("the trace can be read");
            *ran += 1;
        }
    });
    catch_unwind(run).is_ok()
}

#[test]
fn no_setting_makes_a_run_panic() {
    let registry = Registry::standard();
    let (mut broken, mut ran) = (Vec::new(), 0);
    for description in registry.descriptions() {
        let described = registry.describe(description.name).expect("it is known");
        let owned = |node: &str, request: &str| (node.to_owned(), request.to_owned());
        let asked: Vec<_> =
            described.requests.iter().map(|example| owned(example.node, example.request)).collect();
        let text = starter(&asked, description.name, "[alice, bob, carol]");
        let settings = described.config.as_object().into_iter().flatten();
        let settings: Vec<String> = settings
            .flat_map(|(key, value)| {
                odd(value).into_iter().map(move |odd| format!("algorithm.config.{key}={odd}"))
            })
            .collect();
        let tried = std::iter::once(None).chain(settings.iter().map(|setting| Some(setting.as_str())));
        broken.extend(
            tried
                .filter(|setting| !runs(&registry, &text, *setting, &mut ran))
                .map(|setting| format!("{} {setting:?}", description.name)),
        );
        // Alone: what names others is not asked for.
        let alone: Vec<_> = asked
            .iter()
            .filter(|(_, request)| !request.contains("bob") && !request.contains("carol"))
            .map(|(_, request)| owned("alice", request))
            .collect();
        if !runs(&registry, &starter(&alone, description.name, "[alice]"), None, &mut ran) {
            broken.push(format!("{} alone", description.name));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(ran > 400, "only {ran} scenarios could be run");
}

/// The mistakes that a description names, as in `mistake: no-tie-break: ...`.
fn mistakes(breaks: &[&'static str]) -> Vec<&'static str> {
    let named = breaks.iter().flat_map(|sentence| sentence.split("mistake: ").skip(1));
    named.filter_map(|rest| rest.split([':', ',']).next()).collect()
}

#[test]
fn every_mistake_that_a_description_names_can_be_made() {
    let registry = Registry::standard();
    let mut made = 0;
    for description in registry.descriptions().filter(|description| description.name.ends_with("-flawed")) {
        let described = registry.describe(description.name).expect("it is known");
        let asked: Vec<_> = described
            .requests
            .iter()
            .map(|example| (example.node.to_owned(), example.request.to_owned()))
            .collect();
        let text = starter(&asked, description.name, "[alice, bob, carol]");
        for mistake in mistakes(description.breaks) {
            let setting = format!("algorithm.config.mistake={mistake}");
            let before = made;
            assert!(runs(&registry, &text, Some(&setting), &mut made), "{} {mistake}", description.name);
            assert_eq!(made, before + 1, "{} knows no {mistake}", description.name);
        }
    }
    assert!(made > 50, "only {made} mistakes could be made");
}
