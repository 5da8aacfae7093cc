//! Quorums (Maekawa 1985, Sanders 1987) and their mutants.

use super::{needs, sketch::PROMISES, wants};
use crate::trial::Trial;
use std::collections::BTreeSet;
use synod::{
    algorithms::{
        flawed::maekawa::{MaekawaFlawed, Mistake},
        maekawa::{self, Maekawa},
        parts::quorums::Quorums,
    },
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
};

fn all_at_once(nodes: u32, stay: u64) -> Trial<MutualExclusion> {
    let wishes: Vec<(u64, u32)> = (0..nodes).map(|node| (0, node)).collect();
    wants(nodes, stay, &wishes)
}

fn busy() -> Trial<MutualExclusion> {
    wants(7, 9, &[(0, 6), (1, 5), (2, 4), (3, 3), (9, 2), (10, 1), (11, 0), (30, 6), (31, 5), (32, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [all_at_once(3, 5), all_at_once(5, 5), all_at_once(7, 5), busy(), busy().fifo()] {
        trial.survives::<MaekawaFlawed>(&Mistake::None.into(), PROMISES);
        trial.survives::<Maekawa>(&Default::default(), PROMISES);
    }
}

/// Museum 16 and 17: three quorums that wait in a circle.
#[test]
fn without_inquire_or_failed_three_wait_in_a_circle() {
    needs::<MaekawaFlawed>(&[all_at_once(3, 5)], &Mistake::NoInquire.into(), "deadlock-freedom", (3, 3));
    needs::<MaekawaFlawed>(&[all_at_once(3, 5)], &Mistake::NoFailed.into(), "deadlock-freedom", (3, 3));
}

/// Museum 18.
#[test]
fn quorums_that_do_not_meet_let_two_in() {
    let alone = |node| vec![ProcessId(node)];
    let config = maekawa::Config { quorums: Quorums::Listed(vec![alone(0), alone(1)]) };
    needs::<Maekawa>(&[wants(2, 20, &[(0, 0), (1, 1)])], &config, "mutual-exclusion", (0, 0));
}

#[test]
fn every_bug_breaks_its_promise() {
    let long = |nodes| {
        let wishes: Vec<(u64, u32)> = (0..nodes).map(|node| (u64::from(nodes - node) * 4, node)).collect();
        wants(nodes, 40, &wishes)
    };
    for trial in [long(5), long(7), busy()] {
        trial.survives::<MaekawaFlawed>(&Mistake::None.into(), PROMISES);
    }
    long(7).kills::<MaekawaFlawed>(&Mistake::YieldsInside.into(), "mutual-exclusion", (45, 45));
    busy().kills::<MaekawaFlawed>(&Mistake::CountsWhatItYields.into(), "mutual-exclusion", (45, 45));
    // Without tags a release that comes twice frees what somebody else was granted.
    let trial = long(7).duplicating();
    trial.kills::<MaekawaFlawed>(&Mistake::Untagged.into(), "mutual-exclusion", (60, 60));
}

/// Any two meet, everybody is in its own, and all are as large as they should be.
#[test]
fn any_two_quorums_meet() {
    for nodes in 1..120 {
        for quorums in [Quorums::Plane, Quorums::Grid] {
            let all: Vec<BTreeSet<ProcessId>> =
                (0..nodes).map(|node| quorums.of(ProcessId(node), nodes)).collect();
            for (node, quorum) in (0..).zip(&all) {
                assert!(quorum.contains(&ProcessId(node)));
                assert!(all.iter().all(|other| !other.is_disjoint(quorum)), "{quorums:?}, n={nodes}");
                let width = nodes.isqrt() + 1;
                assert!(quorum.len() as u32 <= 2 * width, "{quorums:?}, n={nodes}: {quorum:?}");
            }
        }
    }
    for (nodes, size) in [(3, 2), (7, 3), (13, 4), (31, 6), (57, 8)] {
        assert_eq!(size * (size - 1) + 1, nodes);
        for node in 0..nodes {
            assert_eq!(Quorums::Plane.of(ProcessId(node), nodes).len() as u32, size);
        }
    }
}
