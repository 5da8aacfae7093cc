//! Remote procedure calls: maybe, at least once, at most once.

mod bindings;
mod calls;
mod counts;
mod statistics;
mod worlds;

use synod::{
    problems::rpc::{
        Request,
        objects::{Interface, Method},
    },
    process::ProcessId,
    world::{Action, Targets},
};

const NAME: &str = "it";

/// This node binds a new object, at this millisecond.
fn bind(at: u64, node: u32, object: Interface) -> (u64, u32, Request) {
    (at, node, Request::Bind { name: NAME.into(), object })
}

fn unbind(at: u64, node: u32) -> (u64, u32, Request) {
    (at, node, Request::Unbind { name: NAME.into() })
}

fn lookup(at: u64, node: u32) -> (u64, u32, Request) {
    (at, node, Request::Lookup { name: NAME.into() })
}

fn call(at: u64, node: u32, method: Method, argument: &str) -> (u64, u32, Request) {
    (at, node, Request::Call { name: NAME.into(), method, argument: argument.into() })
}

fn increment(at: u64, node: u32) -> (u64, u32, Request) {
    call(at, node, Method::Increment, "")
}

fn crash(node: u32) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None }
}

fn restart(node: u32) -> Action {
    Action::Restart(Targets::Node(ProcessId(node)))
}
