//! Every piece of the museum is found again: from its scenario without the order of events, the seed and the faults, within
//! the number of runs that it states itself. What was found is made smaller, and then nothing can be left out of it: no step of
//! its order, no event of its scenario. Nothing can be left out of the order of the piece in the museum, either.
//!
//! With `MUSEUM=write` in the environment the pieces are written anew from what is found.

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use synod::{
    explore::{
        Failure, Rules, Runner,
        campaign::{Campaign, Settings, Worker},
    },
    registry::{Options, Registry, Standing},
    scenario::{self, Expected, Plan},
    trace::Level,
};

const MUSEUM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/museum");

/// How many runs are made before it is looked whether one of them failed.
const BLOCK: u64 = 50;

fn main() {
    let arguments = Arguments::from_args();
    let mut pieces: Vec<PathBuf> = fs::read_dir(MUSEUM)
        .expect("the museum can be listed")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    pieces.sort();
    assert!(pieces.len() >= 15, "there are {} pieces", pieces.len());
    let name = |path: &Path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
    let trials = pieces.into_iter().map(|path| Trial::test(name(&path), move || find(&path))).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn find(path: &Path) -> Result<(), Failed> {
    let registry = Registry::standard();
    let text = fs::read(path)?;
    let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let piece = load(&registry, &name, &text)?;
    let property = violated(&piece)?;
    let bare =
        scenario::reload(&name, &stripped(&piece.resolved), &registry).map_err(|all| all.to_string())?;
    let budget = bare.fuzz.as_ref().and_then(|fuzz| fuzz.runs).ok_or("it has no `fuzz: {runs: ...}`")?;
    let subject = registry.subject(&bare).ok_or("its algorithm is unknown")?;
    let writes = env::var_os("MUSEUM").is_some_and(|wanted| wanted == "write");
    let settings = Settings { shrink: true, ..Settings::of(&bare) };
    let campaign = Campaign::new(&subject, settings).map_err(|misfit| misfit.message)?;
    let mut worker = Worker::new(&campaign, &subject).map_err(|misfit| misfit.message)?;
    let mut first = 0;
    let candidate = loop {
        if first >= budget {
            return Err(format!("{property} is not violated in {budget} runs").into());
        }
        let tally = worker.block(first..budget.min(first + BLOCK));
        first += BLOCK;
        // The order of the campaign's properties is that of the scenario's `check`.
        let shortest = tally.candidates().filter(|(place, _)| bare.checks[*place] == property);
        if let Some(found) = shortest.min_by_key(|(_, candidate)| *candidate) {
            break found;
        }
    };
    let found = worker.found(candidate.0, candidate.1).map_err(|misfit| misfit.message)?;
    let found_again = scenario::reload("found", &found.scenario, &registry).map_err(|all| all.to_string())?;
    let outcome = registry.run(&found_again, &Options::default())?;
    if outcome.standing() != Standing::Passed {
        return Err(format!("what was found does not repeat: {:?}", outcome.difference).into());
    }
    if writes {
        fs::write(path, written(&registry, &piece, &found_again, &property, found.because, &name)?)?;
        return Ok(());
    }
    // Both what is in the museum and what was found just now.
    nothing_can_be_left_out(&registry, &found_again, &property)
        .and_then(|()| no_event_can_be_left_out(&registry, &found_again, &property))
        .map_err(|sentence| format!("what was found anew is not as small as can be: {sentence}"))?;
    Ok(nothing_can_be_left_out(&registry, &piece, &property)?)
}

fn load(registry: &Registry, name: &str, text: &[u8]) -> Result<Plan, String> {
    scenario::load(name, text, &[], None, registry).map_err(|mistakes| mistakes.to_string())
}

/// The property that a piece says is violated.
fn violated(piece: &Plan) -> Result<String, String> {
    let mut violated = piece.expect.verdicts.iter().filter(|(_, expected)| **expected == Expected::Violated);
    match (violated.next(), violated.next()) {
        (Some((property, _)), None) => Ok(property.clone()),
        _ => Err("a piece of the museum shows one property violated".into()),
    }
}

/// A piece without its order of events, its seed, and the faults that a search is to find.
fn stripped(resolved: &Value) -> Value {
    let mut bare = resolved.clone();
    let Some(map) = bare.as_object_mut() else { return bare };
    map.remove("schedule");
    map.insert("seed".into(), json!(0));
    let vary: Vec<String> = map["fuzz"]["vary"]
        .as_array()
        .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let found_by = |kind: &str| vary.iter().any(|vary| vary == kind);
    let is_slow = |map: &Value| {
        map.as_object().is_some_and(|map| {
            map.keys().all(|key| ["from", "to", "between", "delay", "jitter"].contains(&key.as_str()))
        })
    };
    let is_searched = |event: &Value| match event {
        event if event.get("crash").or(event.get("restart")).is_some() => found_by("crash"),
        event if event.get("pause").or(event.get("resume")).is_some() => found_by("pause"),
        event if event.get("partition").or(event.get("heal")).or(event.get("cut")).is_some() => {
            found_by("partition")
        }
        event if event.get("drop").is_some() => found_by("loss"),
        event if event.get("clock").is_some() => found_by("clock"),
        event => event.get("link").is_some_and(is_slow),
    };
    if let Some(links) = map.get_mut("links").and_then(Value::as_array_mut) {
        links.retain(|link| !is_slow(link));
    }
    if let Some(events) = map.get_mut("events").and_then(Value::as_array_mut) {
        events.retain(|event| !is_searched(event));
    }
    bare
}

/// Whether the failure needs every step of its order.
fn nothing_can_be_left_out(registry: &Registry, small: &Plan, property: &str) -> Result<(), String> {
    let Some(schedule) = &small.schedule else { return Ok(()) };
    let mut small = small.clone();
    // With a step less it may go on for ever.
    small.setup.event_limit = small.setup.event_limit.min(2_000);
    let small = &small;
    let subject = registry.subject(small).ok_or("its algorithm is unknown")?;
    let mut runner = Runner::new(&subject, Rules::default()).map_err(|misfit| misfit.message)?;
    for place in 0..schedule.steps.len() {
        let mut fewer = schedule.clone();
        let left_out = fewer.steps.remove(place).what;
        let (ended, _) = runner.follow(small.seed, &Arc::new(fewer), true, Level::Full);
        if !runner.violations(ended.summary.end).is_empty() {
            let step = left_out.told(&small.setup.names);
            return Err(format!("{property} is violated without step {} ({step}), too", place + 1));
        }
    }
    Ok(())
}

/// Whether the failure needs everything that its scenario plans.
fn no_event_can_be_left_out(registry: &Registry, small: &Plan, property: &str) -> Result<(), String> {
    let schedule = Arc::new(small.schedule.clone().unwrap_or_default());
    let events = small.resolved["events"].as_array().map_or(0, Vec::len);
    for place in 0..events {
        let mut scenario = small.resolved.clone();
        let event = scenario["events"].as_array_mut().map(|events| events.remove(place));
        if let Some(map) = scenario.as_object_mut() {
            map.remove("schedule");
        }
        // What makes no sense without it needs it: a restart its crash, say.
        let Ok(mut fewer) = scenario::reload("fewer", &scenario, registry) else { continue };
        fewer.setup.event_limit = fewer.setup.event_limit.min(2_000);
        let subject = registry.subject(&fewer).ok_or("its algorithm is unknown")?;
        let mut runner = Runner::new(&subject, Rules::default()).map_err(|misfit| misfit.message)?;
        let (ended, _) = runner.follow(fewer.seed, &schedule, true, Level::Full);
        if !runner.violations(ended.summary.end).is_empty() {
            return Err(format!("{property} is violated without the event {event:?}, too"));
        }
    }
    Ok(())
}

/// The piece as it was found, with the words of the one that was there.
fn written(
    registry: &Registry,
    piece: &Plan,
    small: &Plan,
    property: &str,
    because: String,
    name: &str,
) -> Result<String, String> {
    let mut scenario = small.resolved.clone();
    let map = scenario.as_object_mut().ok_or("a scenario is a map")?;
    map.remove("schedule");
    map.insert("about".into(), json!(piece.about));
    map.insert("fuzz".into(), piece.resolved["fuzz"].clone());
    let schedule = small.schedule.clone().unwrap_or_default();
    let failure = Failure { scenario, schedule, property: property.into(), because };
    let subject = registry.subject(small).ok_or("its algorithm is unknown")?;
    failure.text(&subject, &format!("scenarios/museum/{name}")).map_err(|misfit| misfit.message)
}
