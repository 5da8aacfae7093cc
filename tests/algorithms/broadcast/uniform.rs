//! Uniform reliable broadcast (Cachin, Guerraoui, Rodrigues 2011, Algorithms 3.4 and 3.5) and its mutants.

use super::{said, suspicion};
use crate::trial::Trial;
use synod::{
    algorithms::{
        flawed::uniform_broadcast::{Config, Mistake, UniformBroadcastFlawed},
        uniform_broadcast::{self, UniformBroadcast},
    },
    problems::broadcast::Broadcast,
    process::ProcessId,
    world::{Action, LinkPattern, Targets},
};

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "uniform-agreement", "integrity"];

fn majority(mistake: Mistake) -> Config {
    Config { mistake, suspicions: None }
}

fn all(mistake: Mistake, suspicions: &[(u32, u32, u64)]) -> Config {
    let suspicions = suspicions.iter().map(|&(who, whom, after)| suspicion(who, whom, after));
    Config { mistake, suspicions: Some(suspicions.collect()) }
}

fn crash(node: u32, after_sends: Option<u32>) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends }
}

/// Whatever this node sends is lost from now on: it will crash, and links are perfect between correct nodes only.
fn mute(node: u32) -> Action {
    Action::Cut(LinkPattern::Directed { from: Some(ProcessId(node)), to: None })
}

fn two_senders() -> Trial<Broadcast> {
    said(4, &[(1, 0), (5, 1), (10, 0), (40, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [two_senders(), two_senders().duplicating()] {
        trial.survives::<UniformBroadcastFlawed>(&majority(Mistake::None), PROMISES);
        trial.survives::<UniformBroadcastFlawed>(&all(Mistake::None, &[]), PROMISES);
    }
    let detector = [(1, 0, 100), (2, 0, 100), (3, 0, 100)];
    for sends in 1..6 {
        for trial in [
            two_senders().with(0, crash(0, Some(sends))),
            two_senders().with(0, mute(0)).with(20, crash(0, None)),
        ] {
            let trial = trial.with(90, crash(0, None));
            trial.survives::<UniformBroadcastFlawed>(&majority(Mistake::None), PROMISES);
            trial.survives::<UniformBroadcastFlawed>(&all(Mistake::None, &detector), PROMISES);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    // A sender that nobody hears delivers, and crashes.
    let unheard = |nodes| said(nodes, &[(1, 0)]).with(0, mute(0)).with(30, crash(0, None));
    let break_it = |mistake, nodes| {
        unheard(nodes).kills::<UniformBroadcastFlawed>(
            &majority(mistake),
            "uniform-agreement",
            (u64::from(nodes) - 1, 0),
        );
        assert_eq!(
            unheard(nodes).search::<UniformBroadcastFlawed>(&majority(Mistake::None), "uniform-agreement"),
            None
        );
    };
    break_it(Mistake::CountsItselfTwice, 2);
    break_it(Mistake::OwnAtOnce, 2);
    break_it(Mistake::DeliversAtFirstReceipt, 2);
    // The sender crashes when only one other process has its message.
    let half = said(3, &[(1, 0)]).with(0, crash(0, Some(1)));
    half.kills::<UniformBroadcastFlawed>(&majority(Mistake::NobodyPassesOn), "uniform-agreement", (1, 1));
    half.kills::<UniformBroadcastFlawed>(&majority(Mistake::NobodyPassesOn), "agreement", (1, 1));
    // The third of five counts the first one's copies; both crash, and what they passed on is lost.
    let copies = said(5, &[(1, 0)]).duplicating().with(0, mute(1)).with(0, crash(0, Some(1)));
    copies.with(60, crash(1, None)).kills::<UniformBroadcastFlawed>(
        &majority(Mistake::CountsCopies),
        "uniform-agreement",
        (5, 2),
    );
    let waits = said(2, &[(1, 0)]).with(0, crash(1, None));
    waits.kills::<UniformBroadcastFlawed>(
        &all(Mistake::ForgetsWhoWaits, &[(0, 1, 50)]),
        "self-delivery",
        (1, 0),
    );
    waits.survives::<UniformBroadcastFlawed>(&all(Mistake::None, &[(0, 1, 50)]), &["self-delivery"]);
}

/// Museum 44: with N/2 for a threshold one of two delivers alone.
#[test]
fn half_is_no_majority() {
    let trial = said(2, &[(1, 0)]).with(0, mute(0)).with(30, crash(0, None));
    trial.kills::<UniformBroadcastFlawed>(&majority(Mistake::HalfSuffices), "uniform-agreement", (1, 0));
    assert_eq!(trial.search::<UniformBroadcastFlawed>(&majority(Mistake::None), "uniform-agreement"), None);
}

/// Without a majority nothing is delivered, for ever; with a perfect detector it is.
#[test]
fn a_majority_that_crashes_blocks_majority_ack_only() {
    let trial = said(2, &[(1, 0)]).with(0, crash(1, None));
    trial.kills::<UniformBroadcastFlawed>(&majority(Mistake::None), "self-delivery", (1, 0));
    trial.kills::<UniformBroadcast>(&Default::default(), "self-delivery", (1, 0));
    trial.survives::<UniformBroadcastFlawed>(&all(Mistake::None, &[(0, 1, 50)]), &["self-delivery"]);
}

/// One of two is suspected for nothing; the other believes that it is alone, delivers and crashes.
#[test]
fn all_ack_with_a_wrong_suspicion_is_not_uniform() {
    let trial = said(2, &[(60, 0)]).with(0, mute(0)).with(100, crash(0, None));
    trial.kills::<UniformBroadcastFlawed>(&all(Mistake::None, &[(0, 1, 50)]), "uniform-agreement", (1, 0));
    let mode = uniform_broadcast::Mode::AllAck;
    let config = uniform_broadcast::Config { mode, ..Default::default() };
    let partition = Action::Partition(vec![vec![ProcessId(0)], vec![ProcessId(1)]]);
    let trial = said(2, &[(60, 0)]).with(50, partition).with(400, crash(0, None)).until(800);
    assert!(trial.search::<UniformBroadcast>(&config, "uniform-agreement").is_some());
    assert_eq!(trial.search::<UniformBroadcast>(&config, "agreement"), None);
}
