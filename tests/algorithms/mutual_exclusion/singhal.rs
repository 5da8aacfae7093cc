//! Singhal's heuristic (1989) as it is commonly transcribed: it blocks three processes after eight messages.
//!
//! Singhal, "A heuristically-aided algorithm for mutual exclusion in distributed systems" (1989), as retold in Singhal,
//! Shivaratri, "Advanced concepts in operating systems", section 6.11. Everybody keeps a guess at everybody's state and
//! asks only those of whom it believes that they ask, too. The guesses can go wrong for good: hence it is an exhibit of
//! the museum. Naimi and Trehel's does what it was meant to do.

use super::{least, needs, sketch::PROMISES, wants};
use crate::trial::{Trial, planned};
use std::time::Duration;
use synod::{
    algorithms::{
        flawed::singhal::{Mistake, SinghalFlawed},
        naimi_trehel::NaimiTrehel,
    },
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
    world::{Action, LinkPatch, LinkPattern},
};

/// Three processes that want to enter up to twice, in every order and in many rhythms.
fn many() -> Vec<Trial<MutualExclusion>> {
    let mut trials = Vec::new();
    for place in 0..81_u32 {
        let order = [place / 27, place / 9 % 3, place / 3 % 3, place % 3];
        let wishes: Vec<(u64, u32)> = (0..).step_by(5).zip(order).collect();
        trials.push(wants(3, 15, &wishes));
    }
    trials
}

/// Museum 25: n3's first request reaches n2 when n2 is inside, and when it has long been served; n2 notes it, and learns
/// from the token that it is over. Now n3 does not ask n2, which has the token, and n2 does not know that n3 asks.
#[test]
fn singhals_heuristic_as_it_is_told_blocks_three_processes() {
    let slow = LinkPatch { delay: Some(Duration::from_millis(160)), ..LinkPatch::default() };
    let link = LinkPattern::Directed { from: Some(ProcessId(2)), to: Some(ProcessId(1)) };
    let mut slowed = planned(0, Action::Link(link, slow));
    slowed.lasts = Some(Duration::from_millis(5));
    let mut trial = wants(3, 30, &[(1, 2), (60, 0), (120, 1), (250, 2)]);
    trial.setup.agenda.insert(0, slowed);
    needs::<SinghalFlawed>(&[trial.clone()], &Mistake::None.into(), "deadlock-freedom", (8, 8));
    // Links that keep order do not help.
    needs::<SinghalFlawed>(&[trial.clone().fifo()], &Mistake::None.into(), "deadlock-freedom", (8, 8));
    trial.survives::<SinghalFlawed>(&Mistake::None.into(), &["mutual-exclusion"]);
    trial.survives::<NaimiTrehel>(&Default::default(), PROMISES);
}

/// Museum 26.
#[test]
fn without_asking_back_it_blocks_even_sooner() {
    needs::<SinghalFlawed>(&many(), &Mistake::DoesNotAskBack.into(), "deadlock-freedom", (4, 4));
    assert_eq!(least::<SinghalFlawed>(&many(), &Mistake::None.into(), "mutual-exclusion"), None);
}
