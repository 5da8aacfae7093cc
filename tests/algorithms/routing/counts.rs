//! Published message counts, exactly: catalogue rows B10, B11, Q2 and Q3, and how long it takes.

use super::{measure, quiet};
use crate::trial::{SIZES, Trial};
use std::sync::Arc;
use synod::{
    algorithms::{
        distance_vector::{self, DistanceVector, Horizon, Updates},
        link_state::{self, Discovery, LinkState},
        parts::forwarding,
    },
    check::judge,
    problems::routing::{Output, Request, Routing},
    process::{End, Process, ProcessId, Time, Verdict, What},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, LinkPattern, Shape},
};

/// Shapes that have any number of nodes.
const SHAPES: [Shape; 5] =
    [Shape::Complete, Shape::Line, Shape::Ring, Shape::Star, Shape::Tree { children: 2 }];

/// Runs a trial once: what it cost in messages of this kind, the verdict on the shortest paths, the last change of a route.
fn run<P: Process<Problem = Routing>>(
    trial: &Trial<Routing>,
    config: P::Config,
    kind: &str,
) -> (u64, Verdict, Option<Time>) {
    let names = &trial.setup.names;
    let cast = Cast::<P> { config, requests: trial.requests.clone(), ..Cast::default() };
    let mut simulation = Simulation::new(Arc::new(trial.setup.clone()), cast);
    let summary = simulation.run(1, Level::Full);
    let recording = simulation.recording();
    let history = recording.history(names.len(), summary.end);
    let mut verdicts = judge(&history, names, &["shortest-paths".to_owned()]);
    let change = |what: &What<'_, Routing>| matches!(what, What::Output(Output::Route { .. }));
    let last = history.steps.iter().rev().find(|step| change(&step.what)).map(|step| step.time);
    let verdict = verdicts.shift_remove("shortest-paths").expect("it was asked for");
    let sent =
        recording.counts().sent.iter().find(|(name, _)| *name == kind).map_or(0, |(_, number)| *number);
    (sent, verdict, last)
}

fn pairs(nodes: u32) -> Verdict {
    Verdict::Holds { examined: u64::from(nodes) * u64::from(nodes - 1) }
}

/// Round r, counted from 1, is at (r - 1) periods. D rounds are enough, which is one fewer than the catalogue grants.
#[test]
fn distance_vectors_cost_2m_in_a_round_and_find_all_routes_in_as_many_rounds_as_the_longest_path_has_links() {
    for (n, shape) in SIZES.into_iter().flat_map(|n| SHAPES.map(|shape| (n, shape))) {
        let trial = quiet(n, shape.clone());
        let (links, diameter) = measure(&trial);
        let config = distance_vector::Config {
            updates: Updates::Periodic,
            infinity: 1_000,
            ..distance_vector::Config::default()
        };
        let trial = trial.until((diameter - 1) * 100 + 50);
        let (vectors, verdict, last) = run::<DistanceVector>(&trial, config.clone(), "vector");
        assert_eq!(vectors, 2 * links * diameter, "{shape:?}, n={n}");
        assert_eq!(verdict, pairs(n), "{shape:?}, n={n}");
        assert_eq!(last, Some(Time(((diameter - 1) * 100 + 10) * 1_000_000)), "{shape:?}, n={n}");
        if diameter > 1 {
            let (_, verdict, _) =
                run::<DistanceVector>(&trial.until((diameter - 2) * 100 + 50), config, "vector");
            assert_eq!(verdict.name(), "violated", "{shape:?}, n={n}: it takes all of these rounds");
        }
    }
}

