//! Published message counts, exactly: catalogue rows G1, G2, L1, L2, L3, B10, O3, O4.

use super::{offered, sent};
use crate::trial::{SIZES, Trial};
use std::time::Duration;
use synod::{
    algorithms::{
        causal_rst::{self, CausalRst},
        causal_ses::{self, CausalSes},
        go_back_n::GoBackN,
        multicast::Multicast,
        parts::channel::{self, Channel, Layer},
        parts::window,
        selective_repeat::SelectiveRepeat,
        stop_and_wait::{self, StopAndWait},
        unicast::Unicast,
    },
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Effect, Effects, Input, LocalTime, Neighbours, Process, ProcessId, Scene, step},
    trace::Counts,
};

/// How many messages this costs, and that it delivers so many.
fn cost<P: Process<Problem = Messaging>>(
    trial: &Trial<Messaging>,
    config: P::Config,
    delivered: u64,
) -> Counts {
    let (counts, outputs) = trial.run::<P>(config, 1);
    let received = outputs.iter().filter(|(_, output)| matches!(output, Output::Receive { .. }));
    assert_eq!(received.count() as u64, delivered, "everything is delivered");
    counts
}

/// Node 0 sends three messages to each node, itself included, one after the other.
fn to_each(n: u32) -> Trial<Messaging> {
    let receivers: Vec<u32> = (0..n).collect();
    let lists: Vec<[u32; 1]> = receivers.iter().map(|to| [*to]).collect();
    let all: Vec<(u64, u32, &[u32])> =
        (0..3).flat_map(|at| lists.iter().map(move |to| (at, 0, &to[..]))).collect();
    sent(n, &all)
}

#[test]
fn a_unicast_costs_one_message() {
    for n in SIZES {
        let (wanted, delivered) = (3 * u64::from(n - 1), 3 * u64::from(n));
        assert_eq!(cost::<Unicast>(&to_each(n), (), delivered).total(), wanted);
        assert_eq!(cost::<CausalSes>(&to_each(n), (), delivered).total(), wanted);
        assert_eq!(cost::<CausalRst>(&to_each(n), (), delivered).total(), wanted);
        for layer in [Layer::Reliable, Layer::ReliableFifo] {
            let config = channel::Config { layer, process: () };
            assert_eq!(cost::<Channel<Unicast>>(&to_each(n), config, delivered).total(), 2 * wanted);
        }
    }
}

/// There is always something under way, and nothing is sent twice: the patience is that with the oldest.
#[test]
fn a_steady_stream_over_a_reliable_channel_costs_two_messages_for_each() {
    let stream: Vec<(u64, u32, &[u32])> = (0..100).map(|place| (place * 15, 0, &[1][..])).collect();
    for layer in [Layer::Reliable, Layer::ReliableFifo] {
        let config = channel::Config { layer, process: () };
        assert_eq!(cost::<Channel<Unicast>>(&sent(2, &stream), config, 100).total(), 200);
    }
}

#[test]
fn a_multicast_costs_as_many_as_its_subset_has_others() {
    for n in SIZES {
        let everybody: Vec<u32> = (0..n).collect();
        let (half, others) = (&everybody[..(n / 2) as usize], &everybody[1..]);
        for (subset, wanted) in [(&everybody[..], n - 1), (half, n / 2 - 1), (others, n - 1), (&[n - 1], 1)] {
            let trial = sent(n, &[(0, 0, subset)]);
            assert_eq!(cost::<Multicast>(&trial, (), subset.len() as u64).total(), u64::from(wanted));
        }
    }
}

/// Without losses, and patient enough for every round trip: one data and one acknowledgement for each message.
#[test]
fn windows_cost_two_messages_for_each() {
    let patient = window::Config { timeout: Duration::from_secs(1), ..window::Config::default() };
    let wait = stop_and_wait::Config { timeout: Duration::from_secs(1) };
    for n in SIZES {
        let (wanted, delivered) = (3 * u64::from(n - 1), 3 * u64::from(n));
        let trial = to_each(n).fifo();
        let each = vec![("data", wanted), ("ack", wanted)];
        assert_eq!(cost::<StopAndWait>(&trial, wait, delivered).sent, each);
        assert_eq!(cost::<GoBackN>(&trial, patient, delivered).sent, each);
        assert_eq!(cost::<SelectiveRepeat>(&trial, patient, delivered).sent, each);
    }
}

/// When the last event of a run over links of exactly 10 ms happens.
fn time<P: Process<Problem = Messaging>>(count: usize, config: P::Config) -> Duration {
    let mut trial = offered(count).fifo();
    trial.setup.network.jitter = Duration::ZERO;
    let mut last = 0;
    trial.each_run::<P>(&config, &[], |_, history, _| {
        last = history.steps.last().map_or(0, |step| step.time.0);
    });
    Duration::from_nanos(last)
}

