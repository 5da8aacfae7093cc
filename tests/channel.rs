//! The channel layers over networks that lose, duplicate and reorder, with and without crashes.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use synod::{
    algorithms::parts::channel::{self, Channel, Layer},
    process::{
        Context, Description, End, History, Names, Never, Problem, Process, ProcessId, Property, Time, What,
    },
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Planned, Probability, Setup, Targets},
};

#[path = "common/dice.rs"]
mod dice;
use dice::Dice;

/// The problem of the test: letters are posted and got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Post {}

/// Post this letter to that process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Letter {
    to: ProcessId,
    number: u64,
}

/// This letter came from that process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Got {
    from: ProcessId,
    number: u64,
}

impl Problem for Post {
    const NAME: &'static str = "post";
    type Request = Letter;
    type Output = Got;
    const REQUESTS: &'static [synod::process::Example] = &[];
    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<synod::process::Measure<Self>> {
        Vec::new()
    }
}

/// Sends what it is asked to send and tells what it gets: all the rest is the channel's.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Office;

impl Process for Office {
    type Problem = Post;
    type Config = ();
    type Message = u64;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("office");

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, letter: Letter) {
        ctx.send(letter.to, letter.number);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, number: u64) {
        ctx.produce(Got { from, number });
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// How bad the network is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Network {
    /// It loses 40 %, duplicates 20 % and lets 20 % overtake.
    Lossy,
    /// The same without losses.
    Lossless,
}

/// Who may crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Crashes {
    Nobody,
    /// Only the process that posts; then nobody else does.
    Sender,
    Anybody,
}

const NODES: u32 = 3;
const SEEDS: u64 = 800;

