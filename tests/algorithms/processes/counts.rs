//! Published message counts, exactly: catalogue rows I1 to I4.

use super::{instant, jobs, lines, traffic};
use crate::trial::{SIZES, Trial};
use std::time::Duration;
use synod::{
    algorithms::{
        file_mailbox::{self, FileMailbox},
        message_queue::{self, MessageQueue},
        worker_pool::{self, WorkerPool},
    },
    problems::{
        mailbox::Mailbox,
        queue,
        work::{self, Output},
    },
    process::ProcessId,
    simulate::{Cast, Simulation},
    trace::Level,
};

#[test]
fn a_job_costs_four_messages() {
    for n in SIZES {
        let asked: Vec<(u64, u32, u64)> =
            (0..n).flat_map(|node| [(0, node, 30), (1, node, 5), (300, node, 1)]).collect();
        for backlog in [0, 100] {
            let config = worker_pool::Config { backlog, ..Default::default() };
            let (counts, outputs) = jobs(n, &asked).run::<WorkerPool>(config, u64::from(n));
            let rejected = outputs.iter().filter(|(_, output)| matches!(output, Output::Rejected { .. }));
            let rejected = rejected.count() as u64;
            assert_eq!(counts.total(), 4 * (3 * u64::from(n) - rejected) + 2 * rejected, "n={n}");
            assert_eq!(rejected == 0, backlog == 100, "n={n}");
        }
    }
}

/// M jobs of one unit at once, W workers, links that take no time: M/W units, rounded up.
#[test]
fn unit_jobs_take_as_many_rounds_as_it_must_be() {
    for n in SIZES {
        for jobs_at_once in [1, 2, u64::from(n), 2 * u64::from(n) + 1, 40] {
            let asked = vec![(0, 0, 10); jobs_at_once as usize];
            let trial = instant(jobs(n, &asked));
            let config = worker_pool::Config { backlog: 200, ..Default::default() };
            let workers = u64::from(n - 1);
            let setup = std::sync::Arc::new(trial.setup.clone());
            let cast = Cast::<WorkerPool> { config, requests: trial.requests.clone(), ..Cast::default() };
            let mut simulation = Simulation::new(setup, cast);
            let summary = simulation.run(0, Level::Full);
            let rounds = jobs_at_once.div_ceil(workers);
            assert_eq!(summary.time.0, rounds * 10_000_000, "{jobs_at_once} jobs, {workers} workers");
            let done =
                simulation.recording().outputs().filter(|(_, output)| matches!(output, Output::Done { .. }));
            assert_eq!(done.count() as u64, jobs_at_once);
        }
    }
}

#[test]
fn an_item_costs_four_messages_and_an_acknowledgement_one() {
    for n in SIZES {
        let others: Vec<u32> = (0..n).collect();
        let producers: Vec<(u64, u32)> = others.iter().flat_map(|node| [(0, *node), (5, *node)]).collect();
        let consumers: Vec<(u64, u32)> = others.iter().flat_map(|node| [(2, *node), (100, *node)]).collect();
        for (acknowledge, each) in [(false, 4), (true, 5)] {
            let config = message_queue::Config { acknowledge, ..Default::default() };
            let trial = traffic(n, &producers, &consumers);
            let (counts, outputs) = trial.run::<MessageQueue>(config, u64::from(n));
            assert_eq!(counts.total(), each * 2 * u64::from(n), "n={n}");
            let consumed =
                outputs.iter().filter(|(_, output)| matches!(output, queue::Output::Consumed { .. }));
            assert_eq!(consumed.count(), 2 * n as usize, "n={n}");
        }
    }
}

/// How many bytes readers are sent is seen in the trace only; what is counted here is messages.
#[test]
fn a_poll_costs_two_messages_and_a_write_call_two() {
    for n in SIZES {
        let written: Vec<(u64, u32, &str)> = (0..n).map(|node| (0, node, "four")).collect();
        let polls: Vec<(u64, u32)> = (0..n).flat_map(|node| [(50, node), (200, node), (350, node)]).collect();
        let trial: Trial<Mailbox> = lines(n, &written, &polls);
        let (counts, _) = trial.run::<FileMailbox>(Default::default(), u64::from(n));
        assert_eq!(counts.total(), 2 * u64::from(n) + 2 * 3 * u64::from(n), "n={n}");
        // Five bytes with the line feed: three calls of two.
        let config = file_mailbox::Config { write_max: 2, ..Default::default() };
        let (counts, _) = trial.run::<FileMailbox>(config, u64::from(n));
        let append = counts.sent.iter().find(|(kind, _)| *kind == "append").map(|(_, sent)| *sent);
        assert_eq!(append, Some(3 * u64::from(n)), "n={n}");
    }
}

/// Each byte is read once: with one byte at a time there is a read for each, and one for each poll that finds nothing.
#[test]
fn each_byte_is_read_once() {
    for text in ["", "a", "hello, world"] {
        let trial = lines(2, &[(0, 0, text), (1, 0, text)], &[(200, 1), (5_000, 1), (5_200, 1)]);
        let config = file_mailbox::Config { read_max: 1, ..Default::default() };
        let (counts, outputs) = trial.run::<FileMailbox>(config, 0);
        let read = counts.sent.iter().find(|(kind, _)| *kind == "read").map(|(_, sent)| *sent);
        let bytes = 2 * (text.len() as u64 + 1);
        assert_eq!(read, Some(bytes + 2), "{text:?}");
        let whole = outputs.iter().filter(|(node, output)| {
            *node == ProcessId(1) && *output == synod::problems::mailbox::Output::Line(text.into())
        });
        assert_eq!(whole.count(), 2, "{text:?}");
    }
}

#[test]
fn one_process_alone_serves_itself() {
    let submit = work::Request::Submit { duration: Duration::from_millis(1) };
    let (counts, outputs) = Trial::of(1, [(0, 0, submit)]).run::<WorkerPool>(Default::default(), 0);
    assert_eq!((counts.total(), outputs.last()), (4, Some(&(ProcessId(0), Output::Done { job: 1 }))));
    let (counts, _) = traffic(1, &[(0, 0)], &[(1, 0)]).run::<MessageQueue>(Default::default(), 0);
    assert_eq!(counts.total(), 4);
    let (counts, _) = lines(1, &[(0, 0, "it")], &[(1, 0)]).run::<FileMailbox>(Default::default(), 0);
    assert_eq!(counts.total(), 4);
}
