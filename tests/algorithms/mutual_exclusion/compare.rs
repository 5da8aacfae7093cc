//! The scenarios that differ in their algorithm only, against the published formulas.

use std::fs;
use synod::{
    registry::{Options, Outcome, Registry, Standing},
    scenario,
    trace::EventKind,
};

/// The folder's scenarios, by algorithm.
const FILES: [&str; 9] = [
    "central-mutex",
    "lamport-mutex",
    "ricart-agrawala",
    "carvalho-roucairol",
    "maekawa",
    "token-ring",
    "suzuki-kasami",
    "raymond",
    "naimi-trehel",
];

fn text(algorithm: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/compare/mutual_exclusion");
    let file = format!("{folder}/{}.yaml", algorithm.replace('-', "_"));
    fs::read_to_string(file).expect("the scenario is there")
}

fn run(algorithm: &str) -> Outcome {
    let registry = Registry::standard();
    let plan = scenario::load(algorithm, text(algorithm).as_bytes(), &[], None, &registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let outcome = registry.run(&plan, &Options::default()).expect("it runs");
    assert_eq!(outcome.standing(), Standing::Passed, "{algorithm}");
    outcome
}

fn total(outcome: &Outcome) -> u64 {
    outcome.footer.messages.values().sum()
}

/// Who enters, in order.
fn entered(outcome: &Outcome) -> Vec<u32> {
    let trace = outcome.trace().expect("what was written can be read");
    let enters = trace.events.iter().filter(|event| {
        event.kind == EventKind::Output && event.body.as_ref().is_some_and(|body| body == "enter")
    });
    enters.filter_map(|event| event.node).map(|node| node.0).collect()
}

#[test]
fn they_differ_in_one_line() {
    let rest = |algorithm: &str| text(algorithm).replace(&format!("\nalgorithm: {algorithm}\n"), "\n");
    for algorithm in FILES {
        assert!(text(algorithm).contains(&format!("\nalgorithm: {algorithm}\n")), "{algorithm}");
        assert_eq!(rest(algorithm), rest(FILES[0]), "{algorithm}");
    }
}

/// N = 5, ten entries. The quorums of the grid of three columns have K = 4, 3, 3, 3, 3; the token of the ring makes a hop
/// for each entry and one for each rest.
#[test]
fn what_they_cost_is_what_was_published() {
    let nodes = 5;
    for algorithm in FILES {
        let outcome = run(algorithm);
        let (sent, entered) = (total(&outcome), entered(&outcome));
        let entries = entered.len() as u64;
        assert_eq!(entries, 10, "{algorithm}");
        let count = |wanted: &dyn Fn(&u32) -> bool| entered.iter().filter(|node| wanted(node)).count() as u64;
        // With a token that starts at n1: how many entries find it elsewhere.
        let moved = std::iter::once(&0).chain(&entered).zip(&entered).filter(|(from, to)| from != to).count();
        let (least, most) = match algorithm {
            "central-mutex" => (3 * count(&|node| *node != 0), 3 * count(&|node| *node != 0)),
            "lamport-mutex" => (3 * (nodes - 1) * entries, 3 * (nodes - 1) * entries),
            "ricart-agrawala" => (2 * (nodes - 1) * entries, 2 * (nodes - 1) * entries),
            "carvalho-roucairol" => {
                let replies = outcome.footer.messages["reply"];
                assert!(replies <= (nodes - 1) * entries);
                (2 * replies, 2 * replies)
            }
            "maekawa" => {
                let others = entries * 2 + count(&|node| *node == 0);
                (3 * others, 5 * others)
            }
            "token-ring" => (entries, 1_500 / 10),
            "suzuki-kasami" => (nodes * moved as u64, nodes * moved as u64),
            "raymond" => (0, 2 * 3 * entries),
            "naimi-trehel" => (0, nodes * moved as u64),
            other => panic!("{other} is none of them"),
        };
        assert!((least..=most).contains(&sent), "{algorithm}: {sent}, not {least} to {most}");
    }
}

/// The order in which a student would put them.
#[test]
fn a_tree_costs_least_and_lamports_queue_most() {
    let sent: Vec<u64> = FILES.iter().map(|algorithm| total(&run(algorithm))).collect();
    let [central, lamport, ricart, carvalho, maekawa, _ring, suzuki, raymond, naimi] = sent[..] else {
        panic!("there are nine")
    };
    assert!(lamport > ricart && ricart > carvalho && carvalho > suzuki, "{sent:?}");
    assert!(lamport > maekawa && central > raymond && central > naimi, "{sent:?}");
}
