//! The membership problem.

mod counts;
mod server;
mod worlds;

use crate::trial::Trial;
use synod::{
    problems::membership::{Membership, Mode, Request},
    process::ProcessId,
};

fn create(mode: Mode) -> Request {
    Request::Create { group: "g".into(), mode, allowed: None }
}

fn join() -> Request {
    Request::Join("g".into())
}

fn expel(member: u32) -> Request {
    Request::Expel { group: "g".into(), member: ProcessId(member) }
}

fn send(body: &str) -> Request {
    Request::Send { group: "g".into(), body: body.into() }
}

/// Node 1 makes a group, nodes 2 to `members` join it 100 ms after each other; then this happens. Node 0 is the server,
/// and there is one node that is no member.
fn group(members: u32, mode: Mode, then: &[(u64, u32, Request)]) -> Trial<Membership> {
    let joins = (2..=members).map(|node| (u64::from(node) * 100, node, join()));
    Trial::of(members + 2, [(0, 1, create(mode))].into_iter().chain(joins).chain(then.iter().cloned()))
}
