//! Numbers of executions that can be known beforehand.

use crate::{
    models::Flood,
    orders, plain,
    puppet::{Reaction, Script, scenario, search},
};
use serde_json::json;
use synod::{
    explore::exhaustive::{Finish, Reduction, Refusal, Settings},
    scenario::Vary,
};

/// Executions without and with reduction.
fn executions(nodes: usize, script: &Script, order: &str) -> (u64, u64) {
    let plan = scenario(nodes, script, &["nodes-3"], json!({"network": {"order": order}}));
    let number = |reduction| {
        let explored = search(&plan, &Settings::new(reduction)).expect("nothing stands against it");
        assert_eq!(explored.finish, Finish::All);
        (explored.executions, explored.classes)
    };
    let (none, sources) = (number(Reduction::None), number(Reduction::Sources));
    assert_eq!(none.1, sources.1, "the same classes");
    assert_eq!(sources.0, sources.1, "each class once");
    (none.0, sources.0)
}

fn factorial(number: u64) -> u64 {
    (1..=number).product()
}

#[test]
fn messages_to_different_nodes_commute() {
    for messages in 1..=6_u32 {
        let script = Script { boot: vec![(1..=messages).map(|to| (to, 0)).collect()], ..Script::default() };
        let number = executions(messages as usize + 1, &script, "any");
        assert_eq!(number, (factorial(messages.into()), 1), "{messages} messages");
    }
}

#[test]
fn messages_to_the_same_node_do_not() {
    for messages in 1..=5_u32 {
        let script = Script { boot: vec![(0..messages).map(|_| (1, 0)).collect()], ..Script::default() };
        let all = factorial(messages.into());
        assert_eq!(executions(2, &script, "any"), (all, all), "{messages} messages");
        assert_eq!(executions(2, &script, "fifo"), (1, 1), "{messages} messages in order");
    }
}

#[test]
fn two_senders_over_links_that_keep_order_make_a_binomial() {
    for messages in 1..=5_u32 {
        let sends: Vec<(u32, u8)> = (0..messages).map(|_| (2, 0)).collect();
        let script = Script { boot: vec![sends.clone(), sends], ..Script::default() };
        let m = u64::from(messages);
        let binomial = factorial(2 * m) / factorial(m).pow(2);
        assert_eq!(executions(3, &script, "fifo"), (binomial, binomial), "{messages} messages each");
    }
}

/// Node 0 sends X to all others at start; a node that hears its first X sends X to all others; all count what they hear.
fn flood(nodes: u32) -> Script {
    let others = |node: u32| (0..nodes).filter(|to| *to != node).map(|to| (to, 0)).collect::<Vec<_>>();
    let silent = |heard: u8| vec![Reaction { next: heard + 1, ..Reaction::default() }];
    let first = |node: u32| vec![Reaction { next: 1, sends: others(node), ..Reaction::default() }];
    let states = |node: u32| {
        let begins = if node == 0 { silent(0) } else { first(node) };
        std::iter::once(begins).chain((1..20).map(silent)).collect()
    };
    Script { boot: vec![others(0)], table: (0..nodes).map(states).collect() }
}

#[test]
fn a_flood_of_three() {
    assert_eq!(executions(3, &flood(3), "any"), (120, 6));
}

#[test]
fn a_flood_of_four() {
    let plan = scenario(4, &flood(4), &["nodes-3"], json!({}));
    let explored = search(&plan, &Settings::new(Reduction::Sources)).expect("nothing stands against it");
    assert_eq!((explored.executions, explored.given_up, explored.finish), (768, 0, Finish::All));
}

/// The reduced search of a flood of five takes minutes here; `benches/peers` makes it, and finds 3,888,000 executions.
#[test]
fn the_reduced_search_makes_every_order_of_a_flood_that_can_be_told_apart_once() {
    for nodes in [3, 4] {
        let (explored, _) = orders::search(nodes);
        assert_eq!(orders::orders(nodes.into()), plain::orders::<Flood>(nodes as u32, &()));
        assert_eq!(explored.classes, orders::classes(nodes));
    }
    assert_eq!(plain::count::<Flood>(4, &()), (2_535, 13_207));
    assert_eq!((orders::orders(3), orders::classes(3)), (120, 6));
    assert_eq!((orders::orders(4), orders::classes(4)), (23_950_080, 768));
    // Nine thousand million orders for each execution.
    assert_eq!((orders::orders(5), orders::classes(5)), (34_755_742_973_952_000, 3_888_000));
}

#[test]
fn a_property_that_sees_times_is_refused_with_reduction_only() {
    let script = Script { boot: vec![vec![(1, 0)]], ..Script::default() };
    let plan = scenario(2, &script, &["nodes-3", "times"], json!({}));
    let refused = search(&plan, &Settings::new(Reduction::Sources));
    assert_eq!(refused, Err(Refusal::Property("times")));
    assert!(search(&plan, &Settings::new(Reduction::None)).is_ok());
}

#[test]
fn a_budget_that_ends_is_no_whole_search() {
    let script = Script { boot: vec![(1..=4).map(|to| (to, 0)).collect()], ..Script::default() };
    let plan = scenario(5, &script, &["nodes-3"], json!({}));
    let settings = Settings::new(Reduction::None);
    let few = search(&plan, &Settings { executions: 5, ..settings.clone() }).expect("it can be searched");
    assert_eq!((few.executions, few.finish), (5, Finish::Executions));
    let shallow = search(&plan, &Settings { depth: 3, ..settings }).expect("it can be searched");
    assert_eq!((shallow.cut_short, shallow.finish), (24, Finish::Depth));
}

#[test]
fn a_lost_or_doubled_message_is_another_execution() {
    let script = Script { boot: vec![vec![(1, 0), (2, 0)]], ..Script::default() };
    let plan = scenario(3, &script, &["causality-7"], json!({}));
    let number = |vary: &[Vary], faults| {
        let settings = Settings { vary: vary.to_vec(), faults, ..Settings::new(Reduction::Sources) };
        search(&plan, &settings).expect("it can be searched").executions
    };
    assert_eq!(number(&[Vary::Loss], 1), 3, "none, the first, the second");
    assert_eq!(number(&[Vary::Loss], 2), 4, "and both");
    assert_eq!(number(&[Vary::Duplicate], 1), 3, "a copy of one of them");
    assert_eq!(number(&[Vary::Loss, Vary::Duplicate], 1), 5);
}
