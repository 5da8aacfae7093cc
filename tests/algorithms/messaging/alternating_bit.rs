//! The alternating bit (Bartlett, Scantlebury, Wilkinson 1969; Lynch 1996, section 22.3) and its mutants.

use super::{offered, sent};
use crate::trial::Trial;
use std::time::Duration;
use synod::{
    algorithms::{
        flawed::stop_and_wait::{Config, Mistake, StopAndWaitFlawed},
        stop_and_wait::{self, StopAndWait},
    },
    problems::messaging::Messaging,
};

const TIMEOUT: Duration = Duration::from_millis(18);

const PROMISES: &[&str] =
    &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"];

fn impatient() -> stop_and_wait::Config {
    stop_and_wait::Config { timeout: TIMEOUT }
}

fn with(mistake: Mistake) -> Config {
    Config { mistake, timeout: TIMEOUT }
}

fn bad(trial: Trial<Messaging>) -> Trial<Messaging> {
    trial.fifo().duplicating().losing(30)
}

#[test]
fn without_a_bug_it_keeps_its_promises_and_survives_impatience() {
    for trial in
        [offered(4), sent(3, &[(0, 0, &[1]), (3, 1, &[0]), (5, 0, &[1]), (9, 2, &[0, 1]), (12, 1, &[0])])]
    {
        for trial in [trial.clone().fifo(), bad(trial)] {
            trial.survives::<StopAndWaitFlawed>(&with(Mistake::None), PROMISES);
            trial.survives::<StopAndWait>(&impatient(), PROMISES);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    offered(3).fifo().kills::<StopAndWaitFlawed>(
        &with(Mistake::AnyAcknowledgement),
        "honest-acknowledgement",
        (6, 5),
    );
    let once = offered(1).losing(30);
    once.kills::<StopAndWaitFlawed>(&with(Mistake::NoTimer), "reliable-delivery", (1, 0));
    let never_again = once.until(1_000);
    never_again.survives::<StopAndWaitFlawed>(&with(Mistake::None), &["reliable-delivery", "integrity"]);
    bad(offered(2)).until(1_000).kills::<StopAndWaitFlawed>(
        &with(Mistake::SilentOnRepetitions),
        "reliable-delivery",
        (70, 70),
    );
}

/// Museum 35: nothing is lost and one patience ends too early; the repetition comes when its bit has its turn again.
#[test]
fn a_link_that_reorders_makes_an_old_repetition_new() {
    for property in ["prefix", "integrity"] {
        offered(3).kills::<StopAndWaitFlawed>(&with(Mistake::None), property, (6, 4));
        offered(3).kills::<StopAndWait>(&impatient(), property, (6, 4));
    }
    // Two messages are enough, and one is not: the bit must come around.
    offered(2).kills::<StopAndWait>(&impatient(), "integrity", (6, 4));
    assert_eq!(offered(1).search::<StopAndWait>(&impatient(), "integrity"), None);
}

/// Museum 36: one message, delivered twice.
#[test]
fn a_receiver_that_ignores_the_bit_delivers_twice() {
    offered(1).fifo().kills::<StopAndWaitFlawed>(&with(Mistake::TakesEverything), "integrity", (4, 2));
    offered(1).fifo().kills::<StopAndWaitFlawed>(&with(Mistake::TakesEverything), "prefix", (4, 2));
}
