//! Published message counts, exactly: catalogue rows B1, O1, O2, O6, O9, and L1 under them.

use crate::trial::SIZES;
use std::time::Duration;
use synod::{
    algorithms::{
        best_effort_broadcast::BestEffortBroadcast,
        causal_broadcast::CausalBroadcast,
        fifo_broadcast::FifoBroadcast,
        lamport_total_order::LamportTotalOrder,
        parts::channel::{self, Channel, Layer},
        sequencer::{self, Sequencer, Variant},
    },
    problems::broadcast::Broadcast,
    process::Process,
};

const BROADCASTS: u64 = 3;

/// How many messages `BROADCASTS` broadcasts of `sender` cost, over jittery links.
fn cost<P: Process<Problem = Broadcast>>(nodes: u32, sender: u32, config: P::Config, fifo: bool) -> u64 {
    let mut trial = super::said(nodes, &[0, 1, 2].map(|at| (at, sender)));
    trial.setup.network.jitter = Duration::from_millis(8);
    trial.setup.network.fifo = fifo;
    let (counts, outputs) = trial.run::<P>(config, u64::from(nodes));
    assert_eq!(outputs.len() as u64, BROADCASTS * u64::from(nodes), "everybody delivers everything");
    counts.total()
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