/// Museum 73: a line of three, the first link fails, and the other two count to infinity: 14 rounds, 2 messages in each.
#[test]
fn counting_to_infinity_takes_infinity_minus_2_rounds() {
    let (a, b) = (ProcessId(0), ProcessId(1));
    for infinity in [4, 8, 16, 32] {
        let cut = Action::Cut(LinkPattern::Between(vec![a, b]));
        let trial = quiet(3, Shape::Line).with(115, cut).until(5_000);
        let config = distance_vector::Config {
            updates: Updates::Periodic,
            horizon: Horizon::None,
            timeout: std::time::Duration::from_millis(150),
            infinity,
            ..distance_vector::Config::default()
        };
        let cast = Cast::<DistanceVector> { config, requests: Vec::new(), ..Cast::default() };
        let mut simulation = Simulation::new(Arc::new(trial.setup.clone()), cast);
        simulation.run(0, Level::Full);
        let history = simulation.recording().history(3, End::Deadline);
        let told = |node: ProcessId, wanted: Output| {
            let told = |what: &What<'_, Routing>| matches!(what, What::Output(output) if **output == wanted);
            history.steps.iter().find(|step| step.node == node && told(&step.what)).expect("it is told")
        };
        let noticed = told(b, Output::Link { to: a, cost: None });
        let gone = told(b, Output::Route { to: a, way: None });
        let between = history.steps.iter().filter(|step| (noticed.event..gone.event).contains(&step.event));
        let vectors = between.filter(|step| match step.what {
            What::Send { to, .. } => step.node != a && to != a,
            _ => false,
        });
        let rounds = u64::from(infinity) - 2;
        assert_eq!(vectors.count() as u64, 2 * rounds, "infinity is {infinity}");
        assert_eq!(gone.time.since(noticed.time).as_millis().div_ceil(100), u128::from(rounds));
    }
}

#[test]
fn link_states_cost_n_times_2m_minus_n_plus_1() {
    for (n, shape) in SIZES.into_iter().flat_map(|n| SHAPES.map(|shape| (n, shape))) {
        let mut trial = quiet(n, shape.clone());
        let (links, diameter) = measure(&trial);
        let config = link_state::Config { discovery: Discovery::Given, ..link_state::Config::default() };
        let wanted = u64::from(n) * (2 * links - u64::from(n) + 1);
        let (advertisements, verdict, last) = run::<LinkState>(&trial, config.clone(), "lsa");
        assert_eq!((advertisements, verdict), (wanted, pairs(n)), "{shape:?}, n={n}");
        // Both ends of a link must be known: the last to be heard of is as far away as can be.
        assert_eq!(last, Some(Time(diameter * 10_000_000)), "{shape:?}, n={n}");
        // In whatever order they come; fifty processes all linked are enough to count once.
        if links > 1_000 {
            continue;
        }
        trial.setup.network.jitter = std::time::Duration::from_millis(10);
        let (advertisements, verdict, _) = run::<LinkState>(&trial, config, "lsa");
        assert_eq!((advertisements, verdict), (wanted, pairs(n)), "{shape:?}, n={n}");
    }
}

/// A limited broadcast costs a message to each neighbour, a directed one the way there and a message to each of them.
#[test]
fn broadcasts_cost_a_message_to_each_neighbour_and_the_way_there() {
    for n in SIZES {
        let far = ProcessId(n - 1);
        let asked = [
            (Request::Limited("m".into()), u64::from(n - 1)),
            (Request::Send { to: far, body: "m".into(), ttl: None }, 1),
        ];
        for (request, wanted) in asked {
            let mut trial = Trial::of(n, [(900, 0, request)]);
            trial.setup.topology = Shape::Star;
            let config = link_state::Config { discovery: Discovery::Given, ..link_state::Config::default() };
            assert_eq!(run::<LinkState>(&trial, config, "packet").0, wanted);
        }
        // From a leaf to the hub of the star: one link, then to all the other leaves.
        if n > 2 {
            let request = Request::Directed { at: ProcessId(0), body: "m".into() };
            let mut trial = Trial::of(n, [(900, n - 1, request)]);
            trial.setup.topology = Shape::Star;
            let forwarding = forwarding::Config { directed: true, ..forwarding::Config::default() };
            let config = link_state::Config {
                discovery: Discovery::Given,
                forwarding,
                ..link_state::Config::default()
            };
            assert_eq!(run::<LinkState>(&trial, config, "packet").0, 1 + u64::from(n - 2));
        }
        // Along a line to its last node but one, and one further.
        if n > 3 {
            let request = Request::Directed { at: ProcessId(n - 2), body: "m".into() };
            let mut trial = Trial::of(n, [(2_000, 0, request)]);
            trial.setup.topology = Shape::Line;
            let forwarding = forwarding::Config { directed: true, ..forwarding::Config::default() };
            let config = link_state::Config {
                discovery: Discovery::Given,
                forwarding,
                ..link_state::Config::default()
            };
            assert_eq!(run::<LinkState>(&trial, config, "packet").0, u64::from(n - 2) + 2);
        }
    }
}
