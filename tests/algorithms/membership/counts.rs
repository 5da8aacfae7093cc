//! Published message counts, exactly: catalogue row P1.

use super::{expel, group, send};
use crate::trial::SIZES;
use synod::{
    algorithms::membership::{Config, Gate, Membership},
    problems::membership::{Mode, Request},
};

/// How many messages this costs on top of making a group of `k`.
fn cost(k: u32, gate: Gate, mode: Mode, node: u32, request: Request) -> u64 {
    let total = |then: &[(u64, u32, Request)]| {
        let config = Config { server: None, gate };
        group(k, mode, then).run::<Membership>(config, u64::from(k)).0.total()
    };
    total(&[(u64::from(k + 1) * 100, node, request)]) - total(&[])
}

#[test]
fn through_the_server_k_receivers_cost_1_plus_k() {
    for k in SIZES {
        for mode in [Mode::Closed, Mode::Open] {
            assert_eq!(cost(k, Gate::Server, mode, k, send("m")), u64::from(1 + k));
        }
        assert_eq!(cost(k, Gate::Server, Mode::Open, k + 1, send("m")), u64::from(1 + k), "from outside");
        assert_eq!(cost(k, Gate::Server, Mode::Closed, k + 1, send("m")), 2, "refused");
    }
}

#[test]
fn directly_k_receivers_cost_k() {
    for k in SIZES {
        for mode in [Mode::Closed, Mode::Open] {
            assert_eq!(cost(k, Gate::Direct, mode, k, send("m")), u64::from(k - 1), "the others");
        }
        assert_eq!(
            cost(k, Gate::Direct, Mode::Open, k + 1, send("m")),
            u64::from(2 + k),
            "asks for the view first"
        );
    }
}

#[test]
fn a_change_costs_1_and_a_view_for_each_member() {
    for k in SIZES {
        let gate = Gate::Server;
        let join = Request::Join("g".into());
        assert_eq!(cost(k, gate, Mode::Closed, k + 1, join), u64::from(1 + k + 1), "k+1 members then");
        assert_eq!(cost(k, gate, Mode::Closed, k, Request::Leave("g".into())), u64::from(1 + k), "k before");
        assert_eq!(cost(k, gate, Mode::Closed, 1, expel(k)), u64::from(1 + k), "k before");
        assert_eq!(cost(k, gate, Mode::Closed, 1, Request::Delete("g".into())), u64::from(1 + k), "k before");
    }
}
