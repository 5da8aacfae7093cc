//! Every algorithm by name: the one place that knows them all and turns generics into a table of functions.

mod facts;
mod live;
mod run;

pub use facts::{Described, Stated};
pub use run::{Idle, Options, Outcome, RunError, Standing};

use crate::{
    algorithms::{
        abcast::Abcast, absolute_order::AbsoluteOrder, anti_entropy::AntiEntropy, berkeley::Berkeley,
        best_effort_broadcast::BestEffortBroadcast, bounded_sink::BoundedSink,
        broadcast_naming::BroadcastNaming, bully::Bully, carvalho_roucairol::CarvalhoRoucairol,
        causal_broadcast::CausalBroadcast, causal_rst::CausalRst, causal_ses::CausalSes,
        central_mutex::CentralMutex, chang_roberts::ChangRoberts, chat::Chat,
        chat_serverless::ChatServerless, chord::Chord, convergecast::Convergecast, cristian::Cristian,
        distance_vector::DistanceVector, echo_election::EchoElection, fifo_broadcast::FifoBroadcast,
        file_mailbox::FileMailbox, flawed, flooding::Flooding, forwarding_naming::ForwardingNaming,
        go_back_n::GoBackN, gossip::Gossip, group_multicast::GroupMulticast,
        guarded_receiver::GuardedReceiver, heartbeat::Heartbeat, hierarchical_naming::HierarchicalNaming,
        hirschberg_sinclair::HirschbergSinclair, home_naming::HomeNaming, hybrid_clock::HybridClock,
        invitation::Invitation, lamport_clock::LamportClock, lamport_mutex::LamportMutex,
        lamport_total_order::LamportTotalOrder, lcr::Lcr, link_state::LinkState, load_balancer::LoadBalancer,
        lundelius_lynch::LundeliusLynch, maekawa::Maekawa, matrix_clock::MatrixClock, membership::Membership,
        message_queue::MessageQueue, multicast::Multicast, naimi_trehel::NaimiTrehel, ntp::Ntp,
        peterson::Peterson, phi_accrual::PhiAccrual, raymond::Raymond, receiver_initiated::ReceiverInitiated,
        reliable_broadcast::ReliableBroadcast, ricart_agrawala::RicartAgrawala, ring_election::RingElection,
        rpc::Rpc, rumor::Rumor, selective_repeat::SelectiveRepeat, sender_initiated::SenderInitiated,
        sequencer::Sequencer, stop_and_wait::StopAndWait, suzuki_kasami::SuzukiKasami, swim::Swim,
        token_ring::TokenRing, token_total_order::TokenTotalOrder, tree_multicast::TreeMulticast,
        unicast::Unicast, uniform_broadcast::UniformBroadcast, vector_clock::VectorClock,
        view_synchrony::ViewSynchrony, work_stealing::WorkStealing, worker_pool::WorkerPool,
    },
    check::{self, Jury, Mismatch, Typed},
    explore::Subject,
    process::{Actors, Description, Problem, Process, Samples, Verdict},
    scenario::{Catalogue, Facts, Misfit, Plan},
    trace::{Header, Trace},
};
use facts::Known;
use indexmap::IndexMap;

/// Verdicts by property.
pub type Judged = Result<IndexMap<String, Verdict>, Mismatch>;
/// Values by measure.
pub type Measured = Result<IndexMap<String, Samples>, Mismatch>;

/// The algorithms that scenarios can name.
pub struct Registry {
    entries: IndexMap<&'static str, Entry>,
}

/// What can be done with an algorithm without knowing its types.
struct Entry {
    facts: Known,
    actors: fn(&Plan) -> Result<Box<dyn Actors>, Misfit>,
    jury: fn(&[String]) -> Box<dyn Jury>,
    judge: fn(&Trace, &[String]) -> Judged,
    measure: fn(&Trace) -> Measured,
}

impl Registry {
    /// The algorithms that come with synod.
    pub fn standard() -> Self {
        Self::empty()
            .with_broadcasts()
            .with_links_and_groups()
            .with_clocks()
            .with_coordination()
            .with_services()
            .with_flawed()
    }

    /// No algorithms.
    pub fn empty() -> Self {
        Self { entries: IndexMap::new() }
    }

    /// These and `P`, under the name in its description. One of the same name gives way.
    #[must_use]
    pub fn with<P: Process>(mut self) -> Self {
        let entry = Entry {
            facts: Known::of::<P>(),
            actors: run::actors::<P>,
            jury: check::jury::<P::Problem>,
            judge: judge::<P::Problem>,
            measure: measure::<P::Problem>,
        };
        self.entries.insert(P::DESCRIPTION.name, entry);
        self
    }

    /// From one to all, and what spreads.
    fn with_broadcasts(self) -> Self {
        self.with::<BestEffortBroadcast>()
            .with::<ReliableBroadcast>()
            .with::<UniformBroadcast>()
            .with::<FifoBroadcast>()
            .with::<CausalBroadcast>()
            .with::<Sequencer>()
            .with::<LamportTotalOrder>()
            .with::<Abcast>()
            .with::<AbsoluteOrder>()
            .with::<TokenTotalOrder>()
            .with::<Flooding>()
            .with::<TreeMulticast>()
            .with::<Gossip>()
            .with::<Rumor>()
            .with::<AntiEntropy>()
    }

