//! The remote procedure call problem. Node 0 is the registry and the server, nodes 1 and 2 call.

use crate::{holds, judge, undecided, vacuous, violated};
use synod::{
    problems::rpc::{
        Answer, Output, Reference, Request, Rpc, Why,
        objects::{Exception, Interface, Method},
    },
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
#[derive(Clone)]
enum Line {
    Asked(u32, Request),
    Told(u32, Output),
    Crash(u32),
    Boot(u32),
}

use Line::{Asked, Boot, Crash, Told};

fn call(node: u32, method: Method, argument: &str) -> Line {
    Asked(node, Request::Call { name: "it".into(), method, argument: argument.into() })
}

fn increment(node: u32) -> Line {
    call(node, Method::Increment, "")
}

fn executed(client: u32, call: u64, answer: Answer) -> Line {
    Told(0, Output::Executed { client: ProcessId(client), call, answer })
}

fn answered(node: u32, call: u64, answer: Answer) -> Line {
    Told(node, Output::Answered { call, answer })
}

fn failed(node: u32, call: u64, why: Why) -> Line {
    Told(node, Output::Failed { call, why })
}

fn returned(value: &str) -> Answer {
    Answer::Returned(value.into())
}

fn verdict(property: &str, end: End, lines: &[Line]) -> Verdict {
    let told = lines.iter().map(|line| match line {
        Asked(node, request) => (*node, What::Request(request)),
        Told(node, output) => (*node, What::Output(output)),
        Crash(node) => (*node, What::Crash),
        Boot(node) => (*node, What::Boot),
    });
    judge::<Rpc>(property, 3, end, told)
}

fn quiescent(property: &str, lines: &[Line]) -> Verdict {
    verdict(property, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in Rpc::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, end, &[]));
        }
    }
}

#[test]
fn nothing_is_executed_twice() {
    let twice = [increment(1), executed(1, 1, returned("1")), executed(1, 1, returned("2"))];
    violated(&[1, 2], quiescent("at-most-once", &twice));
    let others = [increment(1), increment(2), executed(1, 1, returned("1")), executed(2, 1, returned("2"))];
    holds(2, quiescent("at-most-once", &others));
}

#[test]
fn an_answer_needs_an_execution() {
    let fine = [increment(1), executed(1, 1, returned("1")), answered(1, 1, returned("1"))];
    holds(1, quiescent("at-least-once", &fine));
    violated(&[1], quiescent("at-least-once", &[increment(1), answered(1, 1, returned("1"))]));
    let somebody_elses =
        [increment(1), increment(2), executed(2, 1, returned("1")), answered(1, 1, returned("1"))];
    violated(&[3], quiescent("at-least-once", &somebody_elses));
    vacuous(quiescent("at-least-once", &[increment(1), failed(1, 1, Why::Timeout)]));
}

#[test]
fn an_answer_is_the_result_of_its_own_call() {
    let root = |value: &str| {
        let answer = returned(value);
        [call(1, Method::Sqrt, "9"), executed(1, 1, answer.clone()), answered(1, 1, answer)]
    };
    holds(1, quiescent("matching", &root("3")));
    violated(&[0, 2], quiescent("matching", &root("4")));
    // Executed rightly, and told wrongly: an exception that has become a value.
    let lost = [
        call(1, Method::Sqrt, "-9"),
        executed(1, 1, Answer::Raised(Exception::Negative)),
        answered(1, 1, returned("0")),
    ];
    violated(&[0, 2], quiescent("matching", &lost));
    let mixed = [
        increment(1),
        increment(1),
        executed(1, 1, returned("1")),
        executed(1, 2, returned("2")),
        answered(1, 1, returned("2")),
    ];
    violated(&[0, 4], quiescent("matching", &mixed));
    let twice = [increment(1), executed(1, 1, returned("1")), answered(1, 1, returned("1"))];
    let again = [&twice[..], &[failed(1, 1, Why::Timeout)]].concat();
    violated(&[2, 3], quiescent("matching", &again));
    violated(&[0], quiescent("matching", &[failed(1, 7, Why::Timeout)]));
}

#[test]
fn orphans_are_not_executed_after_their_successors() {
    let lives = [increment(1), Crash(1), Boot(1), increment(1)];
    let in_order = [&lives[..], &[executed(1, 1, returned("1")), executed(1, 2, returned("2"))]].concat();
    holds(1, quiescent("last-of-many", &in_order));
    let orphan = [&lives[..], &[executed(1, 2, returned("1")), executed(1, 1, returned("2"))]].concat();
    violated(&[4, 5], quiescent("last-of-many", &orphan));
    // Calls of one life may overtake each other.
    let one_life = [increment(1), increment(1), executed(1, 2, returned("1")), executed(1, 1, returned("2"))];
    vacuous(quiescent("last-of-many", &one_life));
}

