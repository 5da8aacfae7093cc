//! Load balancing: jobs arrive at some processes and are executed by some; who executes which, and how evenly.
//!
//! The generic conditions are those of load sharing: every job is executed, and once (Eager, Lazowska, Zahorjan,
//! "Adaptive load sharing in homogeneous distributed systems" (1986)). What a policy promises beyond that is judged
//! by what it announced: a dispatcher tells under which rule it serves and by whom, one who shares its jobs tells how
//! much it takes over from others.
//!
//! A job is known by the process that was asked for it and its number there, counted from 1; a request that was
//! refused has no number, and a job that forks has numbers for all of its parts, level by level. A process that crashes
//! takes with it what it executes: then a job may be executed again, and only then.

mod balance;
mod digest;
mod once;
mod sharing;

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, Verdict, duration,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The load balancing problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadBalancing {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Have this job executed.
    Job {
        /// How long it takes at a server of speed 1.
        #[serde(with = "duration")]
        size: Duration,
        /// What it is about: some policies send all jobs of one key to one server.
        #[serde(default)]
        key: Option<String>,
    },
    /// Have this job executed, and the jobs that it forks when it ends.
    Fork {
        /// How long each of them takes.
        #[serde(with = "duration")]
        size: Duration,
        /// How many jobs each of them forks.
        children: u32,
        /// How many levels there are below the first.
        depth: u32,
    },
    /// Send no more jobs to this server; it finishes those that it has.
    Drain(ProcessId),
    /// Send jobs to this server, too.
    Add(ProcessId),
}

/// A request that would mean more jobs than this is refused.
const JOBS_MAX: u64 = 10_000;

impl Request {
    /// How many jobs this means: all levels of a fork together. None when it is too many.
    pub fn jobs(&self) -> Option<u64> {
        match self {
            Self::Job { .. } => Some(1),
            Self::Drain(_) | Self::Add(_) => Some(0),
            Self::Fork { children, depth, .. } => {
                let (mut level, mut total) = (1_u64, 1_u64);
                for _ in 0..*depth {
                    level = level.saturating_mul(u64::from(*children));
                    total = total.saturating_add(level);
                    if total > JOBS_MAX {
                        return None;
                    }
                    if level == 0 {
                        break;
                    }
                }
                Some(total)
            }
        }
    }
}

/// The name of a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobId {
    /// Who was asked for it.
    pub from: ProcessId,
    /// Which of the jobs that this process was asked for, counted from 1.
    pub number: u64,
}

/// By what rule a dispatcher picks servers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// One after the other.
    RoundRobin,
    /// One after the other, each as often as its weight says.
    Weighted(Vec<u32>),
    /// One that has the fewest unfinished jobs.
    LeastConnections,
    /// Any.
    Random,
    /// The one of so many random ones that has the fewest unfinished jobs.
    Choices(u32),
    /// The one of so many random ones that says it has the fewest jobs when it is asked.
    Probes(u32),
    /// The one to whose arc of a ring the job's key belongs.
    ConsistentHashing,
    /// The next one on the ring that has at most so many times its share.
    BoundedHashing {
        /// The numerator.
        most: u32,
        /// The denominator.
        of: u32,
    },
}

/// Why a request is not answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Only the dispatcher can be asked for this.
    NotTheDispatcher,
    /// There is no dispatcher: everybody executes jobs.
    NoDispatcher,
    /// Jobs that fork are not for this algorithm.
    NoForks,
    /// It would be more jobs than anybody can wait for.
    TooManyJobs,
    /// There is no such server.
    NoSuchServer,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// From now on these servers get jobs, by this rule.
    Serving {
        /// By what rule.
        rule: Rule,
        /// Who serves.
        servers: Vec<ProcessId>,
    },
    /// This process shares its jobs with others and theirs with them.
    Sharing {
        /// How many jobs of others it has at most that it has not executed yet.
        threshold: u32,
        /// For how long no job waits while somebody idles; nothing is promised without.
        #[serde(default)]
        patience: Option<Patience>,
    },
    /// This server is to execute this job.
    Assigned {
        /// Which job.
        job: JobId,
        /// Which server.
        server: ProcessId,
    },
    /// This server has lost its unfinished jobs, or is believed to have: others are to execute them.
    Lost {
        /// Which server.
        server: ProcessId,
    },
    /// This process has passed a job on to another.
    Moved {
        /// Which job.
        job: JobId,
        /// To whom.
        to: ProcessId,
    },
    /// This process begins with a job.
    Started {
        /// Which job.
        job: JobId,
    },
    /// This process has executed a job.
    Executed {
        /// Which job.
        job: JobId,
    },
    /// A job that this process was asked for has been executed, wherever.
    Done {
        /// Which job.
        job: JobId,
    },
    /// The last request is not answered.
    Refused {
        /// Why.
        why: Why,
    },
}

