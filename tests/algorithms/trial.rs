//! One world, one workload, many seeds: what it costs, what survives it, the smallest counterexample.

use std::{sync::Arc, time::Duration};
use synod::{
    check::judge,
    process::{End, History, Names, Problem, Process, ProcessId, PropertyKind, Time, Verdict, What},
    simulate::{Cast, Simulation},
    trace::{Counts, Level},
    world::{Action, Planned, Probability, Setup, Targets},
};

/// How many seeds a search tries.
pub(crate) const SEEDS: u64 = 300;

/// The sizes at which message counts are checked.
pub(crate) const SIZES: [u32; 6] = [2, 3, 5, 8, 16, 50];

/// A small world, and what is asked for in it.
pub(crate) struct Trial<Pr: Problem> {
    pub(crate) setup: Setup,
    pub(crate) requests: Vec<Pr::Request>,
}

impl<Pr: Problem> Clone for Trial<Pr> {
    fn clone(&self) -> Self {
        Self { setup: self.setup.clone(), requests: self.requests.clone() }
    }
}

/// The smallest counterexample that a search found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Found {
    /// How many messages had been sent when it showed.
    pub(crate) sent: u64,
    /// How many had arrived.
    pub(crate) received: u64,
    /// With which seed.
    pub(crate) seed: u64,
}

