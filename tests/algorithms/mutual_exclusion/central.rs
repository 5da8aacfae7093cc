//! A coordinator (Sinha 1997, section 6.4.1) and its mutants.

use super::{needs, sketch::PROMISES, wants};
use crate::trial::Trial;
use std::slice::from_ref;
use synod::{
    algorithms::{
        central_mutex::CentralMutex,
        flawed::central_mutex::{CentralMutexFlawed, Mistake},
    },
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
    world::{Action, Targets},
};

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let trial = wants(4, 15, &[(0, 1), (3, 2), (5, 3), (6, 1), (30, 2), (31, 3)]).fifo();
    trial.survives::<CentralMutexFlawed>(&Mistake::None.into(), PROMISES);
    wants(3, 15, &[(0, 1), (3, 2)])
        .duplicating()
        .survives::<CentralMutexFlawed>(&Mistake::None.into(), PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let twice = wants(3, 30, &[(0, 1), (1, 2)]).duplicating();
    twice.kills::<CentralMutexFlawed>(&Mistake::QueuesDuplicates.into(), "deadlock-freedom", (12, 12));
    let three = wants(4, 60, &[(0, 1), (60, 2), (60, 3)]).duplicating();
    three.kills::<CentralMutexFlawed>(&Mistake::BelievesAnyRelease.into(), "mutual-exclusion", (12, 12));
    let again = [(0, 1), (5, 2), (6, 3), (7, 1), (8, 2), (9, 3)];
    wants(4, 30, &again).fifo().kills::<CentralMutexFlawed>(
        &Mistake::LastFirst.into(),
        "happened-before-fairness",
        (15, 15),
    );
}

/// One process is inside, the coordinator crashes, comes back, and is asked by another one.
fn forgetful(crash_at: u64, after_sends: Option<u32>) -> Trial<MutualExclusion> {
    let coordinator = Targets::Node(ProcessId(0));
    wants(3, 200, &[(0, 1), (60, 2)])
        .with(crash_at, Action::Crash { targets: coordinator, after_sends })
        .with(50, Action::Restart(coordinator))
}

/// Museum 19: a coordinator that restarts with an empty memory lets a second one in.
#[test]
fn a_coordinator_that_forgets_lets_two_in() {
    let forgetful = forgetful(45, None);
    needs::<CentralMutex>(from_ref(&forgetful), &Default::default(), "mutual-exclusion", (4, 4));
    for mistake in [Mistake::Amnesia, Mistake::SavesReleasesOnly] {
        needs::<CentralMutexFlawed>(from_ref(&forgetful), &mistake.into(), "mutual-exclusion", (4, 4));
    }
    for mistake in [Mistake::None, Mistake::SavesAfterSending] {
        forgetful.survives::<CentralMutexFlawed>(&mistake.into(), PROMISES);
    }
}

/// The crash comes between the grant and the save that should have gone before it.
#[test]
fn a_grant_that_is_saved_too_late_lets_two_in() {
    let between = forgetful(0, Some(1));
    let mistake = Mistake::SavesAfterSending;
    needs::<CentralMutexFlawed>(from_ref(&between), &mistake.into(), "mutual-exclusion", (4, 4));
    between.survives::<CentralMutexFlawed>(&Mistake::None.into(), PROMISES);
}
