//! Permission of all others, by Lamport (1978), Ricart and Agrawala (1981), Carvalho and Roucairol (1983), and their mutants.

use super::{needs, sketch::PROMISES, wants};
use crate::trial::Trial;
use synod::{
    algorithms::{
        flawed::{
            carvalho_roucairol::{self, CarvalhoRoucairolFlawed},
            lamport_mutex::{self, LamportMutexFlawed},
            ricart_agrawala::{self, RicartAgrawalaFlawed},
        },
        lamport_mutex::LamportMutex,
        ricart_agrawala::RicartAgrawala,
    },
    problems::mutual_exclusion::MutualExclusion,
};

use carvalho_roucairol::Mistake as CarvalhoMistake;
use lamport_mutex::Mistake as LamportMistake;
use ricart_agrawala::Mistake as RicartMistake;

/// Two processes that want to enter at about the same time, and stay.
fn two() -> Vec<Trial<MutualExclusion>> {
    [0, 4, 8, 15, 25, 45].map(|later| wants(2, 60, &[(0, 0), (later, 1)])).into()
}

fn busy() -> Trial<MutualExclusion> {
    wants(3, 7, &[(0, 0), (3, 1), (5, 2), (12, 0), (13, 1), (40, 2), (41, 0), (42, 0)])
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    let fair = [PROMISES, &["happened-before-fairness"]].concat();
    busy().fifo().survives::<LamportMutexFlawed>(&LamportMistake::None.into(), &fair);
    for trial in [busy(), busy().fifo(), wants(4, 5, &[(0, 3), (1, 2), (2, 1), (3, 0), (9, 3)])] {
        trial.survives::<RicartAgrawalaFlawed>(&RicartMistake::None.into(), PROMISES);
        trial.survives::<CarvalhoRoucairolFlawed>(&CarvalhoMistake::None.into(), PROMISES);
    }
    for trial in two() {
        trial.survives::<RicartAgrawalaFlawed>(&RicartMistake::None.into(), PROMISES);
        trial.survives::<CarvalhoRoucairolFlawed>(&CarvalhoMistake::None.into(), PROMISES);
        trial.fifo().survives::<LamportMutexFlawed>(&LamportMistake::None.into(), PROMISES);
    }
}

/// Museum 1: a reply overtakes the request before it.
#[test]
fn lamports_queue_needs_fifo_links() {
    needs::<LamportMutexFlawed>(&two(), &LamportMistake::None.into(), "mutual-exclusion", (3, 2));
    needs::<LamportMutex>(&two(), &Default::default(), "mutual-exclusion", (3, 2));
}

/// Museum 3 and 4.
#[test]
fn lamports_bugs_let_two_in() {
    let two: Vec<_> = two().into_iter().map(Trial::fifo).collect();
    needs::<LamportMutexFlawed>(
        &two,
        &LamportMistake::EntersWithoutBeingFirst.into(),
        "mutual-exclusion",
        (4, 3),
    );
    needs::<LamportMutexFlawed>(
        &two,
        &LamportMistake::EntersWithoutAcknowledgements.into(),
        "mutual-exclusion",
        (2, 0),
    );
}

/// Museum 5, 7 and 8, and two more.
#[test]
fn ricart_and_agrawalas_bugs_let_two_in() {
    for bug in [
        RicartMistake::NoTieBreak,
        RicartMistake::ReversedPriority,
        RicartMistake::RepliesInside,
        RicartMistake::IgnoresHighest,
    ] {
        let long: Vec<_> = [(0, 60), (4, 60), (45, 200)]
            .into_iter()
            .flat_map(|(later, stay)| {
                [wants(2, stay, &[(0, 0), (later, 1)]), wants(2, stay, &[(0, 1), (later, 0)])]
            })
            .chain([wants(2, 9, &[(0, 1), (15, 0), (30, 1), (31, 0), (40, 1)])])
            .collect();
        let wanted = if bug == RicartMistake::IgnoresHighest { None } else { Some((4, 4)) };
        let found = super::least::<RicartAgrawalaFlawed>(&long, &bug.into(), "mutual-exclusion");
        let found = found.map(|found| (found.sent, found.received));
        assert!(found.is_some_and(|found| wanted.is_none_or(|wanted| found == wanted)), "{bug:?}: {found:?}");
    }
    let three = [wants(3, 60, &[(0, 0), (1, 1)]), wants(3, 60, &[(0, 0), (30, 1)])];
    needs::<RicartAgrawalaFlawed>(&three, &RicartMistake::OneReplyShort.into(), "mutual-exclusion", (6, 4));
}

