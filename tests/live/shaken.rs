//! The simulator's outcome of a scenario, and whether it hangs on moments.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};
use synod::{
    process::Time,
    registry::{Options, Registry},
    scenario::{Plan, load},
    world::{Action, LinkPatch, LinkSettings, Planned, Probability},
};

/// How often a scenario is shaken.
const SHAKES: u64 = 24;
/// How many other seeds are tried where a node restarts.
const SEEDS: u64 = 4;
/// By how much times are moved at most.
const LITTLE: Duration = Duration::from_micros(900);

/// What matters of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Outcome {
    /// The verdict on each property.
    pub(super) verdicts: BTreeMap<String, String>,
    /// How many messages of each kind were sent.
    pub(super) messages: BTreeMap<String, u64>,
    /// How long it took, in nanoseconds of the run.
    pub(super) time: u64,
    /// How many nodes there are.
    pub(super) nodes: usize,
    /// How many planned crashes there are.
    pub(super) crashes: u32,
}

impl Outcome {
    /// What `live --json` reports; what is not compared is as it was in `simulated`.
    pub(super) fn of_report(run: &Value, simulated: &Self) -> Self {
        let entries = |key: &str| run[key].as_object().into_iter().flatten();
        let verdict = |value: &Value| value["verdict"].as_str().unwrap_or_default().to_owned();
        Self {
            verdicts: entries("verdicts").map(|(name, value)| (name.clone(), verdict(value))).collect(),
            messages: entries("messages")
                .map(|(kind, count)| (kind.clone(), count.as_u64().unwrap_or_default()))
                .filter(|(_, count)| *count > 0)
                .collect(),
            ..simulated.clone()
        }
    }
}

fn plan(file: &Path) -> Result<(Registry, Plan), Failed> {
    let registry = Registry::standard();
    let text = fs::read(file)?;
    let plan = load(&file.display().to_string(), &text, &[], None, &registry);
    let plan = plan.map_err(|mistakes| mistakes.to_string())?;
    Ok((registry, plan))
}

fn outcome(registry: &Registry, plan: &Plan) -> Result<Outcome, Failed> {
    let outcome = registry.run(plan, &Options::default())?;
    let crashes = plan.setup.agenda.iter().filter(|planned| matches!(planned.action, Action::Crash { .. }));
    let verdicts = outcome.footer.verdicts.iter();
    Ok(Outcome {
        verdicts: verdicts.map(|(name, verdict)| (name.clone(), verdict.name().to_owned())).collect(),
        messages: outcome
            .footer
            .messages
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(kind, count)| (kind.clone(), *count))
            .collect(),
        time: outcome.footer.t,
        nodes: plan.setup.names.len(),
        crashes: crashes.count() as u32,
    })
}

/// What the simulator makes of a scenario.
pub(super) fn simulated(file: &Path) -> Result<Outcome, Failed> {
    let (registry, plan) = plan(file)?;
    outcome(&registry, &plan)
}

/// Whether something else comes out when times are moved a little. What `reorder` lets overtake arrives at once, which no
/// network does; and a node that restarts draws its timers anew.
pub(super) fn hangs_on_moments(file: &Path, simulated: &Outcome) -> Result<bool, Failed> {
    let (registry, plan) = plan(file)?;
    let overtakes = |settings: &LinkSettings| settings.reorder > Probability::ZERO;
    let lets_overtake = |patch: &LinkPatch| patch.reorder.is_some_and(|reorder| reorder > Probability::ZERO);
    if overtakes(&plan.setup.network) || plan.setup.links.iter().any(|(_, patch)| lets_overtake(patch)) {
        return Ok(true);
    }
    let restarts = |planned: &Planned| match planned.action {
        Action::Crash { .. } => planned.lasts.is_some(),
        Action::Restart(_) => true,
        _ => false,
    };
    if plan.setup.agenda.iter().any(restarts) {
        for seed in 1..=SEEDS {
            let drawn = outcome(&registry, &Plan { seed: plan.seed + seed, ..plan.clone() })?;
            if drawn.verdicts != simulated.verdicts || drawn.messages != simulated.messages {
                return Ok(true);
            }
        }
    }
    for shake in 1..=SHAKES {
        let shaken = outcome(&registry, &shaken(&plan, shake))?;
        if shaken.verdicts != simulated.verdicts || shaken.messages != simulated.messages {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The same scenario, its times moved a little.
fn shaken(plan: &Plan, shake: u64) -> Plan {
    let mut plan = plan.clone();
    let little = LITTLE.mul_f64(shake as f64 / SHAKES as f64);
    settings(&mut plan.setup.network, little);
    for (_, changes) in &mut plan.setup.links {
        patch(changes, little);
    }
    for (place, planned) in plan.setup.agenda.iter_mut().enumerate() {
        if let Action::Link(_, changes) = &mut planned.action {
            patch(changes, little);
        }
        // Spread over the little time, each shake in another way.
        let part = (place as u64 * 7 + shake * 13) % 17;
        planned.at = Time(planned.at.0 + little.as_nanos() as u64 * part / 17);
    }
    plan.setup.agenda.sort_by_key(|planned| planned.at);
    plan
}

/// What has no jitter gets some, but what was sent first still arrives first.
fn settings(settings: &mut LinkSettings, little: Duration) {
    if settings.jitter.is_zero() {
        settings.delay += little;
        settings.jitter = little;
        settings.fifo = true;
    }
}

fn patch(patch: &mut LinkPatch, little: Duration) {
    if let Some(delay) = &mut patch.delay
        && patch.jitter.is_none()
    {
        *delay += little;
        patch.jitter = Some(little);
    }
}
