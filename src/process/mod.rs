//! The contract between an algorithm and everything that runs it: what goes in, what comes out, nothing else.
//!
//! An algorithm is a state machine. A driver (simulation, search, replay, live) feeds it one [`Input`] at a time
//! through [`step`]; the handlers push [`Effect`]s into a buffer that the driver owns, and the driver applies
//! them in order once the handler has returned. A process performs no input or output of its own, reads no
//! clock but [`Context::now`], and draws no randomness but [`Context::choose`].

mod choices;
mod context;
mod description;
mod digest;
mod fingerprint;
mod formula;
mod history;
mod measure;
mod names;
mod property;
mod time;
mod troupe;

pub use choices::Choices;
pub use context::{Context, Effect, Effects, NeighbourIter, Neighbours, Scene};
pub use description::{Description, kind_of};
pub use digest::Digest;
pub use fingerprint::fingerprint;
pub use formula::Formula;
pub(crate) use history::Memory;
pub use history::{End, History, Step, What};
pub use measure::{Counted, Measure, Operation, Samples, Unit};
pub use names::{Names, ProcessId};
pub use property::{Property, PropertyKind, Sees, Verdict};
pub use time::{LocalTime, Time, TimerRange, duration, format_duration, parse_duration};
pub use troupe::{Actors, Cast, Deed, Exchange, Interned, Keep, Kept, Part, Stored, Table, Troupe, Values};

use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, hash::Hash};

/// A plain value: comparable, hashable, printable, and able to cross a socket or to another thread.
pub trait Value: Clone + Eq + Ord + Hash + Debug + Serialize + DeserializeOwned + Send + 'static {}

impl<T: Clone + Eq + Ord + Hash + Debug + Serialize + DeserializeOwned + Send + 'static> Value for T {}

/// A type without values, for a process that has no timers or no stable storage worth a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Never {}

/// What is asked of an algorithm and what it must answer, apart from how.
pub trait Problem: Sized + 'static {
    /// The name that `synod list` shows, such as `broadcast`.
    const NAME: &'static str;
    /// What the application above a process asks of it.
    type Request: Value;
    /// What a process tells the application above it.
    type Output: Value;
    /// What can be asked, by example: for `synod describe`, and for the scenario that `synod new` writes.
    const REQUESTS: &'static [Example];
    /// What it is there to do: costs are told for each.
    const OPERATION: Operation = Operation::REQUEST;
    /// What every history of requests and outputs must satisfy.
    fn properties() -> Vec<Property<Self>>;
    /// What can be measured in such a history.
    fn measures() -> Vec<Measure<Self>>;
    /// Whether the property of this name looks at messages or timers in a history, and not only at what was asked and
    /// answered and at who was up. A search that judges none that does keeps no record of them.
    fn looks_at_messages(_property: &str) -> bool {
        true
    }
}

/// A request as a scenario writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Example {
    /// Who is asked: one of `alice`, `bob` and `carol`.
    pub node: &'static str,
    /// The request in YAML, on one line.
    pub request: &'static str,
    /// What it asks for.
    pub about: &'static str,
}

/// One participant in a distributed algorithm.
///
/// Recovery after a crash is [`Process::boot`] with the last saved [`Process::Stable`]: there is no second code
/// path, so forgetting to save is a bug that a scenario can show.
pub trait Process: Clone + Eq + Hash + Debug + Send + 'static {
    /// What the algorithm answers.
    type Problem: Problem;
    /// The scenario's `algorithm.config`; the default is used for what the scenario leaves out.
    type Config: DeserializeOwned + Serialize + Default + Clone + Debug + Send + 'static;
    /// What processes send each other. One enum, also where processes have different roles.
    type Message: Value;
    /// The names of this process's timers; [`Never`] when it has none.
    type Timer: Value;
    /// What survives a crash; `()` when nothing does.
    type Stable: Value + Default;

    /// Name, purpose, assumptions, promises, cost and source, as `synod describe` prints them.
    const DESCRIPTION: Description;
    /// What it is known to cost for each operation of its problem, where that is a formula.
    const FORMULAS: &'static [Formula] = &[];

    /// Upon event ⟨init⟩ or ⟨recovery⟩: the first state, from the scenario's `config` and what was last saved.
    fn boot(ctx: &mut Context<'_, Self>, config: &Self::Config, stable: Self::Stable) -> Self;
    /// Upon event ⟨request⟩ from the application above.
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request<Self>);
    /// Upon event ⟨message⟩ received from process `from`.
    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Self::Message);
    /// Upon event ⟨timeout⟩ of a timer that was set and neither cancelled nor set again since.
    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Self::Timer);
}

/// What the application asks of a `P`.
pub type Request<P> = <<P as Process>::Problem as Problem>::Request;
/// What a `P` tells the application.
pub type Output<P> = <<P as Process>::Problem as Problem>::Output;

/// One thing that happens to a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input<P: Process> {
    /// The application asks for something.
    Request(Request<P>),
    /// A message arrives.
    Message {
        /// Who sent it.
        from: ProcessId,
        /// What it says.
        message: P::Message,
    },
    /// A timer runs out.
    Timer(P::Timer),
}

/// Feeds one input to a process: the only way to run one. Its effects are in the context's buffer afterwards.
#[inline]
pub fn step<P: Process>(process: &mut P, ctx: &mut Context<'_, P>, input: Input<P>) {
    match input {
        Input::Request(request) => process.on_request(ctx, request),
        Input::Message { from, message } => process.on_message(ctx, from, message),
        Input::Timer(timer) => process.on_timer(ctx, timer),
    }
}
