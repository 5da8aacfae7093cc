//! Some properties of a problem, ready to judge many runs.

use crate::{
    process::{Actors, End, Exchange, Memory, Names, Problem, Property, PropertyKind, Sees, Verdict},
    trace::Recording,
};
use std::cell::Cell;

/// Judges recorded runs of one algorithm by some of its problem's properties.
pub trait Jury {
    /// One verdict for each property, in their order. Recording and processes are those of the same run.
    fn judge(&self, recording: &Recording, actors: &dyn Actors, names: &Names, end: End) -> Vec<Verdict>;
    /// The names of the properties.
    fn properties(&self) -> Vec<&'static str>;
    /// Of what kind each is.
    fn kinds(&self) -> Vec<PropertyKind>;
    /// What of a history each looks at.
    fn sees(&self) -> Vec<Sees>;
    /// Whether any of them looks at messages or timers: a recording in brief is enough otherwise.
    fn looks_at_messages(&self) -> bool;
}

/// The properties of `Pr` that `wanted` names, in that order. Names unknown to the problem are left out: a scenario's
/// are known, they were checked when it was read.
pub fn jury<Pr: Problem>(wanted: &[String]) -> Box<dyn Jury> {
    let mut properties: Vec<Option<Property<Pr>>> = Pr::properties().into_iter().map(Some).collect();
    let mut take = |name: &String| {
        let named = |property: &&mut Option<Property<Pr>>| {
            property.as_ref().is_some_and(|property| property.name == name)
        };
        properties.iter_mut().find(named).and_then(Option::take)
    };
    let properties = wanted.iter().filter_map(&mut take);
    let properties: Vec<Property<Pr>> = properties.collect();
    let looks_at_messages = properties.iter().any(Property::looks_at_messages);
    Box::new(Bench { properties, looks_at_messages, memory: Cell::default() })
}

struct Bench<Pr: Problem> {
    properties: Vec<Property<Pr>>,
    looks_at_messages: bool,
    /// The memory of the last history, for the next one.
    memory: Cell<Memory<Pr>>,
}

impl<Pr: Problem> Jury for Bench<Pr> {
    fn judge(&self, recording: &Recording, actors: &dyn Actors, names: &Names, end: End) -> Vec<Verdict> {
        let exchange = actors.exchange().downcast_ref::<Exchange<Pr>>();
        let exchange =
            exchange.unwrap_or_else(|| unreachable!("the jury is that of the algorithm's problem"));
        let memory = self.memory.take();
        let history = recording.history_in(memory, exchange, names.len(), end, self.looks_at_messages);
        let verdicts =
            names.scope(|| self.properties.iter().map(|property| (property.check)(&history)).collect());
        self.memory.set(history.into_memory());
        verdicts
    }

    fn properties(&self) -> Vec<&'static str> {
        self.properties.iter().map(|property| property.name).collect()
    }

    fn kinds(&self) -> Vec<PropertyKind> {
        self.properties.iter().map(|property| property.kind).collect()
    }

    fn sees(&self) -> Vec<Sees> {
        self.properties.iter().map(|property| property.sees).collect()
    }
    fn looks_at_messages(&self) -> bool {
        self.looks_at_messages
    }
}
