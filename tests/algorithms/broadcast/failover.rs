//! A sequencer that others take over from (Kaashoek 1992, with majorities) and its mutants.

use super::{fork, forks, never_forks, said, suspicion};
use crate::trial::Trial;
use std::time::Duration;
use synod::{
    algorithms::{
        flawed::sequencer_failover::{Config, Mistake, SequencerFailoverFlawed},
        sequencer::{self, Sequencer},
    },
    problems::broadcast::Broadcast,
    process::{ProcessId, Verdict},
    world::{Action, LinkPattern, Targets},
};

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "uniform-agreement", "integrity", "total-order"];

/// Over FIFO links, at these milliseconds these nodes broadcast something.
fn spoken(nodes: u32, spoken: &[(u64, u32)]) -> Trial<Broadcast> {
    said(nodes, spoken).fifo()
}

/// The first is suspected by all others, after 100 ms and some.
fn config(mistake: Mistake, nodes: u32) -> Config {
    let suspicions = (1..nodes).map(|node| suspicion(node, 0, 100 + u64::from(node))).collect();
    Config { mistake, suspicions }
}

fn crash(node: u32, after_sends: Option<u32>) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends }
}

/// The next message on this link is lost: its sender will crash, and links are perfect between correct nodes only.
fn lose_next(from: u32, to: u32) -> Action {
    let links = LinkPattern::Directed { from: Some(ProcessId(from)), to: Some(ProcessId(to)) };
    Action::Drop { links, kind: None, nth: 1 }
}