#[test]
fn a_registry_is_a_table() {
    let name = || "it".to_owned();
    let bind = |node: u32| Asked(node, Request::Bind { name: name(), object: Interface::Echo });
    let unbind = |node: u32| Asked(node, Request::Unbind { name: name() });
    let lookup = |node: u32| Asked(node, Request::Lookup { name: name() });
    let found = |server: u32, object: u64| {
        let interface = Interface::Echo;
        Answer::Found(Reference { server: ProcessId(server), life: 1, object, interface })
    };
    let bound = [bind(1), executed(1, 1, Answer::Bound)];
    holds(1, quiescent("registry", &bound));
    let taken = |answer: Answer| [&bound[..], &[bind(2), executed(2, 1, answer)]].concat();
    holds(2, quiescent("registry", &taken(Answer::AlreadyBound)));
    violated(&[1, 3], quiescent("registry", &taken(Answer::Bound)));
    let freed = |answer: Answer| [&bound[..], &[unbind(2), executed(2, 1, answer)]].concat();
    holds(2, quiescent("registry", &freed(Answer::NotOwner)));
    violated(&[1, 3], quiescent("registry", &freed(Answer::Unbound)));
    violated(&[1, 3], quiescent("registry", &freed(Answer::NotBound)));
    let looked = |answer: Answer| [&bound[..], &[lookup(2), executed(2, 1, answer)]].concat();
    holds(2, quiescent("registry", &looked(found(1, 1))));
    violated(&[1, 3], quiescent("registry", &looked(found(2, 1))));
    violated(&[1, 3], quiescent("registry", &looked(Answer::NotBound)));
    let two = [&looked(found(1, 1))[..], &[lookup(2), executed(2, 2, found(1, 2))]].concat();
    violated(&[3, 5], quiescent("registry", &two));
    violated(&[1], quiescent("registry", &[lookup(2), executed(2, 1, found(1, 1))]));
    // A registry that has crashed may have saved its table and may not; what it says first is what it holds.
    let crashed = |answer: Answer| {
        let after =
            [Crash(0), Boot(0), lookup(2), executed(2, 1, answer), lookup(2), executed(2, 2, found(1, 1))];
        [&bound[..], &after].concat()
    };
    holds(2, quiescent("registry", &crashed(found(1, 1))));
    violated(&[7], quiescent("registry", &crashed(Answer::NotBound)));
}

#[test]
fn every_call_ends() {
    holds(1, quiescent("answered", &[increment(1), failed(1, 1, Why::Timeout)]));
    violated(&[0], quiescent("answered", &[increment(1)]));
    undecided(verdict("answered", End::CutShort, &[increment(1)]));
    vacuous(quiescent("answered", &[increment(1), Crash(1)]));
}

#[test]
fn without_crashes_it_is_exactly_once() {
    let fine = [increment(1), executed(1, 1, returned("1")), answered(1, 1, returned("1"))];
    holds(1, quiescent("exactly-once", &fine));
    violated(&[0], quiescent("exactly-once", &fine[..2]));
    violated(&[0], quiescent("exactly-once", &[increment(1), failed(1, 1, Why::Timeout)]));
    undecided(verdict("exactly-once", End::CutShort, &fine[..1]));
    let twice = [&fine[..], &[executed(1, 1, returned("2"))]].concat();
    violated(&[1, 3], quiescent("exactly-once", &twice));
    vacuous(quiescent("exactly-once", &[increment(1), failed(1, 1, Why::NoSuchMethod)]));
    vacuous(quiescent("exactly-once", &[increment(1), Crash(0)]));
}

#[test]
fn calls_are_measured() {
    let lines = [
        increment(1),
        executed(1, 1, returned("1")),
        executed(1, 1, returned("2")),
        answered(1, 1, returned("1")),
    ];
    let told = lines.iter().map(|line| match line {
        Asked(node, request) => (*node, What::Request(request)),
        Told(node, output) => (*node, What::Output(output)),
        Crash(node) => (*node, What::Crash),
        Boot(node) => (*node, What::Boot),
    });
    let history = crate::history::<Rpc>(3, End::Quiescent, told);
    let taken: Vec<Vec<u64>> = Rpc::measures().iter().map(|measure| (measure.take)(&history)).collect();
    assert_eq!(taken, [vec![3], vec![2]]);
}
