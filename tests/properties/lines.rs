//! Histories written down line by line.

use crate::judge;
use synod::process::{End, Problem, Verdict, What};

/// A line of a history: what happens at which node.
pub(crate) enum Line<Pr: Problem> {
    /// The application asks for something.
    Asked(u32, Pr::Request),
    /// The application is told something.
    Told(u32, Pr::Output),
    /// Something else.
    Other(u32, What<'static, Pr>),
}

/// `node` crashes.
pub(crate) fn crash<Pr: Problem>(node: u32) -> Line<Pr> {
    Line::Other(node, What::Crash)
}

/// The verdict on a history of `nodes` processes; a line's event is its place.
pub(crate) fn verdict<Pr: Problem>(property: &str, nodes: u32, end: End, lines: &[Line<Pr>]) -> Verdict {
    let told = lines.iter().map(|line| match line {
        Line::Asked(node, request) => (*node, What::Request(request)),
        Line::Told(node, output) => (*node, What::Output(output)),
        Line::Other(node, what) => (*node, borrowed(what)),
    });
    judge::<Pr>(property, nodes, end, told)
}

/// The same for as long as it is looked at.
fn borrowed<'a, Pr: Problem>(what: &'a What<'static, Pr>) -> What<'a, Pr> {
    match what {
        What::Boot => What::Boot,
        What::Request(request) => What::Request(*request),
        What::Output(output) => What::Output(*output),
        What::Send { message, to } => What::Send { message: *message, to: *to },
        What::Receive { message, from } => What::Receive { message: *message, from: *from },
        What::Timer => What::Timer,
        What::Crash => What::Crash,
        What::Pause => What::Pause,
        What::Resume => What::Resume,
    }
}

/// The same verdict when nothing is left to do.
pub(crate) fn quiescent<Pr: Problem>(property: &str, nodes: u32, lines: &[Line<Pr>]) -> Verdict {
    verdict(property, nodes, End::Quiescent, lines)
}

/// Without anything, every property of a problem is vacuous.
pub(crate) fn says_nothing_of_nothing<Pr: Problem>() {
    for property in Pr::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            crate::vacuous(verdict::<Pr>(property.name, 0, end, &[]));
            crate::vacuous(verdict::<Pr>(property.name, 3, end, &[]));
        }
    }
}
