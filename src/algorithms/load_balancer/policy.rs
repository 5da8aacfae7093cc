//! The policies behind one door: what they remember, whom they pick, and what they are called.

use super::{Config, LoadBalancer, Policy, RoundRobin, SmoothWeighted, hashing::Hashing, random};
use crate::{
    problems::load_balancing::Rule,
    process::{Context, ProcessId},
};
use std::collections::BTreeMap;

/// Picks servers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Picker {
    RoundRobin(RoundRobin),
    Weighted { given: Vec<u32>, turns: SmoothWeighted },
    LeastConnections,
    Random,
    Choices { count: u32, probe: bool },
    Hashing(Hashing),
}

impl Picker {
    pub(super) fn of(config: &Config) -> Self {
        match config.policy {
            Policy::RoundRobin => Self::RoundRobin(RoundRobin::default()),
            Policy::Weighted => {
                Self::Weighted { given: config.weights.clone(), turns: SmoothWeighted::default() }
            }
            Policy::LeastConnections => Self::LeastConnections,
            Policy::Random => Self::Random,
            Policy::TwoChoices => Self::Choices { count: config.choices.max(1), probe: config.probe },
            Policy::ConsistentHashing => Self::Hashing(Hashing::of(config.points, None)),
            Policy::BoundedHashing => Self::Hashing(Hashing::of(config.points, Some(config.bound))),
        }
    }

    pub(super) fn rule(&self) -> Rule {
        match self {
            Self::RoundRobin(_) => Rule::RoundRobin,
            Self::Weighted { turns, .. } => Rule::Weighted(turns.weights().to_vec()),
            Self::LeastConnections => Rule::LeastConnections,
            Self::Random => Rule::Random,
            Self::Choices { count, probe: false } => Rule::Choices(*count),
            Self::Choices { count, probe: true } => Rule::Probes(*count),
            Self::Hashing(hashing) => hashing.rule(),
        }
    }

    /// Other servers serve than before; `members` are all that were ever named, in order.
    pub(super) fn change(&mut self, members: &[ProcessId], before: &[ProcessId], now: &[ProcessId]) {
        match self {
            Self::RoundRobin(turns) => turns.change(before, now),
            Self::Weighted { given, turns } => {
                let of = |(place, _)| given.get(place).copied().unwrap_or(1);
                let serving = members.iter().enumerate().filter(|(_, member)| now.contains(member));
                *turns = SmoothWeighted::of(serving.map(of));
            }
            Self::Hashing(hashing) => hashing.change(before, now),
            Self::LeastConnections | Self::Random | Self::Choices { .. } => {}
        }
    }

    /// Whom to ask before a server is picked, if anybody.
    pub(super) fn probes(
        &self,
        ctx: &mut Context<'_, LoadBalancer>,
        serving: &[ProcessId],
    ) -> Option<Vec<ProcessId>> {
        let Self::Choices { count, probe: true } = self else { return None };
        Some(random::sample(ctx, serving, *count))
    }

    /// One of `serving`, which is not empty.
    pub(super) fn pick(
        &mut self,
        ctx: &mut Context<'_, LoadBalancer>,
        serving: &[ProcessId],
        active: &BTreeMap<ProcessId, u64>,
        hash: u64,
    ) -> ProcessId {
        match self {
            Self::RoundRobin(turns) => serving[turns.pick(serving.len())],
            Self::Weighted { turns, .. } => serving[turns.pick()],
            Self::LeastConnections => least(serving, active),
            Self::Random => random::sample(ctx, serving, 1)[0],
            Self::Choices { count, .. } => least(&random::sample(ctx, serving, *count), active),
            Self::Hashing(hashing) => hashing.pick(serving, active, hash),
        }
    }
}

/// Least connections (Linux virtual server, `lc`; the list scheduling of Graham (1966)): the first of those with the
/// fewest unfinished jobs.
fn least(among: &[ProcessId], active: &BTreeMap<ProcessId, u64>) -> ProcessId {
    let load = |server: &&ProcessId| active.get(server).copied().unwrap_or_default();
    among.iter().min_by_key(load).copied().unwrap_or(among[0])
}
