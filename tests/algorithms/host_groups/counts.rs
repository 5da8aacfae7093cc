//! Published message counts, exactly: catalogue row G2.

use super::{asked, join, leave, multicast};
use crate::{dice::Dice, trial::SIZES};
use std::collections::BTreeSet;
use synod::{
    algorithms::group_multicast::{Config, GroupMulticast, Mode},
    problems::host_groups::Output,
    trace::Counts,
    world::Shape,
};

fn sent(counts: &Counts, kind: &str) -> u64 {
    counts.sent.iter().find(|(name, _)| *name == kind).map_or(0, |(_, number)| *number)
}

/// Random members, the sender among them or not.
fn members(nodes: u32, dice: &mut Dice) -> BTreeSet<u32> {
    (0..nodes).filter(|_| dice.below(3) == 0).collect()
}

#[test]
fn by_unicast_every_member_but_the_sender_costs_a_message() {
    for (n, seed) in SIZES.into_iter().flat_map(|n| (0..5).map(move |seed| (n, seed))) {
        let members = members(n, &mut Dice::new(seed));
        let joins = members.iter().map(|node| (0, *node, join()));
        let leaves = members.iter().map(|node| (200, *node, leave()));
        let trial = asked(n, Shape::Complete, joins.chain([(100, 1, multicast(None))]).chain(leaves));
        let (counts, outputs) = trial.run::<GroupMulticast>(Config::default(), seed);
        let others = members.iter().filter(|node| **node != 1).count() as u64;
        assert_eq!(sent(&counts, "data"), others, "n={n}");
        for kind in ["join", "leave"] {
            assert_eq!(sent(&counts, kind), members.len() as u64 * u64::from(n - 1), "n={n}");
        }
        let received = outputs.iter().filter(|(_, output)| matches!(output, Output::Receive { .. }));
        assert_eq!(received.count(), members.len());
    }
}

/// The links between a node of a tree in heap order and the root, by their lower ends.
fn links_to_the_root(mut node: u32, children: u32) -> BTreeSet<u32> {
    let mut links = BTreeSet::new();
    while node > 0 {
        links.insert(node);
        node = (node - 1) / children;
    }
    links
}

#[test]
fn along_a_tree_every_link_of_the_pruned_tree_costs_a_message() {
    for (n, children, seed) in SIZES
        .into_iter()
        .flat_map(|n| [1, 2, 4].map(|children| (n, children)))
        .zip(0..)
        .map(|((n, c), s)| (n, c, s))
    {
        let mut dice = Dice::new(seed);
        let (members, sender) = (members(n, &mut dice), dice.below(u64::from(n)) as u32);
        let mut links = BTreeSet::new();
        for member in &members {
            let (there, here) = (links_to_the_root(*member, children), links_to_the_root(sender, children));
            links.extend(there.symmetric_difference(&here).copied());
        }
        let joins = members.iter().map(|node| (0, *node, join()));
        let leaves = members.iter().map(|node| (4_000, *node, leave()));
        let requests = joins.chain([(2_000, sender, multicast(None))]).chain(leaves);
        let trial = asked(n, Shape::Tree { children }, requests.chain([(9_000, sender, multicast(None))]));
        let config = Config { mode: Mode::Tree, ..Config::default() };
        let (counts, outputs) = trial.run::<GroupMulticast>(config, seed);
        assert_eq!(sent(&counts, "data"), links.len() as u64, "n={n}, {children} children");
        // Every link is told of members behind it as often as that they are gone.
        assert_eq!(sent(&counts, "join"), sent(&counts, "leave"));
        assert!(sent(&counts, "join") <= 2 * u64::from(n - 1) * members.len() as u64);
        let received = outputs.iter().filter(|(_, output)| matches!(output, Output::Receive { .. }));
        assert_eq!(received.count(), members.len());
    }
}

/// The first to join tells everybody; the second those on the way to the first.
#[test]
fn in_a_tree_the_second_member_tells_those_on_the_way_to_the_first() {
    for n in SIZES {
        let trial = asked(n, Shape::Line, [(0, 0, join()), (5_000, n - 1, join()), (9_000, n / 2, join())]);
        let config = Config { mode: Mode::Tree, ..Config::default() };
        let (counts, _) = trial.run::<GroupMulticast>(config, 1);
        assert_eq!(counts.total(), 2 * u64::from(n - 1));
    }
}
