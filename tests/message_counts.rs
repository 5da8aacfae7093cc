//! Published message counts, exactly: catalogue rows B1, O1, O2, O6, O9.

use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::{
        best_effort_broadcast::BestEffortBroadcast,
        causal_broadcast::CausalBroadcast,
        fifo_broadcast::FifoBroadcast,
        lamport_total_order::LamportTotalOrder,
        parts::channel::{self, Channel, Layer},
        sequencer::{self, Sequencer, Variant},
    },
    problems::broadcast::{Broadcast, Request},
    process::{End, Names, Process, ProcessId, Time},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Planned, Setup, Targets},
};

const SIZES: [u32; 6] = [2, 3, 5, 8, 16, 50];
const BROADCASTS: u64 = 3;

/// How many messages `senders`' broadcasts cost, at most `BROADCASTS` each, over jittery links.
fn cost<P: Process<Problem = Broadcast>>(nodes: u32, sender: u32, config: P::Config, fifo: bool) -> u64 {
    let mut setup = Setup::of(Names::Numbered(nodes));
    setup.network.delay = Duration::from_millis(10);
    setup.network.jitter = Duration::from_millis(8);
    setup.network.fifo = fifo;
    for entry in 0..BROADCASTS as u32 {
        let action = Action::Request { targets: Targets::Node(ProcessId(sender)), request: 0 };
        let at = Time(u64::from(entry) * 1_000_000);
        setup.agenda.push(Planned { at, action, lasts: None, may_miss: false, entry });
    }
    let cast = Cast { config, requests: vec![Request::Broadcast("hello".into())], ..Cast::<P>::default() };
    let mut simulation = Simulation::new(Arc::new(setup), cast);
    let summary = simulation.run(u64::from(nodes), Level::Full);
    assert_eq!(summary.end, End::Quiescent);
    let heard = simulation.recording().outputs().count() as u64;
    assert_eq!(heard, BROADCASTS * u64::from(nodes), "everybody delivers everything");
    simulation.recording().counts().total()
}

#[test]
fn best_effort_fifo_and_causal_broadcast_cost_n_minus_1() {
    for n in SIZES {
        let wanted = BROADCASTS * u64::from(n - 1);
        assert_eq!(cost::<BestEffortBroadcast>(n, 0, Default::default(), false), wanted);
        assert_eq!(cost::<FifoBroadcast>(n, 0, Default::default(), false), wanted);
        assert_eq!(cost::<CausalBroadcast>(n, 0, Default::default(), false), wanted);
    }
}

#[test]
fn lamport_total_order_costs_n_times_n_minus_1() {
    for n in SIZES {
        let wanted = BROADCASTS * u64::from(n) * u64::from(n - 1);
        assert_eq!(cost::<LamportTotalOrder>(n, n - 1, Default::default(), true), wanted);
    }
}

#[test]
fn a_sequencer_costs_what_its_variant_costs() {
    for n in SIZES {
        let (n, last) = (u64::from(n), n - 1);
        let config = |variant| sequencer::Config { variant, ..Default::default() };
        let wanted = [
            (Variant::UnicastBroadcast, n),
            (Variant::BroadcastBroadcast, 2 * (n - 1)),
            (Variant::UnicastUnicastBroadcast, n + 1),
        ];
        for (variant, each) in wanted {
            assert_eq!(
                cost::<Sequencer>(n as u32, last, config(variant), false),
                BROADCASTS * each,
                "{variant:?}, n={n}"
            );
            assert_eq!(
                cost::<Sequencer>(n as u32, 0, config(variant), false),
                BROADCASTS * (n - 1),
                "{variant:?}, n={n}"
            );
        }
    }
}

#[test]
fn a_reliable_channel_costs_two_messages_for_each_of_its_users() {
    for n in SIZES {
        for layer in [Layer::Reliable, Layer::ReliableFifo] {
            let config = channel::Config { layer, process: Default::default() };
            let wanted = BROADCASTS * 2 * u64::from(n - 1);
            assert_eq!(cost::<Channel<BestEffortBroadcast>>(n, 0, config, false), wanted);
        }
        let config = channel::Config { layer: Layer::Fifo, process: Default::default() };
        assert_eq!(cost::<Channel<BestEffortBroadcast>>(n, 0, config, false), BROADCASTS * u64::from(n - 1));
    }
}