    /// From one to another, to some, along routes, in groups.
    fn with_links_and_groups(self) -> Self {
        self.with::<Unicast>()
            .with::<Multicast>()
            .with::<StopAndWait>()
            .with::<GoBackN>()
            .with::<SelectiveRepeat>()
            .with::<CausalSes>()
            .with::<CausalRst>()
            .with::<Convergecast>()
            .with::<GuardedReceiver>()
            .with::<BoundedSink>()
            .with::<DistanceVector>()
            .with::<LinkState>()
            .with::<GroupMulticast>()
            .with::<Membership>()
            .with::<ViewSynchrony>()
            .with::<Chat>()
            .with::<ChatServerless>()
    }

    /// Clocks.
    fn with_clocks(self) -> Self {
        self.with::<LamportClock>()
            .with::<VectorClock>()
            .with::<MatrixClock>()
            .with::<HybridClock>()
            .with::<Cristian>()
            .with::<Berkeley>()
            .with::<Ntp>()
            .with::<LundeliusLynch>()
    }

    /// Who leads, who may enter, who is there.
    fn with_coordination(self) -> Self {
        self.with::<Bully>()
            .with::<RingElection>()
            .with::<ChangRoberts>()
            .with::<Lcr>()
            .with::<HirschbergSinclair>()
            .with::<Peterson>()
            .with::<Invitation>()
            .with::<EchoElection>()
            .with::<CentralMutex>()
            .with::<LamportMutex>()
            .with::<RicartAgrawala>()
            .with::<CarvalhoRoucairol>()
            .with::<Maekawa>()
            .with::<TokenRing>()
            .with::<SuzukiKasami>()
            .with::<Raymond>()
            .with::<NaimiTrehel>()
            .with::<Heartbeat>()
            .with::<PhiAccrual>()
            .with::<Swim>()
    }

    /// Calls, processes, names, loads.
    fn with_services(self) -> Self {
        self.with::<Rpc>()
            .with::<WorkerPool>()
            .with::<FileMailbox>()
            .with::<MessageQueue>()
            .with::<BroadcastNaming>()
            .with::<HomeNaming>()
            .with::<ForwardingNaming>()
            .with::<Chord>()
            .with::<HierarchicalNaming>()
            .with::<LoadBalancer>()
            .with::<SenderInitiated>()
            .with::<ReceiverInitiated>()
            .with::<WorkStealing>()
    }

    /// Famous mistakes.
    fn with_flawed(self) -> Self {
        self.with::<flawed::lamport_mutex::LamportMutexFlawed>()
            .with::<flawed::ricart_agrawala::RicartAgrawalaFlawed>()
            .with::<flawed::carvalho_roucairol::CarvalhoRoucairolFlawed>()
            .with::<flawed::maekawa::MaekawaFlawed>()
            .with::<flawed::suzuki_kasami::SuzukiKasamiFlawed>()
            .with::<flawed::singhal::SinghalFlawed>()
            .with::<flawed::central_mutex::CentralMutexFlawed>()
            .with::<flawed::uniform_broadcast::UniformBroadcastFlawed>()
            .with::<flawed::fifo_broadcast::FifoBroadcastFlawed>()
            .with::<flawed::causal_broadcast::CausalBroadcastFlawed>()
            .with::<flawed::sequencer::SequencerFlawed>()
            .with::<flawed::sequencer_failover::SequencerFailoverFlawed>()
            .with::<flawed::abcast::AbcastFlawed>()
            .with::<flawed::lamport_total_order::LamportTotalOrderFlawed>()
            .with::<flawed::stop_and_wait::StopAndWaitFlawed>()
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
        Ok(run::run(plan, options, (entry.actors)(plan)?, &*(entry.jury)(&plan.checks)))
    }

    /// The processes of a scenario, none of them booted: for a driver that is not the simulator.
    ///
    /// # Errors
    /// When the plan is not one of this registry's.
    pub fn actors(&self, plan: &Plan) -> Result<Box<dyn Actors>, RunError> {
        let entry = self.entries.get(plan.algorithm.as_str());
        let entry = entry.ok_or_else(|| RunError::UnknownAlgorithm(plan.algorithm.clone()))?;
        Ok((entry.actors)(plan)?)
    }

    /// The header of a run of this scenario with this seed.
    pub fn header(&self, plan: &Plan, seed: u64) -> Header {
        run::header(plan, seed)
    }

    /// What a search needs to know of a scenario; none when its algorithm is not known here.
    pub fn subject<'a>(&'a self, plan: &'a Plan) -> Option<Subject<'a>> {
        let entry = self.entries.get(plan.algorithm.as_str())?;
        Some(Subject { plan, actors: entry.actors, jury: entry.jury, catalogue: self })
    }

    /// Judges a trace, wherever it comes from, by the named properties of its algorithm's problem. None when the
    /// algorithm is not known here.
    ///
    /// # Errors
    /// When the trace is not one of the algorithm's.
    pub fn judge(&self, trace: &Trace, wanted: &[String]) -> Option<Judged> {
        Some((self.entries.get(trace.header.algorithm.as_str())?.judge)(trace, wanted))
    }

    /// Takes the measures of a trace's problem. None when the algorithm is not known here.
    ///
    /// # Errors
    /// When the trace is not one of the algorithm's.
    pub fn measure(&self, trace: &Trace) -> Option<Measured> {
        Some((self.entries.get(trace.header.algorithm.as_str())?.measure)(trace))
    }
}

fn judge<Pr: Problem>(trace: &Trace, wanted: &[String]) -> Judged {
    let typed = Typed::<Pr>::of(trace)?;
    Ok(check::judge(&typed.history(trace)?, &trace.names, wanted))
}

fn measure<Pr: Problem>(trace: &Trace) -> Measured {
    let typed = Typed::<Pr>::of(trace)?;
    Ok(check::measure(&typed.history(trace)?))
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
