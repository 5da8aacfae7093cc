//! Remote procedure calls: bind an object to a name, look the name up, call the object's methods from elsewhere.
//!
//! Birrell and Nelson, "Implementing remote procedure calls" (1984); call semantics after Coulouris, Dollimore,
//! Kindberg, "Distributed systems", section 5.3.1, and Sinha, "Distributed operating systems" (1997), chapter 4. The
//! requests of a process are numbered from 1, over all its lives; a call is known by its caller and that number.
//! Whoever executes a call says so (`executed`): that is for whoever judges the run, nobody else hears of it.

mod digest;
mod executions;
pub mod objects;
mod registry;

use crate::process::{Example, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit};
use executions::{answered, at_least_once, at_most_once, exactly_once, last_of_many, matching};
use objects::{Exception, Interface, Method};
use registry::registry;
use serde::{Deserialize, Serialize};

/// The remote procedure call problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rpc {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Export a new object under this name, unless the name is taken.
    Bind {
        /// The name.
        name: String,
        /// What kind of object.
        object: Interface,
    },
    /// Export a new object under this name, in place of this process's own that may have it.
    Rebind {
        /// The name.
        name: String,
        /// What kind of object.
        object: Interface,
    },
    /// Take the name of an object of this process away.
    Unbind {
        /// The name.
        name: String,
    },
    /// Find out which object has this name. Later calls go to that one.
    Lookup {
        /// The name.
        name: String,
    },
    /// Call a method of the object that was found under this name.
    Call {
        /// The name.
        name: String,
        /// The method.
        method: Method,
        /// Its argument.
        #[serde(default)]
        argument: String,
    },
}

/// A reference to a remote object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// Where it lives.
    pub server: ProcessId,
    /// In which life of its server it was exported, counted from 1.
    pub life: u64,
    /// Which of the objects of that life it is, counted from 1.
    pub object: u64,
    /// What can be asked of it.
    pub interface: Interface,
}

/// What an execution results in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The object has the name now.
    Bound,
    /// Some object has the name already.
    AlreadyBound,
    /// The name belongs to an object of another process.
    NotOwner,
    /// No object has the name any longer.
    Unbound,
    /// No object has the name.
    NotBound,
    /// This object has the name.
    Found(Reference),
    /// The method returns this.
    Returned(String),
    /// The method raises this.
    Raised(Exception),
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Nobody answered in time: it was executed, or was not.
    Timeout,
    /// The name was not looked up, or what was found is stale.
    NoReference,
    /// The server has no such object.
    NoSuchObject,
    /// The object has no such method.
    NoSuchMethod,
    /// The server has crashed since, and its object with it.
    StaleReference,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// A request was executed, with this result.
    Answered {
        /// Which of the process's requests.
        call: u64,
        /// The result.
        answer: Answer,
    },
    /// It is not known to have been executed.
    Failed {
        /// Which of the process's requests.
        call: u64,
        /// Why.
        why: Why,
    },
    /// This process has executed a request of another one, or its own.
    Executed {
        /// Whose.
        client: ProcessId,
        /// Which of the client's requests.
        call: u64,
        /// The result.
        answer: Answer,
    },
}

impl Problem for Rpc {
    const NAME: &'static str = "rpc";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: "{bind: {name: roots, object: square-root}}",
            about: "Export a new object under this name, unless the name is taken; `rebind` replaces.",
        },
        Example {
            node: "bob",
            request: "{lookup: {name: roots}}",
            about: "Find out which object has this name.",
        },
        Example {
            node: "bob",
            request: r#"{call: {name: roots, method: sqrt, argument: "2"}}"#,
            about: "Call a method of the object that was found: `sqrt`, `increment` or `echo`.",
        },
        Example {
            node: "alice",
            request: "{unbind: {name: roots}}",
            about: "Take the name of an object of this process away.",
        },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property("at-most-once", "No request is executed more than once.", Safety, Nodes, at_most_once),
            property("at-least-once", "What is answered was executed before.", Safety, Order, at_least_once),
            property(
                "matching",
                "Every request has one answer at most, and it is the result of an execution of this very request.",
                Safety,
                Order,
                matching,
            ),
            property(
                "last-of-many",
                "A server that has executed a request of a client's new life executes none of an earlier life's.",
                Safety,
                Nodes,
                last_of_many,
            ),
            property(
                "registry",
                "The registry answers as one table would that is asked one thing after the other.",
                Safety,
                Nodes,
                registry,
            ),
            property(
                "answered",
                "Every request of a correct process has an answer or fails.",
                Liveness,
                Nodes,
                answered,
            ),
            property(
                "exactly-once",
                "While nobody crashes, every request that a server can serve is executed once and answered.",
                Liveness,
                Nodes,
                exactly_once,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "response",
                about: "From a request to its answer.",
                unit: Unit::Time,
                take: executions::responses,
            },
            Measure {
                name: "executions",
                about: "How often a request is executed, of those that are executed at all.",
                unit: Unit::Count,
                take: executions::repetitions,
            },
        ]
    }
}
