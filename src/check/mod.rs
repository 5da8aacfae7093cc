//! Runs properties over a trace: from the simulator, a search or a live run alike.

mod jury;
mod typed;

pub use jury::{Jury, jury};
pub use typed::{Mismatch, Typed};

use crate::process::{History, Measure, Names, Problem, Property, Samples, Verdict};
use indexmap::IndexMap;

/// Judges a history by the properties of its problem that `wanted` names, in that order. Names unknown to the
/// problem are left out: a scenario's are known, they were checked when it was read.
pub fn judge<Pr: Problem>(
    history: &History<'_, Pr>,
    names: &Names,
    wanted: &[String],
) -> IndexMap<String, Verdict> {
    let properties = Pr::properties();
    let named = |name: &String| properties.iter().find(|property| property.name == name);
    let judged = |property: &Property<Pr>| (property.name.to_owned(), (property.check)(history));
    names.scope(|| wanted.iter().filter_map(named).map(judged).collect())
}

/// Takes every measure of a history's problem.
pub fn measure<Pr: Problem>(history: &History<'_, Pr>) -> IndexMap<String, Samples> {
    let taken = |measure: Measure<Pr>| {
        (measure.name.to_owned(), Samples { unit: measure.unit, values: (measure.take)(history) })
    };
    Pr::measures().into_iter().map(taken).collect()
}