/// Museum 10, and two that wait for each other.
#[test]
fn ricart_and_agrawalas_bugs_block_everybody() {
    needs::<RicartAgrawalaFlawed>(&two(), &RicartMistake::ForgetsDeferred.into(), "deadlock-freedom", (3, 3));
    needs::<RicartAgrawalaFlawed>(&two(), &RicartMistake::BothDefer.into(), "deadlock-freedom", (2, 2));
}

/// Museum 12: the listing of the lab sheet, unchanged.
#[test]
fn the_lab_listing_blocks_two_and_lets_two_of_three_in() {
    needs::<RicartAgrawalaFlawed>(&two(), &RicartMistake::LabSheet.into(), "deadlock-freedom", (2, 2));
    let three = [wants(3, 60, &[(0, 0), (0, 1)]), wants(3, 60, &[(0, 0), (5, 1)])];
    needs::<RicartAgrawalaFlawed>(&three, &RicartMistake::LabSheet.into(), "mutual-exclusion", (6, 4));
}

/// Museum 13: replies that are counted and not kept as a set. The algorithm itself keeps them, and which request they
/// answer: nothing happens to it.
#[test]
fn a_reply_that_is_counted_twice_lets_two_in() {
    let trials = [
        wants(3, 100, &[(0, 0), (0, 1)]).duplicating(),
        wants(3, 100, &[(0, 1), (10, 0)]).duplicating(),
        wants(3, 100, &[(0, 1), (40, 0)]).duplicating(),
    ];
    let found =
        super::least::<RicartAgrawalaFlawed>(&trials, &RicartMistake::None.into(), "mutual-exclusion");
    assert!(found.is_some_and(|found| found.sent <= 8), "{found:?}");
    for trial in trials {
        trial.survives::<RicartAgrawala>(&Default::default(), PROMISES);
    }
}

/// Museum 14, and a pair that has two permissions from the beginning.
#[test]
fn a_permission_on_both_sides_lets_two_in() {
    let two = [wants(2, 100, &[(0, 1), (45, 0)]), wants(2, 100, &[(0, 1), (30, 0)])];
    needs::<CarvalhoRoucairolFlawed>(
        &two,
        &CarvalhoMistake::KeepsPermission.into(),
        "mutual-exclusion",
        (2, 2),
    );
    needs::<CarvalhoRoucairolFlawed>(&two, &CarvalhoMistake::BothBegin.into(), "mutual-exclusion", (0, 0));
}

/// It takes three processes: the one that gives way must be waiting for somebody else.
#[test]
fn a_permission_that_is_not_asked_back_is_never_returned() {
    let mut trials = Vec::new();
    for (first, second, third) in [(1, 2, 0), (2, 1, 0), (2, 0, 1), (1, 0, 2), (0, 1, 2), (0, 2, 1)] {
        for gap in [2, 15, 60] {
            trials.push(wants(3, 5, &[(0, first), (gap, second), (gap + 3, third)]));
            trials.push(wants(3, 5, &[(0, first), (50, second), (50 + gap, third), (53 + gap, first)]));
        }
    }
    needs::<CarvalhoRoucairolFlawed>(
        &trials,
        &CarvalhoMistake::DoesNotAskAgain.into(),
        "deadlock-freedom",
        (8, 8),
    );
    let two = [wants(2, 5, &[(0, 0), (3, 1), (20, 0), (22, 1)])];
    assert_eq!(
        super::least::<CarvalhoRoucairolFlawed>(
            &two,
            &CarvalhoMistake::DoesNotAskAgain.into(),
            "deadlock-freedom"
        ),
        None
    );
}
