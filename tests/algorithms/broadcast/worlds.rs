//! Every broadcast algorithm keeps every promise in thousands of random worlds that keep its assumptions.

use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, soak, soak_in},
};
use synod::{
    algorithms::{
        best_effort_broadcast::BestEffortBroadcast,
        causal_broadcast::CausalBroadcast,
        fifo_broadcast::FifoBroadcast,
        flawed::{
            self,
            abcast::AbcastFlawed,
            causal_broadcast::CausalBroadcastFlawed,
            fifo_broadcast::FifoBroadcastFlawed,
            lamport_total_order::LamportTotalOrderFlawed,
            sequencer::{Method, SequencerFlawed},
            sequencer_failover::SequencerFailoverFlawed,
        },
        lamport_total_order::LamportTotalOrder,
        parts::{channel::Layer, own_copy::OwnCopy},
        sequencer::{self, Sequencer, Variant},
    },
    problems::broadcast::Request,
    process::ProcessId,
};

/// Somebody says something.
fn say(_dice: &mut Dice, _nodes: u32, number: u32) -> Request {
    Request::Broadcast(format!("m{number}"))
}

#[test]
fn best_effort_broadcast_keeps_its_promises() {
    soak::<BestEffortBroadcast>(Links::Perfect, ANY_LAYER, &[], |_| OwnCopy::default(), say);
}

#[test]
fn fifo_broadcast_keeps_its_promises() {
    soak::<FifoBroadcast>(Links::Duplicating, ANY_LAYER, &[], |_| OwnCopy::default(), say);
}

#[test]
fn causal_broadcast_keeps_its_promises() {
    soak::<CausalBroadcast>(Links::Duplicating, ANY_LAYER, &[], |_| OwnCopy::default(), say);
}

#[test]
fn a_sequencer_keeps_its_promises() {
    soak::<Sequencer>(
        Links::Perfect,
        ANY_LAYER,
        &[],
        |dice| {
            let variant = match dice.below(3) {
                0 => Variant::UnicastBroadcast,
                1 => Variant::BroadcastBroadcast,
                _ => Variant::UnicastUnicastBroadcast,
            };
            let sequencer = (dice.below(2) == 0).then_some(ProcessId(1));
            sequencer::Config { variant, sequencer, numbered: dice.below(2) == 0, ..Default::default() }
        },
        say,
    );
}

#[test]
fn lamport_total_order_keeps_its_promises() {
    soak::<LamportTotalOrder>(
        Links::Fifo,
        &[Layer::Fifo, Layer::ReliableFifo],
        &[],
        |_| Default::default(),
        say,
    );
}

/// What the others hear does not depend on whether the sender hears itself.
#[test]
fn without_own_copies_all_other_promises_are_kept() {
    let silent = |_: &mut Dice| OwnCopy { echo: false };
    let without = &["self-delivery"];
    soak::<FifoBroadcast>(Links::Duplicating, ANY_LAYER, without, silent, say);
    soak::<CausalBroadcast>(Links::Duplicating, ANY_LAYER, without, silent, say);
}

/// What the museum shows with mistakes keeps its promises without one.
#[test]
fn flawed_algorithms_keep_their_promises_without_a_mistake() {
    let method = |dice: &mut Dice| {
        let method = if dice.below(2) == 0 { Method::Pb } else { Method::Bb };
        flawed::sequencer::Config { method, ..Default::default() }
    };
    let fifo = &[Layer::Fifo, Layer::ReliableFifo];
    soak_in::<FifoBroadcastFlawed>(200, Links::Duplicating, ANY_LAYER, &[], |_| Default::default(), say);
    soak_in::<LamportTotalOrderFlawed>(200, Links::Fifo, fifo, &[], |_| Default::default(), say);
    soak_in::<CausalBroadcastFlawed>(200, Links::Duplicating, ANY_LAYER, &[], |_| Default::default(), say);
    soak_in::<SequencerFlawed>(200, Links::Perfect, ANY_LAYER, &[], method, say);
    soak_in::<AbcastFlawed>(200, Links::Perfect, ANY_LAYER, &[], |_| Default::default(), say);
    soak_in::<SequencerFailoverFlawed>(200, Links::Fifo, fifo, &[], |_| Default::default(), say);
}
