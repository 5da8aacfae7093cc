//! A token that is asked for by broadcast (Suzuki, Kasami 1985) and its mutants.

use super::{least, needs, sketch::PROMISES, wants};
use crate::trial::{Trial, planned};
use std::time::Duration;
use synod::{
    algorithms::{
        flawed::suzuki_kasami::{Mistake, SuzukiKasamiFlawed},
        suzuki_kasami::SuzukiKasami,
    },
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
    world::{Action, LinkPatch, LinkPattern},
};

fn busy() -> Trial<MutualExclusion> {
    wants(4, 6, &[(0, 3), (1, 2), (2, 1), (3, 0), (20, 3), (21, 1), (50, 2), (51, 0), (52, 3)])
}

/// Two or three processes that take turns in many ways.
fn many(nodes: u32, each: &[u32]) -> Vec<Trial<MutualExclusion>> {
    let mut trials = Vec::new();
    for gap in [3, 11, 25, 45] {
        for stay in [2, 30] {
            for turn in 0..nodes {
                let order = each.iter().map(|node| (node + turn) % nodes);
                let wishes: Vec<(u64, u32)> = (0..).step_by(gap).zip(order).collect();
                trials.push(wants(nodes, stay, &wishes));
            }
        }
    }
    trials
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [busy(), busy().fifo()] {
        trial.survives::<SuzukiKasamiFlawed>(&Mistake::None.into(), PROMISES);
        trial.survives::<SuzukiKasami>(&Default::default(), PROMISES);
    }
    for trial in many(3, &[1, 2, 1, 0]) {
        assert_eq!(trial.search::<SuzukiKasamiFlawed>(&Mistake::None.into(), "deadlock-freedom"), None);
    }
}

/// Museum 21: the list of what was served is of use only where the token is. The catalogue needs six messages; when the
/// second request comes while the other is inside, five are enough.
#[test]
fn a_token_without_its_list_stops() {
    let trials = many(2, &[1, 0, 1, 0]);
    needs::<SuzukiKasamiFlawed>(&trials, &Mistake::LnNotUpdated.into(), "deadlock-freedom", (5, 5));
    needs::<SuzukiKasamiFlawed>(&trials, &Mistake::LnAtTheSite.into(), "deadlock-freedom", (5, 5));
}

/// Museum 23: n2's first request comes to n3 after its second.
#[test]
fn a_number_that_goes_back_stops_the_token() {
    let slow = LinkPatch { delay: Some(Duration::from_millis(150)), ..LinkPatch::default() };
    let link = LinkPattern::Directed { from: Some(ProcessId(1)), to: Some(ProcessId(2)) };
    let mut slowed = planned(0, Action::Link(link, slow));
    slowed.lasts = Some(Duration::from_millis(5));
    let mut trial = wants(3, 60, &[(1, 1), (60, 2), (110, 1)]);
    trial.setup.agenda.insert(0, slowed);
    needs::<SuzukiKasamiFlawed>(&[trial.clone()], &Mistake::RnAssigned.into(), "deadlock-freedom", (8, 8));
    assert_eq!(
        least::<SuzukiKasamiFlawed>(&[trial.clone().fifo()], &Mistake::RnAssigned.into(), "deadlock-freedom"),
        None
    );
    assert_eq!(least::<SuzukiKasamiFlawed>(&[trial], &Mistake::None.into(), "deadlock-freedom"), None);
}

/// A request that was served long ago, and comes late, takes the token away from whoever waits for it.
#[test]
fn a_stale_request_steals_the_token() {
    let trials = [many(3, &[1, 2, 0]), many(3, &[1, 2, 1]), many(3, &[2, 1, 0])].concat();
    let found = least::<SuzukiKasamiFlawed>(&trials, &Mistake::NoCheck.into(), "deadlock-freedom")
        .expect("it is stolen");
    assert!(found.sent <= 9 && found.received <= 9, "{found:?}");
}