/// How long a job may wait while somebody idles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patience(#[serde(with = "duration")] pub Duration);

impl Problem for LoadBalancing {
    const NAME: &'static str = "load-balancing";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "alice", request: "{job: {size: 30ms}}", about: "Have a job of 30 ms executed." },
        Example {
            node: "alice",
            request: "{job: {size: 30ms, key: blue}}",
            about: "Have a job executed by the server for this key, if the policy has one.",
        },
        Example {
            node: "alice",
            request: "{fork: {size: 10ms, children: 2, depth: 2}}",
            about: "Have a job executed that forks two jobs, which fork two jobs each.",
        },
        Example { node: "alice", request: "{drain: carol}", about: "Send no more jobs to this server." },
        Example { node: "alice", request: "{add: carol}", about: "Send jobs to this server again." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Order};
        let mut properties = vec![
            property(
                "completion",
                "Every job that a correct process is asked for and does not refuse is executed.",
                Liveness,
                Causality,
                once::completion,
            ),
            property(
                "exactly-once",
                "No job is begun or executed twice, unless one who had it crashed; none that nobody asked for.",
                Safety,
                Order,
                once::exactly_once,
            ),
            property(
                "answered",
                "A correct process hears of the end of every job that it was asked for.",
                Liveness,
                Causality,
                once::answered,
            ),
            property(
                "honest-answer",
                "A job that is reported done has been executed, and is reported once.",
                Safety,
                Order,
                once::honest_answer,
            ),
        ];
        properties.extend(fairness());
        properties
    }

    fn measures() -> Vec<Measure<Self>> {
        let measure = |name, about, unit, take| Measure { name, about, unit, take };
        vec![
            measure("waiting", "From the request of a job to its beginning.", Unit::Time, once::waiting),
            measure("response", "From the request of a job to its end.", Unit::Time, once::response),
            measure("load", "Jobs executed, one value for each server.", Unit::Count, balance::load),
            measure("busy", "Time spent on jobs, one value for each server.", Unit::Time, balance::busy),
            measure(
                "imbalance",
                "Jobs that the busiest server executed more than the idlest.",
                Unit::Count,
                balance::imbalance,
            ),
            measure(
                "moved-keys",
                "One for each job whose key went to another server than the time before, else zero.",
                Unit::Count,
                balance::moved_keys,
            ),
        ]
    }
}

fn property(
    name: &'static str,
    about: &'static str,
    kind: PropertyKind,
    sees: Sees,
    check: fn(&History<'_, LoadBalancing>) -> Verdict,
) -> Property<LoadBalancing> {
    Property { name, about, kind, sees, check }
}

/// Who gets which job, and how many.
fn fairness() -> Vec<Property<LoadBalancing>> {
    use PropertyKind::Safety;
    use Sees::{Nodes, Order, Times};
    vec![
        property(
            "serving-only",
            "Jobs are assigned to servers that serve at that time, and to no others.",
            Safety,
            Nodes,
            balance::serving_only,
        ),
        property(
            "balanced",
            "Every job is assigned as the announced rule has it: in turns, by weight, to a least loaded server or one of the less loaded, or within the bound.",
            Safety,
            Nodes,
            balance::balanced,
        ),
        property(
            "moves-only-to-new",
            "Under consistent hashing a key goes to another server only if that one is new or the former one has left.",
            Safety,
            Order,
            balance::moves_only_to_new,
        ),
        property(
            "at-most-one-transfer",
            "No job is passed on twice.",
            Safety,
            Nodes,
            sharing::at_most_one_transfer,
        ),
        property(
            "no-overload",
            "Nobody has more unfinished jobs of others than it said it would take.",
            Safety,
            Order,
            sharing::no_overload,
        ),
        property(
            "no-idling",
            "No job waits for longer than the announced patience while somebody is idle all that time.",
            Safety,
            Times,
            sharing::no_idling,
        ),
    ]
}
