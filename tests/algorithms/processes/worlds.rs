//! Pools, queues and mailboxes keep their promises in thousands of random worlds that keep their assumptions.

use super::{crash, restart};
use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        file_mailbox::{self, FileMailbox, Mode},
        message_queue::{self, MessageQueue},
        worker_pool::{self, WorkerPool},
    },
    problems::{mailbox, queue, work},
    process::ProcessId,
};

fn job(dice: &mut Dice, _: u32, _: u32) -> work::Request {
    work::Request::Submit { duration: Duration::from_millis(dice.below(60)) }
}

/// Longer than anything that these worlds do to a message or a worker.
const PATIENT: Duration = Duration::from_secs(1_000_000);

#[test]
fn a_worker_pool_keeps_its_promises() {
    let configure = |dice: &mut Dice| worker_pool::Config {
        workers: (0..dice.below(3)).map(|_| ProcessId(dice.below(8) as u32)).collect(),
        backlog: dice.below(6) as u32,
        patience: PATIENT,
        ..Default::default()
    };
    soak::<WorkerPool>(Links::Perfect, ANY_LAYER, &[], configure, job);
}

/// Workers crash and come back; one of them never crashes, nor does the dispatcher.
#[test]
fn a_worker_pool_outlives_workers() {
    let promises = ["done-means-executed", "fifo-start", "one-at-a-time", "executed", "answered"];
    let promises: Vec<String> = promises.map(str::to_owned).to_vec();
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let (mut setup, requests) = world(&mut dice, Links::Perfect, job);
        let nodes = setup.names.len() as u32;
        for _ in 0..3 {
            // The last node stays up, too, so that a client or a worker may count on it.
            let node = 1 + dice.below(u64::from(nodes)) as u32 % (nodes - 1);
            if node == nodes - 1 {
                continue;
            }
            let at = dice.below(150);
            setup.agenda.push(planned(at, crash(node)));
            setup.agenda.push(planned(at + 1 + dice.below(100), restart(node)));
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        let patience = Duration::from_millis(50 + dice.below(500));
        let config = worker_pool::Config { patience, ..Default::default() };
        survives::<WorkerPool>(seed, (setup, requests), config, &promises);
    }
}

fn trade(dice: &mut Dice, _: u32, number: u32) -> queue::Request {
    match dice.below(2) {
        0 => queue::Request::Produce(format!("item {number}")),
        _ => queue::Request::Consume,
    }
}

#[test]
fn a_message_queue_keeps_its_promises() {
    let configure = |dice: &mut Dice| message_queue::Config {
        capacity: dice.below(4) as u32,
        acknowledge: dice.below(2) == 0,
        timeout: PATIENT,
        work: Duration::from_millis(dice.below(40)),
        ..Default::default()
    };
    soak::<MessageQueue>(Links::Perfect, ANY_LAYER, &[], configure, trade);
}

/// Anybody but the broker crashes and comes back.
#[test]
fn an_acknowledging_queue_outlives_consumers() {
    let promises = ["bounded", "fifo", "integrity", "delivery", "admission"];
    let promises: Vec<String> = promises.map(str::to_owned).to_vec();
    let mut delivered = 0;
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let (mut setup, requests) = world(&mut dice, Links::Perfect, trade);
        let nodes = setup.names.len() as u64;
        for _ in 0..3 {
            let (node, at) = (1 + dice.below(nodes - 1) as u32, dice.below(100));
            setup.agenda.push(planned(at, crash(node)));
            setup.agenda.push(planned(at + 1 + dice.below(100), restart(node)));
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        let config = message_queue::Config {
            capacity: 1 + dice.below(3) as u32,
            acknowledge: true,
            timeout: Duration::from_millis(50 + dice.below(500)),
            work: Duration::from_millis(dice.below(40)),
            ..Default::default()
        };
        delivered += u64::from(survives::<MessageQueue>(seed, (setup, requests), config, &promises)[3]);
    }
    assert!(delivered > WORLDS / 10, "something was delivered in {delivered} worlds only");
}

fn line(dice: &mut Dice, _: u32, number: u32) -> mailbox::Request {
    match dice.below(2) {
        0 => mailbox::Request::Write(format!("line {number}, für alle")),
        _ => mailbox::Request::Poll,
    }
}

#[test]
fn a_file_mailbox_keeps_its_promises() {
    let configure = |dice: &mut Dice| file_mailbox::Config {
        mode: if dice.below(4) == 0 { Mode::Truncate } else { Mode::Append },
        read_max: dice.below(10) as u32,
        ..Default::default()
    };
    soak::<FileMailbox>(Links::Perfect, ANY_LAYER, &[], configure, line);
}

/// Lines that are torn are whole lines of the file all the same.
#[test]
fn torn_lines_are_read_as_they_are() {
    let configure = |dice: &mut Dice| file_mailbox::Config {
        write_max: 1 + dice.below(9) as u32,
        pause: Duration::from_millis(dice.below(20)),
        read_max: dice.below(10) as u32,
        ..Default::default()
    };
    soak::<FileMailbox>(Links::Perfect, ANY_LAYER, &["intact"], configure, line);
}