impl<Pr: Problem> Trial<Pr> {
    /// `nodes` processes, all linked, on links that take anything up to 20 ms; at these milliseconds these nodes are
    /// asked for this.
    pub(crate) fn of(nodes: u32, asked: impl IntoIterator<Item = (u64, u32, Pr::Request)>) -> Self {
        let mut setup = Setup::of(Names::Numbered(nodes));
        setup.network.delay = Duration::from_millis(10);
        setup.network.jitter = Duration::from_millis(10);
        let mut requests = Vec::new();
        for (at, node, request) in asked {
            let targets = Targets::Node(ProcessId(node));
            setup.agenda.push(planned(at, Action::Request { targets, request: requests.len() as u32 }));
            requests.push(request);
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        Self { setup, requests }
    }

    /// The same over links that keep the order of messages.
    pub(crate) fn fifo(mut self) -> Self {
        self.setup.network.fifo = true;
        self
    }

    /// The same over links that deliver half of the messages twice.
    pub(crate) fn duplicating(mut self) -> Self {
        self.setup.network.duplicate = Probability::parts_per_billion(500_000_000);
        self
    }

    /// The same over links that lose this many messages out of a hundred.
    #[expect(dead_code, reason = "not every problem's trials lose messages yet")]
    pub(crate) fn losing(mut self, percent: u64) -> Self {
        self.setup.network.loss = Probability::parts_per_billion(percent * 10_000_000);
        self
    }

    /// The same with something that happens at this millisecond.
    pub(crate) fn with(mut self, at: u64, action: Action) -> Self {
        self.setup.agenda.push(planned(at, action));
        self.setup.agenda.sort_by_key(|planned| planned.at);
        self
    }

    /// The same, ended at this millisecond: for algorithms that never rest.
    pub(crate) fn until(mut self, at: u64) -> Self {
        self.setup.until = Some(Time(at * 1_000_000));
        self
    }

    /// Runs it with one seed, until nothing is left to do: how many messages of each kind were sent, and all outputs.
    pub(crate) fn run<P: Process<Problem = Pr>>(
        &self,
        config: P::Config,
        seed: u64,
    ) -> (Counts, Vec<(ProcessId, Pr::Output)>) {
        let cast = Cast::<P> { config, requests: self.requests.clone(), ..Cast::default() };
        let mut simulation = Simulation::new(Arc::new(self.setup.clone()), cast);
        let summary = simulation.run(seed, Level::Full);
        assert!(summary.end == End::Quiescent || self.setup.until.is_some(), "it comes to rest");
        let recording = simulation.recording();
        (
            recording.counts().clone(),
            recording.outputs().map(|(node, output)| (node, output.clone())).collect(),
        )
    }

    /// The smallest violation of `property` among all seeds.
    pub(crate) fn search<P: Process<Problem = Pr>>(
        &self,
        config: &P::Config,
        property: &str,
    ) -> Option<Found> {
        let mut smallest: Option<Found> = None;
        let liveness = Pr::properties()
            .iter()
            .any(|known| known.name == property && known.kind == PropertyKind::Liveness);
        self.each_run::<P>(config, &[property], |seed, history, verdicts| {
            if let [Verdict::Violated { events, .. }] = verdicts {
                let last = if liveness { u64::MAX } else { events.last().copied().unwrap_or(u64::MAX) };
                let (sent, received) = count(history, last);
                let found = Found { sent, received, seed };
                smallest = Some(smallest.map_or(found, |smallest| smallest.min(found)));
            }
        });
        smallest
    }

    /// Finds a violation of `property`, and one that needs no more than so many messages sent and received.
    #[track_caller]
    pub(crate) fn kills<P: Process<Problem = Pr>>(
        &self,
        config: &P::Config,
        property: &str,
        (sent, received): (u64, u64),
    ) {
        let found = self.search::<P>(config, property);
        let Some(found) = found else { panic!("{config:?} survives: {property} is never violated") };
        assert!(
            found.sent <= sent && found.received <= received,
            "{config:?}: {property} is violated after {found:?}, not after {sent} sent and {received} received"
        );
    }

    /// No seed violates any of these, and each is put to the test.
    #[track_caller]
    pub(crate) fn survives<P: Process<Problem = Pr>>(&self, config: &P::Config, properties: &[&str]) {
        let mut exercised = vec![false; properties.len()];
        self.each_run::<P>(config, properties, |seed, _, verdicts| {
            for ((name, verdict), exercised) in properties.iter().zip(verdicts).zip(&mut exercised) {
                match verdict {
                    Verdict::Holds { .. } => *exercised = true,
                    Verdict::Vacuous => {}
                    Verdict::Violated { .. } | Verdict::Undecided { .. } => {
                        panic!("{config:?}, seed {seed}: {name}: {verdict:?}")
                    }
                }
            }
        });
        for (name, exercised) in properties.iter().zip(exercised) {
            assert!(exercised, "{config:?}: no seed puts {name} to the test");
        }
    }

    /// Runs it with every seed and shows each run's history, with the verdicts on these properties.
    pub(crate) fn each_run<P: Process<Problem = Pr>>(
        &self,
        config: &P::Config,
        properties: &[&str],
        mut look: impl FnMut(u64, &History<'_, Pr>, &[Verdict]),
    ) {
        let (names, nodes) = (&self.setup.names, self.setup.names.len());
        let wanted: Vec<String> = properties.iter().map(|name| (*name).to_owned()).collect();
        let requests = self.requests.clone();
        let cast = Cast::<P> { config: config.clone(), requests, ..Cast::default() };
        let mut simulation = Simulation::new(Arc::new(self.setup.clone()), cast);
        for seed in 0..SEEDS {
            let summary = simulation.run(seed, Level::Full);
            let history = simulation.recording().history(nodes, summary.end);
            let verdicts: Vec<Verdict> = judge(&history, names, &wanted).into_values().collect();
            assert_eq!(verdicts.len(), wanted.len(), "every property is one of the problem's");
            look(seed, &history, &verdicts);
        }
    }
}

/// Something that happens at this millisecond.
pub(crate) fn planned(at: u64, action: Action) -> Planned {
    Planned { at: Time(at * 1_000_000), action, lasts: None, may_miss: true, entry: 0 }
}

/// How many messages were sent and received up to an event.
pub(crate) fn count<Pr: Problem>(history: &History<'_, Pr>, last: u64) -> (u64, u64) {
    let (mut sent, mut received) = (0, 0);
    for step in history.steps.iter().take_while(|step| step.event <= last) {
        match step.what {
            What::Send { .. } => sent += 1,
            What::Receive { .. } => received += 1,
            _ => {}
        }
    }
    (sent, received)
}
