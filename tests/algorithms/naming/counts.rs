//! Published message counts, exactly: catalogue rows N1 to N4, N6, N7.

use super::{asked, at_depth, chain, exactly, moved, register, resolve, send, sent, unregister};
use crate::{
    dice::Dice,
    trial::{SIZES, Trial},
};
use std::time::Duration;
use synod::{
    algorithms::{
        broadcast_naming::{self, BroadcastNaming},
        forwarding_naming::{self, ForwardingNaming, Shorten},
        hierarchical_naming::{self, HierarchicalNaming, Resolution},
        home_naming::{self, HomeNaming},
    },
    problems::{
        location::{self, Location},
        naming::{Naming, Output},
    },
    process::{Process, ProcessId, What},
};

/// How many messages of a kind were sent.
fn of(counts: &synod::trace::Counts, kind: &str) -> u64 {
    counts.sent.iter().find(|(known, _)| *known == kind).map_or(0, |(_, sent)| *sent)
}

fn both() -> [Resolution; 2] {
    [Resolution::Iterative, Resolution::Recursive]
}

/// A path through L servers: 2L messages both ways, 2L delays; the resolver has 2L of them or 2.
#[test]
fn a_name_in_l_zones_costs_two_messages_for_each() {
    for n in SIZES {
        for servers in 1..n.min(20) {
            for resolution in both() {
                let config = hierarchical_naming::Config { resolution, ..chain(servers) };
                let trial = exactly(asked(n, [(0, n - 1, resolve(&at_depth(servers - 1)))]), 1);
                let (counts, outputs) = trial.run::<HierarchicalNaming>(config.clone(), 0);
                assert_eq!(counts.total(), 2 * u64::from(servers), "{servers} servers, {resolution:?}");
                let found =
                    outputs.iter().find(|(node, output)| node.0 == n - 1 && output.answers() == Some(1));
                let Some((_, Output::Resolved { address, hops, cached: false, .. })) = found else {
                    panic!("{outputs:?}")
                };
                assert_eq!((address, *hops), (&format!("10.0.0.{}", servers - 1), servers));
                let load = match resolution {
                    Resolution::Iterative => 2 * servers,
                    Resolution::Recursive => 2,
                };
                if n == 8 {
                    assert_eq!(handled(&trial, config, n - 1), (load, 2 * u64::from(servers)));
                }
            }
        }
    }
}

/// How many messages a node sends and receives, and how many milliseconds it takes.
fn handled(trial: &Trial<Naming>, config: hierarchical_naming::Config, node: u32) -> (u32, u64) {
    let mut found = (0, 0);
    trial.each_run::<HierarchicalNaming>(&config, &[], |seed, history, _| {
        if seed == 0 {
            let own = history.steps.iter().filter(|step| step.node == ProcessId(node));
            let own = own.filter(|step| matches!(step.what, What::Send { .. } | What::Receive { .. }));
            found = (own.count() as u32, history.steps.last().map_or(0, |step| step.time.0 / 1_000_000));
        }
    });
    found
}

/// A registration goes the same way; so does a removal, and so does the question for a name that does not exist.
#[test]
fn a_change_costs_as_much_as_a_question() {
    for servers in 1..8 {
        for resolution in both() {
            let config = hierarchical_naming::Config { resolution, ..chain(servers) };
            let name = format!("{}new", "a/".repeat(servers as usize - 1));
            for request in [register(&name, "10.1.1.1"), unregister(&name), resolve(&name)] {
                let trial = asked(servers + 1, [(0, servers, request)]);
                let (counts, _) = trial.run::<HierarchicalNaming>(config.clone(), 0);
                assert_eq!(counts.total(), 2 * u64::from(servers));
            }
        }
    }
}

/// 2(L-j) when the way to the server at depth j is known, and nothing when the address is.
#[test]
fn what_is_known_of_the_way_costs_nothing() {
    let servers = 8;
    let ttl = Duration::from_secs(10);
    for known in 0..servers {
        let trial = asked(
            servers + 1,
            [(0, servers, resolve(&at_depth(known))), (1_000, servers, resolve(&at_depth(servers - 1)))],
        );
        let (counts, _) =
            trial.run::<HierarchicalNaming>(hierarchical_naming::Config { ttl, ..chain(servers) }, 0);
        let (first, second) = (2 * (known + 1), 2 * (servers - known));
        let second = if known + 1 == servers { 0 } else { second };
        assert_eq!(counts.total(), u64::from(first + second), "depth {known}");
    }
    // Recursive: the root knows the answer for everybody.
    let config = hierarchical_naming::Config { resolution: Resolution::Recursive, ttl, ..chain(4) };
    let trial = asked(6, [(0, 4, resolve(&at_depth(3))), (1_000, 5, resolve(&at_depth(3)))]);
    assert_eq!(trial.run::<HierarchicalNaming>(config, 0).0.total(), 8 + 2);
}

