//! What a scenario's reader and `synod describe` need to know of an algorithm, its types aside.

use super::problem_of;
use crate::{
    process::{
        Description, Example, Formula, Operation, Problem, Process, Property, PropertyKind, Request, Sees,
    },
    scenario::{Facts, Misfit, fit},
};
use serde::Serialize;
use serde_json::Value;

/// Everything there is to say about an algorithm.
#[derive(Clone, Debug, Serialize)]
pub struct Described {
    /// What it says of itself.
    #[serde(flatten)]
    pub description: Description,
    /// The problem it answers.
    pub problem: &'static str,
    /// What can be asked, by example.
    pub requests: &'static [Example],
    /// Every property of the problem.
    pub properties: Vec<Stated>,
    /// What is measured in its runs: name and meaning.
    pub measures: Vec<(&'static str, &'static str)>,
    /// What costs are told for.
    pub operation: Operation,
    /// What each of them is known to cost.
    pub formulas: &'static [Formula],
    /// Its configuration with every default.
    pub config: Value,
}

/// A property in words: everything of it but its check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Stated {
    /// Its name.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub about: &'static str,
    /// Whether something bad never happens or something good does.
    pub kind: PropertyKind,
    /// What of a history its verdict depends on.
    pub sees: Sees,
    /// Whether it looks at messages or timers in a history.
    #[serde(skip)]
    pub looks_at_messages: bool,
}

impl Stated {
    fn of<Pr: Problem>(property: &Property<Pr>) -> Self {
        let Property { name, about, kind, sees, .. } = *property;
        Self { name, about, kind, sees, looks_at_messages: property.looks_at_messages() }
    }
}

/// An algorithm as a scenario's reader knows it.
pub(super) struct Known {
    pub(super) described: Described,
    check_config: fn(&Value) -> Result<(), Misfit>,
    check_request: fn(&Value) -> Result<(), Misfit>,
}

impl Known {
    pub(super) fn of<P: Process>() -> Self {
        let described = Described {
            description: P::DESCRIPTION,
            problem: problem_of::<P>(),
            requests: P::Problem::REQUESTS,
            properties: P::Problem::properties().iter().map(Stated::of).collect(),
            measures: P::Problem::measures().iter().map(|measure| (measure.name, measure.about)).collect(),
            operation: P::Problem::OPERATION,
            formulas: P::FORMULAS,
            config: serde_json::to_value(P::Config::default()).unwrap_or(Value::Null),
        };
        let check_config = |config: &Value| fit::<P::Config>(config).map(drop);
        let check_request = |request: &Value| fit::<Request<P>>(request).map(drop);
        Self { described, check_config, check_request }
    }
}

impl Facts for Known {
    fn check_config(&self, config: &Value) -> Result<(), Misfit> {
        (self.check_config)(config)
    }

    fn default_config(&self) -> Value {
        self.described.config.clone()
    }

    fn check_request(&self, request: &Value) -> Result<(), Misfit> {
        (self.check_request)(request)
    }

    fn properties(&self) -> Vec<&str> {
        self.described.properties.iter().map(|property| property.name).collect()
    }

    fn promises(&self) -> Vec<&str> {
        self.described.description.promises.to_vec()
    }

    fn message_kinds(&self) -> Vec<&str> {
        self.described.description.messages.iter().map(|(kind, _)| *kind).collect()
    }
}
