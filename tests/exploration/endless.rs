//! Runs without end: a ball that goes to and fro for ever, while something else may or may not happen in the end.

use crate::states::searched;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    explore::{
        campaign::{self, Campaign, Verdicts},
        exhaustive::{Finish, Reduction, Settings, Tally, explore},
        states::Report,
    },
    process::{
        Context, Description, Example, Measure, Never, Problem, Process, ProcessId, Property, PropertyKind,
        Sees, Verdict, What,
    },
    registry::Registry,
    scenario::load,
};

/// What is played.
#[derive(Debug)]
enum Game {}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Call {
    Over,
}

impl Problem for Game {
    const NAME: &'static str = "game";
    type Request = Never;
    type Output = Call;
    const REQUESTS: &'static [Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        let check = |history: &synod::process::History<'_, Self>| {
            if history.steps.iter().any(|step| matches!(step.what, What::Output(Call::Over))) {
                return Verdict::of(1);
            }
            Verdict::unmet(history.end, [], "the game is never over")
        };
        let (name, about) = ("end", "Every game is over some time.");
        vec![Property { name, about, kind: PropertyKind::Liveness, sees: Sees::Nodes, check }]
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

/// How the game can be over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Rule {
    /// When a letter arrives.
    letter: bool,
    /// When a timer runs out.
    timer: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Player;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Flying {
    Ball,
    Letter,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Whistle {
    Last,
}

impl Process for Player {
    type Problem = Game;
    type Config = Rule;
    type Message = Flying;
    type Timer = Whistle;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("player");

    fn boot(ctx: &mut Context<'_, Self>, config: &Rule, (): ()) -> Self {
        if ctx.me() == ProcessId(0) {
            ctx.send(ProcessId(1), Flying::Ball);
            if config.letter {
                ctx.send(ProcessId(1), Flying::Letter);
            }
            if config.timer {
                ctx.set_timer(Whistle::Last, Duration::from_secs(1));
            }
        }
        Self
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, request: Never) {
        match request {}
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Flying) {
        match message {
            Flying::Ball => ctx.send(from, Flying::Ball),
            Flying::Letter => ctx.produce(Call::Over),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Whistle) {
        match timer {
            Whistle::Last => ctx.produce(Call::Over),
        }
    }
}

fn played(config: &str, more: &str) -> Report {
    let text = format!(
        "version: 1\nname: game\nalgorithm: {{name: player, config: {config}}}\nnodes: 2\ncheck: [end]\n{more}\n"
    );
    let report = searched(&Registry::empty().with::<Player>(), &text, 1).unwrap();
    assert!(report.complete, "{report:?}");
    report
}

fn verdict(report: &Report) -> &str {
    report.verdicts[0].1.name()
}

#[test]
fn a_circle_without_progress_is_found() {
    let report = played("{}", "");
    assert_eq!((report.states, verdict(&report)), (2, "violated"));
    let witness = &report.witnesses[0];
    // There and back.
    assert_eq!((witness.repeats, witness.schedule.steps.len()), (Some(2), 2));
}

#[test]
fn what_is_under_way_all_the_time_arrives_in_the_end() {
    let report = played("{letter: true}", "");
    assert_eq!((report.states, verdict(&report)), (4, "holds"));
    let report = played("{letter: true}", "fuzz: {vary: [loss], faults: 1}");
    assert_eq!(verdict(&report), "violated");
}

#[test]
fn a_timer_that_runs_all_the_time_runs_out_in_the_end() {
    let report = played("{timer: true}", "fuzz: {vary: [timer]}");
    assert_eq!(verdict(&report), "holds");
    // Where timers wait for messages that never end, nothing can be said.
    let report = played("{timer: true}", "");
    assert_eq!(verdict(&report), "undecided");
}

/// What the searches that go from order to order make of a game: without and with reduction, and at random.
fn tried(config: &str) -> Vec<(Finish, Tally)> {
    let registry = Registry::empty().with::<Player>();
    let text = format!(
        "version: 1\nname: game\nalgorithm: {{name: player, config: {config}}}\nnodes: 2\ncheck: [end]\n\
         events-limit: 500\n"
    );
    let plan = load("game.yaml", text.as_bytes(), &[], None, &registry).expect("the scenario is right");
    let subject = registry.subject(&plan).expect("the algorithm is registered");
    let searches = [Reduction::None, Reduction::Sources].map(|reduction| {
        let settings = Settings { depth: 60, executions: 200, ..Settings::new(reduction) };
        let explored = explore(&subject, &settings, &mut |_| false).expect("nothing stands against it");
        (explored.finish, explored.tallies[0].clone())
    });
    let campaign = Campaign::new(&subject, campaign::Settings::of(&plan)).expect("it fits");
    let report = campaign.run(&subject, 60).expect("it runs");
    let Verdicts { holds, vacuous, undecided, violated, .. } = report.tally.verdicts[0].clone();
    let tally = Tally { holds, vacuous, undecided, violated, first: None };
    searches.into_iter().chain([(Finish::Executions, tally)]).collect()
}

#[test]
fn a_search_by_orders_leaves_open_what_happens_in_a_run_without_end() {
    for (finish, tally) in tried("{}") {
        // However long it looks: the game may be over with the next step.
        assert!(matches!(finish, Finish::Depth | Finish::Executions), "{finish:?}");
        assert!(tally.undecided > 0, "{tally:?}");
        assert_eq!((tally.holds, tally.violated), (0, 0), "{tally:?}");
    }
    for (_, tally) in tried("{letter: true}") {
        assert!(tally.holds > 0, "{tally:?}");
        assert_eq!(tally.violated, 0, "a letter that is late may still arrive: {tally:?}");
    }
}