/// A world with letters from and to everybody, all numbered in order of time.
fn world(seed: u64, network: Network, crashes: Crashes) -> (Setup, Vec<Letter>) {
    let mut dice = Dice::new(seed);
    let mut setup = Setup::of(Names::Numbered(NODES));
    let percent = |parts: u64| Probability::parts_per_billion(parts * 10_000_000);
    setup.network.delay = Duration::from_millis(20);
    setup.network.jitter = Duration::from_millis(20);
    setup.network.loss = percent(if network == Network::Lossy { 40 } else { 0 });
    setup.network.duplicate = percent(20);
    setup.network.reorder = percent(20);
    setup.event_limit = 100_000;
    let mut moments: Vec<u64> = (0..2 + dice.below(20)).map(|_| dice.below(1_500)).collect();
    moments.sort_unstable();
    let mut letters = Vec::new();
    for (number, at) in moments.into_iter().enumerate() {
        let from = if crashes == Crashes::Sender { 0 } else { dice.below(NODES.into()) as u32 };
        let to = (from + 1 + dice.below(u64::from(NODES) - 1) as u32) % NODES;
        letters.push(Letter { to: ProcessId(to), number: number as u64 });
        let targets = Targets::Node(ProcessId(from));
        setup.agenda.push(planned(at, Action::Request { targets, request: number as u32 }));
    }
    let victims = match crashes {
        Crashes::Nobody => 0,
        Crashes::Sender => 1,
        Crashes::Anybody => NODES,
    };
    for victim in (0..victims).map(ProcessId) {
        let mut at = dice.below(400);
        for _ in 0..dice.below(4) {
            let back = at + 1 + dice.below(200);
            setup
                .agenda
                .push(planned(at, Action::Crash { targets: Targets::Node(victim), after_sends: None }));
            setup.agenda.push(planned(back, Action::Restart(Targets::Node(victim))));
            at = back + 1 + dice.below(300);
        }
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    (setup, letters)
}

fn planned(at: u64, action: Action) -> Planned {
    Planned { at: Time(at * 1_000_000), action, lasts: None, may_miss: true, entry: 0 }
}

/// Runs many worlds and looks at each history.
fn each_run(layer: Layer, network: Network, crashes: Crashes, look: impl Fn(u64, &History<'_, Post>)) {
    for seed in 0..SEEDS {
        let (setup, requests) = world(seed, network, crashes);
        let config = channel::Config { layer, process: () };
        let cast = Cast::<Channel<Office>> { config, requests, ..Cast::default() };
        let mut simulation = Simulation::new(Arc::new(setup), cast);
        let summary = simulation.run(seed, Level::Full);
        assert_eq!(summary.end, End::Quiescent, "seed {seed}: timers stop once all is delivered");
        look(seed, &simulation.recording().history(NODES as usize, summary.end));
    }
}

/// The numbers on each directed link, in order.
type Links = BTreeMap<(ProcessId, ProcessId), Vec<u64>>;

/// What was posted on each link, from an event on.
fn posted(history: &History<'_, Post>, since: u64) -> Links {
    let mut links = Links::new();
    for step in history.steps.iter().filter(|step| step.event >= since) {
        if let What::Request(letter) = step.what {
            links.entry((step.node, letter.to)).or_default().push(letter.number);
        }
    }
    links
}

/// What was got on each link, one list for each life of the receiver.
fn got(history: &History<'_, Post>) -> Vec<Links> {
    let mut lives = vec![0; history.nodes as usize];
    let mut got = vec![Links::new()];
    for step in &history.steps {
        let life = &mut lives[step.node.index()];
        match step.what {
            What::Output(Got { from, number }) => {
                got[*life].entry((*from, step.node)).or_default().push(*number);
            }
            What::Crash => {
                *life += 1;
                got.resize(got.len().max(*life + 1), Links::new());
            }
            _ => {}
        }
    }
    got
}

/// The last event at which somebody came back; 0 when nobody did.
fn last_restart(history: &History<'_, Post>) -> u64 {
    let boots = history.steps.iter().filter(|step| matches!(step.what, What::Boot));
    boots.map(|step| step.event).max().unwrap_or(0)
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

fn assert_once_in_each_life(seed: u64, history: &History<'_, Post>) {
    for (link, numbers) in got(history).into_iter().flatten() {
        let mut once = sorted(numbers.clone());
        once.dedup();
        assert_eq!(
            once.len(),
            numbers.len(),
            "seed {seed}: a duplicate on {link:?} in one life: {numbers:?}"
        );
    }
}

fn assert_in_order(seed: u64, history: &History<'_, Post>) {
    for (link, numbers) in got(history).into_iter().flatten() {
        assert!(numbers.is_sorted(), "seed {seed}: out of order on {link:?}: {numbers:?}");
    }
}

/// What was posted when everybody had come back for the last time has arrived, in the receiver's last life.
fn assert_the_present_arrives(seed: u64, history: &History<'_, Post>) {
    let mut arrived = Links::new();
    for links in got(history) {
        for (link, mut numbers) in links {
            arrived.entry(link).or_default().append(&mut numbers);
        }
    }
    for (link, numbers) in posted(history, last_restart(history)) {
        for number in numbers {
            let found = arrived.get(&link).is_some_and(|arrived| arrived.contains(&number));
            assert!(
                found,
                "seed {seed}: {number} on {link:?} was posted after the last restart and never came"
            );
        }
    }
}

#[test]
fn a_reliable_channel_delivers_everything_exactly_once() {
    each_run(Layer::Reliable, Network::Lossy, Crashes::Nobody, |seed, history| {
        let got: Links = got(history).remove(0).into_iter().map(|(link, got)| (link, sorted(got))).collect();
        assert_eq!(got, posted(history, 0), "seed {seed}");
    });
}

#[test]
fn a_reliable_fifo_channel_delivers_everything_exactly_once_and_in_order() {
    each_run(Layer::ReliableFifo, Network::Lossy, Crashes::Nobody, |seed, history| {
        assert_eq!(got(history), [posted(history, 0)], "seed {seed}");
    });
}

#[test]
fn a_fifo_channel_delivers_everything_once_and_in_order_when_nothing_is_lost() {
    each_run(Layer::Fifo, Network::Lossless, Crashes::Nobody, |seed, history| {
        assert_eq!(got(history), [posted(history, 0)], "seed {seed}");
    });
}

#[test]
fn the_network_of_these_tests_reorders_and_duplicates() {
    let mut disordered = 0;
    let mut repeated = 0;
    for seed in 0..SEEDS {
        let (setup, requests) = world(seed, Network::Lossless, Crashes::Nobody);
        let cast = Cast::<Office> { requests, ..Cast::default() };
        let mut simulation = Simulation::new(Arc::new(setup), cast);
        let summary = simulation.run(seed, Level::Full);
        let history = simulation.recording().history(NODES as usize, summary.end);
        let got = got(&history).remove(0);
        disordered += u64::from(got.values().any(|numbers| !numbers.is_sorted()));
        repeated += u64::from(
            got.values().map(Vec::len).sum::<usize>() > posted(&history, 0).values().map(Vec::len).sum(),
        );
    }
    assert!(disordered > SEEDS / 10 && repeated > SEEDS / 2, "{disordered} disordered, {repeated} repeated");
}

#[test]
fn a_reliable_channel_survives_crashes() {
    each_run(Layer::Reliable, Network::Lossy, Crashes::Anybody, |seed, history| {
        assert_once_in_each_life(seed, history);
        assert_the_present_arrives(seed, history);
    });
}

#[test]
fn a_reliable_fifo_channel_survives_crashes() {
    each_run(Layer::ReliableFifo, Network::Lossy, Crashes::Anybody, |seed, history| {
        assert_once_in_each_life(seed, history);
        assert_in_order(seed, history);
        assert_the_present_arrives(seed, history);
    });
    each_run(Layer::ReliableFifo, Network::Lossless, Crashes::Anybody, |seed, history| {
        assert_the_present_arrives(seed, history);
    });
}

/// A receiver that loses its memory also loses what is under way: no more than order can be asked of this layer then.
#[test]
fn a_fifo_channel_keeps_the_order_when_processes_crash() {
    each_run(Layer::Fifo, Network::Lossless, Crashes::Anybody, |seed, history| {
        assert_once_in_each_life(seed, history);
        assert_in_order(seed, history);
    });
    each_run(Layer::Fifo, Network::Lossless, Crashes::Sender, |seed, history| {
        assert_in_order(seed, history);
        assert_the_present_arrives(seed, history);
    });
}

/// With nothing held back for ever, what a crashed sender's earlier lives sent is the only thing that can be missing.
#[test]
fn what_a_receiver_held_back_when_it_crashed_comes_again() {
    each_run(Layer::ReliableFifo, Network::Lossy, Crashes::Anybody, |seed, history| {
        let mut lives = vec![0; NODES as usize];
        let mut senders = BTreeMap::new();
        for step in &history.steps {
            match step.what {
                What::Crash => lives[step.node.index()] += 1,
                What::Request(letter) => {
                    senders.insert(letter.number, (step.node, lives[step.node.index()]));
                }
                _ => {}
            }
        }
        let arrived: Vec<u64> = got(history).into_iter().flatten().flat_map(|(_, numbers)| numbers).collect();
        for (number, (sender, life)) in senders {
            let last_life = lives[sender.index()] == life;
            assert!(!last_life || arrived.contains(&number), "seed {seed}: {number} is lost for ever");
        }
    });
}