/// Questions at a rate of λ, answers kept for T: λT/(1+λT) of them are hits, in the mean.
#[test]
fn the_hit_rate_is_that_of_poisson_arrivals() {
    for (gap, ttl) in [(200.0, 200), (200.0, 600), (200.0, 1_800)] {
        let (mut hits, mut all) = (0.0, 0.0);
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let mut at = 0.0;
            let arrivals = (0..60).map(|_| {
                let uniform = (dice.below(1_000_000) as f64 + 0.5) / 1_000_000.0;
                at -= gap * f64::ln(uniform);
                (at as u64, 1, resolve("x"))
            });
            let trial = exactly(asked(2, arrivals), 0);
            let config = hierarchical_naming::Config { ttl: Duration::from_millis(ttl), ..chain(1) };
            let (_, outputs) = trial.run::<HierarchicalNaming>(config, seed);
            for (_, output) in outputs {
                if let Output::Resolved { cached, .. } = output {
                    hits += f64::from(u8::from(cached));
                    all += 1.0;
                }
            }
        }
        let product = ttl as f64 / gap;
        let (rate, wanted) = (hits / all, product / (1.0 + product));
        assert!((rate - wanted).abs() / wanted < 0.05, "measured {rate:.4}, published {wanted:.4}");
    }
}

#[test]
fn a_broadcast_costs_n_messages_and_a_hit_none() {
    for n in SIZES {
        let ask = |times: u64| (0..times).map(|time| (100 + time * 100, 0, resolve("printer")));
        let questions = std::iter::once((0, n - 1, register("printer", "192.168.1.2"))).chain(ask(3));
        let (counts, _) = asked(n, questions).run::<BroadcastNaming>(broadcast_naming::Config::default(), 0);
        assert_eq!(counts.total(), u64::from(n), "one miss, two hits");
        let nobody = asked(n, ask(1)).run::<BroadcastNaming>(broadcast_naming::Config::default(), 0);
        assert_eq!(nobody.0.total(), 3 * u64::from(n - 1), "three attempts");
    }
}

/// The hops of all deliveries, in order.
fn hops<P: Process<Problem = Location>>(
    trial: &Trial<Location>,
    config: P::Config,
) -> (synod::trace::Counts, Vec<u32>) {
    let (counts, outputs) = trial.run::<P>(config, 0);
    let hops = outputs.into_iter().filter_map(|(_, output)| match output {
        location::Output::Delivered { hops, .. } => Some(hops),
        _ => None,
    });
    (counts, hops.collect())
}

/// An object visits all nodes but the last, from the first on; the last sends to it twice.
fn journey(n: u32) -> Trial<Location> {
    let moves = (0..n.saturating_sub(2)).map(|place| (u64::from(place) * 100, place, moved("o", place + 1)));
    sent(n, moves.chain([(90_000, n - 1, send("o", "first")), (91_000, n - 1, send("o", "second"))]))
}

#[test]
fn a_move_costs_its_home_two_messages_and_the_first_packet_two() {
    for n in SIZES {
        let (counts, hops) = hops::<HomeNaming>(&journey(n), home_naming::Config::default());
        let moves = u64::from(n - 2);
        assert_eq!(["object", "register", "registered"].map(|kind| of(&counts, kind)), [moves; 3]);
        if n > 2 {
            assert_eq!(["packet", "tunnel", "update"].map(|kind| of(&counts, kind)), [2, 1, 1]);
            assert_eq!(hops, [2, 1]);
        }
    }
    // After another move it is in vain once.
    let again =
        [(0, 0, moved("o", 1)), (100, 3, send("o", "a")), (200, 1, moved("o", 2)), (300, 3, send("o", "b"))];
    let (counts, hops) = hops::<HomeNaming>(&sent(4, again), home_naming::Config::default());
    assert_eq!(["packet", "tunnel", "return", "update"].map(|kind| of(&counts, kind)), [2, 2, 1, 2]);
    assert_eq!(hops, [2, 3]);
}

#[test]
fn a_chain_of_h_moves_takes_h_hops_and_one_and_then_one() {
    for n in SIZES {
        let moves = n - 2;
        for (shorten, told, then) in
            [(Shorten::Path, moves + 1, 1), (Shorten::Sender, 1, 1), (Shorten::Nobody, 0, moves + 1)]
        {
            let config = forwarding_naming::Config { shorten, ..forwarding_naming::Config::default() };
            let (counts, hops) = hops::<ForwardingNaming>(&journey(n), config);
            assert_eq!(hops, [moves + 1, then]);
            assert_eq!(of(&counts, "object"), u64::from(moves), "nobody is told of a move");
            assert_eq!(of(&counts, "invoke"), u64::from(moves + 1 + then));
            assert_eq!(of(&counts, "locate"), u64::from(told + u32::from(told > 0)));
        }
    }
}
