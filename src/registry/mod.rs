//! Every algorithm by name: the one place that knows them all and turns generics into a table of functions.

mod facts;
mod run;

pub use facts::Described;
pub use run::{Idle, Options, Outcome, RunError, Standing};

use crate::{
    algorithms::{
        best_effort_broadcast::BestEffortBroadcast, carvalho_roucairol::CarvalhoRoucairol,
        causal_broadcast::CausalBroadcast, central_mutex::CentralMutex, fifo_broadcast::FifoBroadcast,
        lamport_mutex::LamportMutex, lamport_total_order::LamportTotalOrder, maekawa::Maekawa,
        naimi_trehel::NaimiTrehel, raymond::Raymond, ricart_agrawala::RicartAgrawala, sequencer::Sequencer,
        suzuki_kasami::SuzukiKasami, token_ring::TokenRing,
    },
    process::{Description, Problem, Process},
    scenario::{Catalogue, Facts, Plan},
};
use facts::Known;
use indexmap::IndexMap;

/// The algorithms that scenarios can name.
pub struct Registry {
    entries: IndexMap<&'static str, Entry>,
}

/// What can be done with an algorithm without knowing its types.
struct Entry {
    facts: Known,
    run: fn(&Plan, &Options) -> Result<Outcome, RunError>,
}

impl Registry {
    /// The algorithms that come with synod.
    pub fn standard() -> Self {
        Self::empty()
            .with::<BestEffortBroadcast>()
            .with::<FifoBroadcast>()
            .with::<CausalBroadcast>()
            .with::<Sequencer>()
            .with::<LamportTotalOrder>()
            .with::<CentralMutex>()
            .with::<LamportMutex>()
            .with::<RicartAgrawala>()
            .with::<CarvalhoRoucairol>()
            .with::<Maekawa>()
            .with::<TokenRing>()
            .with::<SuzukiKasami>()
            .with::<Raymond>()
            .with::<NaimiTrehel>()
    }

    /// No algorithms.
    pub fn empty() -> Self {
        Self { entries: IndexMap::new() }
    }

    /// These and `P`, under the name in its description. One of the same name gives way.
    #[must_use]
    pub fn with<P: Process>(mut self) -> Self {
        let entry = Entry { facts: Known::of::<P>(), run: run::run::<P> };
        self.entries.insert(P::DESCRIPTION.name, entry);
        self
    }

    /// The descriptions of all algorithms, in order of registration.
    pub fn descriptions(&self) -> impl Iterator<Item = &Description> {
        self.entries.values().map(|entry| &entry.facts.described.description)
    }

    /// Everything there is to say about one algorithm.
    pub fn describe(&self, name: &str) -> Option<&Described> {
        self.entries.get(name).map(|entry| &entry.facts.described)
    }

    /// Runs a scenario.
    ///
    /// # Errors
    /// When the plan is not one of this registry's, or the trace cannot be written.
    pub fn run(&self, plan: &Plan, options: &Options) -> Result<Outcome, RunError> {
        let entry = self.entries.get(plan.algorithm.as_str());
        let entry = entry.ok_or_else(|| RunError::UnknownAlgorithm(plan.algorithm.clone()))?;
        (entry.run)(plan, options)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::standard()
    }
}

impl Catalogue for Registry {
    fn algorithms(&self) -> Vec<&str> {
        self.entries.keys().copied().collect()
    }

    fn facts(&self, algorithm: &str) -> Option<&dyn Facts> {
        self.entries.get(algorithm).map(|entry| &entry.facts as &dyn Facts)
    }
}

/// The name of a process's problem.
fn problem_of<P: Process>() -> &'static str {
    <P::Problem as Problem>::NAME
}
