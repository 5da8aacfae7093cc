//! Published message counts, exactly: catalogue row H1, and the room without a server.

use crate::trial::{SIZES, Trial};
use synod::{
    algorithms::{chat::Chat, chat_serverless::ChatServerless},
    problems::chat::{self, Request},
};

/// One after the other `n` users come in, the first says something, and the last leaves. Node 0 is not among them.
fn trial(n: u32, says: bool, leaves: bool) -> Trial<chat::Chat> {
    let joins = (1..=n).map(|user| (u64::from(user) * 100, user, Request::Connect(format!("u{user}"))));
    let line = says.then(|| (u64::from(n + 1) * 100, 1, Request::Say("hello".into())));
    let bye = leaves.then_some((u64::from(n + 2) * 100, n, Request::Quit));
    Trial::of(n + 1, joins.chain(line).chain(bye)).fifo()
}

#[test]
fn the_kth_to_join_a_server_costs_k_plus_3() {
    for n in SIZES.map(u64::from) {
        let (counts, _) = trial(n as u32, false, false).run::<Chat>(Default::default(), n);
        let connects: u64 =
            counts.sent.iter().filter(|(kind, _)| *kind == "connect").map(|(_, sent)| sent).sum();
        assert_eq!(connects, n, "opening the connection is counted apart");
        assert_eq!(counts.total() - connects, n * (n + 1) / 2 + 3 * n, "n={n}");
    }
}

#[test]
fn with_a_server_a_line_costs_n_plus_1_and_leaving_n() {
    for n in SIZES.map(u64::from) {
        let cost = |says, leaves| trial(n as u32, says, leaves).run::<Chat>(Default::default(), n).0.total();
        assert_eq!(cost(true, false) - cost(false, false), n + 1, "n={n}");
        assert_eq!(cost(false, true) - cost(false, false), n, "n={n}");
    }
}

/// The group has one process more than users in the room.
#[test]
fn without_a_server_joining_costs_3_rounds_and_everything_else_one() {
    for n in SIZES.map(u64::from) {
        let cost = |says, leaves| {
            trial(n as u32, says, leaves).run::<ChatServerless>(Default::default(), n).0.total()
        };
        assert_eq!(cost(false, false), 3 * n * n, "n={n}");
        assert_eq!(cost(true, false) - cost(false, false), n, "n={n}");
        assert_eq!(cost(false, true) - cost(false, false), n, "n={n}");
    }
}