fn busy(nodes: u32) -> Trial<Broadcast> {
    spoken(nodes, &[(1, 1), (3, 2), (20, 0), (25, 1), (60, 2), (105, 1), (120, 2), (200, 1), (210, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let promises = ["validity", "uniform-agreement", "integrity", "total-order"];
    for nodes in [3, 5] {
        busy(nodes).survives::<SequencerFailoverFlawed>(&Config::default(), PROMISES);
        let suspicious = config(Mistake::None, nodes);
        for at in [0, 30, 80] {
            busy(nodes).with(at, crash(0, None)).survives::<SequencerFailoverFlawed>(&suspicious, &promises);
        }
        for sends in [1, 4, 6, 9] {
            let trial = busy(nodes).with(0, crash(0, Some(sends))).with(90, crash(0, None));
            trial.survives::<SequencerFailoverFlawed>(&suspicious, &promises);
        }
        // Nobody crashed: two sequencers, one of which is obeyed.
        busy(nodes).survives::<SequencerFailoverFlawed>(&suspicious, &["integrity", "total-order"]);
        never_forks::<SequencerFailoverFlawed>(&busy(nodes), &suspicious);
    }
}

/// Museum 62: the first message reaches the third process only, which delivers it; the second one takes over without
/// asking and gives its number to another message.
#[test]
fn delivering_at_once_and_going_on_from_the_own_maximum_breaks_the_order() {
    let trial = spoken(3, &[(1, 0), (110, 1)]).with(0, crash(0, Some(2))).with(0, lose_next(0, 1));
    forks::<SequencerFailoverFlawed>(&trial, &config(Mistake::ReusedNumbers, 3), (7, 3));
    // The only copies of a message that the sequencer delivered are lost with it.
    let alone = spoken(3, &[(1, 0)]).with(0, lose_next(0, 1)).with(0, lose_next(0, 2));
    let alone = alone.with(30, crash(0, None));
    alone.kills::<SequencerFailoverFlawed>(&config(Mistake::DeliversAtOnce, 3), "uniform-agreement", (5, 3));
    assert_eq!(alone.search::<SequencerFailoverFlawed>(&config(Mistake::None, 3), "uniform-agreement"), None);
}

#[test]
fn every_bug_breaks_its_promise() {
    // What the first and the third have stored is accepted; the second does not ask the third.
    let missed = || spoken(3, &[(1, 0), (110, 1)]).with(0, lose_next(0, 1)).with(60, crash(0, None));
    forks::<SequencerFailoverFlawed>(&missed(), &config(Mistake::OwnMaximumOnly, 3), (9, 6));
    never_forks::<SequencerFailoverFlawed>(&missed(), &config(Mistake::None, 3));
    // The second takes over though the first still works, and both go on.
    let both = spoken(3, &[(100, 0), (112, 1)]);
    forks::<SequencerFailoverFlawed>(&both, &config(Mistake::NoFencing, 3), (14, 10));
    never_forks::<SequencerFailoverFlawed>(&both, &config(Mistake::None, 3));
    // The third's message has a number already when it is submitted again.
    let again = || spoken(3, &[(1, 2)]).with(0, crash(0, Some(2)));
    again().kills::<SequencerFailoverFlawed>(&config(Mistake::NoDedup, 3), "integrity", (16, 14));
    again().survives::<SequencerFailoverFlawed>(
        &config(Mistake::None, 3),
        &["integrity", "self-delivery", "validity"],
    );
    // It never reached the first.
    let unheard = spoken(3, &[(50, 2)]).with(40, crash(0, None));
    unheard.kills::<SequencerFailoverFlawed>(&config(Mistake::NoResubmission, 3), "self-delivery", (5, 4));
    unheard.survives::<SequencerFailoverFlawed>(&config(Mistake::None, 3), &["self-delivery", "validity"]);
}

/// Under one number the last of five has stored the first's message, all others the second's, and delivered it; whoever
/// takes over must know which came later.
#[test]
fn of_two_messages_under_one_number_the_later_one_counts() {
    let suspicions = [(1, 0, 50), (2, 0, 51), (3, 0, 52), (4, 0, 53), (2, 1, 150), (3, 1, 151), (4, 1, 152)];
    let suspicions = suspicions.map(|(who, whom, after)| suspicion(who, whom, after));
    let config = |mistake| Config { mistake, suspicions: suspicions.into() };
    // The first's message reaches the last only, the second's all but the last.
    let trial = spoken(5, &[(1, 0), (60, 1)]).with(0, crash(0, Some(4)));
    let trial = (1..4).fold(trial, |trial, node| trial.with(0, lose_next(0, node)));
    let links = LinkPattern::Directed { from: Some(ProcessId(1)), to: Some(ProcessId(4)) };
    let unheard = Action::Drop { links, kind: Some("tentative".into()), nth: 1 };
    let trial = trial.with(0, unheard).with(130, crash(1, None));
    forks::<SequencerFailoverFlawed>(&trial, &config(Mistake::EarliestCounts), (60, 60));
    never_forks::<SequencerFailoverFlawed>(&trial, &config(Mistake::None));
}

/// The algorithm itself, where the mutants die.
#[test]
fn the_algorithm_survives_what_kills_the_mutants() {
    let mut config = sequencer::Config { failover: true, ..Default::default() };
    config.heartbeat.period = Duration::from_millis(30);
    config.heartbeat.timeout = Duration::from_millis(90);
    let trials = [
        spoken(3, &[(1, 0), (110, 1)]).with(0, crash(0, Some(4))).with(0, lose_next(0, 1)),
        spoken(3, &[(1, 0), (110, 1)]).with(0, crash(0, Some(5))),
        spoken(3, &[(1, 2)]).with(0, crash(0, Some(4))),
        spoken(3, &[(50, 2)]).with(40, crash(0, None)),
        busy(3).with(100, crash(0, None)),
    ];
    for trial in trials {
        let trial = trial.with(100, crash(0, None)).until(800);
        let properties = ["uniform-agreement", "integrity", "total-order", "validity", "self-delivery"];
        trial.each_run::<Sequencer>(&config, &properties, |seed, history, verdicts| {
            let kept = |verdict: &Verdict| matches!(verdict, Verdict::Holds { .. } | Verdict::Vacuous);
            assert!(verdicts.iter().all(kept), "seed {seed}: {verdicts:?}");
            assert_eq!(fork(history), None, "seed {seed}: the orders part");
        });
    }
}
