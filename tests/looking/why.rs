//! The chain of events that led to one.

use crate::runs::{snapshots, trace, traces};
use insta::assert_snapshot;
use std::collections::BTreeSet;
use synod::{
    registry::Registry,
    report::{Account, Question, VectorClocks},
    trace::{EventKind, Trace},
};

fn told(trace: &Trace, event: &str) -> String {
    let question = Question::parse(event, trace).unwrap_or_else(|error| panic!("{error}"));
    Account::of(trace, question, false).to_string()
}

#[test]
fn chains_are_as_they_were() {
    let registry = Registry::standard();
    let questions = [
        ("violation", "group_communication/an_answer_before_its_question", "violation"),
        ("entry", "mutual_exclusion/ricart_agrawala_at_work", "output:enter@n2"),
        ("concurrent", "mutual_exclusion/quorums_that_do_not_meet", "violation:mutual-exclusion"),
        ("drop", "election/a_bully_comes_back", "drop#2"),
        ("partition", "world/a_partition_kills_what_arrives_during_it", "drop"),
        ("timer", "election/a_bully_comes_back", "output:leader@bo"),
        ("request", "group_communication/an_answer_before_its_question", "3"),
    ];
    for (name, scenario, event) in questions {
        let trace = trace(&registry, scenario);
        snapshots().bind(|| assert_snapshot!(format!("why_{name}"), told(&trace, event)));
    }
}

/// What is told happened before what is asked about: vector clocks, which know nothing of causes, say so too.
#[test]
fn nothing_concurrent_is_told() {
    for (name, trace) in traces(&["mutual_exclusion", "election", "group_communication"]) {
        let mut clocks = VectorClocks::new(&trace);
        let clocks: Vec<_> = trace.events.iter().map(|event| clocks.advance(event).cloned()).collect();
        let outputs = trace.events.iter().filter(|event| event.kind == EventKind::Output);
        for asked in outputs.rev().take(3) {
            for all in [false, true] {
                let account = Account::of(&trace, Question::Event(asked.index), all).value();
                let chain = account["chain"].as_array().expect("a list");
                let indexes: BTreeSet<u64> = chain.iter().filter_map(|step| step["event"].as_u64()).collect();
                assert!(indexes.contains(&asked.index), "{name}");
                for index in indexes.iter().filter(|index| **index != asked.index) {
                    let clock = &clocks[*index as usize];
                    let Some(clock) = clock else { continue };
                    let own = clocks[asked.index as usize].as_ref().expect("an output has a clock");
                    assert!(clock.precedes(own), "{name}: #{index} did not happen before #{}", asked.index);
                }
                if all {
                    let before = |(index, clock): &(usize, &Option<_>)| {
                        let own = clocks[asked.index as usize].as_ref().expect("an output has a clock");
                        clock.as_ref().is_some_and(|clock: &synod::report::Clock| clock.precedes(own))
                            && *index as u64 != asked.index
                    };
                    let known = clocks.iter().enumerate().filter(before).count();
                    assert!(account["past"].as_u64().expect("a number") >= known as u64, "{name}");
                }
            }
        }
    }
}

#[test]
fn a_violation_is_told_as_the_way_from_one_event_to_the_other() {
    let trace = trace(&Registry::standard(), "group_communication/an_answer_before_its_question");
    let question = Question::parse("violation", &trace).expect("it is violated");
    assert_eq!((question.property(), question.events()), (Some("causal-order"), &[3, 16][..]));
    let account = Account::of(&trace, question, false).value();
    let chain = account["chain"].as_array().expect("a list");
    let events: Vec<u64> = chain.iter().filter_map(|step| step["event"].as_u64()).collect();
    assert_eq!(events, [3, 4, 7, 8, 9, 11, 15, 16]);
}

#[test]
fn what_was_asked_and_answered_before_is_no_part_of_it() {
    let registry = Registry::standard();
    let chain = |trace: &Trace, event: &str| -> Vec<u64> {
        let question = Question::parse(event, trace).unwrap_or_else(|error| panic!("{error}"));
        let account = Account::of(trace, question, false).value();
        let chain = account["chain"].as_array().expect("a list");
        chain.iter().filter_map(|step| step["event"].as_u64()).collect()
    };
    let broadcast = trace(&registry, "group_communication/an_answer_before_its_question");
    assert_eq!(
        chain(&broadcast, "output@rushi#2"),
        [9, 10, 13, 14],
        "rushi's own question has been delivered"
    );
    let mutex = trace(&registry, "mutual_exclusion/ricart_agrawala_at_work");
    assert!(
        chain(&mutex, "output:enter@n2").contains(&13),
        "n2 enters because it was asked to, after others"
    );
}

#[test]
fn an_unknown_event_is_refused_with_what_there_is() {
    let registry = Registry::standard();
    let trace = trace(&registry, "election/a_bully_comes_back");
    let refused = |event: &str| Question::parse(event, &trace).expect_err(event).to_string();
    let cases = [
        ("99", "there is no event 99; the trace has events 0 to 31"),
        ("violation", "no property is violated by events of this trace; its verdicts: one-leader holds"),
        ("violation:agreement", "`agreement` is not violated by events of this trace"),
        ("outptu", "`outptu` is no kind of event; did you mean `output`?; write an event's number"),
        ("output:leadr", "no `output` is called `leadr`; did you mean `leader`?; there is leader"),
        ("output:leader@bob", "unknown node `bob`; the trace has ada, bo, cy"),
        ("drop@ada", "`drop@ada`: not at this node; at cy"),
        ("drop#3", "`drop#3`: there are only 2: events 15 18"),
        ("drop#x", "`drop#x`: behind # stands a number from 1 on"),
        ("partition", "`partition`: the trace has no `partition` at all"),
        ("", "`` is no kind of event"),
    ];
    for (event, sentence) in cases {
        let said = refused(event);
        assert!(said.contains(sentence), "{event}: {said}");
    }
}
