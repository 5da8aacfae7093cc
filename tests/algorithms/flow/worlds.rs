//! A bounded sink keeps its promises in thousands of random worlds that keep its assumptions.

use crate::soak::{Links, soak};
use std::time::Duration;
use synod::{
    algorithms::{
        bounded_sink::{BoundedSink, Config, Policy},
        parts::channel::Layer,
    },
    problems::flow::Request,
    process::ProcessId,
};

#[test]
fn a_bounded_sink_keeps_its_promises() {
    soak::<BoundedSink>(
        Links::Fifo,
        &[Layer::ReliableFifo],
        &[],
        |dice| {
            let policy = match dice.below(4) {
                0 => Policy::DropNewest,
                1 => Policy::DropOldest,
                2 => Policy::Reject,
                _ => Policy::Credits,
            };
            let sink = (dice.below(2) == 0).then_some(ProcessId(1));
            let service = Duration::from_millis(dice.below(20));
            Config { sink, policy, capacity: dice.below(6), service, batch: dice.below(4) }
        },
        |_, _, number| Request::Offer(format!("item {number}")),
    );
}