/// Where sending takes no time, a window of W messages takes M/W round trips, rounded up; stop-and-wait M.
#[test]
fn a_window_takes_as_many_round_trips_as_it_is_filled() {
    let round_trip = Duration::from_millis(20);
    for (count, window, trips) in [(6, 1, 6), (6, 2, 3), (6, 4, 2), (8, 4, 2), (9, 4, 3), (3, 4, 1)] {
        let config = window::Config { window, ..window::Config::default() };
        assert_eq!(time::<GoBackN>(count, config), round_trip * trips, "{count} messages, window {window}");
        assert_eq!(time::<SelectiveRepeat>(count, config), round_trip * trips, "{count}, window {window}");
    }
    assert_eq!(time::<StopAndWait>(6, stop_and_wait::Config::default()), round_trip * 6);
}

/// A process run by hand: what it sends upon one input.
struct Bench<P: Process> {
    me: ProcessId,
    group_size: u32,
    process: Option<P>,
}

impl<P: Process<Problem = Messaging, Stable = ()>> Bench<P> {
    fn of(me: u32, group_size: u32) -> Self
    where
        P: Process<Config = ()>,
    {
        let mut bench = Self { me: ProcessId(me), group_size, process: None };
        bench.with(|_, ctx| Some(P::boot(ctx, &(), ())));
        bench
    }

    fn with(
        &mut self,
        act: impl FnOnce(Option<P>, &mut Context<'_, P>) -> Option<P>,
    ) -> Vec<(ProcessId, P::Message)> {
        let (me, group_size) = (self.me, self.group_size);
        let neighbours = Neighbours::everybody(me, group_size);
        let scene = Scene { me, group_size, neighbours, now: LocalTime(0), clock_read: None };
        let (mut effects, mut choices) = (Effects::new(), ());
        self.process = act(self.process.take(), &mut Context::new(scene, &mut effects, &mut choices));
        let sends = effects.list.into_iter().filter_map(|effect| match effect {
            Effect::Send { to, message } => Some((to, message)),
            _ => None,
        });
        sends.collect()
    }

    fn input(&mut self, input: Input<P>) -> Vec<(ProcessId, P::Message)> {
        self.with(|process, ctx| {
            let mut process = process.expect("it has booted");
            step(&mut process, ctx, input);
            Some(process)
        })
    }
}

/// Everybody sends everybody something, `rounds` times, and nothing travels: it arrives before anything else happens.
/// Gives how many numbers the header of each message had.
fn headers<P>(group_size: u32, rounds: u32, header: impl Fn(&P::Message) -> usize) -> Vec<usize>
where
    P: Process<Problem = Messaging, Stable = (), Config = ()>,
{
    let mut group: Vec<Bench<P>> = (0..group_size).map(|me| Bench::of(me, group_size)).collect();
    let mut headers = Vec::new();
    for _ in 0..rounds {
        for from in 0..group_size {
            let to = (0..group_size).map(ProcessId).collect();
            let sends = group[from as usize].input(Input::Request(Request::Send { to, body: "m".into() }));
            for (to, message) in sends {
                headers.push(header(&message));
                group[to.index()].input(Input::Message { from: ProcessId(from), message });
            }
        }
    }
    headers
}

#[test]
fn a_matrix_header_has_n_times_n_numbers() {
    for n in SIZES {
        let numbers = |message: &causal_rst::Message| {
            let causal_rst::Message::Data { sent, .. } = message;
            sent.iter().map(Vec::len).sum()
        };
        let headers = headers::<CausalRst>(n, 1, numbers);
        assert!(headers.iter().all(|numbers| *numbers == (n * n) as usize), "n = {n}");
    }
}

/// A vector for each process that something is known to be under way to: none in the first message, and never more than
/// N*N numbers with the message's own time.
#[test]
fn a_sparse_header_grows_with_the_receivers_that_are_known_of() {
    for n in SIZES {
        let numbers = |message: &causal_ses::Message| {
            let causal_ses::Message::Data { time, sent_to, .. } = message;
            time.len() + sent_to.iter().map(|(_, vector)| vector.len()).sum::<usize>()
        };
        let headers = headers::<CausalSes>(n, 2, numbers);
        assert_eq!(headers.first(), Some(&(n as usize)), "n = {n}");
        assert!(headers.iter().all(|numbers| *numbers <= (n * n) as usize), "n = {n}");
        assert_eq!(headers.last(), Some(&((n * n) as usize)), "n = {n}");
    }
}
