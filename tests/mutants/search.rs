//! Looking for a violation: one world, one workload, many seeds, the smallest counterexample.

use std::{sync::Arc, time::Duration};
use synod::{
    check::judge,
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, History, Names, Process, ProcessId, Time, Verdict, What},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Planned, Probability, Setup, Targets},
};

/// How many seeds a search tries.
pub(crate) const SEEDS: u64 = 300;

/// A small world, and what is said in it.
#[derive(Clone)]
pub(crate) struct Trial {
    pub(crate) setup: Setup,
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

impl Trial {
    /// `nodes` processes on links that take anything up to 20 ms; at these milliseconds these nodes say something.
    pub(crate) fn of(nodes: u32, said: &[(u64, u32)]) -> Self {
        let mut setup = Setup::of(Names::Numbered(nodes));
        setup.network.delay = Duration::from_millis(10);
        setup.network.jitter = Duration::from_millis(10);
        for (place, (at, node)) in said.iter().enumerate() {
            let action = Action::Request { targets: Targets::Node(ProcessId(*node)), request: place as u32 };
            setup.agenda.push(planned(*at, action));
        }
        Self { setup }
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

    /// The same with something that happens at this millisecond.
    pub(crate) fn with(mut self, at: u64, action: Action) -> Self {
        self.setup.agenda.push(planned(at, action));
        self.setup.agenda.sort_by_key(|planned| planned.at);
        self
    }

    /// The smallest violation of `property` among all seeds.
    pub(crate) fn search<P: Process<Problem = Broadcast>>(
        &self,
        config: &P::Config,
        property: &str,
    ) -> Option<Found> {
        let mut smallest: Option<Found> = None;
        self.each_run::<P>(config, &[property], |seed, history, verdicts| {
            if let [Verdict::Violated { events, .. }] = verdicts {
                let unmet = Broadcast::is_liveness(property);
                let last = if unmet { u64::MAX } else { events.last().copied().unwrap_or(u64::MAX) };
                let (sent, received) = count(history, last);
                let found = Found { sent, received, seed };
                smallest = Some(smallest.map_or(found, |smallest| smallest.min(found)));
            }
        });
        smallest
    }

    /// Finds a violation of `property`, and one that needs no more than so many messages sent and received.
    pub(crate) fn kills<P: Process<Problem = Broadcast>>(
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

    /// The orders of two processes part for good (neither has delivered a beginning of what the other has), and in
    /// some run with no more than so many messages sent and received: the catalogue's gap-free total order, which
    /// sees at once what `total-order` sees when both have delivered both.
    pub(crate) fn forks<P: Process<Problem = Broadcast>>(
        &self,
        config: &P::Config,
        (sent, received): (u64, u64),
    ) {
        let mut smallest: Option<(u64, u64)> = None;
        self.each_run::<P>(config, &[], |_, history, _| {
            let fork = fork(history).map(|event| count(history, event));
            smallest = [smallest, fork].into_iter().flatten().min();
        });
        let Some(found) = smallest else { panic!("{config:?}: the orders never part") };
        assert!(
            found.0 <= sent && found.1 <= received,
            "{config:?}: the orders part after {found:?}, not after {sent} sent and {received} received"
        );
    }

    /// In no run do the orders of two processes part.
    pub(crate) fn never_forks<P: Process<Problem = Broadcast>>(&self, config: &P::Config) {
        self.each_run::<P>(config, &[], |seed, history, _| {
            assert_eq!(fork(history), None, "{config:?}, seed {seed}: the orders part");
        });
    }

    /// No seed violates any of these, and each is put to the test.
    pub(crate) fn survives<P: Process<Problem = Broadcast>>(&self, config: &P::Config, properties: &[&str]) {
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

    fn each_run<P: Process<Problem = Broadcast>>(
        &self,
        config: &P::Config,
        properties: &[&str],
        mut look: impl FnMut(u64, &History<'_, Broadcast>, &[Verdict]),
    ) {
        let (names, nodes) = (&self.setup.names, self.setup.names.len());
        let wanted: Vec<String> = properties.iter().map(|name| (*name).to_owned()).collect();
        let requests = (0..self.setup.agenda.len()).map(|place| Request::Broadcast(format!("m{place}")));
        let cast = Cast::<P> { config: config.clone(), requests: requests.collect(), ..Cast::default() };
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

/// Whether a property of a problem is about what happens in the end.
trait Properties {
    fn is_liveness(name: &str) -> bool;
}

impl Properties for Broadcast {
    fn is_liveness(name: &str) -> bool {
        use synod::process::{Problem, PropertyKind};
        Self::properties()
            .iter()
            .any(|property| property.name == name && property.kind == PropertyKind::Liveness)
    }
}

fn planned(at: u64, action: Action) -> Planned {
    Planned { at: Time(at * 1_000_000), action, lasts: None, may_miss: true, entry: 0 }
}

/// The first delivery after which two processes have delivered different messages in the same place.
fn fork(history: &History<'_, Broadcast>) -> Option<u64> {
    let mut order = Vec::new();
    let mut delivered = vec![0; history.nodes as usize];
    for step in &history.steps {
        let What::Output(Output::Deliver(Delivery { from, id, .. })) = step.what else { continue };
        let place = &mut delivered[step.node.index()];
        match order.get(*place) {
            None => order.push((*from, *id)),
            Some(known) if *known == (*from, *id) => {}
            Some(_) => return Some(step.event),
        }
        *place += 1;
    }
    None
}

/// How many messages were sent and received up to an event.
fn count(history: &History<'_, Broadcast>, last: u64) -> (u64, u64) {
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

/// Hands a message to the application.
pub(crate) fn deliver<P: Process<Problem = Broadcast>>(
    ctx: &mut Context<'_, P>,
    from: ProcessId,
    id: u64,
    body: impl Into<String>,
) {
    ctx.produce(Output::Deliver(Delivery { number: None, from, id, body: body.into() }));
}
