//! Generated processes: with reduction, the same properties can be violated as without.

use crate::{
    dice::Dice,
    puppet::{Reaction, Script, scenario, search},
};
use serde_json::{Value, json};
use synod::{
    explore::{
        Rules,
        exhaustive::{Explored, Finish, Reduction, Settings},
    },
    scenario::{Plan, Vary},
};

/// How many processes are made up.
const GENERATED: u64 = 1_000;
/// Larger searches without reduction are left out.
const EXECUTIONS: u64 = 1_000;

const LETTERS: u64 = 3;
const STATES: u64 = 2;

/// What generated processes do besides sending and telling.
#[derive(Clone, Copy, Default)]
struct Abilities {
    timers: bool,
    choices: bool,
    requests: bool,
}

/// A script for so many nodes. A letter leads to later letters only, so that every run ends.
fn script(nodes: u64, dice: &mut Dice, able: Abilities) -> Script {
    let letter = |dice: &mut Dice, from: u64| (from + dice.below(LETTERS - from)) as u8;
    let mut boot = vec![Vec::new(); nodes as usize];
    for _ in 0..2 + dice.below(2) {
        let to = dice.below(nodes) as u32;
        let first = letter(dice, 0);
        boot[dice.below(nodes) as usize].push((to, first));
    }
    let reaction = |dice: &mut Dice, after: u64| {
        let mut reaction = Reaction { next: dice.below(STATES) as u8, ..Reaction::default() };
        if dice.below(3) > 0 {
            reaction.tells = Some(dice.below(2) as u8);
        }
        if after < LETTERS && dice.below(2) == 0 {
            reaction.sends.push((dice.below(nodes) as u32, letter(dice, after)));
        }
        if able.timers && after < LETTERS && dice.below(3) == 0 {
            reaction.sets = Some((letter(dice, after), 1 + dice.below(2)));
        }
        if able.timers && dice.below(4) == 0 {
            reaction.cancels = Some(dice.below(LETTERS) as u8);
        }
        if able.choices && dice.below(4) == 0 {
            (reaction.next, reaction.chooses) = (0, STATES as u8);
        }
        reaction
    };
    let mut table = Vec::new();
    for _ in 0..nodes {
        let states = (0..STATES).map(|_| (1..=LETTERS).map(|after| reaction(dice, after)).collect());
        table.push(states.collect());
    }
    Script { boot, table }
}

/// Both searches; nothing when the one without reduction is too large.
fn both(plan: &Plan, settings: &Settings) -> Option<(Explored, Explored)> {
    let limited = Settings { executions: EXECUTIONS, ..settings.clone() };
    let none = search(plan, &limited).expect("nothing stands against it");
    if none.finish != Finish::All {
        return None;
    }
    let reduced = Settings { reduction: Reduction::Sources, ..settings.clone() };
    Some((none, search(plan, &reduced).expect("nothing stands against it")))
}

/// Which properties can be violated, and which can hold.
fn possible(explored: &Explored) -> Vec<(bool, bool)> {
    explored.tallies.iter().map(|tally| (tally.violated > 0, tally.holds > 0)).collect()
}

/// Makes up processes and searches them with and without reduction; gives how many were compared, the executions of
/// both, and how many of those with reduction were given up.
fn compare(seeds: std::ops::Range<u64>, able: Abilities, settings: &Settings, more: &Value) -> [u64; 4] {
    let mut sums = [0; 4];
    for seed in seeds {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.below(2);
        let script = script(nodes, &mut dice, able);
        let mut more = more.clone();
        if able.requests {
            let event = |dice: &mut Dice, at: u64| {
                let node = 1 + dice.below(nodes);
                json!({"at": format!("{at}ms"), "node": format!("n{node}"), "request": dice.below(LETTERS)})
            };
            more["events"] = json!([event(&mut dice, 0), event(&mut dice, 2)]);
        }
        if dice.below(4) == 0 {
            more["network"] = json!({"delay": "1ms", "order": "fifo"});
        }
        for check in [&["nodes-3", "nodes-7", "causality-3", "causality-7"][..], &["order-3", "order-7"]] {
            let plan = scenario(nodes as usize, &script, check, more.clone());
            let Some((none, sources)) = both(&plan, settings) else { continue };
            let context = format!(
                "seed {seed}, {check:?}: {}, {} executions and {} of them given up: {}",
                none.executions, sources.executions, sources.given_up, plan.resolved
            );
            assert_eq!(possible(&none), possible(&sources), "{context}");
            assert_eq!(none.classes, sources.classes, "{context}");
            assert!(sources.executions <= none.executions, "{context}");
            let new = [1, none.executions, sources.executions, sources.given_up];
            sums.iter_mut().zip(new).for_each(|(sum, new)| *sum += new);
        }
    }
    sums
}

#[test]
fn a_thousand_generated_processes_get_the_same_verdicts_with_and_without_reduction() {
    let sums = compare(0..GENERATED, Abilities::default(), &Settings::new(Reduction::None), &json!({}));
    assert!(sums[0] >= GENERATED, "{sums:?}");
}

#[test]
fn so_do_processes_that_are_asked_choose_and_lose_messages() {
    let able = Abilities { requests: true, choices: true, timers: false };
    let vary = vec![Vary::Loss, Vary::Duplicate];
    let settings = Settings { faults: 1, vary, ..Settings::new(Reduction::None) };
    let sums = compare(0..120, able, &settings, &json!({}));
    assert!(sums[0] >= 60, "{sums:?}");
}

#[test]
fn so_do_processes_with_patient_timers() {
    let able = Abilities { requests: true, timers: true, choices: false };
    for until in [json!({}), json!({"until": "3ms"})] {
        let sums = compare(0..120, able, &Settings::new(Reduction::None), &until);
            assert!(sums[0] >= 60, "{sums:?}");
    }
}

#[test]
fn so_do_processes_whose_timers_run_out_at_any_time() {
    let able = Abilities { requests: true, timers: true, choices: false };
    let rules = Rules { timers_any_time: true };
    for until in [json!({}), json!({"until": "3ms"})] {
        let sums = compare(0..120, able, &Settings { rules, ..Settings::new(Reduction::None) }, &until);
            assert!(sums[0] >= 60, "{sums:?}");
    }
}

#[test]
fn so_do_processes_that_crash_stand_still_and_are_separated() {
    for vary in [Vary::Crash, Vary::Pause, Vary::Partition] {
        let settings = Settings { faults: 1, vary: vec![vary], ..Settings::new(Reduction::None) };
        let sums = compare(0..60, Abilities::default(), &settings, &json!({}));
        assert!(sums[0] >= 60, "{vary:?}: {sums:?}");
        let able = Abilities { requests: true, ..Abilities::default() };
        let sums = compare(0..60, able, &settings, &json!({}));
        assert!(sums[0] >= 4, "{vary:?}: {sums:?}");
    }
}
