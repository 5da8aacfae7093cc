//! Published message counts, exactly: catalogue rows O5, O8, O10.

use super::said;
use crate::trial::SIZES;
use std::time::Duration;
use synod::{
    algorithms::{
        abcast::Abcast,
        absolute_order::AbsoluteOrder,
        token_total_order::{self, TokenTotalOrder, When},
    },
    problems::broadcast::{Broadcast, Output},
    process::{Process, Step, What},
    trace::Counts,
};

const BROADCASTS: u64 = 3;

/// What `BROADCASTS` broadcasts of `sender` cost, all at once.
fn cost<P: Process<Problem = Broadcast>>(nodes: u32, sender: u32, config: P::Config, jitter: u64) -> Counts {
    let mut trial = said(nodes, &[0, 1, 2].map(|at| (at, sender)));
    trial.setup.network.jitter = Duration::from_millis(jitter);
    let (counts, outputs) = trial.run::<P>(config, u64::from(nodes));
    let delivered = outputs.iter().filter(|(_, output)| matches!(output, Output::Deliver(_))).count();
    assert_eq!(delivered as u64, BROADCASTS * u64::from(nodes), "everybody delivers everything");
    counts
}

#[test]
fn absolute_order_costs_n_minus_1() {
    for n in SIZES {
        let counts = cost::<AbsoluteOrder>(n, n - 1, Default::default(), 8);
        assert_eq!(counts.total(), BROADCASTS * u64::from(n - 1));
    }
}

#[test]
fn abcast_costs_3_times_n_minus_1() {
    for n in SIZES {
        let (counts, each) = (cost::<Abcast>(n, n - 1, Default::default(), 8), BROADCASTS * u64::from(n - 1));
        for kind in ["data", "propose", "decide"] {
            assert_eq!(of(&counts, kind), each, "{kind}, n={n}");
        }
        assert_eq!(counts.total(), 3 * each);
    }
}

/// The first message finds the token at rest, the others have to wait until it comes again: a rotation between. Then two
/// rotations with nothing to do.
#[test]
fn a_token_costs_n_for_each_rotation_and_n_minus_1_for_each_broadcast() {
    let patient = token_total_order::Config {
        resend: Duration::from_secs(10),
        token_loss: Duration::from_secs(20),
        ..Default::default()
    };
    for n in SIZES {
        let (n, counts) = (u64::from(n), cost::<TokenTotalOrder>(n, 0, patient, 0));
        assert_eq!(of(&counts, "token"), 3 * n, "three rotations, n={n}");
        assert_eq!(of(&counts, "data"), BROADCASTS * (n - 1), "n={n}");
        assert_eq!(of(&counts, "rest"), n - 1, "n={n}");
        assert_eq!(counts.total(), 3 * n + (BROADCASTS + 1) * (n - 1), "nothing else, n={n}");
    }
    // Called by the last: once around to it, and there the three go out together.
    for n in SIZES {
        let (n, counts) = (u64::from(n), cost::<TokenTotalOrder>(n, n - 1, patient, 0));
        assert_eq!(of(&counts, "wake"), 1, "n={n}");
        assert_eq!(of(&counts, "token"), (n - 1) + 2 * n, "n={n}");
        assert_eq!(of(&counts, "data"), BROADCASTS * (n - 1), "n={n}");
    }
}

/// One message at each visit: one more rotation for the third.
#[test]
fn a_window_spreads_messages_over_rotations() {
    let config =
        token_total_order::Config { window: 1, resend: Duration::from_secs(10), ..Default::default() };
    for n in [2, 3, 8] {
        let counts = cost::<TokenTotalOrder>(n, 0, config, 0);
        assert_eq!(of(&counts, "token"), 4 * u64::from(n), "n={n}");
        assert_eq!(of(&counts, "data"), BROADCASTS * u64::from(n - 1), "n={n}");
    }
}

/// Who is alone has nobody to agree with.
#[test]
fn a_group_of_one_needs_no_messages() {
    assert_eq!(cost::<AbsoluteOrder>(1, 0, Default::default(), 0).total(), 0);
    assert_eq!(cost::<Abcast>(1, 0, Default::default(), 0).total(), 0);
    for delivery in [When::Agreed, When::Safe] {
        let config = token_total_order::Config { delivery, window: 0, ..Default::default() };
        assert_eq!(cost::<TokenTotalOrder>(1, 0, config, 0).total(), 0);
    }
}

/// When the last process delivers the first message, in message delays; `sender` speaks at once.
fn delays<P: Process<Problem = Broadcast>>(nodes: u32, sender: u32, config: &P::Config) -> u64 {
    let mut trial = said(nodes, &[(0, sender)]);
    trial.setup.network.jitter = Duration::ZERO;
    let mut last = 0;
    trial.each_run::<P>(config, &[], |_, history, _| {
        let output = |step: &&Step<'_, Broadcast>| matches!(step.what, What::Output(Output::Deliver(_)));
        last = history.steps.iter().filter(output).map(|step| step.time.0).max().unwrap_or_default();
    });
    last / 10_000_000
}

#[test]
fn abcast_takes_three_delays() {
    for n in [2, 3, 8] {
        assert_eq!(delays::<Abcast>(n, n - 1, &Default::default()), 3, "n={n}");
    }
}

/// Agreed delivery: the way of the token to the sender, and one delay. Safe delivery: the second visit after that.
#[test]
fn a_token_takes_a_delay_or_two_rotations() {
    for n in [2, 3, 8] {
        let config = |delivery| token_total_order::Config {
            delivery,
            resend: Duration::from_secs(10),
            token_loss: Duration::from_secs(20),
            ..Default::default()
        };
        assert_eq!(delays::<TokenTotalOrder>(n, 0, &config(When::Agreed)), 1, "n={n}");
        // The call to where the token rests takes one, its way around to the last the others.
        let last = u64::from(n);
        assert_eq!(delays::<TokenTotalOrder>(n, n - 1, &config(When::Agreed)), last + 1, "n={n}");
        assert_eq!(delays::<TokenTotalOrder>(n, 0, &config(When::Safe)), 2 * u64::from(n) - 1, "n={n}");
    }
}

/// How many messages of one kind were sent.
fn of(counts: &Counts, kind: &str) -> u64 {
    counts.sent.iter().filter(|(known, _)| *known == kind).map(|(_, number)| number).sum()
}
